package generate

import (
	"bytes"
	"go/ast"
	"go/types"
	"strconv"
	"strings"

	"midair/reload"
)

// expression returns an expression as it has to be written in the generated file, where names of packages are others and
// nothing is imported with a dot.
func (w *writer) expression(f *reload.File, x ast.Expr) string {
	e := &rewriter{writer: w, file: f, last: w.offset(x)}
	ast.Inspect(x, e.visit)
	e.copy(w.FileSet.PositionFor(x.End(), false).Offset)
	return strings.ReplaceAll(e.out.String(), "\r\n", "\n")
}

func (w *writer) offset(n ast.Node) int { return w.FileSet.PositionFor(n.Pos(), false).Offset }

// rewriter copies an expression's text.
type rewriter struct {
	*writer
	file *reload.File
	out  bytes.Buffer
	last int // offset of what is not copied yet
}

func (e *rewriter) copy(until int) {
	e.out.Write(e.file.Source[e.last:until])
	e.last = until
}

func (e *rewriter) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		ast.Inspect(n.X, e.visit)
		return false // what is selected is no name of its own
	case *ast.Ident:
		e.identifier(n)
	}
	return true
}

func (e *rewriter) identifier(id *ast.Ident) {
	switch obj := e.Info.Uses[id].(type) {
	case nil:
	case *types.PkgName:
		e.copy(e.offset(id))
		e.out.WriteString(e.imported(e.importPath(obj)))
		e.last += len(id.Name)
	default:
		if importPath := e.dotImport(obj); importPath != "" {
			e.copy(e.offset(id))
			e.out.WriteString(e.imported(importPath) + ".")
		}
	}
}

// importPath is the path that a package is imported by, as the file says it.
func (e *rewriter) importPath(name *types.PkgName) string {
	for _, spec := range e.file.Syntax.Imports {
		if e.packageName(spec) == name {
			return pathOf(spec)
		}
	}
	return name.Imported().Path()
}

func (e *rewriter) packageName(spec *ast.ImportSpec) types.Object {
	if spec.Name != nil {
		return e.Info.Defs[spec.Name]
	}
	return e.Info.Implicits[spec]
}

// dotImport returns the path of the package whose import with a dot makes an object known, or "".
func (e *rewriter) dotImport(obj types.Object) string {
	if obj.Pkg() == nil || obj.Pkg() == e.Types {
		return ""
	}
	for _, spec := range e.file.Syntax.Imports {
		if spec.Name == nil || spec.Name.Name != "." {
			continue
		}
		if p, ok := e.packageNameOfDot(spec); ok && p.Scope().Lookup(obj.Name()) == obj {
			return pathOf(spec)
		}
	}
	return ""
}

// packageNameOfDot returns the package that a spec imports with a dot.
func (e *rewriter) packageNameOfDot(spec *ast.ImportSpec) (*types.Package, bool) {
	for _, obj := range []types.Object{e.Info.Defs[spec.Name], e.Info.Implicits[spec]} {
		if name, ok := obj.(*types.PkgName); ok {
			return name.Imported(), true
		}
	}
	return nil, false
}

func pathOf(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value) // the parser accepted it
	return p
}
