package fidelity

import (
	"go/ast"
	"go/token"
	"go/types"
)

// commaOK finds values of v, ok := m[k] and v, ok := x.(T) that are read where ok may be false, unless they are sure to
// be zero: declared there and then, outside of a loop.
func commaOK(p *pass) {
	only[*ast.AssignStmt](p, func(n ast.Node, around []ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != 2 || len(a.Rhs) != 1 || !isLookUp(a.Rhs[0]) {
			return true
		}
		id, ok := ast.Unparen(a.Lhs[0]).(*ast.Ident)
		if ok && id.Name == "_" {
			return true
		}
		if !ok {
			p.report(a.Lhs[0], "the interpreter leaves this as it was if ok is false")
			return true
		}
		value, okay := p.info.Defs[id], p.objectOf(a.Lhs[1])
		if value == nil {
			p.report(id, "the interpreter leaves %s as it was if ok is false", id.Name)
			return true
		}
		if innermostLoop(around) == nil {
			return true
		}
		for _, use := range p.unguarded(a, value, okay, innermostFunction(around)) {
			p.report(use, "the interpreter leaves %s as it was in the round before if ok is false", id.Name)
		}
		return true
	})
}

// isLookUp says whether an expression is one of the two whose value stays as it was.
func isLookUp(e ast.Expr) bool {
	switch ast.Unparen(e).(type) {
	case *ast.IndexExpr, *ast.TypeAssertExpr:
		return true
	}
	return false
}

// unguarded returns the uses of a value that are reached where ok may be false.
func (p *pass) unguarded(a *ast.AssignStmt, value, okay types.Object, f ast.Node) (uses []*ast.Ident) {
	var around []ast.Node
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			around = around[:len(around)-1]
			return true
		}
		if id, ok := n.(*ast.Ident); ok && p.info.Uses[id] == value && !p.isTarget(id, around) && !p.guarded(a, id, okay, around) {
			uses = append(uses, id)
		}
		around = append(around, n)
		return true
	})
	return uses
}

// isTarget says whether a variable is only assigned to here.
func (p *pass) isTarget(id *ast.Ident, around []ast.Node) bool {
	s, ok := around[len(around)-1].(*ast.AssignStmt)
	if !ok || s.Tok != token.ASSIGN {
		return false
	}
	for _, l := range s.Lhs {
		if l == id {
			return true
		}
	}
	return false
}

// guarded says whether ok is known to be true where a value is used.
func (p *pass) guarded(a *ast.AssignStmt, use ast.Node, okay types.Object, around []ast.Node) bool {
	if okay == nil {
		return false
	}
	limit := p.nextAssignment(a, okay, around[0])
	inside := use
	for i := len(around) - 1; i >= 0; i-- {
		switch n := around[i].(type) {
		case *ast.IfStmt:
			if n.Cond.Pos() < a.Pos() || n.Cond.Pos() > limit {
				break
			}
			true_, false_ := p.implies(n.Cond, okay)
			if inside == n.Body && true_ || inside == n.Else && false_ {
				return true
			}
		case *ast.BinaryExpr:
			if n.Pos() < a.Pos() || n.Pos() > limit || inside != n.Y {
				break
			}
			true_, false_ := p.implies(n.X, okay)
			if n.Op == token.LAND && true_ || n.Op == token.LOR && false_ {
				return true
			}
		case *ast.BlockStmt:
			if p.leftBefore(n.List, inside, a, limit, okay) {
				return true
			}
		case *ast.CaseClause:
			if p.leftBefore(n.Body, inside, a, limit, okay) {
				return true
			}
		case *ast.CommClause:
			if p.leftBefore(n.Body, inside, a, limit, okay) {
				return true
			}
		}
		inside = around[i]
	}
	return false
}

// leftBefore says whether a statement before another in a list leaves the list if ok is false.
func (p *pass) leftBefore(list []ast.Stmt, inside ast.Node, a *ast.AssignStmt, limit token.Pos, okay types.Object) bool {
	for _, s := range list {
		if s == inside {
			return false
		}
		n, ok := s.(*ast.IfStmt)
		if !ok || n.Cond.Pos() < a.Pos() || n.Cond.Pos() > limit || n.Else != nil {
			continue
		}
		if _, false_ := p.implies(n.Cond, okay); false_ && p.leaves(n.Body) {
			return true
		}
	}
	return false
}

// leaves says whether a block never goes on after its end.
func (p *pass) leaves(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch s := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.BREAK || s.Tok == token.CONTINUE
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		return ok && p.builtin(call) == "panic"
	}
	return false
}

// implies says whether ok must be true when a condition is true, and when it is false.
func (p *pass) implies(cond ast.Expr, okay types.Object) (whenTrue, whenFalse bool) {
	switch e := ast.Unparen(cond).(type) {
	case *ast.Ident:
		return p.isNamed(e, okay), false
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			whenTrue, whenFalse = p.implies(e.X, okay)
			return whenFalse, whenTrue
		}
	case *ast.BinaryExpr:
		xTrue, xFalse := p.implies(e.X, okay)
		yTrue, yFalse := p.implies(e.Y, okay)
		switch e.Op {
		case token.LAND:
			return xTrue || yTrue, xFalse && yFalse
		case token.LOR:
			return xTrue && yTrue, xFalse || yFalse
		}
	}
	return false, false
}

// nextAssignment returns where ok is set again after an assignment.
func (p *pass) nextAssignment(a *ast.AssignStmt, okay types.Object, f ast.Node) token.Pos {
	next := f.End()
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.AssignStmt); ok && s.Pos() > a.Pos() {
			for _, l := range s.Lhs {
				if p.isNamed(l, okay) {
					next = min(next, s.Pos())
				}
			}
		}
		return true
	})
	return next
}
