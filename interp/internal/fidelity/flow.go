package fidelity

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"unicode/utf8"
)

// flowRules are about statements, order of evaluation, control flow, constants and builtins.
var flowRules = slices.Concat(assignRules, deferRules, loopRules, selectRules, constantRules, builtinRules, genericRules,
	initRules, importRules, expressionRules)

// objectOf returns the variable, function or other object that an expression names, nil if it is not a plain name.
func (p *pass) objectOf(e ast.Expr) types.Object {
	if id, ok := ast.Unparen(e).(*ast.Ident); ok {
		return p.info.ObjectOf(id)
	}
	return nil
}

// mentions says whether a node reads or writes an object by its name.
func (p *pass) mentions(n ast.Node, o types.Object) bool {
	found := false
	if n == nil || o == nil {
		return false
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && p.info.ObjectOf(id) == o {
			found = true
		}
		return !found
	})
	return found
}

// isNamed says whether an expression is a plain use of an object.
func (p *pass) isNamed(e ast.Expr, o types.Object) bool { return o != nil && p.objectOf(e) == o }

// isConstant says whether an expression is a constant or nil.
func (p *pass) isConstant(e ast.Expr) bool {
	tv := p.info.Types[e]
	return tv.Value != nil || tv.IsNil()
}

// isConversion says whether a call is a conversion to a type.
func (p *pass) isConversion(call *ast.CallExpr) bool { return p.info.Types[call.Fun].IsType() }

// builtin returns the name of the builtin function that is called, "" if it is none.
func (p *pass) builtin(call *ast.CallExpr) string {
	if b, ok := p.objectOf(call.Fun).(*types.Builtin); ok {
		return b.Name()
	}
	if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		if b, ok := p.info.Uses[s.Sel].(*types.Builtin); ok { // of package unsafe
			return b.Name()
		}
	}
	return ""
}

// isCall says whether an expression calls a function: not a conversion, not a builtin.
func (p *pass) isCall(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	return ok && !p.isConversion(call) && p.builtin(call) == ""
}

// calls says whether there is a call in a node, outside of function literals.
func (p *pass) calls(n ast.Node) bool {
	return p.anywhere(n, p.isCall)
}

// anywhere says whether a node or one inside it is of a kind, function literals left out.
func (p *pass) anywhere(n ast.Node, is func(ast.Node) bool) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if n == nil || found {
			return false
		}
		if is(n) {
			found = true
		}
		_, lit := n.(*ast.FuncLit)
		return !found && !lit
	})
	return found
}

// callee returns the function or method that a call names, nil if it calls a value.
func (p *pass) callee(call *ast.CallExpr) *types.Func {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		fn, _ := p.info.Uses[f].(*types.Func)
		return fn
	case *ast.SelectorExpr:
		fn, _ := p.info.Uses[f.Sel].(*types.Func)
		return fn
	case *ast.IndexExpr:
		return p.callee(&ast.CallExpr{Fun: f.X})
	case *ast.IndexListExpr:
		return p.callee(&ast.CallExpr{Fun: f.X})
	}
	return nil
}

// isCompiled says whether a call is of a function that the host was compiled with and that cannot run the module's code.
func (p *pass) isCompiled(call *ast.CallExpr) bool {
	fn := p.callee(call)
	if fn == nil || fn.Pkg() == nil || p.isModuleObject(fn) {
		return false
	}
	if recv := fn.Signature().Recv(); recv != nil && types.IsInterface(recv.Type()) {
		return false
	}
	return true
}

// functions visits every function declaration and literal that has a body.
func (p *pass) functions(visit func(node ast.Node, t *ast.FuncType, body *ast.BlockStmt)) {
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body != nil {
				visit(n, n.Type, n.Body)
			}
		case *ast.FuncLit:
			visit(n, n.Type, n.Body)
		}
		return true
	})
}

// within visits what is in a function's body but not in the literals in it.
func within(body ast.Node, visit func(ast.Node)) {
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil {
			return false
		}
		if n != body {
			visit(n)
		}
		_, lit := n.(*ast.FuncLit)
		return !lit || n == body
	})
}

// isLocal says whether an object is a variable of a function.
func isLocal(o types.Object) bool {
	v, ok := o.(*types.Var)
	return ok && !v.IsField() && v.Pkg() != nil && v.Parent() != nil && v.Parent() != v.Pkg().Scope()
}

// innermostFunction returns the function declaration or literal around a node.
func innermostFunction(around []ast.Node) ast.Node {
	for _, n := range slices.Backward(around) {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return n
		}
	}
	return nil
}

// innermostLoop returns the loop around a node in the same function, nil if there is none. What a goto jumps back over is
// not seen as a loop.
func innermostLoop(around []ast.Node) ast.Stmt {
	for i, n := range slices.Backward(around) {
		var inside ast.Node
		if i+1 < len(around) {
			inside = around[i+1]
		}
		switch n := n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return nil
		case *ast.ForStmt:
			if inside != n.Init || inside == nil {
				return n
			}
		case *ast.RangeStmt:
			if inside != n.X || inside == nil {
				return n
			}
		}
	}
	return nil
}

// assignsTo says whether a node assigns to an object, by =, op=, ++ or range.
func (p *pass) assignsTo(n ast.Node, o types.Object) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				if id, ok := ast.Unparen(l).(*ast.Ident); ok && p.info.ObjectOf(id) == o && p.info.Defs[id] == nil {
					found = true
				}
			}
		case *ast.IncDecStmt:
			found = found || p.isNamed(n.X, o)
		case *ast.RangeStmt:
			found = found || n.Tok == token.ASSIGN && (n.Key != nil && p.isNamed(n.Key, o) || n.Value != nil && p.isNamed(n.Value, o))
		}
		return !found
	})
	return found
}

// isValidConstant says whether an expression is a constant string that is valid UTF-8.
func (p *pass) isValidConstant(e ast.Expr) bool {
	v := p.info.Types[e].Value
	return v != nil && v.Kind() == constant.String && utf8.ValidString(constant.StringVal(v))
}
