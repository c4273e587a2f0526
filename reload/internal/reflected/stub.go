package reflected

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"runtime"
	"strings"
)

// Sizes are those of the running program.
var Sizes = types.SizesFor("gc", runtime.GOARCH)

// addStub type-checks a package's stub into it. Other types that it names are made first. Functions without bodies are an
// error to go/types that does not count here.
func (im *Importer) addStub(pkg *types.Package, source string) error {
	fset := token.NewFileSet()
	stub, err := parser.ParseFile(fset, pkg.Path(), source, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("the stub of package %s: %w", pkg.Path(), err)
	}
	im.declareNeeded(pkg, stub)
	im.building++ // what it imports is made while this package is half built
	defer func() {
		im.building--
		im.addMethods()
	}()
	var first error
	conf := types.Config{Importer: unlocked{im}, IgnoreFuncBodies: true, Sizes: Sizes, DisableUnusedImportCheck: true,
		Error: func(err error) {
			if first == nil && !strings.Contains(err.Error(), "missing function body") {
				first = err
			}
		}}
	types.NewChecker(&conf, fset, pkg, nil).Files([]*ast.File{stub})
	if first != nil {
		return fmt.Errorf("the stub of package %s: %w", pkg.Path(), first)
	}
	return nil
}

// declareNeeded makes the symbols that a stub refers to and does not declare itself.
func (im *Importer) declareNeeded(pkg *types.Package, stub *ast.File) {
	own := map[string]bool{}
	for _, d := range stub.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				own[d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					own[s.Name.Name] = true
				case *ast.ValueSpec:
					for _, id := range s.Names {
						own[id.Name] = true
					}
				}
			}
		}
	}
	needed := map[string]reflect.Value{}
	symbols := im.tables[pkg.Path()].symbols
	ast.Inspect(stub, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !own[id.Name] {
			if v, ok := symbols[id.Name]; ok {
				needed[id.Name] = v
			}
		}
		return true
	})
	im.declare(pkg, needed)
}

// unlocked is the importer for those who hold its lock.
type unlocked struct{ im *Importer }

// Import implements [types.Importer].
func (u unlocked) Import(importPath string) (*types.Package, error) { return u.im.load(importPath) }
