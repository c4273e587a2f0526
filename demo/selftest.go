package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"midair/demo/arena"
	"midair/demo/web"
	"midair/reload"
	"midair/reload/native"
)

// The bounds of the selftest. Everything that it waits for is a condition; only what never comes takes a whole patience.
const (
	patience = 40 * time.Second
	// gapBound is the longest that a room may stand still. An idle goroutine that ticks beside the rooms tells how long
	// the machine itself makes one wait; that is allowed on top, since no code is to blame for it.
	gapBound = 400 * time.Millisecond
)

// runSelftest runs the arena on a copy of the modules and every trial on it, one after another. It returns the exit
// status.
func runSelftest(ctx context.Context, opts options) int {
	out := opts.out
	s, err := newSelftest(ctx, opts)
	if err != nil {
		out.write(fmt.Sprintf("demo: %v\n", err))
		return 1
	}
	defer s.close()
	out.write(fmt.Sprintf("\n  %s   %s\n\n", out.style(bold, "midair arena, selftest"),
		out.style(dim, fmt.Sprintf("%s, %d trials on a copy of %s", s.app.url(), len(trials)+len(nativeTrials),
			shorten(s.original)))))
	start := time.Now()
	s.runTrials(ctx, trials)
	if s.warm(ctx) {
		s.runTrials(ctx, nativeTrials)
	}
	if ctx.Err() != nil {
		out.write("  interrupted\n")
		return 1
	}
	if !s.summary(time.Since(start)) {
		return 1
	}
	return 0
}

func (s *selftest) runTrials(ctx context.Context, list []trial) {
	for _, t := range list {
		if ctx.Err() != nil {
			return
		}
		s.made++
		if !s.report(t, s.attempt(t)) {
			s.failed++
		}
	}
}

// selftest is a running arena and the folder that its modules are edited in.
type selftest struct {
	app      *app
	out      *terminal
	original string            // the modules that were copied
	pristine map[string]string // their content, by path
	dir      string
	stop     context.CancelFunc
	done     chan error
	idle     *heartbeat
	first    map[string]string // hash of each module's first version

	made, failed int       // trials
	live         []float64 // milliseconds from save to live, of all trials of interpreted modules
	switched     []float64 // milliseconds of each switch of all modules
	took         float64   // of the present trial; 0 if nothing went live in it
	note         string    // what else is to be said of the present trial
	failing      bool      // visits may fail in the present trial

	newest     map[string]int // versions seen, by module
	generation uint64         // the newest that was seen
	wentBack   error          // a number was seen that is less than one before
}

func newSelftest(ctx context.Context, opts options) (_ *selftest, err error) {
	original, err := findScripts(opts.scripts)
	if err != nil {
		return nil, err
	}
	s := &selftest{out: opts.out, original: original, pristine: map[string]string{},
		first: map[string]string{}, newest: map[string]int{}, done: make(chan error, 1)}
	if s.dir, err = os.MkdirTemp("", "midair-selftest-"); err != nil {
		return nil, err
	}
	if err = s.copyModules(); err != nil {
		return nil, errorsWith(err, os.RemoveAll(s.dir))
	}
	opts.addr, opts.scripts, opts.headless = "127.0.0.1:0", s.dir, false
	opts.root, opts.mode = findRoot(original), reload.ModeInterpreted // trials switch the mode themselves
	opts.out, opts.stderr = &terminal{w: io.Discard}, io.Discard
	if s.app, err = open(ctx, opts); err != nil {
		return nil, errorsWith(err, os.RemoveAll(s.dir))
	}
	for v := range s.app.rt.Generation().Versions() {
		s.first[v.Module()] = v.Hash()
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.idle = startHeartbeat(ctx)
	go func() { s.done <- s.app.run(ctx) }()
	if err = s.until("the rooms run", func(v state) bool { return v.world.Tick > 2*arena.TicksPerSecond }); err != nil {
		s.close()
	}
	return s, err
}

func errorsWith(err, other error) error {
	if other != nil {
		return fmt.Errorf("%w (and %v)", err, other)
	}
	return err
}

// close ends the arena and removes the folder.
func (s *selftest) close() {
	s.stop()
	<-s.done
	os.RemoveAll(s.dir)
}

// copyModules copies what belongs to modules; their tests stay where they are.
func (s *selftest) copyModules() error {
	return filepath.WalkDir(s.original, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(s.original, path)
		if err != nil {
			return err
		}
		s.pristine[filepath.ToSlash(rel)] = string(b)
		return s.write(rel, string(b))
	})
}

// state is what the two API routes say at one moment.
type state struct {
	modules struct {
		Generation uint64                `json:"generation"`
		Modules    []apiModule           `json:"modules"`
		Switches   map[string]web.Switch `json:"switches"`
	}
	world web.World
}

// apiModule is one module as GET /api/modules shows it, in so far as trials look at it.
type apiModule struct {
	Name        string              `json:"name"`
	Version     int                 `json:"version"`
	Hash        string              `json:"hash"`
	Mode        reload.Mode         `json:"mode"`
	Backend     reload.Mode         `json:"backend"`
	Stats       reload.Stats        `json:"stats"`
	NotNative   []reload.Diagnostic `json:"not_native"`
	State       reload.ModuleState  `json:"state"`
	Diagnostics []reload.Diagnostic `json:"diagnostics"`
}

