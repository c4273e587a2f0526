package interp

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"runtime"
	"strings"

	"midair/reload"
)

// maxArray is the size of an array type, in bytes, above which it is refused: yaegi makes a value of every type it meets,
// and a program that runs out of memory cannot be saved.
const maxArray = 64 << 20

// unrunnable finds what must not reach yaegi. Loops over integers and functions it does not know: it gives up without
// saying where, and prints to the process's standard error on the way. Giant arrays would take the host's memory. Types
// are found out as far as the module's own source tells: imported packages are taken as empty and all errors are passed
// over.
func unrunnable(c *reload.Checked) (ds []reload.Diagnostic) {
	defer func() {
		if recover() != nil {
			ds = nil // it was worth a try
		}
	}()
	libs := emptyImporter{}
	for _, pkg := range packages(c) {
		var files []*ast.File
		for _, f := range pkg.Files {
			files = append(files, f.Syntax)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		conf := types.Config{Importer: libs, DisableUnusedImportCheck: true, Error: func(err error) {
			if e, ok := err.(types.Error); ok && fatal(e.Msg) {
				ds = append(ds, at(e.Fset, e.Pos, "interp/fatal", e.Msg, ""))
			}
		}}
		libs[pkg.ImportPath], _ = conf.Check(pkg.ImportPath, pkg.FileSet, files, info)
		ds = append(ds, faults(pkg, info)...)
		ds = append(ds, embeddingCycles(pkg)...)
	}
	return ds
}

// fatal says whether an error is about something that makes yaegi recurse or allocate without end.
func fatal(message string) bool {
	for _, s := range []string{"shift count", "invalid recursive type", "overflow", "instantiation cycle"} {
		if strings.Contains(message, s) {
			return true
		}
	}
	return false
}

// embeddingCycles finds structs that embed themselves through pointers: yaegi looks for a field or method in them until
// the stack overflows, which nothing can recover.
func embeddingCycles(pkg reload.Package) (ds []reload.Diagnostic) {
	embeds := map[string][]string{}
	declared := map[string]token.Pos{}
	for _, f := range pkg.Files {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				declared[spec.Name.Name] = spec.Name.Pos()
				for _, field := range s.Fields.List {
					t := field.Type
					if star, ok := t.(*ast.StarExpr); ok {
						t = star.X
					}
					if id, ok := t.(*ast.Ident); ok && len(field.Names) == 0 {
						embeds[spec.Name.Name] = append(embeds[spec.Name.Name], id.Name)
					}
				}
			}
			return true
		})
	}
	for name, pos := range declared {
		seen, todo := map[string]bool{}, embeds[name]
		for len(todo) > 0 {
			next := todo[0]
			todo = todo[1:]
			if next == name {
				ds = append(ds, at(pkg.FileSet, pos, "interp/embedding",
					"struct "+name+" embeds itself, which the interpreter cannot follow", "give the field a name"))
				break
			}
			if !seen[next] {
				seen[next] = true
				todo = append(todo, embeds[next]...)
			}
		}
	}
	return ds
}

func faults(pkg reload.Package, info *types.Info) (ds []reload.Diagnostic) {
	for _, f := range pkg.Files {
		fault := func(pos token.Pos, rule, message, hint string) {
			ds = append(ds, at(pkg.FileSet, pos, rule, message, hint))
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.RangeStmt:
				switch t := underlying(info, n.X).(type) {
				case *types.Basic:
					if t.Info()&types.IsInteger != 0 {
						fault(n.Range, "interp/range", "the interpreter cannot range over an integer",
							"write for i := 0; i < n; i++ { … }")
					}
				case *types.Signature:
					fault(n.Range, "interp/range", "the interpreter cannot range over a function",
						"call it with a func literal as its argument")
				}
			case *ast.ArrayType:
				t, ok := underlying(info, n).(*types.Array)
				if !ok {
					break
				}
				if size := sizes.Sizeof(t); size < 0 || size > maxArray {
					fault(n.Pos(), "interp/size", fmt.Sprintf("an array of more than %d MiB", maxArray>>20), "make a slice")
				}
			}
			return true
		})
	}
	return ds
}

var sizes = types.SizesFor("gc", runtime.GOARCH)

// underlying returns the type of an expression, nil if it is not known.
func underlying(info *types.Info, e ast.Expr) types.Type {
	if t := info.Types[e].Type; t != nil {
		return t.Underlying()
	}
	return nil
}

// emptyImporter knows the module's own packages and takes all others as empty.
type emptyImporter map[string]*types.Package

// Import implements types.Importer.
func (m emptyImporter) Import(importPath string) (*types.Package, error) {
	if p := m[importPath]; p != nil {
		return p, nil
	}
	p := types.NewPackage(importPath, path.Base(importPath))
	p.MarkComplete()
	m[importPath] = p
	return p, nil
}
