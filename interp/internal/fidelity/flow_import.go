package fidelity

import (
	"go/ast"
	"path"
	"strconv"

	"midair/interp/internal/generic"
	"midair/reload"
)

// importRules are about packages that the interpreter does not have.
var importRules = []rule{
	{reload.Rule{
		ID:     "fidelity/import",
		Reason: "the interpreter has no symbols of this package",
		Hint:   "do without it, or run the module natively",
		Example: `package m

import "unsafe"

func Size() uintptr { return unsafe.Sizeof(0) }
`,
		Instead: `package m

func Size() uintptr { return 8 }
`,
	}, importRule},
}

// importRule finds imports of what is neither in the symbol tables, nor a package of the module, nor one of those whose
// source the interpreter has.
func importRule(p *pass) {
	known := map[string]bool{}
	for key := range p.checked.Symbols {
		known[path.Dir(key)] = true
	}
	for _, lib := range p.checked.Libraries {
		known[lib.ImportPath] = true
	}
	only[*ast.ImportSpec](p, func(n ast.Node, _ []ast.Node) bool {
		spec, ok := n.(*ast.ImportSpec)
		if !ok {
			return true
		}
		importPath, _ := strconv.Unquote(spec.Path.Value)
		if _, ok := generic.Source(importPath); ok || known[importPath] || importPath == "embed" {
			return true
		}
		if importPath == "unsafe" || importPath == "C" || importPath == "iter" || len(p.checked.Symbols) > 0 {
			p.report(spec, "the interpreter has no symbols of package %s", importPath)
		}
		return true
	})
}
