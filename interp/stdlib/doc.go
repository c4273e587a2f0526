// Package stdlib holds the symbol table of the curated part of the standard library: what modules may import unless the
// host says otherwise. Nothing in it starts processes, uses the network or reaches unsafe memory, and but for one
// exception nothing reads files: the methods ParseFiles, ParseGlob and ParseFS of *text/template.Template, which cannot
// be taken out of the type.
//
// The table is plain reflection and knows no interpreter. It is generated for one Go version by midair symbols from the
// list in packages.txt, which is the place to see or change what is in it; with -check added, the command below tells
// whether that was done. Package midair/interp/stdlib/all holds everything else, for tools.
package stdlib

//go:generate go run ../../cmd/midair symbols -from packages.txt
