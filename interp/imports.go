package interp

import (
	"go/ast"
	"path"
	"slices"
	"strconv"

	"midair/interp/internal/generic"
	"midair/reload"
)

// packages returns the module's packages, each after those it imports.
func packages(c *reload.Checked) []reload.Package {
	return slices.Concat(c.Libraries, []reload.Package{c.Package})
}

// imported returns every import path in the module and its libraries.
func imported(c *reload.Checked) map[string]bool {
	paths := map[string]bool{}
	for _, pkg := range packages(c) {
		for _, f := range pkg.Files {
			for _, spec := range f.Syntax.Imports {
				if p, err := strconv.Unquote(spec.Path.Value); err == nil {
					paths[p] = true
				}
			}
		}
	}
	return paths
}

// genericImports returns the standard generic packages that the module imports.
func genericImports(c *reload.Checked) []string {
	var needed []string
	paths := imported(c)
	for _, p := range []string{"cmp", "maps", "slices"} {
		if _, ok := generic.Source(p); ok && paths[p] {
			needed = append(needed, p)
		}
	}
	return needed
}

// selected returns the names that the module selects from an imported package.
func selected(c *reload.Checked, importPath string) (names []string) {
	for _, pkg := range packages(c) {
		for _, f := range pkg.Files {
			local := localName(f.Syntax, importPath)
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == local {
						names = append(names, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func dotImported(c *reload.Checked, importPath string) bool {
	return slices.ContainsFunc(packages(c), func(p reload.Package) bool {
		return slices.ContainsFunc(p.Files, func(f reload.File) bool { return localName(f.Syntax, importPath) == "." })
	})
}

// localName is the name by which a file knows a package of the standard library, "" if it does not import it.
func localName(f *ast.File, importPath string) string {
	for _, spec := range f.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err != nil || p != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// keyOf returns the import path and package name of a key of a symbol table.
func keyOf(key string) (importPath, name string) { return path.Dir(key), path.Base(key) }
