package arena

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"midair/demo/game"
	"midair/demo/gamesym"
	"midair/interp"
	"midair/reload"
	"midair/scripts/balance"
	"midair/scripts/boids"
	"midair/scripts/hunter"
	"midair/scripts/palette"
	"midair/scripts/rules"
)

const scriptsDir = "../../scripts"

// compiled are the modules as the compiler builds them: what the interpreted ones are compared with.
var compiled = struct {
	boids   Boids
	hunter  Hunter
	rules   Rules
	balance Balance
	palette Palette
}{
	Boids{boids.Steer, boids.Mates},
	Hunter{hunter.Hunt, hunter.Sight},
	Rules{rules.Spawn, map[string]func(*game.World, *game.Event){
		"Catch": rules.HandleCatch, "Second": rules.HandleSecond, "Extinct": rules.HandleExtinct}},
	Balance{balance.Teams, balance.Points},
	Palette{palette.Night, palette.Day, palette.Trail, palette.BoidSize, palette.HunterSize},
}

// mind is a Mind made of function tables.
type mind struct {
	boids  *Boids
	hunter *Hunter
	rules  *Rules
}

func (m mind) Steer(w *game.World, list []*game.Entity) { m.boids.Steer(w, list) }
func (m mind) Hunt(w *game.World, list []*game.Entity)  { m.hunter.Hunt(w, list) }
func (m mind) Judge(w *game.World, events []*game.Event, spawn bool) {
	m.rules.judge(w, events, spawn)
}

func compiledMind() mind { return mind{&compiled.boids, &compiled.hunter, &compiled.rules} }

func settings() Settings {
	return Settings{compiled.balance.Teams, compiled.balance.Points, compiled.boids.Mates, compiled.hunter.Sight}
}

// newRuntime is a runtime with the given module directory, all contracts bound and everything live.
func newRuntime(t testing.TB, dir string) (*reload.Runtime, tables) {
	t.Helper()
	rt, err := reload.New(reload.Config{Source: reload.Dir(dir), ImportPath: "midair/scripts", Symbols: gamesym.Symbols,
		Backends: []reload.Backend{interp.New(interp.Config{})}})
	require.NoError(t, err)
	t.Cleanup(func() { rt.Close() })
	tab, err := bind(rt)
	require.NoError(t, err)
	require.NoError(t, rt.Start(context.Background()))
	return rt, tab
}

func interpretedMind(t testing.TB) mind {
	_, tab := newRuntime(t, scriptsDir)
	return mind{tab.boids.Load(), tab.hunter.Load(), tab.rules.Load()}
}

func tuned(seed uint64) *World {
	w := NewWorld("test", seed)
	w.Tune(settings())
	return w
}
