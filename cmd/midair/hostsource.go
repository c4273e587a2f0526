package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// hostSource gives the types of a Go module's own packages, read from their source: function bodies are passed over, and
// what they import from elsewhere is taken from symbol tables, or as empty. A type that cannot be told is invalid, which
// go/types takes for any other: a module is not refused for it. One goroutine may use it at a time. tables
// may ask back for what it does not know.
type hostSource struct {
	module goModule
	tables types.Importer    // of packages with a symbol table
	given  func(string) bool // what may be imported from outside; the packages may import each other as they like

	fset     *token.FileSet
	packages map[string]*types.Package // nil while a package is being read
	problems map[string]error          // the first one of a package
}

func newHostSource(m goModule, tables types.Importer, given func(string) bool) *hostSource {
	return &hostSource{module: m, tables: tables, given: given, fset: token.NewFileSet(), packages: map[string]*types.Package{},
		problems: map[string]error{}}
}

// Import implements [types.Importer] for the packages of the Go module.
func (h *hostSource) Import(importPath string) (*types.Package, error) {
	if !h.given(importPath) {
		return nil, fmt.Errorf("the host does not give %s to modules", importPath)
	}
	return h.importLocked(importPath)
}

// Problem returns the first thing that was wrong with a package that was imported, nil if nothing was.
func (h *hostSource) Problem(importPath string) error {
	return h.problems[importPath]
}

func (h *hostSource) importLocked(importPath string) (*types.Package, error) {
	if importPath == "unsafe" {
		return types.Unsafe, nil
	}
	if pkg, ok := h.packages[importPath]; ok {
		if pkg == nil {
			return nil, fmt.Errorf("import cycle through %s", importPath)
		}
		return pkg, nil
	}
	if !h.module.has(importPath) {
		return nil, fmt.Errorf("%s is not a package of the Go module %s", importPath, h.module.path)
	}
	h.packages[importPath] = nil
	pkg, err := h.read(importPath)
	if err != nil {
		delete(h.packages, importPath)
		return nil, err
	}
	h.packages[importPath] = pkg
	return pkg, nil
}

// Accepts returns what a package marks with //midair:accepts, as its symbol table would have it under
// [reload.AcceptsKey].
func (h *hostSource) Accepts(importPath string) []string {
	if !h.module.has(importPath) || !h.given(importPath) {
		return nil
	}
	dir, found, err := h.find(importPath)
	if err != nil {
		return nil
	}
	names, err := acceptsOf(&listed{ImportPath: importPath, Dir: dir, GoFiles: found.GoFiles, CgoFiles: found.CgoFiles})
	h.note(importPath, err)
	return names
}

// find returns the files of a package that take part in a build.
func (h *hostSource) find(importPath string) (dir string, found *build.Package, err error) {
	rel := strings.TrimPrefix(strings.TrimPrefix(importPath, h.module.path), "/")
	dir = filepath.Join(h.module.dir, filepath.FromSlash(rel))
	found, err = buildContext().ImportDir(dir, 0)
	var many *build.MultiplePackageError
	if err != nil && !errors.As(err, &many) {
		return dir, nil, fmt.Errorf("%s: %w", importPath, err)
	}
	return dir, found, nil
}

// read parses and checks one package.
func (h *hostSource) read(importPath string) (*types.Package, error) {
	dir, found, err := h.find(importPath)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range append(found.GoFiles, found.CgoFiles...) {
		f, err := parser.ParseFile(h.fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		h.note(importPath, err)
		if f != nil {
			files = append(files, f)
		}
	}
	conf := types.Config{
		Importer: importFunc(h.dependency), IgnoreFuncBodies: true, FakeImportC: true, DisableUnusedImportCheck: true,
		Sizes: types.SizesFor("gc", runtime.GOARCH), Error: func(err error) { h.note(importPath, err) },
	}
	pkg, _ := conf.Check(importPath, h.fset, files, nil)
	if pkg == nil {
		return nil, fmt.Errorf("%s: cannot be read", importPath)
	}
	pkg.MarkComplete()
	return pkg, nil
}

// note keeps the first problem of a package.
func (h *hostSource) note(importPath string, err error) {
	if err != nil && h.problems[importPath] == nil {
		h.problems[importPath] = err
	}
}

// dependency imports what a package of the Go module imports. What is not known is an empty package.
func (h *hostSource) dependency(importPath string) (*types.Package, error) {
	if h.module.has(importPath) {
		if pkg, err := h.importLocked(importPath); err == nil {
			return pkg, nil
		}
	} else if h.tables != nil {
		if pkg, err := h.tables.Import(importPath); err == nil && pkg != nil {
			return pkg, nil
		}
	}
	pkg := types.NewPackage(importPath, guessName(importPath))
	pkg.MarkComplete()
	return pkg, nil
}

// guessName is the name that a package has by custom, when its source is not at hand.
func guessName(importPath string) string {
	name := path.Base(importPath)
	if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
		name = path.Base(path.Dir(importPath))
	}
	name, _, _ = strings.Cut(name, ".v")
	return strings.ReplaceAll(strings.TrimPrefix(name, "go-"), "-", "_")
}

// buildContext is that of the host, without looking for a Go installation.
func buildContext() *build.Context {
	c := build.Default
	c.GOROOT, c.GOPATH = "", ""
	c.CgoEnabled = true
	return &c
}

type importFunc func(string) (*types.Package, error)

// Import implements [types.Importer].
func (f importFunc) Import(importPath string) (*types.Package, error) { return f(importPath) }
