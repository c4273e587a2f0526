package main

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// moduleTree is a module directory, with what of it is asked for.
type moduleTree struct {
	dir        string // absolute
	importPath string
	goModule   goModule
	only       []string // module directories, relative to dir; nil: all
	fsys       fs.FS
}

// goModule is the Go module that a directory belongs to; the zero value is none.
type goModule struct{ dir, path string }

// checkTarget is one PATH.
type checkTarget struct {
	dir  string // absolute
	file string // base name, if the path is a file
	tree bool   // all modules below
}

// findTrees turns paths into module directories.
func findTrees(paths []string, dir, importPath string) (trees []*moduleTree, err error) {
	if dir != "" {
		if dir, err = existing(dir); err != nil {
			return nil, fmt.Errorf("-dir: %w", err)
		}
	}
	for _, p := range paths {
		target, err := readTargetPath(p)
		if err != nil {
			return nil, err
		}
		t, err := target.moduleTree(dir, importPath)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		trees = append(trees, t)
	}
	return trees, nil
}

func existing(name string) (dir string, err error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no %s", name)
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", fmt.Errorf("%s is not a directory", name)
	}
	return filepath.Abs(name)
}

func readTargetPath(name string) (t checkTarget, err error) {
	base, all := strings.CutSuffix(filepath.ToSlash(name), "/...")
	if name == "..." {
		base, all = ".", true
	}
	if base == "" {
		base = "/"
	}
	t.tree = all
	info, err := os.Stat(base)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t, fmt.Errorf("there is no %s", name)
	case err != nil:
		return t, err
	}
	if t.dir, err = filepath.Abs(base); err != nil {
		return t, err
	}
	if info.IsDir() {
		t.tree = t.tree || !hasGoFiles(t.dir)
		return t, nil
	}
	t.dir, t.file = filepath.Split(t.dir)
	t.dir = filepath.Clean(t.dir)
	if !strings.HasSuffix(t.file, ".go") || all {
		return t, fmt.Errorf("%s is neither a Go file nor a directory", name)
	}
	return t, nil
}

// hasGoFiles says whether a directory has a Go file that is not a test, whatever its build constraints.
func hasGoFiles(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return isSource(e.Name()) && !e.IsDir() })
}

func isSource(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, ".") &&
		!strings.HasPrefix(name, "_")
}

// moduleTree finds the module directory: the one that is given, or the one above a module.
func (t checkTarget) moduleTree(dir, importPath string) (*moduleTree, error) {
	m := &moduleTree{dir: dir}
	if m.dir == "" {
		m.dir = t.dir
		if !t.tree {
			m.dir = filepath.Dir(t.dir)
		}
	}
	if m.dir == t.dir && !t.tree && dir == "" {
		return nil, errors.New("the root of the file system cannot be a module")
	}
	m.goModule = findGoModule(t.dir)
	m.importPath = importPath
	if importPath == "" {
		m.importPath = m.goModule.importPathOf(m.dir)
	}
	rel, err := filepath.Rel(m.dir, t.dir)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return nil, fmt.Errorf("it is not below the module directory %s", dir)
	}
	return m, m.narrow(filepath.ToSlash(rel), t)
}

// narrow says which modules of the directory are meant. Nothing else is shown but what these import: what else is beside
// a module is none of our business, and what others import is a module when it is checked by itself.
func (m *moduleTree) narrow(rel string, t checkTarget) error {
	m.fsys = os.DirFS(m.dir)
	switch {
	case rel == "." && t.file != "":
		return errors.New("a Go file directly in the module directory belongs to no module; give it a folder")
	case rel == ".":
		return nil
	case t.tree:
		m.only = packageDirs(m.fsys, rel)
	default:
		m.only = []string{rel}
	}
	m.fsys = newScopedFS(m.fsys, m.importPath, m.only, t.file)
	return nil
}

// packageDirs are the directories with Go files from one on. None is not the same as all.
func packageDirs(fsys fs.FS, root string) []string {
	dirs := []string{}
	_ = fs.WalkDir(fsys, root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // the check will say so
		case e.IsDir() && name != root && skippedDir(e.Name()):
			return fs.SkipDir
		case !e.IsDir() && isSource(e.Name()) && !slices.Contains(dirs, path.Dir(name)):
			dirs = append(dirs, path.Dir(name))
		}
		return nil
	})
	return dirs
}

// skippedDir says whether the go command passes over directories of that name.
func skippedDir(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata"
}

// findGoModule looks for the nearest go.mod.
func findGoModule(dir string) goModule {
	for ; ; dir = filepath.Dir(dir) {
		if src, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			return goModule{dir, modulePathIn(string(src))}
		}
		if dir == filepath.Dir(dir) {
			return goModule{}
		}
	}
}

func modulePathIn(goMod string) string {
	for line := range strings.Lines(goMod) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "module" {
			return strings.Trim(f[1], "\"`")
		}
	}
	return ""
}

// importPathOf is the import path of a directory, by its place in the Go module. Without one it is the base name.
func (g goModule) importPathOf(dir string) string {
	if g.path != "" {
		switch rel, err := filepath.Rel(g.dir, dir); {
		case err != nil:
		case rel == "..": // the Go module is itself a module of midair
			if parent := path.Dir(g.path); parent != "." {
				return parent
			}
		case !strings.HasPrefix(rel, ".."):
			return path.Join(g.path, filepath.ToSlash(rel))
		}
	}
	base := filepath.Base(dir)
	if base == string(filepath.Separator) || build.IsLocalImport(base) {
		return "scripts"
	}
	return base
}
