package boids

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"midair/demo/game"
)

func world() *game.World { return &game.World{Width: 1000, Height: 600} }

func at(x, y float64) *game.Entity { return &game.Entity{X: x, Y: y} }

func TestABoidFliesToItsMates(t *testing.T) {
	b := at(500, 300)
	b.Mates = []*game.Entity{at(540, 300), at(560, 300)}
	Steer(world(), []*game.Entity{b})
	assert.Positive(t, b.AX*Cohesion, "towards them, or away if Cohesion says so")
}

func TestABoidKeepsItsDistance(t *testing.T) {
	b := at(500, 300)
	b.Mates = []*game.Entity{at(501, 300)}
	Steer(world(), []*game.Entity{b})
	assert.Negative(t, b.AX)
}

func TestABoidFleesFromAHunter(t *testing.T) {
	b := at(500, 300)
	b.Threat = at(480, 300)
	Steer(world(), []*game.Entity{b})
	assert.Positive(t, b.AX*Fear)
}

func TestABoidTurnsAtTheWall(t *testing.T) {
	for _, test := range []struct {
		name   string
		b      *game.Entity
		dx, dy float64
	}{
		{"left", at(5, 300), 1, 0}, {"right", at(995, 300), -1, 0}, {"top", at(500, 5), 0, 1}, {"bottom", at(500, 595), 0, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			Steer(world(), []*game.Entity{test.b})
			assert.Positive(t, test.b.AX*test.dx+test.b.AY*test.dy)
		})
	}
}

func TestNoPushIsStrongerThanPush(t *testing.T) {
	b := at(-4000, 9000)
	b.Threat, b.Mates = at(-4000.01, 9000), []*game.Entity{at(0, 0), at(1, 1)}
	Steer(world(), []*game.Entity{b, at(1, 1)})
	assert.LessOrEqual(t, math.Hypot(b.AX, b.AY), Push*1.000001)
}

func TestALonelyBoidIsCalm(t *testing.T) {
	b := at(500, 300)
	Steer(world(), []*game.Entity{b})
	assert.Zero(t, b.AX)
	assert.Zero(t, b.AY)
	Steer(world(), nil)
}
