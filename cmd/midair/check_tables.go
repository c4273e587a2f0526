package main

import (
	"bytes"
	"go/ast"
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
)

// findTables returns the import paths of the packages that a Go module has generated symbol tables of, other than those
// of the standard library, sorted. A host that generates one means modules to import the package.
func findTables(m goModule) ([]string, error) {
	if m.dir == "" {
		return nil, nil
	}
	var paths []string
	err := filepath.WalkDir(m.dir, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			if name == m.dir {
				return err
			}
			return nil
		case e.IsDir() && name != m.dir && notOfModule(name):
			return fs.SkipDir
		case e.Type().IsRegular() && strings.HasSuffix(e.Name(), ".go"):
			for _, p := range tablesIn(name) {
				if m.has(p) || !isStandard(p) {
					paths = append(paths, p)
				}
			}
		}
		return nil
	})
	slices.Sort(paths)
	return slices.Compact(paths), err
}

// notOfModule says whether a directory below a Go module's root is not part of it.
func notOfModule(dir string) bool {
	name := filepath.Base(dir)
	if skippedDir(name) || name == "vendor" || name == "node_modules" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// has says whether a package belongs to the Go module.
func (g goModule) has(importPath string) bool {
	return g.path != "" && (importPath == g.path || strings.HasPrefix(importPath, g.path+"/"))
}

// isStandard says whether a package is one of the Go installation: only there a path begins without a dot.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// tablesIn reads the import paths from a generated file: Symbols["import/path/name"] = …
func tablesIn(name string) (paths []string) {
	src, ok := readGenerated(name)
	if !ok {
		return nil
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	ast.Inspect(f, func(n ast.Node) bool {
		index, ok := n.(*ast.IndexExpr)
		if !ok {
			return true
		}
		table, _ := index.X.(*ast.Ident)
		key, _ := index.Index.(*ast.BasicLit)
		if table == nil || table.Name != "Symbols" || key == nil || key.Kind != token.STRING {
			return true
		}
		if s, err := strconv.Unquote(key.Value); err == nil && path.Dir(s) != "." {
			paths = append(paths, path.Dir(s))
		}
		return false
	})
	return paths
}

// readGenerated reads a file if midair symbols has written it.
func readGenerated(name string) (src []byte, ok bool) {
	f, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	head := make([]byte, len(generatedPrefix))
	if _, err := io.ReadFull(f, head); err != nil || !bytes.Equal(head, []byte(generatedPrefix)) {
		return nil, false
	}
	rest, err := io.ReadAll(f)
	return append(head, rest...), err == nil
}
