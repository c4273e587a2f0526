package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"sync"
)

// A typedTree is a lean tree type-checked: each package once, when first asked for. Safe for concurrent use.
type typedTree struct {
	fset     *token.FileSet
	packages map[string]func() (*types.Package, error)
}

func newTypedTree(tree *leanTree) *typedTree {
	t := &typedTree{fset: token.NewFileSet(), packages: make(map[string]func() (*types.Package, error), len(tree.listed))}
	for importPath := range tree.listed {
		t.packages[importPath] = sync.OnceValues(func() (*types.Package, error) { return t.check(tree, importPath) })
	}
	t.packages["unsafe"] = func() (*types.Package, error) { return types.Unsafe, nil }
	return t
}

// check type-checks the declarations of a package. With an error comes what there is of the package.
func (t *typedTree) check(tree *leanTree, importPath string) (*types.Package, error) {
	lean, err := tree.filesOf(importPath)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, f := range lean {
		syntax, err := parser.ParseFile(t.fset, f.name, f.src, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, syntax)
	}
	var errs []error
	conf := types.Config{Importer: t, IgnoreFuncBodies: true, FakeImportC: true,
		Error: func(err error) { errs = append(errs, err) }}
	pkg, _ := conf.Check(importPath, t.fset, files, nil)
	return pkg, errors.Join(errs...)
}

// of returns a package, or what is wrong with it itself.
func (t *typedTree) of(importPath string) (*types.Package, error) {
	if load := t.packages[importPath]; load != nil {
		return load()
	}
	return nil, errors.New("unknown package " + importPath)
}

// Import implements [types.Importer]. What is wrong with an imported package is not the importing one's.
func (t *typedTree) Import(importPath string) (*types.Package, error) {
	pkg, err := t.of(importPath)
	if pkg == nil {
		return nil, err
	}
	return pkg, nil
}
