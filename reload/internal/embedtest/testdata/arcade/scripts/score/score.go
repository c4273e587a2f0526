// Package score says what a player has reached.
package score

import (
	"fmt"
	"log/slog"

	"MODULE/game"
	"MODULE/scripts/lib/sums"
)

// Title is shown above the scores.
const Title = "season one"

func init() { fmt.Println("score was loaded") }

// Total is a player's score.
func Total(p *game.Player) (int, error) {
	if p.Name == "" {
		return 0, fmt.Errorf("a player without a name: %v", p)
	}
	slog.Info("counted", "player", p)
	return sums.Add(p.Points)*game.Weight + game.Bonus, nil
}

type least struct{ sum int }

func (l least) Passes(p *game.Player) bool { return sums.Add(p.Points) >= l.sum }

// Rule says who stays in the game.
func Rule() game.Rule { return least{6} }
