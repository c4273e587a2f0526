package instrument

import (
	"bytes"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// standard imports packages of the standard library from what the go command has compiled.
type standard struct {
	mu   sync.Mutex
	fset *token.FileSet
	imp  types.Importer
	file map[string]string
}

// newStandard makes an importer of the packages named and those that they import.
func newStandard(t testing.TB, paths ...string) *standard {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: ", err)
	}
	args := append([]string{"list", "-e", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, paths...)
	out, err := exec.Command("go", args...).Output()
	require.NoError(t, err)
	s := &standard{fset: token.NewFileSet(), file: map[string]string{}}
	for line := range strings.Lines(string(out)) {
		if path, file, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			s.file[path] = file
		}
	}
	s.imp = importer.ForCompiler(s.fset, "gc", func(path string) (io.ReadCloser, error) {
		if s.file[path] == "" {
			return nil, os.ErrNotExist
		}
		return os.Open(s.file[path])
	})
	return s
}

func (s *standard) Import(path string) (*types.Package, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.imp.Import(path)
}

// output is a package that instrumented ones print by.
var output = Output{ImportPath: "example.com/output", Version: "0123456789ab"}

const outputSource = "package output\nfunc Print(version, function, format string, args []any) (int, error) { return 0, nil }\n" +
	"func Logger(string) any { return nil }\ntype (\nInt = int\nString = string\nError = error\n)"

// withOutput adds it to an importer.
func withOutput(imp types.Importer) importerFunc {
	return func(path string) (*types.Package, error) {
		if path != output.ImportPath {
			return imp.Import(path)
		}
		p, err := check(imp, path, source{"output.go", []byte(outputSource)})
		return p.Types, err
	}
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// source is one file before it is parsed.
type source struct {
	path string // as positions are to say it
	text []byte
}

// check parses and type-checks a package.
func check(imp types.Importer, path string, sources ...source) (*Package, error) {
	p := &Package{ImportPath: path, FileSet: token.NewFileSet(), Info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Instances: map[*ast.Ident]types.Instance{},
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Scopes: map[ast.Node]*types.Scope{},
	}}
	var files []*ast.File
	for _, s := range sources {
		f, err := parser.ParseFile(p.FileSet, s.path, s.text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		p.Files = append(p.Files, File{s.path, s.text, f})
		p.Name = f.Name.Name
	}
	conf := types.Config{Importer: imp, GoVersion: "go1.26"}
	var err error
	p.Types, err = conf.Check(path, p.FileSet, files, p.Info)
	return p, err
}

// recheck type-checks a package's instrumented form.
func recheck(imp types.Importer, p *Package, out Instrumented) (*Package, error) {
	sources := []source{{out.Extra.Name, out.Extra.Source}}
	for i, f := range p.Files {
		sources = append(sources, source{f.Path, out.Files[i]})
	}
	return check(imp, out.NewPath, sources...)
}

// module is one module of testdata, checked and instrumented.
type module struct {
	name     string
	dirs     map[string][]txtar.File // by folder, relative to the module's root
	packages []Package
	result   *Result
}

const staged = "/_hr_0123456789ab"

// loadModule reads a module from a file of testdata. Its packages are example.com/t/NAME/FOLDER, the last is m.
func loadModule(t testing.TB, std types.Importer, file string, report Symbol) *module {
	archive, err := txtar.ParseFile(file)
	require.NoError(t, err)
	m := &module{name: strings.TrimSuffix(filepath.Base(file), ".txtar"), dirs: map[string][]txtar.File{}}
	keep := map[string][]string{}
	for _, f := range archive.Files {
		if f.Name == "keep" {
			for line := range strings.Lines(string(f.Data)) {
				dir, name, _ := strings.Cut(strings.TrimSpace(line), " ")
				keep[dir] = append(keep[dir], name)
			}
			continue
		}
		dir := filepath.Dir(f.Name)
		m.dirs[dir] = append(m.dirs[dir], f)
	}
	known, opts := map[string]*types.Package{}, Options{Imports: map[string]string{}, Report: report}
	var imp importerFunc
	load := func(path string) {
		dir := strings.TrimPrefix(path, "example.com/t/"+m.name+"/")
		p, err := check(imp, path, m.sources(dir)...)
		require.NoError(t, err)
		p.Variables = keep[dir]
		m.packages = append(m.packages, *p)
		known[path] = p.Types
		opts.Imports[path] = path + staged
	}
	imp = func(path string) (*types.Package, error) {
		if !strings.HasPrefix(path, "example.com/t/"+m.name) {
			return std.Import(path)
		}
		if known[path] == nil {
			load(path)
		}
		return known[path], nil
	}
	load("example.com/t/" + m.name + "/m")
	m.result, err = Instrument(m.packages, opts)
	require.NoError(t, err)
	return m
}

// sources are the Go files of a folder in the order of their names.
func (m *module) sources(dir string) []source {
	var out []source
	for _, f := range m.dirs[dir] {
		if strings.HasSuffix(f.Name, ".go") {
			text := f.Data
			if strings.HasSuffix(f.Name, "nonewline.go") {
				text = bytes.TrimSuffix(text, []byte("\n"))
			}
			out = append(out, source{"/user/" + m.name + "/" + f.Name, text})
		}
	}
	slices.SortFunc(out, func(a, b source) int { return strings.Compare(a.path, b.path) })
	return out
}

// write writes the module, plain and staged, under the root of a Go module.
func (m *module) write(t testing.TB, root string) {
	for dir, files := range m.dirs {
		for _, f := range files {
			write(t, filepath.Join(root, m.name, f.Name), f.Data)
			if !strings.HasSuffix(f.Name, ".go") {
				write(t, filepath.Join(root, m.name, dir, staged, filepath.Base(f.Name)), f.Data)
			}
		}
	}
	for i, out := range m.result.Packages {
		dir := filepath.Join(root, strings.TrimPrefix(out.NewPath, "example.com/t/"))
		for j, f := range m.packages[i].Files {
			write(t, filepath.Join(dir, filepath.Base(f.Path)), out.Files[j])
		}
		write(t, filepath.Join(dir, out.Extra.Name), out.Extra.Source)
	}
	shim, err := m.result.Shim("shim")
	require.NoError(t, err)
	write(t, filepath.Join(root, m.name, "m", staged, "shim", "shim.go"), shim)
}

func write(t testing.TB, path string, data []byte) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, data, 0o644))
}

// importsOf lists what files import.
func importsOf(files ...*ast.File) []string {
	var out []string
	for _, f := range files {
		for _, spec := range f.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
