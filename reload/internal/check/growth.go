package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"

	"midair/reload/internal/source"
)

// maxParts is how many parts a type may have when all types in it are written out. go/types writes them out, and types
// that double with every line take it longer than anybody waits.
const maxParts = 50_000

// hugeTypes finds types that grow beyond maxParts: structs of structs of structs, and values that a generic function
// wraps again and again. Types are told by name, without regard to scopes, so the numbers are upper bounds.
func hugeTypes(src *source.Package) (ps []source.Problem) {
	g := growth{types: map[string][]ast.Expr{}, funcs: map[string]int{}, parts: map[string]int{}, values: map[string]int{}}
	for _, f := range src.Files {
		ast.Inspect(f.Syntax, g.collect)
	}
	found := func(n ast.Node) {
		ps = append(ps, problemAt(src, n.Pos(), "limit/type-parts",
			fmt.Sprintf("a type of more than %d parts, counting what its parts are made of", maxParts),
			"put a pointer, a slice or an interface in between"))
	}
	g.global = g.packageLevel(src)
	for _, f := range src.Files {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if g.named(n.Name.Name) > maxParts {
					found(n.Name)
				}
			case *ast.FuncDecl:
				g.values = maps.Clone(g.global)
			case *ast.AssignStmt:
				for i, x := range n.Lhs {
					if id, ok := x.(*ast.Ident); ok && n.Tok == token.DEFINE {
						if g.assign(id.Name, n.Rhs[min(i, len(n.Rhs)-1)]) > maxParts {
							found(n)
						}
					}
				}
			case *ast.ValueSpec:
				for i, id := range n.Names {
					if len(n.Values) > 0 && g.assign(id.Name, n.Values[min(i, len(n.Values)-1)]) > maxParts {
						found(id)
					}
				}
			}
			return len(ps) < maxErrors
		})
	}
	return ps
}

type growth struct {
	types  map[string][]ast.Expr // what type names are declared as
	funcs  map[string]int        // how often functions and methods repeat their type parameters in their results
	parts  map[string]int        // of named types
	values map[string]int        // of variables' types, in one function
	global map[string]int        // the same of package-level variables
}

// packageLevel works out how large the types of package-level variables are, which can be declared in any order.
func (g *growth) packageLevel(src *source.Package) map[string]int {
	for range 16 { // each round follows what depends on one another once more
		before := maps.Clone(g.values)
		for _, f := range src.Files {
			for _, d := range f.Syntax.Decls {
				if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.VAR {
					for _, s := range d.Specs {
						s := s.(*ast.ValueSpec)
						for i, id := range s.Names {
							if len(s.Values) > 0 {
								g.assign(id.Name, s.Values[min(i, len(s.Values)-1)])
							}
						}
					}
				}
			}
		}
		if maps.Equal(before, g.values) {
			break
		}
	}
	return maps.Clone(g.values)
}

func (g *growth) collect(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.TypeSpec:
		g.types[n.Name.Name] = append(g.types[n.Name.Name], n.Type)
	case *ast.FuncDecl:
		params := map[string]bool{}
		add := func(l *ast.FieldList) {
			if l != nil {
				for _, f := range l.List {
					for _, id := range f.Names {
						params[id.Name] = true
					}
				}
			}
		}
		add(n.Type.TypeParams)
		if n.Recv != nil && len(n.Recv.List) == 1 {
			ast.Inspect(n.Recv.List[0].Type, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					params[id.Name] = true
				}
				return true
			})
		}
		if n.Type.Results != nil && len(params) > 0 {
			g.funcs[n.Name.Name] = max(g.funcs[n.Name.Name], mentions(n.Type.Results, params))
		}
	}
	return true
}

func mentions(n ast.Node, names map[string]bool) (count int) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && names[id.Name] {
			count++
		}
		return true
	})
	return count
}

// named bounds the parts of a named type.
func (g *growth) named(name string) int {
	if parts, ok := g.parts[name]; ok {
		return parts
	}
	g.parts[name] = 1 // a type that contains itself is an error, or does so through a pointer
	most := 1
	for _, e := range g.types[name] {
		most = max(most, g.expr(e))
	}
	g.parts[name] = most
	return most
}

// expr bounds the parts of a type expression.
func (g *growth) expr(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.Ident:
		return g.named(e.Name)
	case *ast.ParenExpr:
		return g.expr(e.X)
	case *ast.StructType:
		sum := 1
		for _, f := range e.Fields.List {
			sum = capped(sum + max(1, len(f.Names))*g.expr(f.Type))
		}
		return sum
	case *ast.ArrayType:
		if e.Len != nil {
			return capped(1 + g.expr(e.Elt))
		}
	case *ast.IndexExpr:
		return capped(g.expr(e.X) * (1 + g.argument(e.Index)))
	case *ast.IndexListExpr:
		sum := 1
		for _, arg := range e.Indices {
			sum = capped(sum + g.argument(arg))
		}
		return capped(g.expr(e.X) * sum)
	}
	return 1
}

// argument bounds the parts of a type argument, which is written out even behind a pointer.
func (g *growth) argument(e ast.Expr) int {
	sum := 0
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			sum = capped(sum + g.named(id.Name))
		}
		return true
	})
	return max(sum, 1)
}

// assign notes what a variable's type can have grown to.
func (g *growth) assign(name string, value ast.Expr) int {
	g.values[name] = max(g.values[name], g.value(value))
	return g.values[name]
}

// value bounds the parts of an expression's type, as far as generic calls make it grow.
func (g *growth) value(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.Ident:
		return max(1, g.values[e.Name])
	case *ast.ParenExpr:
		return g.value(e.X)
	case *ast.UnaryExpr:
		return g.value(e.X)
	case *ast.StarExpr:
		return g.value(e.X)
	case *ast.SelectorExpr:
		return g.value(e.X)
	case *ast.IndexExpr:
		return g.value(e.X)
	case *ast.CallExpr:
		return g.call(e)
	}
	return 1
}

func (g *growth) call(e *ast.CallExpr) int {
	sum, name := 0, ""
	switch f := ast.Unparen(e.Fun).(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name, sum = f.Sel.Name, g.value(f.X)
	}
	for _, arg := range e.Args {
		sum = capped(sum + g.value(arg))
	}
	if times := g.funcs[name]; times > 0 {
		return capped(max(times, 2) * sum)
	}
	return 1
}

func capped(n int) int { return min(n, 1<<30) }