// module returns the module of that name, or one without a name.
func (v state) module(name string) apiModule {
	for _, m := range v.modules.Modules {
		if m.Name == name {
			return m
		}
	}
	return apiModule{}
}

// rooms says whether a condition holds for each.
func (v state) rooms(ok func(*arena.Status) bool) bool {
	return !slices.ContainsFunc(v.world.Rooms, func(r *arena.Status) bool { return !ok(r) })
}

// adopted says whether every room runs the published generation.
func (v state) adopted() bool {
	return v.rooms(func(r *arena.Status) bool { return r.Generation == v.modules.Generation })
}

func (s *selftest) state() (v state, err error) {
	if err = s.get("/api/modules", &v.modules); err == nil {
		err = s.get("/api/world", &v.world)
	}
	if err == nil {
		s.onward(v)
	}
	return v, err
}

// onward notes if a generation or version is older than one that was seen before. A module that is gone may begin anew.
func (s *selftest) onward(v state) {
	if v.modules.Generation < s.generation {
		s.wentBack = fmt.Errorf("generation %d came after %d", v.modules.Generation, s.generation)
	}
	s.generation = v.modules.Generation
	for _, m := range v.modules.Modules {
		if m.Version < s.newest[m.Name] {
			s.wentBack = fmt.Errorf("%s had version %d after %d", m.Name, m.Version, s.newest[m.Name])
		}
		s.newest[m.Name] = m.Version
	}
}

func (s *selftest) get(path string, to any) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.app.url()+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", path, resp.Status)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, to)
}

// until waits for a condition.
func (s *selftest) until(what string, ok func(state) bool) error { return s.within(patience, what, ok) }

func (s *selftest) within(patience time.Duration, what string, ok func(state) bool) error {
	deadline := time.Now().Add(patience)
	for {
		v, err := s.state()
		if err == nil && ok(v) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v for this: %s\n%s", patience, what, describe(v, err))
		}
		time.Sleep(3 * time.Millisecond)
	}
}

// describe is what one needs to know when a condition does not come true.
func describe(v state, err error) string {
	var b strings.Builder
	if err != nil {
		fmt.Fprintf(&b, "%v\n", err)
	}
	fmt.Fprintf(&b, "generation %d:", v.modules.Generation)
	for _, m := range v.modules.Modules {
		fmt.Fprintf(&b, " %s v%d %s %s", m.Name, m.Version, m.Backend, m.State)
		for _, d := range slices.Concat(m.Diagnostics, m.NotNative) {
			fmt.Fprintf(&b, " (%s)", d)
		}
	}
	for _, r := range v.world.Rooms {
		fmt.Fprintf(&b, "\n%s: tick %d generation %d score %d spread %.1f push %.1f faults %v", r.Name, r.Tick,
			r.Generation, r.Score, r.Spread, r.Push, r.Faults)
	}
	return b.String()
}

// write saves a file as an editor without frills does: it is cut to nothing and written.
func (s *selftest) write(path, content string) error {
	path = filepath.Join(s.dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o644)
}

// replaceFile saves a file as a careful editor does: it is written beside, then renamed.
func (s *selftest) replaceFile(path, content string) error {
	if err := s.write(path+"~", content); err != nil {
		return err
	}
	to := filepath.Join(s.dir, filepath.FromSlash(path))
	return os.Rename(to+"~", to)
}

// edited is a file's first content with changes, which come in pairs of old and new text.
func (s *selftest) edited(path string, changes ...string) (string, error) {
	content, ok := s.pristine[path]
	if !ok {
		return "", fmt.Errorf("the modules have no file %s", path)
	}
	for pair := range slices.Chunk(changes, 2) {
		if !strings.Contains(content, pair[0]) {
			return "", fmt.Errorf("%s has been edited: this trial looks for %q in it", path, pair[0])
		}
		content = strings.Replace(content, pair[0], pair[1], 1)
	}
	return content, nil
}

// edit saves a file's first content with changes.
func (s *selftest) edit(path string, changes ...string) error {
	content, err := s.edited(path, changes...)
	if err != nil {
		return err
	}
	return s.write(path, content)
}

// attempt runs one trial, puts the modules back as they were, and checks what must hold after every trial.
func (s *selftest) attempt(t trial) error {
	s.took, s.failing, s.note = 0, t.failing, ""
	before, err := s.state()
	if err != nil {
		return err
	}
	err = t.run(s)
	if back := s.restore(); err == nil {
		err = back
	}
	if t.native {
		if back := s.interpretAll(); err == nil {
			err = back
		}
	}
	if err == nil {
		err = s.ticks(6) // however short the trial was
	}
	if err != nil {
		return err
	}
	return s.unharmed(before)
}

