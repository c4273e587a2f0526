package fidelity

import (
	"go/ast"
	"go/token"
	"go/types"

	"midair/interp/internal/lower"
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
	p.functions(func(fn ast.Node, t *ast.FuncType, body *ast.BlockStmt) {
		var results []types.Object
		if t.Results != nil && lower.Results(p.info, fn) != lower.Local {
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

// namedResult finds named results that do not begin as zero: the interpreter lets them begin with what is at the place
// that the caller assigns to, and package lower cannot help these. Where they keep their names, that place must not be a
// variable that the function may look at itself.
func namedResult(p *pass) {
	p.functions(func(fn ast.Node, t *ast.FuncType, _ *ast.BlockStmt) {
		if lower.Results(p.info, fn) == lower.Refused {
			p.report(t.Results, "the interpreter does not set these results to zero")
		}
	})
	only[*ast.AssignStmt](p, func(n ast.Node, _ []ast.Node) bool {
		a := n.(*ast.AssignStmt)
		for i, x := range a.Lhs {
			v, ok := p.objectOf(x).(*types.Var)
			if !ok || a.Tok != token.ASSIGN || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
				continue
			}
			if call, ok := ast.Unparen(a.Rhs[min(i, len(a.Rhs)-1)]).(*ast.CallExpr); ok && p.mayKeepResults(call) {
				p.report(a, "the interpreter lets the function that is called write to %s before it returns", v.Name())
			}
		}
		return true
	})
}

// mayKeepResults says whether the function of a call may have named results and defer.
func (p *pass) mayKeepResults(call *ast.CallExpr) bool {
	if p.info.Types[call.Fun].IsType() || p.builtin(call) != "" {
		return false
	}
	o := callee(p.info, call)
	if o != nil && !p.isModuleObject(o) {
		return false
	}
	keeps := false
	for _, m := range p.whole.passes {
		m.functions(func(fn ast.Node, _ *ast.FuncType, _ *ast.BlockStmt) {
			d, declared := fn.(*ast.FuncDecl)
			if o != nil && !p.isDynamic(o) && (!declared || m.info.Defs[d.Name] != types.Object(o)) {
				return
			}
			keeps = keeps || lower.Results(m.info, fn) == lower.Zeroed
		})
	}
	return keeps
}

// isDynamic says whether a function is a method of an interface, behind which any other can be.
func (p *pass) isDynamic(o types.Object) bool {
	fn, ok := o.(*types.Func)
	return !ok || fn.Signature().Recv() != nil && isInterface(fn.Signature().Recv().Type())
}
