package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A target is the directory that tables are written to.
type target struct {
	dir        string
	generated  map[string][]byte // the files that this command wrote earlier
	documented bool              // a file written by hand has the package's documentation
}

// readTarget looks at a directory, which need not exist. Other files in it must be of the package that is written.
func readTarget(dir, pkg string) (*target, error) {
	t := &target{dir: dir, generated: map[string][]byte{}}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || e.IsDir() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		src, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(src, []byte(generatedPrefix)) {
			t.generated[e.Name()] = src
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil || strings.HasSuffix(name, "_test.go") {
			continue // the compiler will tell
		}
		if f.Name.Name != pkg {
			return nil, fmt.Errorf("%s is of package %s, the tables would be of package %s: choose another folder with -o, "+
				"or the name with -package", name, f.Name.Name, pkg)
		}
		t.documented = t.documented || f.Doc != nil
	}
	return t, nil
}

// suits says whether tables of the packages can be there, and that no symbol is left out of a package not asked for.
func (t *target) suits(packages []*listed, excluded exclusions) error {
	abs, err := filepath.Abs(t.dir)
	if err != nil {
		return err
	}
	asked := map[string]bool{}
	for _, p := range packages {
		asked[p.ImportPath] = true
		if p.Dir == abs {
			return fmt.Errorf("%s cannot hold the table of itself: choose another folder with -o", p.ImportPath)
		}
	}
	for importPath, names := range excluded {
		if !asked[importPath] {
			return fmt.Errorf("cannot leave out %s.%s: its package is not asked for", importPath, names[0])
		}
	}
	return nil
}

// compare tells where the directory does not hold just these files.
func (t *target) compare(files map[string][]byte) (differences []string) {
	for name, src := range files {
		path := filepath.Join(t.dir, name)
		if have, ok := t.generated[name]; !ok {
			differences = append(differences, path+": missing")
		} else if !bytes.Equal(have, src) {
			differences = append(differences, path+": stale: what it was made from changed")
		}
	}
	for name := range t.generated {
		if files[name] == nil {
			differences = append(differences, filepath.Join(t.dir, name)+": superfluous: not asked for")
		}
	}
	slices.Sort(differences)
	return differences
}

// write makes the directory hold these files and no others that this command wrote.
func (t *target) write(files map[string][]byte) error {
	if err := os.MkdirAll(t.dir, 0o777); err != nil {
		return err
	}
	for name, src := range files {
		if have, ok := t.generated[name]; ok && bytes.Equal(have, src) {
			continue
		}
		if err := writeFile(filepath.Join(t.dir, name), src); err != nil {
			return err
		}
	}
	for name := range t.generated {
		if files[name] == nil {
			if err := os.Remove(filepath.Join(t.dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeFile replaces a file whole.
func writeFile(path string, data []byte) error {
	if src, err := os.ReadFile(path); err == nil && !bytes.HasPrefix(src, []byte(generatedPrefix)) {
		return fmt.Errorf("%s is in the way: it was not written by midair symbols", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".midair-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
