package instrument

import (
	"go/ast"
	"strconv"
)

// renameImports replaces import paths. The local name needs no care: without one it is what the package calls itself.
func (p *editor) renameImports(e *edits, f *ast.File) {
	for _, spec := range f.Imports {
		old := importPath(spec)
		if path := p.newPath(old); path != old {
			e.replace(spec.Path.Pos(), spec.Path.End(), strconv.Quote(path))
		}
	}
}

func importPath(spec *ast.ImportSpec) string {
	path, _ := strconv.Unquote(spec.Path.Value) // the parser accepted it
	return path
}
