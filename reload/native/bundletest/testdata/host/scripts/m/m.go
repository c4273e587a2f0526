package m

import (
	_ "embed"
	"strings"

	"MODULE/game"
	"MODULE/scripts/lib"
)

//go:embed words.txt
var words string

func Say(p *game.Player) string { return game.Greet(p) + ", " + lib.Loud(strings.TrimSpace(words)) }

func Fail() {
	lib.Fail()
}
