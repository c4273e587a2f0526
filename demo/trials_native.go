package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"midair/demo/arena"
	"midair/reload"
	"midair/reload/native"
)

// nativeTrials are made where plugins work. The arena ticks all the time, as in the others.
var nativeTrials = []trial{
	{native: true, name: "all modules go native: the same source, one version on", run: allNative},
	{native: true, name: "five rounds interpreted, native, interpreted, auto: no plugin is added after the first", run: rounds},
	{native: true, name: "an edit in auto mode: live interpreted, then native", run: promoted},
	{native: true, name: "an edit in native mode: the flocks burst", run: nativeEdit},
	{native: true, name: "a library of native modules is edited: exactly its importers, together", run: nativeLibrary},
	{native: true, name: "a native function panics: contained and named, the world goes on", run: nativePanic, failing: true},
	{native: true, name: "a syntax error in native mode: refused, the native version flies on", run: nativeRefused},
}

// buildPatience is for what may need builds of all modules.
const buildPatience = 2 * time.Minute

// warm prepares the machine for native builds, which takes a minute the first time. It returns false if no module can run
// natively, and says why.
func (s *selftest) warm(ctx context.Context) bool {
	off := s.app.native.Available(s.app.root)
	if off != nil {
		s.out.write(fmt.Sprintf("  %s  %s%d trials of native mode, which is off: %v\n", s.out.style(yellow, "skip"),
			s.out.cell(dim, "", 11), len(nativeTrials), off))
		return false
	}
	start := time.Now()
	done := make(chan error, 1)
	go func() { done <- s.app.native.Warm(ctx, s.app.root) }()
	progress := time.NewTicker(5 * time.Second)
	defer progress.Stop()
	for {
		select {
		case err := <-done:
			if err != nil && ctx.Err() == nil {
				s.failed++
				s.out.write(fmt.Sprintf("  %s  the warm-up of native builds: %v\n", s.out.style(red, "FAIL"), err))
			}
			return err == nil
		case <-progress.C:
			s.out.write("        " + s.out.style(dim, fmt.Sprintf("compiling what native modules share, once on a machine: %.0f s",
				time.Since(start).Seconds())) + "\n")
		}
	}
}

// ask posts the mode of one module.
func (s *selftest) ask(module string, mode reload.Mode) error {
	body, err := json.Marshal(map[string]reload.Mode{"mode": mode})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	url := s.app.url() + "/api/modules/" + module + "/mode"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("POST %s: %s", url, resp.Status)
	}
	return nil
}

// askAll posts the mode of all modules and waits until what should serve does, everywhere. A module that has served so
// before keeps its version, each other one has the next.
func (s *selftest) askAll(mode, serves reload.Mode) error {
	before, err := s.state()
	if err != nil {
		return err
	}
	begun := time.Now()
	for _, m := range before.modules.Modules {
		if err := s.ask(m.Name, mode); err != nil {
			return err
		}
	}
	if err := s.served(mode, serves); err != nil {
		return err
	}
	took := time.Since(begun)
	after, err := s.state()
	if err != nil {
		return err
	}
	changed := uint64(0)
	for _, m := range before.modules.Modules {
		want := m.Version
		if m.Backend != serves {
			want++
			changed++
		}
		now := after.module(m.Name)
		if now.Version != want || now.Hash != m.Hash {
			return fmt.Errorf("%s went from version %d (%s) to %d (%s) by the mode %s", m.Name, m.Version, m.Hash,
				now.Version, now.Hash, mode)
		}
	}
	if n := after.modules.Generation - before.modules.Generation; n > changed || changed > 0 && n == 0 {
		return fmt.Errorf("%d modules changed, and %d generations passed", changed, n)
	}
	if changed > 0 {
		s.switched = append(s.switched, float64(took.Microseconds())/1000)
	}
	return nil
}

// served waits until all modules serve as they should, in every room, and no switch goes on.
func (s *selftest) served(mode, serves reload.Mode) error {
	return s.within(buildPatience, fmt.Sprintf("all modules run %s in the mode %s", serves, mode), func(v state) bool {
		for _, m := range v.modules.Modules {
			if m.Mode != mode || m.Backend != serves || m.State != reload.StateLive || len(m.NotNative) > 0 {
				return false
			}
		}
		return v.adopted() && len(v.modules.Switches) == 0 &&
			v.rooms(func(r *arena.Status) bool { return len(r.Faults) == 0 })
	})
}

// interpretAll is what each trial of native mode ends with.
func (s *selftest) interpretAll() error {
	return s.askAll(reload.ModeInterpreted, reload.ModeInterpreted)
}

func allNative(s *selftest) error {
	before, err := s.state()
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := s.askAll(reload.ModeNative, reload.ModeNative); err != nil {
		return err
	}
	took := time.Since(begun)
	if err := s.ticks(2 * arena.TicksPerSecond); err != nil {
		return err
	}
	after, err := s.state()
	if err != nil {
		return err
	}
	visit := func(v state) string {
		stats := v.module("boids").Stats
		return (stats.Duration / time.Duration(max(stats.Visits, 1))).Round(time.Microsecond).String()
	}
	s.note = fmt.Sprintf("%.1f s until all are; a visit of boids: %s interpreted, %s native", took.Seconds(), visit(before),
		visit(after))
	return nil
}

