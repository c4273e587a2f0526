package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"midair/demo/arena"
	"midair/reload"
)

// trial is one thing that a person may do to the modules, and what must come of it. After each, the selftest puts all
// files back, waits until that is live, and checks that ticks went on and no visit was lost.
type trial struct {
	name    string
	run     func(*selftest) error
	failing bool // visits are expected to fail
	native  bool // needs plugins; all modules run interpreted before and after
}

var trials = []trial{
	{name: "the sign of Cohesion turns: the flocks burst", run: cohesion},
	{name: "a file is saved by renaming: the same", run: byRename},
	{name: "a file vanishes and comes back 15 ms later, as in a checkout: a plain edit", run: checkout},
	{name: "a syntax error: refused, the world flies on", run: refused("boids/boids.go", "syntax",
		"ax += Cohesion * 6", "ax += Cohesion * / 6")},
	{name: "an undefined name: refused", run: refused("boids/boids.go", "",
		"b.AX = x", "b.AX = nowhere")},
	{name: "a function is missing: refused", run: refused("boids/boids.go", "contract/",
		"func Steer(", "func SteerAll(")},
	{name: "a function has another signature: refused", run: refused("hunter/hunter.go", "contract/signature",
		"func Hunt(w *game.World, hunters []*game.Entity) {", "func Hunt(w *game.World) {\n\tvar hunters []*game.Entity")},
	{name: "an import that modules are not given: refused", run: refused("rules/rules.go", "capability/import",
		"import (", "import (\n\t_ \"os/exec\"")},
	{name: "init panics: refused", run: refused("rules/rules.go", "prepare/panic",
		"// HandleCatch gives", "func init() { panic(\"not today\") }\n\n// HandleCatch gives")},
	{name: "a function panics in every visit: contained and named, the world goes on", run: panics, failing: true},
	{name: "a library is edited: exactly its importers reload, together", run: library},
	{name: "a library is broken: its importers stay", run: libraryBroken},
	{name: "a handler is added: it counts at once", run: handler},
	{name: "a number in the balance table: the flock shrinks", run: balanceTable},
	{name: "a colour and a size: the palette reloads, nothing else", run: paletteOnly},
	{name: "a new module appears, and is removed again", run: appears},
	{name: "a module that the host needs is removed: its last version stays", run: vanishes},
	{name: "100 saves within a second: the last one is live", run: storm},
	{name: "two modules in one save, one broken: neither; then both, in one generation", run: together},
	{name: "numbers that are none come from a module: the world stays whole", run: nonsense},
}

// reloaded waits until a module has a newer version than it had, that runs in every room. It notes how long that took.
func (s *selftest) reloaded(name string, than apiModule, saved time.Time) error {
	err := s.until(name+" has a new version", func(v state) bool {
		m := v.module(name)
		return m.Version > than.Version && m.State == reload.StateLive && v.adopted()
	})
	if err == nil {
		s.took = float64(time.Since(saved).Microseconds()) / 1000
	}
	return err
}

// change edits a file of a module and waits until that runs. It returns the state before.
func (s *selftest) change(path string, changes ...string) (before state, err error) {
	if before, err = s.state(); err != nil {
		return before, err
	}
	saved := time.Now()
	if err = s.edit(path, changes...); err != nil {
		return before, err
	}
	name, _, _ := strings.Cut(path, "/")
	return before, s.reloaded(name, before.module(name), saved)
}

// burst waits until the flocks are twice as far spread as before.
func (s *selftest) burst(before state) error {
	return s.until("the flocks are spread twice as far", func(v state) bool {
		for i, r := range v.world.Rooms {
			if r.Spread < 1.8*before.world.Rooms[i].Spread {
				return false
			}
		}
		return true
	})
}

// gather waits until the flocks of a trial before are flocks again.
func (s *selftest) gather() error {
	return s.until("the flocks have gathered", func(v state) bool {
		return v.rooms(func(r *arena.Status) bool { return r.Spread < 24 })
	})
}

func cohesion(s *selftest) error {
	if err := s.gather(); err != nil {
		return err
	}
	before, err := s.change("boids/boids.go", "Cohesion = 0.8", "Cohesion = -0.8")
	if err != nil {
		return err
	}
	if err := s.burst(before); err != nil {
		return err
	}
	if err := s.restore(); err != nil {
		return err
	}
	return s.gather()
}

func byRename(s *selftest) error {
	before, err := s.state()
	if err != nil {
		return err
	}
	content, err := s.edited("boids/boids.go", "Cohesion = 0.8", "Cohesion = 0.9")
	if err != nil {
		return err
	}
	saved := time.Now()
	if err := s.replaceFile("boids/boids.go", content); err != nil {
		return err
	}
	return s.reloaded("boids", before.module("boids"), saved)
}

