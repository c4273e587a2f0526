package arena

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/demo/game"
	"midair/scripts/boids"
	"midair/scripts/hunter"
)

// snapshot is everything of a world that a module can see and set, in a form that compares and prints well. Entities
// that point to each other are told by ID.
type snapshot struct {
	Boids, Hunters []entity
	Teams          []game.Team
	Orders         []game.Order
}

type entity struct {
	game.Entity
	Mates        []int
	Threat, Prey int
}

func take(w *game.World) snapshot {
	s := snapshot{Orders: append([]game.Order{}, w.Orders...)}
	for _, b := range w.Boids {
		s.Boids = append(s.Boids, entityOf(b))
	}
	for _, h := range w.Hunters {
		s.Hunters = append(s.Hunters, entityOf(h))
	}
	for _, t := range w.Teams {
		s.Teams = append(s.Teams, *t)
	}
	return s
}

func entityOf(e *game.Entity) entity {
	id := func(e *game.Entity) int {
		if e == nil {
			return 0
		}
		return e.ID
	}
	out := entity{Entity: *e, Threat: id(e.Threat), Prey: id(e.Prey)}
	out.Entity.Mates, out.Entity.Threat, out.Entity.Prey = nil, nil, nil
	for _, m := range e.Mates {
		out.Mates = append(out.Mates, m.ID)
	}
	return out
}

// same compares with a tolerance that allows the compiler to fuse a multiplication and an addition on some machines.
func same(t *testing.T, want, have snapshot, msg string) {
	t.Helper()
	require.Equal(t, len(want.Boids), len(have.Boids), msg)
	for i := range want.Boids {
		require.InDelta(t, want.Boids[i].AX, have.Boids[i].AX, 1e-6, "%s: boid %d", msg, i)
		require.InDelta(t, want.Boids[i].AY, have.Boids[i].AY, 1e-6, "%s: boid %d", msg, i)
		have.Boids[i].AX, have.Boids[i].AY = want.Boids[i].AX, want.Boids[i].AY
	}
	for i := range want.Hunters {
		require.InDelta(t, want.Hunters[i].AX, have.Hunters[i].AX, 1e-6, "%s: hunter %d", msg, i)
		require.InDelta(t, want.Hunters[i].AY, have.Hunters[i].AY, 1e-6, "%s: hunter %d", msg, i)
		have.Hunters[i].AX, have.Hunters[i].AY = want.Hunters[i].AX, want.Hunters[i].AY
	}
	require.Equal(t, want, have, msg)
}

// worlds are recorded at moments that differ: the beginning, flocks, chases, a lost team, a world with nobody in it.
func worlds(t *testing.T) map[string]*World {
	t.Helper()
	m := compiledMind()
	run := func(seed uint64, ticks int, s Settings) *World {
		w := NewWorld("recorded", seed)
		w.Tune(s)
		for range ticks {
			w.Step(m)
		}
		w.sense()
		w.share()
		return w
	}
	lonely := settings()
	lonely.Species = append([]game.Species{}, lonely.Species...)
	lonely.Species[0].Boids, lonely.Species[1].Boids, lonely.Species[2].Sight = 1, 0, 5
	return map[string]*World{
		"beginning": run(11, 0, settings()), "flocks": run(12, 240, settings()), "later": run(13, 1500, settings()),
		"lonely": run(14, 200, lonely), "nobody": run(15, 3, Settings{Points: compiled.balance.Points}),
	}
}

// Every function of every contract gives the same interpreted and compiled, on worlds recorded before.
func TestInterpretedIsCompiled(t *testing.T) {
	interpreted := interpretedMind(t)
	ones, twos := worlds(t), worlds(t) // equal: each kind of code changes its own
	for name, one := range ones {
		t.Run(name, func(t *testing.T) {
			two := twos[name]
			same(t, take(&one.shared), take(&two.shared), "before")
			boids.Steer(&one.shared, one.shared.Boids)
			interpreted.boids.Steer(&two.shared, two.shared.Boids)
			same(t, take(&one.shared), take(&two.shared), "Steer")
			hunter.Hunt(&one.shared, one.shared.Hunters)
			interpreted.hunter.Hunt(&two.shared, two.shared.Hunters)
			same(t, take(&one.shared), take(&two.shared), "Hunt")
			compiled.rules.Spawn(&one.shared)
			interpreted.rules.Spawn(&two.shared)
			same(t, take(&one.shared), take(&two.shared), "Spawn")
			for kind := range compiled.rules.Handlers {
				for team := range one.teams {
					compiled.rules.Handlers[kind](&one.shared, &game.Event{Kind: kind, Team: team})
					interpreted.rules.Handlers[kind](&two.shared, &game.Event{Kind: kind, Team: team})
					same(t, take(&one.shared), take(&two.shared), kind)
				}
			}
		})
	}
}

