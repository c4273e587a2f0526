// Package game is one version of a module, for tests of package carry.
package game

import "time"

type Kind int

type Pos struct{ x, y float64 }

type Unit struct {
	Pos
	name  string
	kind  Kind
	hp    int
	old   string
	mate  *Unit
	tags  []string
	bag   map[string]int
	since time.Time
	any   interface{}
	path  []Pos
	big   int
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
	ratio  int
	gone   bool
)

// Clock is the host's.
var Clock = time.Unix(1, 0)

// Vars returns the addresses of the variables.
func Vars() map[string]any {
	return map[string]any{"units": &units, "first": &first, "list": &list, "count": &count, "grid": &grid, "spot": &spot,
		"owners": &owners, "clock": &clock, "ratio": &ratio, "gone": &gone}
}

// Fill makes a state with shared and cyclic parts.
func Fill() {
	a := &Unit{Pos: Pos{1, 2}, name: "a", kind: 3, hp: 10, old: "x", tags: []string{"t"}, bag: map[string]int{"gold": 5},
		since: time.Unix(5, 0), any: 7, path: []Pos{{1, 1}, {2, 2}}, big: 1 << 40}
	b := &Unit{name: "b", mate: a}
	a.mate = b
	units = map[string]*Unit{"a": a, "b": b}
	first, list, count = a, []*Unit{b, a, nil}, 3
	grid[1][0] = Pos{7, 8}
	spot = &grid[1][0]
	owners = map[*Unit]string{a: "ann"}
	clock, ratio, gone = &Clock, 4, true
}

// Bag returns what the unit carries.
func (u *Unit) Bag() map[string]int { return u.bag }
