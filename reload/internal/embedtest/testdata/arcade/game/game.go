// Package game has what the host and its modules share.
package game

import "fmt"

// Weight is how much a point counts.
const Weight = 10

// Bonus is added to every total; the host sets it.
var Bonus int

// Player is one of those who play.
type Player struct {
	Name   string
	Points []int
}

// String implements fmt.Stringer.
func (p *Player) String() string { return fmt.Sprintf("%s with %d results", p.Name, len(p.Points)) }

// Rule decides about a player; modules implement it.
//
//midair:accepts
type Rule interface {
	Passes(p *Player) bool
}