// The contracts are the same: as many handlers, equal values.
func TestInterpretedValuesAreCompiled(t *testing.T) {
	_, tab := newRuntime(t, scriptsDir)
	assert.Equal(t, compiled.balance, *tab.balance.Load())
	assert.Equal(t, compiled.palette, *tab.palette.Load())
	assert.Equal(t, compiled.boids.Mates, tab.boids.Load().Mates)
	assert.InDelta(t, compiled.hunter.Sight, tab.hunter.Load().Sight, 0)
	assert.Len(t, tab.rules.Load().Handlers, len(compiled.rules.Handlers))
	for kind := range compiled.rules.Handlers {
		assert.Contains(t, tab.rules.Load().Handlers, kind)
	}
	_, err := json.Marshal(*tab.palette.Load())
	require.NoError(t, err)
}

// A world that runs on interpreted code goes where one on compiled code goes.
func TestInterpretedWorldIsCompiledWorld(t *testing.T) {
	one, two := tuned(3), tuned(3)
	m := interpretedMind(t)
	for range TicksPerSecond {
		one.Step(compiledMind())
		two.Step(m)
	}
	require.Len(t, two.boids, len(one.boids))
	for i := range one.boids {
		require.InDelta(t, one.boids[i].X, two.boids[i].X, 1e-3)
		require.InDelta(t, one.boids[i].Y, two.boids[i].Y, 1e-3)
	}
	for i := range one.teams {
		assert.Equal(t, one.teams[i].Score, two.teams[i].Score)
	}
}

// The doc comments of the modules invite to edit constants, and a person writes 1 where there was 0.8. The interpreter
// must take a whole number for what the compiler takes it for.
func TestWholeNumbersInConstants(t *testing.T) {
	run := func(t *testing.T, file, old, now string) uint64 {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(scriptsDir)))
		path := filepath.Join(dir, file)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(b), old)
		require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(b), old, now, 1)), 0o644))
		_, tab := newRuntime(t, dir)
		m := mind{tab.boids.Load(), tab.hunter.Load(), tab.rules.Load()}
		s := settings()
		s.Sight = tab.hunter.Load().Sight
		w := NewWorld("edited", 4)
		w.Tune(s)
		for range 45 {
			w.Step(m)
		}
		return w.Hash()
	}
	shipped := run(t, "boids/boids.go", "Cohesion = 0.8", "Cohesion = 0.8")
	for _, edit := range []struct{ file, name, was, whole string }{
		{"boids/boids.go", "Cohesion", "0.8", "-1"}, {"boids/boids.go", "Cohesion", "0.8", "0"},
		{"boids/boids.go", "Alignment", "1.1", "2"}, {"boids/boids.go", "Separation", "1.0", "3"},
		{"boids/boids.go", "Fear", "1.6", "-2"}, {"boids/boids.go", "Wander", "0.35", "0"},
		{"boids/boids.go", "Elbow", "15.0", "21"}, {"boids/boids.go", "Margin", "60.0", "90"},
		{"boids/boids.go", "Push", "420.0", "200"}, {"hunter/hunter.go", "Hunger", "1.0", "-1"},
		{"hunter/hunter.go", "Foresight", "0.6", "0"},
		{"hunter/hunter.go", "Sight", "260.0", "100"}, {"steer/steer.go", "Gain", "1.0", "2"},
	} {
		t.Run(edit.name+" = "+edit.whole, func(t *testing.T) {
			old := edit.name + " = " + edit.was
			whole := run(t, edit.file, old, edit.name+" = "+edit.whole)
			assert.Equal(t, run(t, edit.file, old, edit.name+" = "+edit.whole+".0"), whole)
			assert.NotEqual(t, shipped, whole, "the edit does something")
		})
	}
}
