// Package game is what the modules of the tests import of their host.
package game

import (
	"reflect"
	"sync/atomic"

	"midair/reload"
)

// Level is a type of the host.
type Level int

// Up is a method of the host's.
func (l Level) Up() Level { return l + 1 }

// Top is a constant of a host type.
const Top Level = 9

// Twice calls a function two times.
func Twice(f func() int) int { return f() + f() }

var counted atomic.Int64

// Count counts its calls.
func Count() int { return int(counted.Add(1)) }

// Symbols is what modules may import of the package.
func Symbols() map[string]reflect.Value {
	return map[string]reflect.Value{
		"Level": reflect.ValueOf((*Level)(nil)), "Top": reflect.ValueOf(Top), "Twice": reflect.ValueOf(Twice), "Count": reflect.ValueOf(Count),
		reload.AcceptsKey: reflect.ValueOf([]string{"Twice"}),
	}
}
