package score

import (
	"MODULE/game"
	"MODULE/scripts/sums"
)

// Total adds a team's points up.
func Total(t *game.Team) (int, error) {
	return sums.Add(t.Points) * game.Weight, nil
}
