package interp

import (
	"fmt"
	"go/ast"

	"midair/interp/internal/generic"
	"midair/reload"
)

// sameGenerics finds generic functions of one name in several packages of a module, standard ones included. yaegi tells
// instances apart by name and type arguments alone, so one of them would silently run in the place of the other.
func sameGenerics(c *reload.Checked) (ds []reload.Diagnostic) {
	declared := map[string]string{}
	for _, importPath := range genericImports(c) {
		for _, name := range selected(c, importPath) {
			if generic.Provides(importPath, name) {
				declared[name] = importPath
			}
		}
	}
	for _, pkg := range packages(c) {
		for _, f := range pkg.Files {
			for _, d := range f.Syntax.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Recv != nil || fn.Type.TypeParams.NumFields() == 0 {
					continue
				}
				if other, ok := declared[fn.Name.Name]; ok && other != pkg.ImportPath {
					ds = append(ds, at(pkg.FileSet, fn.Name.Pos(), "interp/generic-name", fmt.Sprintf(
						"the interpreter cannot tell the generic function %s from that of package %s", fn.Name.Name, other),
						"give it another name"))
					continue
				}
				declared[fn.Name.Name] = pkg.ImportPath
			}
		}
	}
	return ds
}
