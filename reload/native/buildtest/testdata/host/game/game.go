// Package game has the host's types.
package game

// Entity is changed by modules.
type Entity struct{ HP int }

// Hit takes hit points away.
//
//go:noinline
func (e *Entity) Hit(n int) int {
	e.HP -= n
	return e.HP
}
