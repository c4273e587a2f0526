package generate

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"midair/reload"
)

// changing returns the variables of a module's libraries that its code may change after their initialisation, each by import
// path and name. When in doubt, a variable does: what holds references must not leave the expression it is used in.
func changing(c *reload.Checked) (names []string) {
	s := state{owners: map[*types.Var]*reload.Package{}, fixed: map[*types.Var]bool{}, found: map[*types.Var]bool{}}
	for i := range c.Libraries {
		lib := &c.Libraries[i]
		for _, name := range lib.Types.Scope().Names() {
			if v, ok := lib.Types.Scope().Lookup(name).(*types.Var); ok {
				s.owners[v] = lib
			}
		}
		w := writer{Package: lib}
		for _, init := range lib.Info.InitOrder {
			if _, isFunction := init.Lhs[0].Type().Underlying().(*types.Signature); isFunction && w.placed(init.Rhs) {
				s.fixed[init.Lhs[0]] = true // it keeps nothing of its own
			}
		}
	}
	for _, p := range append(c.Libraries[:len(c.Libraries):len(c.Libraries)], c.Package) {
		s.info, s.types = p.Info, p.Types
		for _, f := range p.Files {
			for _, d := range f.Syntax.Decls {
				s.declaration(d)
			}
		}
	}
	for v := range s.found {
		names = append(names, s.owners[v].ImportPath+"."+v.Name())
	}
	slices.Sort(names)
	return names
}

// state looks for variables that change.
type state struct {
	owners map[*types.Var]*reload.Package
	fixed  map[*types.Var]bool // functions that are constant
	found  map[*types.Var]bool

	info  *types.Info // of the package that is looked at
	types *types.Package
}

func (s *state) declaration(d ast.Decl) {
	fn, ok := d.(*ast.FuncDecl)
	initial := ok && fn.Recv == nil && fn.Name.Name == "init"
	var path []ast.Node
	ast.Inspect(d, func(n ast.Node) bool {
		if n == nil {
			path = path[:len(path)-1]
			return false
		}
		if id, ok := n.(*ast.Ident); ok {
			v, _ := s.info.Uses[id].(*types.Var)
			if v != nil && s.owners[v] != nil && !(initial && v.Pkg() == s.types) && s.changes(v, id, path) {
				s.found[v] = true
			}
		}
		path = append(path, n)
		return true
	})
}

// changes says whether a variable, or what it refers to, may be changed where it is used. The path leads there.
func (s *state) changes(v *types.Var, x ast.Expr, path []ast.Node) bool {
	for _, n := range slices.Backward(path) {
		switch n := n.(type) {
		case *ast.ParenExpr:
			x = n
		case *ast.SelectorExpr:
			if n.X == x {
				sel := s.info.Selections[n]
				if sel == nil || sel.Kind() != types.FieldVal {
					return sel == nil || s.method(x, sel)
				}
			}
			x = n
		case *ast.StarExpr:
			x = n
		case *ast.IndexExpr:
			if n.X != x {
				return !s.harmless(x)
			}
			x = n
		case *ast.CallExpr:
			return !(n.Fun == x && s.fixed[v] || s.measured(n) || s.harmless(x))
		default:
			return s.written(n, x) || !(s.fixed[v] || s.ranged(n, x) || s.harmless(x))
		}
	}
	return true
}

// method says whether selecting a method of an expression gives access to what it refers to.
func (s *state) method(x ast.Expr, sel *types.Selection) bool {
	fn, ok := sel.Obj().(*types.Func)
	if !ok {
		return true
	}
	t := s.info.TypeOf(x)
	_, byPointer := fn.Signature().Recv().Type().Underlying().(*types.Pointer)
	_, isPointer := t.Underlying().(*types.Pointer)
	return byPointer && !isPointer && !unchanging(t) || !s.harmless(x)
}

// measured says whether a call only asks for a size.
func (s *state) measured(call *ast.CallExpr) bool {
	id, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok {
		return false
	}
	b, ok := s.info.Uses[id].(*types.Builtin)
	return ok && (b.Name() == "len" || b.Name() == "cap")
}

// written says whether a statement or operator changes an expression or takes its address.
func (s *state) written(n ast.Node, x ast.Expr) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		return slices.Contains(n.Lhs, x)
	case *ast.IncDecStmt, *ast.SendStmt:
		return true
	case *ast.RangeStmt:
		return n.Key == x || n.Value == x
	case *ast.UnaryExpr:
		return n.Op == token.AND || n.Op == token.ARROW
	case *ast.SliceExpr:
		_, array := s.info.TypeOf(x).Underlying().(*types.Array)
		return array && n.X == x
	}
	return false
}

// ranged says whether a statement only goes through what an expression holds.
func (s *state) ranged(n ast.Node, x ast.Expr) bool {
	r, ok := n.(*ast.RangeStmt)
	if !ok || r.X != x {
		return false
	}
	switch t := s.info.TypeOf(x).Underlying().(type) {
	case *types.Map:
		return plain(t.Key()) && plain(t.Elem())
	case *types.Slice:
		return plain(t.Elem())
	}
	return false
}

// harmless says whether nothing can be changed through a copy of an expression's value.
func (s *state) harmless(x ast.Expr) bool {
	t := s.info.TypeOf(x)
	if pair, ok := t.(*types.Tuple); ok && pair.Len() > 0 { // v, ok := m[k]
		t = pair.At(0).Type()
	}
	return t != nil && plain(t)
}

// plain says whether values of a type refer to nothing that can be changed.
func plain(t types.Type) bool {
	if unchanging(t) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() != types.UnsafePointer && u.Kind() != types.Invalid
	case *types.Pointer:
		return unchanging(u.Elem())
	case *types.Array:
		return plain(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if !plain(f.Type()) {
				return false
			}
		}
		n, named := types.Unalias(t).(*types.Named)
		return !named || n.Obj().Pkg() == nil || u.NumFields() > 0 // of others, not all fields are known
	}
	return false
}

// unchanging says whether a type's values are never changed once they are made.
func unchanging(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return false
	}
	if n.Obj().Pkg() == nil {
		return n.Obj().Name() == "error"
	}
	switch n.Obj().Pkg().Path() + "." + n.Obj().Name() {
	case "time.Time", "time.Location", "regexp.Regexp", "strings.Replacer":
		return true
	}
	return false
}
