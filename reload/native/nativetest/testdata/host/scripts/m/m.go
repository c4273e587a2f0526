package m

import "MODULE/game"

func Say(p *game.Player) string {
	println("to", "the log")
	return game.Greet(p) + ", " + game.Shout(p)
}
