// Package source turns a directory of Go packages into immutable trees: the snapshot and parse stages.
//
//  1. [Read] walks a file system once and reads every Go file that takes part in a build, and the files that a
//     //go:embed in one of them asks for.
//  2. [Tree.Update] does the same for the directories that a watcher named and shares the rest with the old tree.
//  3. [Tree.Resolve] tells modules from libraries, follows imports and gives each module one content hash that covers
//     its libraries too.
//
// Bad input is data: whatever is wrong with a file or a package becomes a [Problem] with a position, never an error
// that hides the other packages. A package whose files did not change keeps its identity (and its syntax trees) from
// tree to tree, so the cost of an edit is that of the package edited. An embedded file is part of its package, wherever
// below the package's folder it is: its edit is an edit of that package and of no other.
//
// Trees and packages are immutable once returned and safe for concurrent use; reading is not started twice at once on
// one tree by the runtime, but nothing here would break if it were.
package source

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/token"
	"slices"
)

// Limits on what is read. They keep a stray file from taking the host's memory.
const (
	MaxFileSize = 4 << 20 // bytes of one Go file
	maxDepth    = 32      // nested directories
	maxProblems = 100     // problems kept of one file
)

// Hash identifies content: the same bytes under the same names give the same hash.
type Hash [sha256.Size]byte

// String returns the first 12 hexadecimal digits, enough to tell versions apart by eye.
func (h Hash) String() string { return hex.EncodeToString(h[:6]) }

// Problem is one thing wrong with the source, at a position where that is known.
type Problem struct {
	Path    string // slash path relative to the root; a directory's when no file is to blame
	Line    int    // from 1; 0 when the problem has no line
	Column  int    // from 1, in bytes; 0 when it has none
	Rule    string
	Message string
	Hint    string
}

// SortProblems orders problems as a reader meets them and drops repeated ones.
func SortProblems(ps []Problem) []Problem {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(ps)
}

// File is one Go file that takes part in the build.
type File struct {
	Name   string // base name
	Path   string // slash path relative to the root
	Source []byte
	Syntax *ast.File // never nil for a file in a package without problems
}

// Import is one import path of a package and where it is first imported.
type Import struct {
	Path string
	Pos  token.Position
}

// Package is one directory with Go files.
type Package struct {
	Dir      string // slash path relative to the root
	Name     string // of its package clauses
	Files    []*File
	FileSet  *token.FileSet
	Imports  []Import // sorted by path
	Hash     Hash     // of its own files, of what they embed, and of problems
	Problems []Problem

	Embeds    []Embed // in the order of the files, and in a file from top to bottom
	EmbedHash Hash    // of the embedded files' names and bytes; zero if nothing is to be embedded

	own        Hash // of the Go files alone
	directives []directive
}
