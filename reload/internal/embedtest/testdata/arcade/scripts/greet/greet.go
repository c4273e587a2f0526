// Package greet welcomes players.
package greet

import (
	"fmt"

	"MODULE/game"
	"MODULE/scripts/lib/sums"
)

// Greet is called when a player comes in.
func Greet(p *game.Player) string { return fmt.Sprintf("welcome, %v: %d", p, sums.Add(p.Points)) }
