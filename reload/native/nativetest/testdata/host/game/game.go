// Package game has the host's types.
package game

import "strings"

type Player struct{ Name string }

// Greet is small enough to be inlined.
func Greet(p *Player) string { return "hello " + p.Name }

//go:noinline
func Shout(p *Player) string {
	return strings.ToUpper("hey " + p.Name)
}
