// Package greet welcomes players.
package greet

import (
	"MODULE/game"
	"MODULE/scripts/lib/words"
)

// Greet is called when a player comes in.
func Greet(p *game.Player) string { return "welcome " + words.Upper(p.Name) }
