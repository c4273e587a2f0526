package generate

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// compiled imports what the go command has compiled.
func compiled(t *testing.T, fset *token.FileSet, paths ...string) types.Importer {
	t.Helper()
	args := append([]string{"list", "-e", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, paths...)
	out, err := exec.Command("go", args...).Output()
	require.NoError(t, err)
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, file, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			files[path] = file
		}
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, os.ErrNotExist
		}
		return os.Open(files[path])
	})
}

// newChecked checks a package of one file as package reload does.
func newChecked(fset *token.FileSet, imp types.Importer, path, name string, src []byte) (*reload.Checked, error) {
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Instances: map[*ast.Ident]types.Instance{}, Defs: map[*ast.Ident]types.Object{},
		Uses: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{},
	}
	pkg, err := (&types.Config{Importer: imp}).Check(path, fset, []*ast.File{f}, info)
	return &reload.Checked{Module: path, Package: reload.Package{Dir: path, ImportPath: path, Name: f.Name.Name, FileSet: fset,
		Files: []reload.File{{Path: path + "/" + filepath.Base(name), Source: src, Syntax: f}}, Types: pkg, Info: info}}, err
}

// TestGoPrograms generates files for the programs of the Go installation's own tests. What is correct must stay so.
func TestGoPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("reads some 1,500 programs")
	}
	fset := token.NewFileSet()
	programs, imports := goPrograms(t)
	imp := compiled(t, fset, append(imports, runtimePath, "embed")...)
	checked := 0
	for name, src := range programs {
		c, err := newChecked(fset, imp, "p", name, src)
		if err != nil {
			continue
		}
		checked++
		files, err := Files([]*reload.Checked{c})
		if !assert.NoError(t, err, name) {
			continue
		}
		extra, err := parser.ParseFile(fset, "zz_midair.go", files["p"], parser.SkipObjectResolution)
		require.NoError(t, err, name)
		var all []error
		(&types.Config{Importer: imp, Error: func(err error) { all = append(all, err) }}).Check("p", fset,
			[]*ast.File{c.Package.Files[0].Syntax, extra}, nil)
		if !assert.Empty(t, all, name) {
			t.Logf("%s", files["p"])
		}
	}
	assert.Greater(t, checked, len(programs)*9/10)
	t.Logf("%d programs", checked)
}

// goPrograms returns the programs of one file, and what they import.
func goPrograms(t *testing.T) (programs map[string][]byte, imports []string) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	programs = map[string][]byte{}
	seen := map[string]bool{}
	dir := filepath.Join(strings.TrimSpace(string(out)), "test")
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		src, err := os.ReadFile(name)
		if text := string(src); err != nil || !strings.HasPrefix(text, "// run\n") && !strings.HasPrefix(text, "// compile\n") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return nil
		}
		var paths []string
		for _, spec := range f.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			first, _, _ := strings.Cut(path, "/")
			if path == "C" || strings.HasPrefix(path, ".") || first == "test" || first == "cmd" {
				return nil
			}
			if !strings.Contains(path, "internal") {
				paths = append(paths, path)
			}
		}
		for _, path := range paths {
			if !seen[path] {
				seen[path] = true
				imports = append(imports, path)
			}
		}
		programs[name] = src
		return nil
	})
	if len(programs) == 0 {
		t.Skip("the Go installation has no test programs")
	}
	return programs, imports
}
