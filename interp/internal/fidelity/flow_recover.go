package fidelity

import "go/ast"

// recoverValue finds uses of recover's result other than dropping it or comparing it with nil.
func recoverValue(p *pass) {
	only[*ast.CallExpr](p, func(n ast.Node, around []ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || p.builtin(call) != "recover" {
			return true
		}
		if !p.deferredLiteral(around) {
			p.report(call, "the interpreter's recover works only in a function literal that is deferred")
			return true
		}
		switch parent := around[len(around)-1].(type) {
		case *ast.ExprStmt:
		case *ast.BinaryExpr:
			if !p.isNilComparison(parent) {
				p.report(call, "what recover returns here is not the value that was passed to panic")
			}
		case *ast.AssignStmt:
			p.recoveredInto(parent, call, around)
		default:
			p.report(call, "what recover returns here is not the value that was passed to panic")
		}
		return true
	})
}

// deferredLiteral says whether the innermost function is a literal that is deferred there and then.
func (p *pass) deferredLiteral(around []ast.Node) bool {
	for i := len(around) - 1; i >= 0; i-- {
		switch around[i].(type) {
		case *ast.FuncDecl:
			return true // may be deferred by its name
		case *ast.FuncLit:
			if i < 2 {
				return false
			}
			d, ok := around[i-2].(*ast.DeferStmt)
			return ok && d.Call.Fun == around[i]
		}
	}
	return false
}

func (p *pass) isNilComparison(b *ast.BinaryExpr) bool {
	return (b.Op.String() == "==" || b.Op.String() == "!=") && (p.info.Types[b.X].IsNil() || p.info.Types[b.Y].IsNil())
}

// recoveredInto checks the uses of the variable that recover's result is assigned to.
func (p *pass) recoveredInto(a *ast.AssignStmt, call *ast.CallExpr, around []ast.Node) {
	if len(a.Lhs) != 1 {
		p.report(call, "what recover returns here is not the value that was passed to panic")
		return
	}
	id, ok := a.Lhs[0].(*ast.Ident)
	if ok && id.Name == "_" {
		return
	}
	if !ok || p.info.Defs[id] == nil {
		p.report(call, "what recover returns here is not the value that was passed to panic")
		return
	}
	o := p.info.Defs[id]
	var stack []ast.Node
	ast.Inspect(innermostFunction(around), func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if use, ok := n.(*ast.Ident); ok && p.info.Uses[use] == o {
			b, ok := stack[len(stack)-1].(*ast.BinaryExpr)
			if !ok || !p.isNilComparison(b) {
				p.report(use, "%s is not the value that was passed to panic", use.Name)
			}
		}
		stack = append(stack, n)
		return true
	})
}

// isReceive says whether an expression receives from a channel.
func isReceive(e ast.Expr) bool {
	u, ok := ast.Unparen(e).(*ast.UnaryExpr)
	return ok && u.Op.String() == "<-"
}
