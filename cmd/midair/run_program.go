package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"

	"midair/interp/stdlib"
	"midair/reload"
)

// A program is run as the module programName below programPath: package main cannot be imported, so its name and that of
// its function main are replaced by others of the same length, which leaves every position as it is.
const (
	programPath = "midair.program"
	programName = "prog"
)

// program is package main, made into a module.
type program struct {
	fsys  fstest.MapFS
	names map[string]string // of files, as they were given, by those in fsys
}

// readProgram reads a file, or the files of a directory that take part in the build.
func readProgram(name string) (*program, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	p := &program{fsys: fstest.MapFS{}, names: map[string]string{}}
	if !info.IsDir() {
		if err := p.add(name, filepath.Base(name)); err != nil {
			return nil, err
		}
		return p, p.rename()
	}
	err = filepath.WalkDir(name, func(file string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && file != name && (isPackageDir(file) || strings.HasPrefix(e.Name(), ".")):
			return fs.SkipDir // another package
		case !e.Type().IsRegular() || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		below, err := filepath.Rel(name, file)
		if err != nil {
			return err
		}
		return p.add(file, filepath.ToSlash(below))
	})
	if err != nil {
		return nil, err
	}
	return p, p.rename()
}

func isPackageDir(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	return len(files) > 0
}

func (p *program) add(file, below string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	to := path.Join(programName, below)
	p.fsys[to] = &fstest.MapFile{Data: data, Mode: 0o444}
	p.names[to] = file
	return nil
}

// rename makes package main one that can be imported.
func (p *program) rename() error {
	found := false
	for name, file := range p.fsys {
		if path.Ext(name) != ".go" || path.Dir(name) != programName {
			continue
		}
		fset := token.NewFileSet()
		f, _ := parser.ParseFile(fset, name, file.Data, 0) // what is wrong with it is told by the check
		if f == nil || f.Name == nil || f.Name.Name != "main" {
			if f != nil && f.Name != nil && f.Name.Name != "" {
				return fmt.Errorf("%s is package %s, and only package main can be run", p.names[name], f.Name.Name)
			}
			continue
		}
		found = true
		file.Data = renamed(fset, f, file.Data)
	}
	if !found {
		return errors.New("there is no Go file of package main")
	}
	return nil
}

// renamed replaces the names of the package and of its function main.
func renamed(fset *token.FileSet, f *ast.File, src []byte) []byte {
	out := bytes.Clone(src)
	put := func(id *ast.Ident, name string) {
		if at := fset.PositionFor(id.Pos(), false).Offset; at+len(name) <= len(out) && string(out[at:at+len("main")]) == "main" {
			copy(out[at:], name)
		}
	}
	put(f.Name, programName)
	main := f.Scope.Lookup("main")
	ast.Inspect(f, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if ok && id.Name == "main" && (id.Obj != nil && id.Obj == main || id.Obj == nil && slices.Contains(f.Unresolved, id)) {
			put(id, "Main")
		}
		return true
	})
	return out
}

// name returns a file as the user named it.
func (p *program) name(file string) string {
	if name, ok := p.names[file]; ok {
		return name
	}
	return file
}

// named is a diagnostic with the names that the user gave, and knows.
func (p *program) named(d reload.Diagnostic) reload.Diagnostic {
	d.File = p.name(d.File)
	d.Message = strings.ReplaceAll(d.Message, programName+".", "main.")
	return d
}

// defaultAllow takes away what is not in the curated part of the standard library.
func defaultAllow() []string {
	allow := []string{"-all"}
	for key := range stdlib.Symbols {
		allow = append(allow, path.Dir(key))
	}
	slices.Sort(allow)
	return allow
}
