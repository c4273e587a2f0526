package interp

import (
	"go/ast"
	"go/types"
	"path"

	"midair/reload"
)

// rangesOverOther finds loops over integers and functions. yaegi does not know them; it gives up without saying where,
// and prints to the process's standard error on the way. What a loop ranges over is found out as far as the module's own
// source tells: imported packages are taken as empty and all errors are passed over.
func rangesOverOther(c *reload.Checked) (ds []reload.Diagnostic) {
	defer func() {
		if recover() != nil {
			ds = nil // it was worth a try
		}
	}()
	libs := emptyImporter{}
	for _, pkg := range packages(c) {
		var files []*ast.File
		loops := false
		for _, f := range pkg.Files {
			files = append(files, f.Syntax)
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				_, isRange := n.(*ast.RangeStmt)
				loops = loops || isRange
				return !loops
			})
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		conf := types.Config{Importer: libs, Error: func(error) {}, DisableUnusedImportCheck: true}
		libs[pkg.ImportPath], _ = conf.Check(pkg.ImportPath, pkg.FileSet, files, info)
		if loops {
			ds = append(ds, rangeFaults(pkg, info)...)
		}
	}
	return ds
}

func rangeFaults(pkg reload.Package, info *types.Info) (ds []reload.Diagnostic) {
	for _, f := range pkg.Files {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			r, ok := n.(*ast.RangeStmt)
			if !ok || info.Types[r.X].Type == nil {
				return true
			}
			what, hint := "", ""
			switch t := info.Types[r.X].Type.Underlying().(type) {
			case *types.Basic:
				if t.Info()&types.IsInteger != 0 {
					what, hint = "an integer", "write for i := 0; i < n; i++ { … }"
				}
			case *types.Signature:
				what, hint = "a function", "call it with a func literal as its argument"
			}
			if what != "" {
				pos := pkg.FileSet.Position(r.Range)
				ds = append(ds, reload.Diagnostic{File: f.Path, Line: pos.Line, Column: pos.Column, Rule: "interp/range",
					Message: "the interpreter cannot range over " + what, Hint: hint})
			}
			return true
		})
	}
	return ds
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
