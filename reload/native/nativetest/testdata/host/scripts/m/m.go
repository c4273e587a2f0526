package m

import "MODULE/game"

func Say(p *game.Player) string {
	return game.Greet(p) + ", " + game.Shout(p)
}
