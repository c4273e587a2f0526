// Package game has the host's types.
package game

type Player struct{ Name string }

// Greet is small enough to be inlined.
func Greet(p *Player) string { return "hello " + p.Name }
