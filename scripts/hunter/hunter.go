// Package hunter is how the hunters hunt: each goes for the nearest boid of another team, aims where it will be rather
// than where it is, and rests after a catch.
package hunter

import (
	"math"

	"midair/demo/game"
	"midair/scripts/steer"
)

const (
	// Hunger is how hard a hunter goes for its prey. Set it to -1 and save: the hunters flee from the boids.
	Hunger = 1.0

	// Foresight is how many seconds a hunter looks ahead at most. Set it to 0 and save: it runs behind its prey for ever.
	Foresight = 0.6

	// Sight is how far a hunter sees; the host finds the prey within it.
	Sight = 260.0

	// Patrol is how much of its push a hunter without prey uses to go round.
	Patrol = 0.35

	// Push is the strongest acceleration of a hunter.
	Push = 520.0

	// Margin is how far from a wall a hunter begins to turn.
	Margin = 40.0
)

// Hunt sets where each of the given hunters wants to go.
func Hunt(w *game.World, hunters []*game.Entity) {
	for _, h := range hunters {
		var ax, ay float64
		switch {
		case h.Rest > 0: // full: slow down
			ax = -1.5 * h.VX
			ay = -1.5 * h.VY
		case h.Prey != nil:
			dx := h.Prey.X - h.X
			dy := h.Prey.Y - h.Y
			speed := w.Teams[h.Team].Species.HunterSpeed
			ahead := steer.Lead(math.Sqrt(dx*dx+dy*dy), speed, Foresight)
			x, y := steer.Toward(dx+h.Prey.VX*ahead, dy+h.Prey.VY*ahead, Push*Hunger)
			ax = x
			ay = y
		default: // nobody in sight: round and round the middle, each at its own distance
			dx := w.Width/2 - h.X
			dy := w.Height/2 - h.Y
			x, y := steer.Toward(dx-1.6*dy, dy+1.6*dx, Push*Patrol)
			ax = x
			ay = y
		}
		if h.X < Margin {
			ax += 10 * (Margin - h.X)
		} else if h.X > w.Width-Margin {
			ax -= 10 * (h.X - w.Width + Margin)
		}
		if h.Y < Margin {
			ay += 10 * (Margin - h.Y)
		} else if h.Y > w.Height-Margin {
			ay -= 10 * (h.Y - w.Height + Margin)
		}
		x, y := steer.Limit(ax, ay, Push)
		h.AX = x
		h.AY = y
	}
}
