// Package boids is how the flocks fly. The host has found out who is near whom; this module weighs it.
//
// Edit a constant and save while the arena runs. The flock changes its mind in mid-flight: no boid is lost, no score, no
// connection. A mistake is no harm either: the version before goes on, and the page shows the line.
package boids

import (
	"midair/demo/game"
	"midair/scripts/steer"
)

const (
	// Cohesion pulls a boid towards the middle of its mates. Set it to -0.8 and save: the flocks burst.
	Cohesion = 0.8

	// Alignment makes a boid fly as its mates fly. Set it to 0 and save: the flocks lose their way.
	Alignment = 1.1

	// Separation keeps a boid from touching its mates.
	Separation = 1.0

	// Fear drives a boid away from a hunter. Set it to -1 and save: the boids mob the hunters instead.
	Fear = 1.6

	// Wander is a slow, endless change of mind, different for every boid.
	Wander = 0.35
)

const (
	// Mates is how many of its nearest mates a boid looks at; the host finds them. Starlings look at seven.
	Mates = 7

	// Elbow is the distance that Separation wants between two boids.
	Elbow = 15.0

	// Margin is how far from a wall a boid begins to turn.
	Margin = 60.0

	// Push is the strongest acceleration of a boid.
	Push = 420.0
)

// Steer sets where each of the given boids wants to go.
//
// It is one loop with everything in it, on purpose: the host calls it once for hundreds of boids, and in interpreted
// code it is calls that cost, not arithmetic.
func Steer(w *game.World, boids []*game.Entity) {
	for _, b := range boids {
		var ax, ay float64

		// The mates: where is their middle, how do they fly, who is too close?
		n := float64(len(b.Mates))
		if n > 0 {
			var midX, midY, flyX, flyY, offX, offY float64
			for _, m := range b.Mates {
				dx := m.X - b.X
				dy := m.Y - b.Y
				midX += dx
				midY += dy
				flyX += m.VX
				flyY += m.VY
				square := dx*dx + dy*dy
				if square < Elbow*Elbow {
					near := (Elbow*Elbow - square) / (square + 4)
					offX -= dx * near
					offY -= dy * near
				}
			}
			ax += Cohesion * 6 * midX / n
			ay += Cohesion * 6 * midY / n
			ax += Alignment * 3 * (flyX/n - b.VX)
			ay += Alignment * 3 * (flyY/n - b.VY)
			ax += Separation * 5 * offX
			ay += Separation * 5 * offY
		}

		// A hunter: away from it, the more the nearer it is.
		if b.Threat != nil {
			dx := b.X - b.Threat.X
			dy := b.Y - b.Threat.Y
			near := 30000 / (dx*dx + dy*dy + 100)
			ax += Fear * dx * near
			ay += Fear * dy * near
		}

		// A whim: each boid turns a little to one side, then to the other.
		turn := float64(Wander)
		if (w.Tick+b.ID*37)%240 < 120 {
			turn = -turn
		}
		ax += turn * b.VY
		ay -= turn * b.VX

		// The walls.
		if b.X < Margin {
			ax += 8 * (Margin - b.X)
		} else if b.X > w.Width-Margin {
			ax -= 8 * (b.X - w.Width + Margin)
		}
		if b.Y < Margin {
			ay += 8 * (Margin - b.Y)
		} else if b.Y > w.Height-Margin {
			ay -= 8 * (b.Y - w.Height + Margin)
		}

		x, y := steer.Limit(ax, ay, Push)
		b.AX = x
		b.AY = y
	}
}
