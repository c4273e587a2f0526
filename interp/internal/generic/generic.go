// Package generic holds Go source of the standard packages cmp, maps and slices for the interpreter.
//
// No symbol table can hold a generic function, so the interpreter has to run them from source, and it does not understand
// that of the standard library. These are the functions that it runs rightly, written in the part of Go that it knows:
// slices are []E rather than ~[]E. Others are missing, which a module learns when it is loaded.
package generic

import "embed"

//go:embed *.go.txt
var sources embed.FS

// Source returns the source of a generic standard package.
func Source(importPath string) (src string, ok bool) {
	b, err := sources.ReadFile(importPath + ".go.txt")
	return string(b), err == nil
}