func checkout(s *selftest) error {
	before, err := s.state()
	if err != nil {
		return err
	}
	content, err := s.edited("hunter/hunter.go", "Hunger = 1.0", "Hunger = 0.9")
	if err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(s.dir, "hunter", "hunter.go")); err != nil {
		return err
	}
	time.Sleep(15 * time.Millisecond) // what git takes
	saved := time.Now()
	if err := s.write("hunter/hunter.go", content); err != nil {
		return err
	}
	return s.reloaded("hunter", before.module("hunter"), saved)
}

// refused is a trial of an edit that must not go live. The diagnostic must name the file and a line, and be of the rule
// or of a rule with that prefix, unless rule is empty.
func refused(path, rule string, changes ...string) func(*selftest) error {
	return func(s *selftest) error {
		name, _, _ := strings.Cut(path, "/")
		before, err := s.state()
		if err != nil {
			return err
		}
		if err := s.edit(path, changes...); err != nil {
			return err
		}
		err = s.until(name+" is degraded, and says where", func(v state) bool {
			m := v.module(name)
			return m.State == reload.StateDegraded && m.Version == before.module(name).Version &&
				len(m.Diagnostics) > 0 && m.Diagnostics[0].File == path && m.Diagnostics[0].Line > 0 &&
				m.Diagnostics[0].Column > 0 && strings.HasPrefix(m.Diagnostics[0].Rule, rule)
		})
		if err != nil {
			return err
		}
		if err := s.ticks(30); err != nil {
			return err
		}
		// The first content again: nothing is loaded, the version that ran all the time is simply right again.
		if err := s.restore(); err != nil {
			return err
		}
		return s.same(before, name)
	}
}

// same demands that modules have the version that they had.
func (s *selftest) same(before state, names ...string) error {
	after, err := s.state()
	if err != nil {
		return err
	}
	for _, name := range names {
		if was, is := before.module(name).Version, after.module(name).Version; was != is {
			return fmt.Errorf("%s has version %d, which should still be %d", name, is, was)
		}
	}
	return nil
}

// ticks waits until every room has ticked on.
func (s *selftest) ticks(n int) error {
	before, err := s.state()
	if err != nil {
		return err
	}
	return s.until(fmt.Sprintf("every room ticks %d times", n), func(v state) bool {
		for i, r := range v.world.Rooms {
			if r.Tick < before.world.Rooms[i].Tick+n {
				return false
			}
		}
		return true
	})
}

func panics(s *selftest) error {
	before, err := s.change("boids/boids.go", "var ax, ay float64", "var ax, ay float64\n\t\tb = b.Mates[len(b.Mates)]")
	if err != nil {
		return err
	}
	err = s.until("the panic is named in every room", func(v state) bool {
		return v.rooms(func(r *arena.Status) bool {
			return len(r.Faults) == 1 && r.Faults[0].Module == "boids" && r.Faults[0].File == "boids/boids.go" &&
				r.Faults[0].Line > 0 && r.Faults[0].Version > before.module("boids").Version &&
				r.Visits["hunter"].Failed == 0 && r.Visits["rules"].Failed == 0
		})
	})
	if err != nil {
		return err
	}
	return s.ticks(60)
}

func library(s *selftest) error {
	before, err := s.state()
	if err != nil {
		return err
	}
	saved := time.Now()
	if err := s.edit("steer/steer.go", "Gain = 1.0", "Gain = 0"); err != nil {
		return err
	}
	if err := s.reloaded("boids", before.module("boids"), saved); err != nil {
		return err
	}
	after, err := s.state()
	if err != nil {
		return err
	}
	if after.module("hunter").Version != before.module("hunter").Version+1 {
		return fmt.Errorf("hunter has version %d, as before", after.module("hunter").Version)
	}
	if after.modules.Generation != before.modules.Generation+1 {
		return fmt.Errorf("generation went from %d to %d, not by one", before.modules.Generation, after.modules.Generation)
	}
	if err := s.same(before, "rules", "balance", "palette"); err != nil {
		return err
	}
	return s.until("nobody pushes any more", func(v state) bool {
		return v.rooms(func(r *arena.Status) bool { return r.Push < 1 })
	})
}

func libraryBroken(s *selftest) error {
	before, err := s.state()
	if err != nil {
		return err
	}
	if err := s.edit("steer/steer.go", "return x * scale, y * scale", "return x * scale,"); err != nil {
		return err
	}
	err = s.until("both importers are degraded and name the library's line", func(v state) bool {
		for _, name := range []string{"boids", "hunter"} {
			m := v.module(name)
			if m.State != reload.StateDegraded || m.Diagnostics[0].File != "steer/steer.go" || m.Diagnostics[0].Line == 0 {
				return false
			}
		}
		return v.module("rules").State == reload.StateLive
	})
	if err != nil {
		return err
	}
	if err := s.restore(); err != nil {
		return err
	}
	return s.same(before, "boids", "hunter", "rules")
}

