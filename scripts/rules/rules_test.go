package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/demo/game"
)

func world(boids ...int) *game.World {
	w := &game.World{Points: map[string]int{"Catch": 5, "Second": 1, "Extinct": 50}}
	for i, n := range boids {
		w.Teams = append(w.Teams, &game.Team{Boids: n, HomeX: float64(i), Species: game.Species{Boids: 20}})
	}
	return w
}

func TestSpawn(t *testing.T) {
	w := world(20, 19, 0, 25)
	Spawn(w)
	require.Len(t, w.Orders, 3, "a whole flock needs nothing")
	assert.Equal(t, game.Order{Kind: "spawn", Team: 1, Count: 1, X: 1}, w.Orders[0])
	assert.Equal(t, game.Order{Kind: "spawn", Team: 2, Count: Litter, X: 2}, w.Orders[1])
	assert.Equal(t, game.Order{Kind: "retire", Team: 3, Count: 5}, w.Orders[2])
}

func TestCatch(t *testing.T) {
	w := world(20, 20)
	HandleCatch(w, &game.Event{Kind: "Catch", Team: 1})
	assert.Equal(t, 0, w.Teams[0].Score)
	assert.Equal(t, 5, w.Teams[1].Score)
}

func TestSecond(t *testing.T) {
	w := world(20, 3)
	w.Teams[0].Score = 1000
	HandleSecond(w, &game.Event{Kind: "Second"})
	assert.Equal(t, 1001, w.Teams[0].Score, "a whole flock gets its point")
	ahead := 1001.0
	assert.Equal(t, int(ahead*Comeback), w.Teams[1].Score, "the weakest comes back a little")
}

func TestExtinct(t *testing.T) {
	w := world(0)
	HandleExtinct(w, &game.Event{Kind: "Extinct"})
	assert.Equal(t, -50, w.Teams[0].Score)
}
