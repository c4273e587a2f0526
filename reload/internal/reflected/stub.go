package reflected

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strconv"
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
	im.dropUnknown(stub)
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

// dropUnknown takes out what refers to packages that modules cannot import, such as a generic function of the host with a
// parameter from net/http: modules could not use it.
func (im *Importer) dropUnknown(stub *ast.File) {
	gone := map[string]bool{} // names of packages, then of declarations too
	for _, spec := range stub.Imports {
		importPath, _ := strconv.Unquote(spec.Path.Value)
		if _, ok := im.tables[importPath]; ok || importPath == "unsafe" {
			continue
		}
		name := path.Base(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		gone[name] = true
		importPath = "unsafe" // go/types is not to look for it
		spec.Path.Value = strconv.Quote(importPath)
	}
	for again := len(gone) > 0; again; {
		again = false
		stub.Decls = slices.DeleteFunc(stub.Decls, func(d ast.Decl) bool {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT || !mentions(d, gone) {
				return false
			}
			for _, name := range declares(d) {
				gone[name] = true
			}
			again = true
			return true
		})
	}
}

func mentions(d ast.Decl, names map[string]bool) (found bool) {
	ast.Inspect(d, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && names[id.Name]
		return !found
	})
	return found
}

// declares returns the names that a declaration adds to its package.
func declares(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, id := range s.Names {
					names = append(names, id.Name)
				}
			}
		}
	}
	return names
}

// declareNeeded makes the symbols that a stub refers to and does not declare itself.
func (im *Importer) declareNeeded(pkg *types.Package, stub *ast.File) {
	own := map[string]bool{}
	for _, d := range stub.Decls {
		for _, name := range declares(d) {
			own[name] = true
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
