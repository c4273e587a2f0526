package fidelity

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"midair/reload"
)

// checkSource type-checks one file and returns what the rules say of it.
func checkSource(t testing.TB, src string) []reload.Diagnostic {
	t.Helper()
	return Check(checked(t, map[string]string{"m.go": src}))
}

// rulesOf type-checks one file and returns the ids of the rules that refuse it, each once, in the order found.
func rulesOf(t testing.TB, src string) []string {
	t.Helper()
	ids := []string{}
	seen := map[string]bool{}
	for _, d := range checkSource(t, src) {
		if !seen[d.Rule] {
			seen[d.Rule] = true
			ids = append(ids, d.Rule)
		}
	}
	return ids
}

// checked type-checks one package of several files, as a module without libraries.
func checked(t testing.TB, files map[string]string) *reload.Checked {
	t.Helper()
	pkg := reload.Package{Dir: "m", ImportPath: "example.com/m", FileSet: token.NewFileSet()}
	var syntax []*ast.File
	for name, src := range files {
		f, err := parser.ParseFile(pkg.FileSet, name, src, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		syntax = append(syntax, f)
		pkg.Name = f.Name.Name
		pkg.Files = append(pkg.Files, reload.File{Path: name, Source: []byte(src), Syntax: f})
	}
	pkg.Info = newInfo()
	conf := types.Config{Importer: packages, GoVersion: "go1.26", Sizes: types.SizesFor("gc", runtime.GOARCH)}
	var err error
	pkg.Types, err = conf.Check(pkg.ImportPath, pkg.FileSet, syntax, pkg.Info)
	require.NoError(t, err)
	return &reload.Checked{Module: "m", Package: pkg, ImportPath: "example.com", ModuleRoot: "example.com", GoVersion: "go1.26"}
}

func newInfo() *types.Info {
	return &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Instances:    map[*ast.Ident]types.Instance{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		Scopes:       map[ast.Node]*types.Scope{},
		FileVersions: map[*ast.File]string{},
	}
}

// packages imports what tests need: once in a process, and under a lock, since importers are not for several goroutines.
var packages = &sharedImporter{
	standard: importer.ForCompiler(token.NewFileSet(), "gc", nil),
	source:   importer.ForCompiler(token.NewFileSet(), "source", nil),
}

type sharedImporter struct {
	mu       sync.Mutex
	standard types.Importer
	source   types.Importer // for the packages of this module, slow
}

// Import implements types.Importer.
func (i *sharedImporter) Import(importPath string) (*types.Package, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if strings.HasPrefix(importPath, "midair/") {
		return i.source.Import(importPath)
	}
	return i.standard.Import(importPath)
}

// arena type-checks one of the arena's modules with its libraries, each a directory of the repository's scripts.
func arena(t testing.TB, module string, libraries ...string) *reload.Checked {
	t.Helper()
	imports := &arenaImporter{known: map[string]*types.Package{}}
	load := func(dir string) reload.Package {
		pkg := reload.Package{Dir: dir, ImportPath: "midair/scripts/" + dir, FileSet: token.NewFileSet()}
		names, err := filepath.Glob(filepath.Join("../../../scripts", dir, "*.go"))
		require.NoError(t, err)
		var syntax []*ast.File
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(pkg.FileSet, name, nil, parser.ParseComments|parser.SkipObjectResolution)
			require.NoError(t, err)
			syntax = append(syntax, f)
			pkg.Files = append(pkg.Files, reload.File{Path: name, Syntax: f})
		}
		pkg.Info = newInfo()
		conf := types.Config{Importer: imports, GoVersion: "go1.26", Sizes: types.SizesFor("gc", runtime.GOARCH)}
		pkg.Types, err = conf.Check(pkg.ImportPath, pkg.FileSet, syntax, pkg.Info)
		require.NoError(t, err)
		pkg.Name = pkg.Types.Name()
		imports.known[pkg.ImportPath] = pkg.Types
		return pkg
	}
	c := &reload.Checked{Module: module, ImportPath: "midair/scripts", ModuleRoot: "midair", GoVersion: "go1.26"}
	for _, l := range libraries {
		c.Libraries = append(c.Libraries, load(l))
	}
	c.Package = load(module)
	return c
}

// arenaImporter knows the packages that were checked, and takes all others from source.
type arenaImporter struct{ known map[string]*types.Package }

// Import implements types.Importer.
func (i *arenaImporter) Import(importPath string) (*types.Package, error) {
	if p := i.known[importPath]; p != nil {
		return p, nil
	}
	packages.mu.Lock()
	defer packages.mu.Unlock()
	return packages.source.Import(importPath)
}
