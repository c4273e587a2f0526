// Package carry copies the values of kept variables from one version of a module to the next.
//
// The two versions have types of their own, which may differ, and which backends represent differently: the interpreter has
// no named types and renames fields. So a copy follows the types of the source, in parallel with the values:
//
//  1. What belongs to the host (values of its types, and what pointers to them point to) is taken over as it is.
//  2. Types of modules, and pointers, slices, maps and arrays of Go's own, are copied: what the old version changes later
//     does not reach the new one. Fields go by their names; what two variables share, and cycles, stay so.
//  3. What the new version has besides begins as it was initialised; what it does not have any more is dropped. Both are
//     reported, and so is what cannot be converted.
//
// A Copier is for one carry, on one goroutine. Nobody may change the values meanwhile.
package carry

import (
	"go/types"
	"reflect"
)

// Variable is one variable of a version.
type Variable struct {
	Name  string
	Type  types.Type    // in the source
	Value reflect.Value // addressable
}

// Kind says what a Difference is.
type Kind string

const (
	Added   Kind = "added"   // it keeps what it was initialised with
	Dropped Kind = "dropped" // there is no place for it any more
	Lost    Kind = "lost"    // it could not be converted, and keeps what it was initialised with
)

// Difference is something that was not carried. There is one for each path, however many values are concerned.
type Difference struct {
	Kind Kind
	Path string // such as "units[].hp"
	Text string // what became of it, in words
}
