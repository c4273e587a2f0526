package fidelity

import (
	"go/ast"
	"go/types"
)

// returnResult finds results that a return reads after it has set them.
func returnResult(p *pass) {
	p.returns(func(ret *ast.ReturnStmt, results []types.Object) {
		if len(results) != len(ret.Results) {
			return
		}
		for i, e := range ret.Results {
			for j, set := range results[:i] {
				if !p.isNamed(ret.Results[j], set) && p.mentions(e, set) && !p.setsLate(ret.Results[j], e) {
					p.report(e, "the interpreter has set result %s already when it reads it here", set.Name())
				}
			}
		}
	})
}

// setsLate says whether a result is set by the return itself, and another is worked out before that.
func (p *pass) setsLate(set, other ast.Expr) bool {
	_, plain := ast.Unparen(set).(*ast.Ident)
	if !plain && !p.isConstant(set) {
		return false
	}
	switch ast.Unparen(other).(type) {
	case *ast.CallExpr, *ast.BinaryExpr:
		return true
	}
	return false
}

// returns visits every return statement with the named results of its function.
func (p *pass) returns(visit func(ret *ast.ReturnStmt, results []types.Object)) {
	p.functions(func(_ ast.Node, t *ast.FuncType, body *ast.BlockStmt) {
		var results []types.Object
		if t.Results != nil {
			for _, f := range t.Results.List {
				for _, name := range f.Names {
					results = append(results, p.info.Defs[name])
				}
			}
		}
		within(body, func(n ast.Node) {
			if ret, ok := n.(*ast.ReturnStmt); ok {
				visit(ret, results)
			}
		})
	})
}

func returnReceive(p *pass) {
	p.returns(func(ret *ast.ReturnStmt, _ []types.Object) {
		for _, e := range ret.Results {
			if isReceive(e) {
				p.report(e, "the interpreter panics when it returns what it receives")
			}
		}
	})
}

// returnPanic finds returns of several values, in functions that recover, of which one can fail after another was set.
func returnPanic(p *pass) {
	p.functions(func(_ ast.Node, _ *ast.FuncType, body *ast.BlockStmt) {
		if !p.recovers(body) {
			return
		}
		within(body, func(n ast.Node) {
			ret, ok := n.(*ast.ReturnStmt)
			if !ok || len(ret.Results) < 2 {
				return
			}
			for _, e := range ret.Results {
				if !p.harmless(e) {
					p.report(e, "if this panics, the interpreter keeps the results before it")
				}
			}
		})
	})
}

// harmless says whether an expression is known to be worked out before the results are set.
func (p *pass) harmless(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident, *ast.BasicLit, *ast.FuncLit, *ast.CallExpr, *ast.CompositeLit, *ast.BinaryExpr:
		return true
	case *ast.UnaryExpr:
		return p.harmless(e.X)
	default:
		return p.isConstant(e)
	}
}

// recovers says whether a function defers something that may recover.
func (p *pass) recovers(body *ast.BlockStmt) bool {
	found := false
	within(body, func(n ast.Node) {
		d, ok := n.(*ast.DeferStmt)
		if !ok {
			return
		}
		if lit, ok := d.Call.Fun.(*ast.FuncLit); ok {
			within(lit.Body, func(n ast.Node) {
				if call, ok := n.(*ast.CallExpr); ok && p.builtin(call) == "recover" {
					found = true
				}
			})
		} else if !p.isCompiled(d.Call) {
			found = true
		}
	})
	return found
}
