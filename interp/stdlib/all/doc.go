// Package all holds the symbol table of the whole standard library, as far as it is the same on every platform: for
// tools and tests, and for hosts that pick single packages from it for reload.Config.Symbols. Linking it adds some 20 MB
// to a program, and what is in it can do whatever the process may.
//
// A few functions that would end the process panic or return an error instead.
package all

//go:generate go run ../../../cmd/midair symbols -from packages.txt
