package arena

import (
	"fmt"

	"midair/demo/game"
	"midair/reload"
)

// The contracts: what the arena expects of each module. A module that does not fulfil its contract never goes live.
type (
	// Boids is module boids.
	Boids struct {
		// Steer sets where the given boids want to go; one call thinks for all of them.
		Steer func(w *game.World, boids []*game.Entity)
		// Mates is how many of its nearest mates a boid is told of.
		Mates int
	}

	// Hunter is module hunter.
	Hunter struct {
		Hunt func(w *game.World, hunters []*game.Entity)
		// Sight is how far a hunter sees.
		Sight float64
	}

	// Rules is module rules.
	Rules struct {
		// Spawn is called ten times a second.
		Spawn func(w *game.World)
		// Handlers are the functions HandleCatch, HandleSecond and so on, by event kind.
		Handlers map[string]func(w *game.World, e *game.Event) `midair:"prefix=Handle"`
	}

	// Balance is module balance: values only.
	Balance struct {
		Teams  []game.Species
		Points map[string]int
	}

	// Palette is module palette: values only.
	Palette struct {
		Night      game.Colours `json:"night"`
		Day        game.Colours `json:"day"`
		Trail      float64      `json:"trail"`
		BoidSize   float64      `json:"boid_size"`
		HunterSize float64      `json:"hunter_size"`
	}
)

// tables are the ways to the live function tables, bound once for all rooms.
type tables struct {
	boids   *reload.Table[Boids]
	hunter  *reload.Table[Hunter]
	rules   *reload.Table[Rules]
	balance *reload.Table[Balance]
	palette *reload.Table[Palette]
}

func bind(rt *reload.Runtime) (t tables, err error) {
	bindOne(rt, "boids", &t.boids, &err)
	bindOne(rt, "hunter", &t.hunter, &err)
	bindOne(rt, "rules", &t.rules, &err)
	bindOne(rt, "balance", &t.balance, &err)
	bindOne(rt, "palette", &t.palette, &err)
	return t, err
}

func bindOne[T any](rt *reload.Runtime, module string, to **reload.Table[T], err *error) {
	if *err != nil {
		return
	}
	table, bindErr := reload.Bind[T](rt, module)
	if bindErr != nil {
		*err = fmt.Errorf("the arena's contract for module %s: %w", module, bindErr)
	}
	*to = table
}