func handler(s *selftest) error {
	const added = "func HandleEscape(w *game.World, e *game.Event) { w.Teams[e.Team].Score += 100000 }\n\n"
	before, err := s.change("rules/rules.go", "// HandleCatch gives", added+"// HandleCatch gives")
	if err != nil {
		return err
	}
	return s.until("a boid escapes, and that counts", func(v state) bool {
		return v.world.Score >= before.world.Score+100000
	})
}

func balanceTable(s *selftest) error {
	before, err := s.change("balance/balance.go", `{Name: "Amber", Boids: 104`, `{Name: "Amber", Boids: 40`)
	if err != nil {
		return err
	}
	return s.until("Amber has forty boids, and its score", func(v state) bool {
		for i, r := range v.world.Rooms {
			if amber := r.Teams[0]; amber.Boids > 40 || amber.Score < before.world.Rooms[i].Teams[0].Score {
				return false
			}
		}
		return true
	})
}

func paletteOnly(s *selftest) error {
	before, err := s.change("palette/palette.go", `"#f2b056"`, `"#ff0000"`, "BoidSize   = 8.5", "BoidSize   = 12.0")
	if err != nil {
		return err
	}
	return s.same(before, "boids", "hunter", "rules", "balance")
}

func appears(s *selftest) error {
	saved := time.Now()
	if err := s.write("weather/weather.go", "package weather\n\n// Wind is for later.\nconst Wind = 3.0\n"); err != nil {
		return err
	}
	if err := s.until("there is a module weather", func(v state) bool {
		return v.module("weather").State == reload.StateLive
	}); err != nil {
		return err
	}
	s.took = float64(time.Since(saved).Microseconds()) / 1000
	if err := os.RemoveAll(filepath.Join(s.dir, "weather")); err != nil {
		return err
	}
	return s.until("there is no module weather", func(v state) bool { return v.module("weather").Name == "" })
}

func vanishes(s *selftest) error {
	before, err := s.state()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(s.dir, "hunter")); err != nil {
		return err
	}
	if err := s.until("hunter is degraded and still serves", func(v state) bool {
		m := v.module("hunter")
		return m.State == reload.StateDegraded && m.Version == before.module("hunter").Version && len(m.Diagnostics) > 0
	}); err != nil {
		return err
	}
	if err := s.restore(); err != nil {
		return err
	}
	return s.same(before, "hunter", "boids")
}

func storm(s *selftest) error {
	const saves, last = 100, 50 // Amber's boids after the last save
	before, err := s.state()
	if err != nil {
		return err
	}
	start := time.Now()
	for i := range saves {
		if err := s.edit("balance/balance.go", `{Name: "Amber", Boids: 104`,
			fmt.Sprintf(`{Name: "Amber", Boids: %d`, last+saves-1-i)); err != nil {
			return err
		}
		time.Sleep(time.Until(start.Add(time.Duration(i+1) * 9 * time.Millisecond))) // a hundred within 0.9 s
	}
	saved := time.Now()
	if err := s.until("Amber has the boids of the last save", func(v state) bool {
		return v.module("balance").State == reload.StateLive && v.adopted() &&
			v.rooms(func(r *arena.Status) bool { return r.Teams[0].Boids <= last })
	}); err != nil {
		return err
	}
	s.took = float64(time.Since(saved).Microseconds()) / 1000
	return s.same(before, "boids", "hunter", "rules", "palette")
}

func together(s *selftest) error {
	before, err := s.state()
	if err != nil {
		return err
	}
	good := []string{"Hunger = 1.0", "Hunger = 0.5"}
	if err := s.edit("hunter/hunter.go", good...); err != nil {
		return err
	}
	if err := s.edit("rules/rules.go", "missing > 0 {", "missing > 0 {{{"); err != nil {
		return err
	}
	if err := s.until("both are held back", func(v state) bool {
		h, r := v.module("hunter"), v.module("rules")
		return h.State == reload.StateDegraded && r.State == reload.StateDegraded &&
			h.Version == before.module("hunter").Version && r.Version == before.module("rules").Version
	}); err != nil {
		return err
	}
	saved := time.Now()
	if err := s.edit("rules/rules.go", "Litter = 4", "Litter = 5"); err != nil {
		return err
	}
	if err := s.reloaded("rules", before.module("rules"), saved); err != nil {
		return err
	}
	after, err := s.state()
	if err != nil {
		return err
	}
	if m := after.module("hunter"); m.Version == before.module("hunter").Version || m.State != reload.StateLive {
		return fmt.Errorf("hunter did not go live with rules: version %d, %s", m.Version, m.State)
	}
	if after.modules.Generation != before.modules.Generation+1 {
		return fmt.Errorf("generation went from %d to %d, not by one", before.modules.Generation, after.modules.Generation)
	}
	return nil
}

func nonsense(s *selftest) error {
	_, err := s.change("boids/boids.go", "b.AX = x",
		"b.AX = (x - x) / (y - y)\n\t\tb.Team = -7\n\t\tw.Boids[0] = nil\n\t\tw.Teams = nil")
	if err != nil {
		return err
	}
	return s.ticks(60)
}
