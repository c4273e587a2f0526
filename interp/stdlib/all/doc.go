// Package all holds the symbol table of the whole standard library, as far as it is the same on every platform: for
// tools and tests, and for hosts that pick single packages from it for reload.Config.Symbols. Linking it adds some 20 MB
// to a program, and what is in it can do whatever the process may.
//
// Functions that would end the process panic or return an error instead, but methods are as they are: the Fatal methods
// of a log.Logger do end it.
//
// The file packages.txt lists what is generated here, and says what is left out.
package all

import (
	"maps"

	"midair/interp/stdlib"
)

//go:generate go run ../../../cmd/midair symbols -from packages.txt

// The tables of package stdlib serve here too, except those with something left out, which this package has whole.
func init() {
	own := maps.Clone(Symbols)
	maps.Copy(Symbols, stdlib.Symbols)
	maps.Copy(Symbols, own)
}
