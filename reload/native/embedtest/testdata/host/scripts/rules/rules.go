// Package rules says what a player is worth.
package rules

import (
	"fmt"

	"MODULE/game"
	"MODULE/scripts/lib/words"
)

var edition = "first"

func init() { fmt.Println("rules are loaded") }

// Worth is in words.
func Worth(p *game.Player) string {
	return fmt.Sprintf("%s: %s %d", edition, words.Upper(p.Name), p.Has("gold"))
}
