// Package game is the next version of the module, for tests of package carry.
package game

import (
	"fmt"
	"time"
)

type Kind int64

type Pos struct{ x, y, z float64 }

type Unit struct {
	hp float64
	Pos
	mate  *Unit
	name  string
	kind  Kind
	tags  []string
	bag   map[string]int
	since time.Time
	any   interface{}
	path  []Pos
	level int
	big   int32
}

var (
	units  map[string]*Unit
	first  *Unit
	list   []*Unit
	count  int
	grid   [2][2]Pos
	spot   *Pos
	owners map[*Unit]string
	clock  *time.Time
	ratio  float64
	fresh  = 9
)

// Vars returns the addresses of the variables.
func Vars() map[string]any {
	return map[string]any{"units": &units, "first": &first, "list": &list, "count": &count, "grid": &grid, "spot": &spot,
		"owners": &owners, "clock": &clock, "ratio": &ratio, "fresh": &fresh}
}

// Clock returns the kept pointer.
func Clock() *time.Time { return clock }

// Dump tells the state.
func Dump() string {
	a, b := units["a"], units["b"]
	s := fmt.Sprintln(a.name, a.kind, a.hp, a.x, a.y, a.z, a.tags, a.bag, a.since.Unix(), a.any, a.path, a.level, a.big)
	s += fmt.Sprintln(b.name, first == a, a.mate == b, b.mate == a, list[0] == b, list[1] == a, list[2] == nil, count, ratio, fresh)
	s += fmt.Sprintln(grid, spot == &grid[1][0], owners[a], len(owners))
	return s
}

// Change changes the state in place.
func Change() {
	units["a"].bag["gold"] = 0
	units["a"].tags[0] = "changed"
	delete(units, "b")
}
