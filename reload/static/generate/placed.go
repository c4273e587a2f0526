package generate

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// placed says whether the linker puts an initialiser's value in memory: constants, functions, addresses of package
// variables, and structs, arrays and slices of these. A function that another initialiser calls may see it before its turn.
func (w *writer) placed(x ast.Expr) bool {
	tv := w.Info.Types[x]
	if tv.Value != nil || tv.IsNil() {
		return true
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.FuncLit:
		return true
	case *ast.Ident:
		return w.isFunction(x)
	case *ast.SelectorExpr:
		return w.isFunction(x.Sel)
	case *ast.UnaryExpr:
		return x.Op == token.AND && w.hasPlace(x.X)
	case *ast.CompositeLit:
		return w.placedLiteral(x, tv.Type)
	case *ast.CallExpr:
		return w.Info.Types[x.Fun].IsType() && len(x.Args) == 1 && w.placed(x.Args[0])
	}
	return false
}

// isFunction says whether an identifier names a function that is no method.
func (w *writer) isFunction(id *ast.Ident) bool {
	fn, ok := w.Info.Uses[id].(*types.Func)
	return ok && fn.Signature().Recv() == nil
}

// hasPlace says whether the address of an expression is known to the linker.
func (w *writer) hasPlace(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.CompositeLit:
		return w.placed(x)
	case *ast.Ident:
		v, ok := w.Info.Uses[x].(*types.Var)
		return ok && v.Parent() == w.Types.Scope()
	}
	return false
}

func (w *writer) placedLiteral(x *ast.CompositeLit, t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem() // an element &T{} written {}
	}
	switch t.Underlying().(type) {
	case *types.Struct, *types.Array, *types.Slice:
	default:
		return false
	}
	return !slices.ContainsFunc(x.Elts, func(elt ast.Expr) bool {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			elt = kv.Value
		}
		return !w.placed(elt)
	})
}
