package reload

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"midair/reload/internal/diff"
	"midair/reload/internal/source"
)

// VersionInfo tells about one version that is or was live.
type VersionInfo struct {
	Module     string       `json:"module"`
	Number     int          `json:"number"`
	Hash       string       `json:"hash"`
	Mode       Mode         `json:"mode"`
	State      VersionState `json:"state"`
	Generation uint64       `json:"generation"`        // the first one that it served in
	Live       time.Time    `json:"live"`              // when it went live
	Replaced   time.Time    `json:"replaced,omitzero"` // the zero time while it serves
	Edit       Edit         `json:"edit"`
	Change     Change       `json:"change,omitzero"`
	Because    []string     `json:"because"` // packages that differed from the version before
	Stages     Stages       `json:"stages"`
	Stats      Stats        `json:"stats"`
	Holders    []Holder     `json:"holders"`
	Diff       string       `json:"diff"`  // unified, of the sources, from the version before; "" if they are the same
	Known      bool         `json:"known"` // its source is kept, so that Rollback can go back to it
}

// past is what is kept of a version that went live.
type past struct {
	version    *Version
	want       *source.Module // nil once it is forgotten
	generation uint64
	live       time.Time
	replaced   time.Time
	edit       Edit
	change     Change
	because    []string
	stages     Stages
}

// remembered adds a version that went live to its module's history. rt.mu is held.
func (rt *Runtime) remembered(s *step, change Change, g *Generation) {
	m := rt.module(s.version.module)
	if n := len(m.history); n > 0 {
		m.history[n-1].replaced = g.born
	}
	m.history = append(m.history, &past{version: s.version, want: s.version.source.want, generation: g.number, live: g.born,
		edit: s.edit, change: change, because: s.because, stages: s.stages})
	if surplus := len(m.history) - rt.cfg.History; surplus > 0 {
		m.history = slices.Delete(m.history, 0, surplus)
	}
}

// Versions returns the versions of a module that are or were live, the newest first: as many as [Config.History] says, and
// those that somebody still holds.
func (rt *Runtime) Versions(module string) []VersionInfo {
	rt.mu.Lock()
	m := rt.modules[module]
	var list []*past
	if m != nil {
		list = slices.Clone(m.history)
	}
	holders := rt.holders()
	out := make([]VersionInfo, 0, len(list))
	for _, h := range slices.Backward(list) {
		out = append(out, h.info(holders[h.version]))
	}
	rt.mu.Unlock()
	for i := range out { // outside the lock: it takes a while
		if i+1 < len(out) {
			out[i].Diff = diffOf(list[len(list)-2-i].want, list[len(list)-1-i].want)
		}
	}
	return out
}

func (h *past) info(holders []Holder) VersionInfo {
	v := h.version
	return VersionInfo{Module: v.module, Number: v.number, Hash: v.hash, Mode: v.mode, State: v.State(), Generation: h.generation,
		Live: h.live, Replaced: h.replaced, Edit: h.edit, Change: h.change, Because: orEmpty(slices.Clone(h.because)),
		Stages: maps.Clone(h.stages), Stats: v.Stats(), Holders: orEmpty(holders), Known: h.want != nil}
}

// diffOf compares the files of two versions.
func diffOf(old, new *source.Module) string {
	if old == nil || new == nil || old.Hash == new.Hash {
		return ""
	}
	before, after := sources(old), sources(new)
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(merged(before, after))) {
		from, to := path.Join("a", name), path.Join("b", name)
		if _, ok := before[name]; !ok {
			from = "/dev/null"
		}
		if _, ok := after[name]; !ok {
			to = "/dev/null"
		}
		b.WriteString(diff.Unified(from, to, before[name], after[name]))
	}
	return b.String()
}

func merged(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// sources are the Go files of a module and its libraries, by path.
func sources(m *source.Module) map[string]string {
	files := map[string]string{}
	for _, pkg := range append(slices.Clip(m.Libraries), m.Package) {
		for _, f := range pkg.Files {
			files[f.Path] = string(f.Source)
		}
	}
	return files
}

// Holder is somebody who keeps a version from being retired, or the generation that it belongs to.
type Holder struct {
	Kind       HolderKind `json:"kind"`
	Generation uint64     `json:"generation,omitempty"` // of a view or pin
	Since      time.Time  `json:"since,omitzero"`
	Site       string     `json:"site,omitempty"` // file:line that made the view or pin
	Count      int        `json:"count"`          // how many visits; 1 for a view or pin
}

// HolderKind says what a Holder is.
type HolderKind string

const (
	HolderVisit HolderKind = "visit" // visits that have not ended, all together
	HolderPin   HolderKind = "pin"
	HolderView  HolderKind = "view"
)

// holders lists who holds which version, the oldest first. rt.mu is held.
func (rt *Runtime) holders() map[*Version][]Holder {
	out := map[*Version][]Holder{}
	for h := range rt.pins {
		if v := h.slot.version; v != nil {
			out[v] = append(out[v], Holder{HolderPin, h.generation.number, h.since, h.site, 1})
		}
	}
	for h := range rt.views {
		g := h.generation.Load()
		for _, v := range g.versions {
			out[v] = append(out[v], Holder{HolderView, g.number, h.since, h.site, 1})
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b Holder) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Site, b.Site)) })
	}
	count := func(v *Version) {
		if n := v.counters.inflight(); n > 0 {
			out[v] = append(out[v], Holder{Kind: HolderVisit, Count: int(n)})
		}
	}
	for v := range rt.draining {
		count(v)
	}
	for _, v := range rt.current.Load().versions {
		count(v)
	}
	return out
}