// restore puts every file back and waits until all modules run what they ran first.
func (s *selftest) restore() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(s.pristine)), func(p string) bool {
			return strings.HasPrefix(p, e.Name()+"/")
		}) {
			os.RemoveAll(filepath.Join(s.dir, e.Name()))
		}
	}
	for path, content := range s.pristine {
		if b, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(path))); err == nil && string(b) == content {
			continue
		}
		if err := s.write(path, content); err != nil {
			return err
		}
	}
	return s.until("all modules run what they ran first", func(v state) bool {
		if len(v.modules.Modules) != len(s.first) || !v.adopted() {
			return false
		}
		for _, m := range v.modules.Modules {
			if m.State != reload.StateLive || s.first[m.Name] != m.Hash {
				return false
			}
		}
		return v.rooms(func(r *arena.Status) bool { return len(r.Faults) == 0 })
	})
}

// unharmed checks that the world went on: ticks, score, and every visit accounted for.
func (s *selftest) unharmed(before state) error {
	after, err := s.state()
	if err != nil {
		return err
	}
	if s.wentBack != nil {
		return s.wentBack
	}
	allowed := gapBound + 2*s.idle.worst()
	for i, r := range after.world.Rooms {
		was := before.world.Rooms[i]
		failed := r.Errors - was.Errors
		switch gap := time.Duration(r.Clock.MaxGap * float64(time.Millisecond)); {
		case r.Tick <= was.Tick:
			return fmt.Errorf("%s stands still at tick %d", r.Name, r.Tick)
		case gap > allowed:
			return fmt.Errorf("%s once waited %v for a tick; %v is allowed", r.Name, gap, allowed)
		case failed > 0 && !s.failing:
			return fmt.Errorf("%d visits failed in %s", failed, r.Name)
		case r.Boids == 0:
			return fmt.Errorf("%s has lost its boids", r.Name)
		}
		for name, v := range r.Visits {
			if v.Asked != v.Ran+v.Failed {
				return fmt.Errorf("%s asked %s %d times, but %d ran and %d failed", r.Name, name, v.Asked, v.Ran, v.Failed)
			}
		}
		if r.Visits["boids"].Asked != int64(r.Tick) {
			return fmt.Errorf("%s made %d ticks, but asked boids %d times", r.Name, r.Tick, r.Visits["boids"].Asked)
		}
	}
	return nil
}

// report prints a trial's line.
func (s *selftest) report(t trial, err error) bool {
	o := s.out
	took := o.cell(dim, "", 11)
	if s.took > 0 {
		took = o.cell("", fmt.Sprintf("%.0f ms", s.took), 11)
		if !t.native {
			s.live = append(s.live, s.took)
		}
	}
	if err != nil {
		o.write("  " + o.style(red, "FAIL") + "  " + took + t.name + "\n        " +
			strings.ReplaceAll(err.Error(), "\n", "\n        ") + "\n")
		return false
	}
	o.write("  " + o.style(green, "ok  ") + "  " + took + t.name + "\n")
	if s.note != "" {
		o.write("                   " + o.style(dim, s.note) + "\n")
	}
	return true
}

// summary prints the last lines.
func (s *selftest) summary(took time.Duration) bool {
	v, err := s.state()
	if err != nil {
		s.failed++
		s.out.write(fmt.Sprintf("  %v\n", err))
	}
	gap, p50, p99, visits := 0.0, 0.0, 0.0, int64(0)
	for _, r := range v.world.Rooms {
		gap, p50, p99 = max(gap, r.Clock.MaxGap), max(p50, r.Clock.P50), max(p99, r.Clock.P99)
		for _, n := range r.Visits {
			visits += n.Asked
		}
	}
	verdict, lost := s.out.style(green, "all ok"), ", none lost"
	if s.failed > 0 {
		lost = ""
		verdict = s.out.style(red, fmt.Sprintf("%d FAILED", s.failed))
	}
	if n := native.Loaded(); n > 0 {
		s.out.write(fmt.Sprintf("\n  native: all modules switched %d times, %.0f ms (median), %d plugins loaded\n",
			len(s.switched), median(s.switched), n))
	}
	s.out.write(fmt.Sprintf("\n  %s  %d trials in %.1f s, save to live %.0f ms (median), generation %d\n"+
		"  %d entities in %d rooms, %d visits%s; tick %.1f ms (p50), %.1f ms (p99), longest gap %.0f ms "+
		"(an idle goroutine: %.0f ms)\n\n",
		verdict, s.made, took.Seconds(), median(s.live), v.world.Generation, v.world.Entities, len(v.world.Rooms),
		visits, lost, p50, p99, gap, float64(s.idle.worst().Microseconds())/1000))
	return s.failed == 0
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// heartbeat is a goroutine that ticks as the rooms do and does nothing: the longest that it had to wait is the machine's
// fault.
type heartbeat struct {
	mu  sync.Mutex
	gap time.Duration
}

func startHeartbeat(ctx context.Context) *heartbeat {
	h := &heartbeat{}
	go func() {
		ticker := time.NewTicker(time.Second / arena.TicksPerSecond)
		defer ticker.Stop()
		last := time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			now := time.Now()
			h.mu.Lock()
			h.gap = max(h.gap, now.Sub(last))
			h.mu.Unlock()
			last = now
		}
	}()
	return h
}

func (h *heartbeat) worst() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gap
}
