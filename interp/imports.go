package interp

import (
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

// keyOf returns the import path and package name of a key of a symbol table.
func keyOf(key string) (importPath, name string) { return path.Dir(key), path.Base(key) }