func rounds(s *selftest) error {
	first := 0
	begun, before := time.Now(), len(s.switched)
	const n = 5
	for round := range n {
		for _, step := range []struct{ mode, serves reload.Mode }{
			{reload.ModeInterpreted, reload.ModeInterpreted}, {reload.ModeNative, reload.ModeNative},
			{reload.ModeInterpreted, reload.ModeInterpreted}, {reload.ModeAuto, reload.ModeNative},
		} {
			if err := s.askAll(step.mode, step.serves); err != nil {
				return err
			}
			if err := s.ticks(3); err != nil {
				return err
			}
		}
		loaded := native.Loaded()
		if round == 0 {
			first = loaded
		}
		if loaded != first {
			return fmt.Errorf("%d plugins are loaded after round %d, %d were after the first", loaded, round+1, first)
		}
	}
	s.note = fmt.Sprintf("%d switches of all modules in %.1f s, %d plugins after the first round and after the last",
		len(s.switched)-before, time.Since(begun).Seconds(), first)
	return nil
}

// fresh is a number that no build in the cache has.
func fresh(number string) string { return fmt.Sprintf("%s%d", number, time.Now().UnixNano()) }

func promoted(s *selftest) error {
	if err := s.askAll(reload.ModeAuto, reload.ModeNative); err != nil {
		return err
	}
	before, err := s.state()
	if err != nil {
		return err
	}
	was := before.module("hunter")
	saved := time.Now()
	if err := s.edit("hunter/hunter.go", "Hunger = 1.0", fresh("Hunger = 0.9")); err != nil {
		return err
	}
	if err := s.until("hunter runs the edit, interpreted", func(v state) bool {
		m := v.module("hunter")
		return m.Version == was.Version+1 && m.Backend == reload.ModeInterpreted && v.adopted()
	}); err != nil {
		return err
	}
	s.took = float64(time.Since(saved).Microseconds()) / 1000
	if err := s.within(buildPatience, "hunter runs the edit natively", func(v state) bool {
		m := v.module("hunter")
		return m.Version == was.Version+2 && m.Backend == reload.ModeNative && m.Hash != was.Hash && v.adopted()
	}); err != nil {
		return err
	}
	s.note = fmt.Sprintf("native %.0f ms after the save", float64(time.Since(saved).Microseconds())/1000)
	return s.same(before, "boids", "rules", "balance", "palette")
}

// nativeChange edits a file of a module in native mode and waits until that runs, natively.
func (s *selftest) nativeChange(path string, changes ...string) (before state, err error) {
	if err := s.askAll(reload.ModeNative, reload.ModeNative); err != nil {
		return before, err
	}
	if before, err = s.state(); err != nil {
		return before, err
	}
	saved := time.Now()
	if err = s.edit(path, changes...); err != nil {
		return before, err
	}
	name, _, _ := strings.Cut(path, "/")
	err = s.within(buildPatience, name+" has one new version, natively", func(v state) bool {
		m := v.module(name)
		return m.Version == before.module(name).Version+1 && m.Backend == reload.ModeNative && v.adopted()
	})
	s.took = float64(time.Since(saved).Microseconds()) / 1000
	return before, err
}

func nativeEdit(s *selftest) error {
	if err := s.gather(); err != nil {
		return err
	}
	before, err := s.nativeChange("boids/boids.go", "Cohesion = 0.8", fresh("Cohesion = -0.8"))
	if err != nil {
		return err
	}
	return s.burst(before)
}

func nativeLibrary(s *selftest) error {
	if err := s.askAll(reload.ModeNative, reload.ModeNative); err != nil {
		return err
	}
	before, err := s.state()
	if err != nil {
		return err
	}
	saved := time.Now()
	if err := s.edit("steer/steer.go", "Gain = 1.0", fresh("Gain = 0.000")); err != nil {
		return err
	}
	if err := s.within(buildPatience, "both importers have one new version, in one generation", func(v state) bool {
		for _, name := range []string{"boids", "hunter"} {
			m := v.module(name)
			if m.Version != before.module(name).Version+1 || m.Backend != reload.ModeNative {
				return false
			}
		}
		return v.adopted() && v.modules.Generation == before.modules.Generation+1
	}); err != nil {
		return err
	}
	s.took = float64(time.Since(saved).Microseconds()) / 1000
	if err := s.same(before, "rules", "balance", "palette"); err != nil {
		return err
	}
	return s.until("nobody pushes any more", func(v state) bool {
		return v.rooms(func(r *arena.Status) bool { return r.Push < 1 })
	})
}

func nativePanic(s *selftest) error {
	before, err := s.nativeChange("boids/boids.go", "var ax, ay float64",
		fresh("var ax, ay float64\n\t\tb = b.Mates[len(b.Mates)+")+"]")
	if err != nil {
		return err
	}
	if err := s.until("the panic is named in every room", func(v state) bool {
		return v.rooms(func(r *arena.Status) bool {
			return len(r.Faults) == 1 && r.Faults[0].Module == "boids" && r.Faults[0].File == "boids/boids.go" &&
				r.Faults[0].Line > 0 && r.Faults[0].Version == before.module("boids").Version+1 &&
				r.Visits["hunter"].Failed == 0 && r.Visits["rules"].Failed == 0
		})
	}); err != nil {
		return err
	}
	return s.ticks(arena.TicksPerSecond)
}

func nativeRefused(s *selftest) error {
	if err := s.askAll(reload.ModeNative, reload.ModeNative); err != nil {
		return err
	}
	return refused("boids/boids.go", "syntax", "ax += Cohesion * 6", "ax += Cohesion * / 6")(s)
}
