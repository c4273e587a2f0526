// Package lower rewrites modules into what the interpreter runs rightly, without moving a line.
//
//   - Named results become local variables: the interpreter lets them begin with what is at the place that the caller
//     assigns to. Functions that defer keep them, set to zero first.
//   - Parameters without a name get the blank one.
//   - Declared constants become their values.
//
// What it cannot rewrite, package fidelity refuses: [Results] and [Folded] tell which that is. Nothing here keeps state;
// everything is safe for concurrent use.
package lower

import (
	"go/ast"
	"go/token"
	"slices"

	"midair/reload"
)

// An Edit replaces a part of a file's source.
type Edit struct {
	Offset, Length int
	Text           string
}

// Edits returns the edits of one file.
func Edits(pkg reload.Package, f reload.File) []Edit {
	e := editor{pkg: pkg, file: f}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			e.parameters(n)
			e.results(n)
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				e.constants(n)
			}
		}
		return true
	})
	return e.edits
}

// Apply makes edits to a source. Those at one place are made in the order that they are given in.
func Apply(src []byte, edits []Edit) []byte {
	if len(edits) == 0 {
		return src
	}
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return a.Offset - b.Offset })
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(out, src[at:e.Offset]...)
		out = append(out, e.Text...)
		at = e.Offset + e.Length
	}
	return append(out, src[at:]...)
}

type editor struct {
	pkg   reload.Package
	file  reload.File
	edits []Edit
}

func (e *editor) offset(p token.Pos) int { return e.pkg.FileSet.PositionFor(p, false).Offset }

func (e *editor) text(n ast.Node) string {
	return string(e.file.Source[e.offset(n.Pos()):e.offset(n.End())])
}

func (e *editor) replace(from, to token.Pos, text string) {
	start := e.offset(from)
	e.edits = append(e.edits, Edit{start, e.offset(to) - start, text})
}
