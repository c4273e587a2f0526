package interp

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"runtime"

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
		conf := types.Config{Importer: libs, Error: func(error) {}, DisableUnusedImportCheck: true}
		libs[pkg.ImportPath], _ = conf.Check(pkg.ImportPath, pkg.FileSet, files, info)
		ds = append(ds, faults(pkg, info)...)
	}
	return ds
}

func faults(pkg reload.Package, info *types.Info) (ds []reload.Diagnostic) {
	for _, f := range pkg.Files {
		fault := func(at token.Pos, rule, message, hint string) {
			pos := pkg.FileSet.Position(at)
			ds = append(ds, reload.Diagnostic{File: f.Path, Line: pos.Line, Column: pos.Column, Rule: rule,
				Message: message, Hint: hint})
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
