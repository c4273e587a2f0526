// Package rules is the referee: what happens is worth points, and flocks that are too small get boids.
//
// The host calls the function whose name is Handle and the kind of the event (see game.Event). Nobody keeps a list of
// them: add
//
//	func HandleEscape(w *game.World, e *game.Event) { w.Teams[e.Team].Score += 2 }
//
// and save, and boids that get away are worth points from then on. The score itself lives in the host, so no edit of
// the rules ever loses it.
package rules

import (
	"midair/demo/game"
)

const (
	// Litter is how many boids a flock gets at once. Set it to 25 and save for an explosion of births.
	Litter = 4

	// Comeback is the bonus for the weakest flock when a second has passed, as a share of what the strongest is ahead.
	Comeback = 0.02
)

// Spawn orders boids for flocks that are smaller than module balance wants them, and sends some away from those that are
// larger. The host calls it ten times a second.
func Spawn(w *game.World) {
	for i, t := range w.Teams {
		missing := t.Species.Boids - t.Boids
		if missing > 0 {
			if missing > Litter {
				missing = Litter
			}
			w.Orders = append(w.Orders, game.Order{Kind: "spawn", Team: i, Count: missing, X: t.HomeX, Y: t.HomeY})
		} else if missing < 0 {
			w.Orders = append(w.Orders, game.Order{Kind: "retire", Team: i, Count: -missing})
		}
	}
}

// HandleCatch gives the hunter's team its points.
func HandleCatch(w *game.World, e *game.Event) {
	w.Teams[e.Team].Score += w.Points["Catch"]
}

// HandleSecond gives every flock that is still whole its points, and helps the one that is behind.
func HandleSecond(w *game.World, e *game.Event) {
	best, weakest := 0, 0
	for i, t := range w.Teams {
		if t.Boids >= t.Species.Boids {
			t.Score += w.Points["Second"]
		}
		if t.Score > w.Teams[best].Score {
			best = i
		}
		if t.Score < w.Teams[weakest].Score {
			weakest = i
		}
	}
	ahead := w.Teams[best].Score - w.Teams[weakest].Score
	w.Teams[weakest].Score += int(float64(ahead) * Comeback)
}

// HandleExtinct takes points from a team that has lost its last boid.
func HandleExtinct(w *game.World, e *game.Event) {
	w.Teams[e.Team].Score -= w.Points["Extinct"]
}
