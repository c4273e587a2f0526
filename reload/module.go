package reload

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"midair/reload/internal/source"
)

// ModuleState says how a module is.
type ModuleState string

const (
	StateLoading     ModuleState = "loading"     // nothing was loaded yet
	StateLive        ModuleState = "live"        // what is on disk serves, or is about to
	StateDegraded    ModuleState = "degraded"    // an older version serves; the diagnostics say why
	StateFailed      ModuleState = "failed"      // nothing serves
	StateQuarantined ModuleState = "quarantined" // the newest version was taken back
)

// Stages are the times that the stages of an attempt took, by the Stage constants.
type Stages map[string]time.Duration

// MarshalJSON renders the times in milliseconds.
func (s Stages) MarshalJSON() ([]byte, error) {
	ms := make(map[string]float64, len(s))
	for stage, d := range s {
		ms[stage] = float64(d.Microseconds()) / 1000
	}
	return json.Marshal(ms)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Stages) UnmarshalJSON(b []byte) error {
	var ms map[string]float64
	if err := json.Unmarshal(b, &ms); err != nil {
		return err
	}
	*s = make(Stages, len(ms))
	for stage, v := range ms {
		(*s)[stage] = time.Duration(v * float64(time.Millisecond)).Round(time.Microsecond)
	}
	return nil
}

func (s Stages) total() (sum time.Duration) {
	for _, d := range s {
		sum += d
	}
	return sum
}

// Module tells how one module is at one moment.
type Module struct {
	Name        string       `json:"name"`
	Version     int          `json:"version"` // that serves now, 0 if none
	Hash        string       `json:"hash"`    // of the version that serves now
	Mode        Mode         `json:"mode"`    // asked for
	Backend     Mode         `json:"backend"` // that serves now, "" if none
	State       ModuleState  `json:"state"`
	Diagnostics []Diagnostic `json:"diagnostics"`
	Warnings    []Diagnostic `json:"warnings"`   // of the last attempt
	Stages      Stages       `json:"stages"`     // of the last attempt
	Libraries   []string     `json:"libraries"`  // of the version on disk
	Since       time.Time    `json:"since"`      // when the version that serves was prepared
	Stats       Stats        `json:"stats"`      // of the version that serves
	Bound       bool         `json:"bound"`      // the host has a contract for it
	Building    bool         `json:"building"`   // a native build is under way, or waits for its turn
	NotNative   []Diagnostic `json:"not_native"` // why the native build of the version that serves is not used
}

// module is the runtime's book-keeping of one module; guarded by Runtime.mu.
type module struct {
	name        string
	numbers     int          // versions numbered so far
	wanted      source.Hash  // content of the last attempt, whatever came of it
	known       bool         // wanted is set
	group       []string     // modules refused together with this one, itself included; nil if the last attempt went well
	diagnostics []Diagnostic // errors: what is on disk does not serve
	warnings    []Diagnostic
	libraries   []string
	stages      Stages
	mode        Mode         // asked for by SetMode, "" if nothing was
	history     []*past      // versions that went live, the newest last
	quarantined bool         // its files were taken back; only a change of them is tried
	parked      *parking     // the batch that waits for native builds with this module in it
	native      []Diagnostic // why the version that serves is not native
}

// Modules returns all modules and the generation that they were seen in, sorted by name.
func (rt *Runtime) Modules() (*Generation, []Module) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	g := rt.current.Load()
	list := make([]Module, 0, len(rt.modules))
	for _, name := range slices.Sorted(maps.Keys(rt.modules)) {
		list = append(list, rt.describe(rt.modules[name], g))
	}
	return g, list
}

// Module returns one module, or false if there is none of that name.
func (rt *Runtime) Module(name string) (Module, bool) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	m := rt.modules[name]
	if m == nil {
		return Module{}, false
	}
	return rt.describe(m, rt.current.Load()), true
}

func (rt *Runtime) describe(m *module, g *Generation) Module {
	out := Module{
		Name: m.name, Mode: rt.modeOf(m.name), State: StateLoading,
		Diagnostics: orEmpty(slices.Clone(m.diagnostics)), Stages: maps.Clone(m.stages),
		Warnings:  orEmpty(slices.Clone(m.warnings)),
		Libraries: orEmpty(slices.Clone(m.libraries)),
		Bound:     rt.bound(m.name),
		Building:  rt.builds.has(m.name),
		NotNative: orEmpty(slices.Clone(m.native)),
	}
	if out.Stages == nil {
		out.Stages = Stages{}
	}
	v := g.versions[m.name]
	if v != nil {
		out.Version, out.Hash, out.Backend = v.number, v.hash, v.mode
		out.Since, out.Stats, out.State = v.born, v.Stats(), StateLive
	}
	if len(m.diagnostics) > 0 {
		out.State = StateFailed
		if v != nil {
			out.State = StateDegraded
		}
		if m.quarantined {
			out.State = StateQuarantined
		}
	}
	return out
}

func fsValid(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, "\\:")
}
