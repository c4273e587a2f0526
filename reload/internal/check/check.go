// Package check type-checks modules as the compiler would, without a toolchain: go/types against packages made from the
// symbol tables that modules run with.
//
//  1. [New] takes the tables once for a runtime.
//  2. [Checker.Module] checks a module's libraries, each after those it imports, and the module. A package whose source
//     and imports did not change since the last time is taken from there.
//  3. Errors become problems with positions, sorted, one for each thing that is wrong; limits of the compiler that
//     go/types does not know are added.
//
// A Checker is safe for concurrent use; checks run one at a time. Results are immutable.
package check

import (
	"go/ast"
	"go/types"
	"slices"
	"sync"

	"midair/reload/internal/reflected"
	"midair/reload/internal/source"
)

// Config says what is checked against.
type Config struct {
	Importer  *reflected.Importer
	GoVersion string              // of the language, such as "go1.26"
	Dir       func(string) string // the module directory's folder of an import path, "" if it is not below it
	Path      func(string) string // the import path of a folder
}

// Checker checks modules.
type Checker struct {
	Config

	mu    sync.Mutex
	known []source.Problem    // of the module being checked
	cache map[string]*Package // by directory: the newest
}

// New makes a checker.
func New(c Config) *Checker { return &Checker{Config: c, cache: map[string]*Package{}} }

// Package is one checked package.
type Package struct {
	Source   *source.Package
	Types    *types.Package
	Info     *types.Info
	Problems []source.Problem // of this package alone

	imports []*Package // of the module directory
}

// Module is a checked module.
type Module struct {
	Package   *Package
	Libraries []*Package // each after those it imports
	Problems  []source.Problem
}

// Module checks a module. Its problems so far may be about imports that lead nowhere only; they are not said again.
func (c *Checker) Module(m *source.Module) *Module {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := &Module{}
	done := map[string]*Package{}
	c.known = m.Problems
	for _, lib := range m.Libraries {
		p := c.checked(lib, done)
		done[lib.Dir] = p
		out.Libraries = append(out.Libraries, p)
		out.Problems = append(out.Problems, p.Problems...)
	}
	out.Package = c.checked(m.Package, done)
	out.Problems = source.SortProblems(append(out.Problems, out.Package.Problems...))
	return out
}

// Forget drops what is kept of packages that are gone.
func (c *Checker) Forget(exists func(dir string) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for dir := range c.cache {
		if !exists(dir) {
			delete(c.cache, dir)
		}
	}
}

// checked returns a package from the cache if neither it nor what it imports changed, else checks it.
func (c *Checker) checked(src *source.Package, done map[string]*Package) *Package {
	var imports []*Package
	for _, imp := range src.Imports {
		if p := done[c.Dir(imp.Path)]; p != nil {
			imports = append(imports, p)
		}
	}
	if old := c.cache[src.Dir]; old != nil && old.Source == src && slices.Equal(old.imports, imports) {
		return old
	}
	p := c.check(src, imports)
	c.cache[src.Dir] = p
	return p
}

func (c *Checker) check(src *source.Package, imports []*Package) *Package {
	size := 0
	for _, f := range src.Files {
		size += len(f.Source)
	}
	p := &Package{Source: src, Info: newInfo(min(size, maxSource)), imports: imports}
	if p.Problems = tooMuch(src); len(p.Problems) > 0 {
		p.Types = types.NewPackage(c.Path(src.Dir), src.Name)
		return p
	}
	files := make([]*ast.File, len(src.Files))
	for i, f := range src.Files {
		files[i] = f.Syntax
	}
	list := &errorList{src: src, imports: len(c.known) > 0}
	conf := types.Config{
		Importer: importer{c, imports}, GoVersion: c.GoVersion, Sizes: reflected.Sizes, Error: list.add,
		FakeImportC: true, // the rules refuse it
	}
	p.Types = types.NewPackage(c.Path(src.Dir), src.Name)
	if problem := list.run(&conf, p, files); problem != nil {
		return &Package{Source: src, Info: newInfo(0), imports: imports, Problems: []source.Problem{*problem},
			Types: types.NewPackage(c.Path(src.Dir), src.Name)}
	}
	list.hints(p, files)
	list.problems = slices.Concat(list.problems, src.EmbedProblems(p.Info), unsupported(src, p.Info))
	p.Problems = source.SortProblems(list.problems)
	return p
}

// newInfo makes maps of about the size that a package of so many bytes fills.
func newInfo(bytes int) *types.Info {
	return &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue, bytes/9), Instances: map[*ast.Ident]types.Instance{},
		Defs: make(map[*ast.Ident]types.Object, bytes/60), Uses: make(map[*ast.Ident]types.Object, bytes/12),
		Implicits:  map[ast.Node]types.Object{},
		Selections: make(map[*ast.SelectorExpr]*types.Selection, bytes/60),
		Scopes:     make(map[ast.Node]*types.Scope, bytes/120), FileVersions: map[*ast.File]string{},
	}
}

// importer knows a package's libraries and the compiled packages.
type importer struct {
	c    *Checker
	libs []*Package
}

// Import implements [types.Importer].
func (im importer) Import(importPath string) (*types.Package, error) {
	for _, lib := range im.libs {
		if lib.Types.Path() == importPath {
			return lib.Types, nil
		}
	}
	return im.c.Importer.Import(importPath)
}
