// Package world has host types for tests of native modules. Plugins import it, so it must have no tests in its package.
package world

// Entity is a thing that modules work on.
type Entity struct {
	Name string
	HP   int
}

// Hit takes points from an entity. It can be inlined, so its body is part of the package's fingerprint.
func Hit(e *Entity, points int) { e.HP -= points }

// Hook is what Call calls.
var Hook = func() {}

// Call lets a module call back a test, from its initialisation for instance.
func Call() { Hook() }
