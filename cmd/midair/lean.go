package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A leanTree is what yaegi's extractor sees of the packages' sources. The extractor type-checks a package and all that it
// imports from source, as found through [build.Default], anew for every package. Left alone it takes minutes for the
// standard library, asks the go command about each import of a module, and runs cgo. The tree answers from one go list,
// with sources reduced to declarations: without function bodies, comments, and imports that only these needed.
type leanTree struct {
	listed map[string]*listed
	files  map[string]func() ([]leanFile, error) // by import path; made once, when first asked for
}

func newLeanTree(packages map[string]*listed) *leanTree {
	t := &leanTree{listed: packages, files: make(map[string]func() ([]leanFile, error), len(packages))}
	for importPath, p := range packages {
		t.files[importPath] = sync.OnceValues(func() ([]leanFile, error) { return t.reduce(p) })
	}
	return t
}

var oneTree sync.Mutex // build.Default and the working directory are the process's

// install lets go/build see the tree, and nothing else, until undo is called. The working directory is an empty one
// meanwhile, because the extractor confuses import paths with what it finds there: a file named like the first element
// of a path is enough to make it fail.
func (t *leanTree) install() (undo func() error, err error) {
	oneTree.Lock()
	was, dir := build.Default, ""
	wd, err := os.Getwd()
	if err == nil {
		dir, err = os.MkdirTemp("", "midair-symbols-")
	}
	if err == nil {
		err = os.Chdir(dir)
	}
	if err != nil {
		oneTree.Unlock()
		return nil, err
	}
	c := &build.Default
	c.GOROOT, c.GOPATH, c.CgoEnabled = "", string(filepath.Separator)+"midair", true
	c.HasSubdir = func(string, string) (string, bool) { return "", false }
	c.IsDir = func(dir string) bool { return t.listed[importPathOf(dir)] != nil }
	c.ReadDir = t.readDir
	c.OpenFile = t.openFile
	return func() error {
		defer oneTree.Unlock()
		build.Default = was
		if err := os.Chdir(wd); err != nil {
			return err
		}
		return os.Remove(dir)
	}, nil
}

// importPathOf returns the import path of a directory in the tree.
func importPathOf(dir string) string {
	return strings.TrimPrefix(filepath.ToSlash(dir), "/midair/src/")
}

func (t *leanTree) readDir(dir string) (infos []fs.FileInfo, err error) {
	files, err := t.filesOf(importPathOf(dir))
	for _, f := range files {
		infos = append(infos, f)
	}
	return infos, err
}

func (t *leanTree) openFile(name string) (io.ReadCloser, error) {
	dir, base := path.Split(importPathOf(name))
	files, err := t.filesOf(path.Clean(dir))
	for _, f := range files {
		if f.name == base {
			return io.NopCloser(bytes.NewReader(f.src)), nil
		}
	}
	return nil, cmp.Or(err, error(&fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}))
}

func (t *leanTree) filesOf(importPath string) ([]leanFile, error) {
	if files, ok := t.files[importPath]; ok {
		return files()
	}
	return nil, &fs.PathError{Op: "open", Path: importPath, Err: fs.ErrNotExist}
}

// A leanFile is a file in the tree, and all that go/build asks about it.
type leanFile struct {
	name string
	src  []byte
}

func (f leanFile) Name() string     { return f.name }
func (f leanFile) Size() int64      { return int64(len(f.src)) }
func (leanFile) Mode() fs.FileMode  { return 0o444 }
func (leanFile) ModTime() time.Time { return time.Time{} }
func (leanFile) IsDir() bool        { return false }
func (leanFile) Sys() any           { return nil }

// reduce makes the lean files of a package. They are numbered: go list chose them already, so go/build must not see
// constraints in their names.
func (t *leanTree) reduce(p *listed) ([]leanFile, error) {
	var files []leanFile
	for i, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		name = filepath.Join(p.Dir, name)
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		r := reducer{file: f, base: fset.File(f.FileStart).Base()}
		t.chooseImports(&r, p)
		r.declarations()
		lean := fmt.Appendf(nil, "//line %s:1:1\n%s", name, r.apply(src))
		files = append(files, leanFile{strconv.Itoa(i) + ".go", lean})
	}
	return files, nil
}

// chooseImports writes the imports that declarations use with their real paths (a vendored one has another than it
// says), and replaces the others.
func (t *leanTree) chooseImports(r *reducer, p *listed) {
	used := r.usedNames()
	for _, spec := range r.file.Imports {
		importPath, _ := strconv.Unquote(spec.Path.Value)
		if real, ok := p.ImportMap[importPath]; ok {
			importPath = real
		}
		name := path.Base(importPath)
		if dep := t.listed[importPath]; dep != nil {
			name = dep.Name
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." || used[name] {
			r.replace(spec.Path, strconv.Quote(importPath))
		} else {
			r.replace(spec, `_ "unsafe"`)
		}
	}
}

// A reducer collects the replacements that make a file lean. They keep the line of everything that stays, for errors.
type reducer struct {
	file  *ast.File
	base  int // position of the file's first byte
	edits []edit
}

type edit struct {
	from, to int
	text     string
	isBody   bool // text goes around the line breaks
}

func (r *reducer) replace(n ast.Node, text string) {
	r.edits = append(r.edits, edit{from: int(n.Pos()) - r.base, to: int(n.End()) - r.base, text: text})
}

func (r *reducer) empty(body *ast.BlockStmt) {
	r.edits = append(r.edits, edit{from: int(body.Pos()) - r.base, to: int(body.End()) - r.base, isBody: true})
}

// visit calls f for all nodes of declarations outside of function bodies, which it gets whole.
func (r *reducer) visit(f func(ast.Node)) {
	for _, d := range r.file.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			f(n)
			_, isBody := n.(*ast.BlockStmt)
			return !isBody
		})
	}
}

// usedNames returns what may be names of packages that declarations use.
func (r *reducer) usedNames() map[string]bool {
	used := map[string]bool{}
	r.visit(func(n ast.Node) {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok {
				used[id.Name] = true
			}
		}
	})
	return used
}

// declarations removes bodies and comments.
func (r *reducer) declarations() {
	r.visit(func(n ast.Node) {
		if body, ok := n.(*ast.BlockStmt); ok {
			r.empty(body)
		}
	})
	for _, group := range r.file.Comments {
		for _, c := range group.List {
			r.replace(c, " ")
		}
	}
}

func (r *reducer) apply(src []byte) []byte {
	slices.SortFunc(r.edits, func(a, b edit) int { return a.from - b.from })
	var out bytes.Buffer
	at := 0
	for _, e := range r.edits {
		if e.from < at { // a comment in a body
			continue
		}
		out.Write(src[at:e.from])
		lines := strings.Repeat("\n", bytes.Count(src[e.from:e.to], []byte("\n")))
		if e.isBody {
			out.WriteString("{" + lines + "}")
		} else {
			out.WriteString(e.text + lines)
		}
		at = e.to
	}
	out.Write(src[at:])
	return out.Bytes()
}
