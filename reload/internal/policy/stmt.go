package policy

import (
	"go/ast"
	"go/token"
	"go/types"
)

// stmt looks at a statement and those in it.
func (f *flow) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.BlockStmt:
		f.stmts(s.List)
	case *ast.LabeledStmt:
		f.stmt(s.Stmt)
	case *ast.ExprStmt:
		f.expr(s.X)
	case *ast.SendStmt:
		f.send(s)
	case *ast.IncDecStmt:
		f.assign(s.X, 0, s)
	case *ast.AssignStmt:
		if s.Tok == token.ASSIGN || s.Tok == token.DEFINE {
			f.assignment(s.Lhs, s.Rhs)
			return
		}
		f.expr(s.Rhs[0])
		f.assign(s.Lhs[0], 0, s)
	case *ast.GoStmt:
		f.expr(s.Call)
	case *ast.DeferStmt:
		f.expr(s.Call)
	case *ast.ReturnStmt:
		f.returnStmt(s)
	case *ast.DeclStmt:
		if d, ok := s.Decl.(*ast.GenDecl); ok {
			f.genDecl(d)
		}
	default:
		f.control(s)
	}
}

func (f *flow) stmts(list []ast.Stmt) {
	for _, s := range list {
		f.stmt(s)
	}
}

// control looks at statements that other statements are in.
func (f *flow) control(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.IfStmt:
		f.stmt(s.Init)
		f.expr(s.Cond)
		f.stmt(s.Body)
		f.stmt(s.Else)
	case *ast.ForStmt:
		f.stmt(s.Init)
		f.expr(s.Cond)
		f.stmt(s.Post)
		f.stmt(s.Body)
	case *ast.SwitchStmt:
		f.stmt(s.Init)
		f.expr(s.Tag)
		for _, c := range s.Body.List {
			if c, ok := c.(*ast.CaseClause); ok {
				f.exprs(c.List)
				f.stmts(c.Body)
			}
		}
	case *ast.TypeSwitchStmt:
		f.typeSwitch(s)
	case *ast.SelectStmt:
		for _, c := range s.Body.List {
			if c, ok := c.(*ast.CommClause); ok {
				f.stmt(c.Comm)
				f.stmts(c.Body)
			}
		}
	case *ast.RangeStmt:
		f.rangeStmt(s)
	}
}

// assignment lets values flow into what they are assigned to.
func (f *flow) assignment(lhs, rhs []ast.Expr) {
	if len(rhs) == 1 && len(lhs) > 1 {
		nodes, from := f.multi(rhs[0])
		for i, x := range lhs {
			if i < len(nodes) {
				f.assign(x, f.conv(nodes[i], from[i], f.typ(x), rhs[0]), rhs[0])
			} else {
				f.assign(x, 0, rhs[0])
			}
		}
		return
	}
	for i, x := range rhs {
		if i < len(lhs) {
			to := f.typ(lhs[i])
			if id, ok := lhs[i].(*ast.Ident); ok && id.Name == "_" {
				to = nil
			}
			f.assign(lhs[i], f.value(x, to), x)
		}
	}
}

// multi looks at an expression of several values: a call, or one of the forms with ok.
func (f *flow) multi(x ast.Expr) (nodes []node, from []types.Type) {
	x = ast.Unparen(x)
	if call, ok := x.(*ast.CallExpr); ok {
		nodes = f.call(call)
		if t, ok := f.Info.Types[call].Type.(*types.Tuple); ok {
			for v := range t.Variables() {
				from = append(from, v.Type())
			}
		}
		return nodes[:min(len(nodes), len(from))], from
	}
	n := f.expr(x)
	t := f.Info.Types[x].Type
	if tuple, ok := t.(*types.Tuple); ok && tuple.Len() > 0 {
		t = tuple.At(0).Type()
	}
	return []node{n}, []types.Type{t}
}

func (f *flow) returnStmt(s *ast.ReturnStmt) {
	if f.frame == nil {
		return
	}
	results := f.frame.results
	if len(s.Results) == 1 && results.Len() > 1 {
		nodes, from := f.multi(s.Results[0])
		for i, n := range nodes {
			f.result(i, f.conv(n, from[i], results.At(i).Type(), s.Results[0]), s.Results[0])
		}
		return
	}
	for i, x := range s.Results {
		if i < results.Len() {
			f.result(i, f.value(x, results.At(i).Type()), x)
		}
	}
}

// result lets a value flow into a result of the function being looked at.
func (f *flow) result(i int, n node, at ast.Node) {
	v := f.frame.results.At(i)
	f.graph.assign(n, f.object(v))
	if f.frame.contract != nil && v.Name() == "" {
		f.returned(n, v.Type(), at, f.frame.contract.Name())
	}
}

func (f *flow) send(s *ast.SendStmt) {
	c := f.expr(s.Chan)
	t := f.typ(s.Chan)
	n := f.value(s.Value, elementOf(t))
	f.put(n, c, t, s.Value)
}

func (f *flow) typeSwitch(s *ast.TypeSwitchStmt) {
	f.stmt(s.Init)
	var x ast.Expr
	switch a := s.Assign.(type) {
	case *ast.AssignStmt:
		x = a.Rhs[0]
	case *ast.ExprStmt:
		x = a.X
	}
	var n node
	if t, ok := ast.Unparen(x).(*ast.TypeAssertExpr); ok {
		n = f.expr(t.X)
	}
	for _, c := range s.Body.List {
		c, ok := c.(*ast.CaseClause)
		if !ok {
			continue
		}
		if v := f.Info.Implicits[c]; v != nil {
			f.graph.assign(n, f.object(v))
		}
		f.stmts(c.Body)
	}
}

func (f *flow) rangeStmt(s *ast.RangeStmt) {
	n, t := f.expr(s.X), f.typ(s.X)
	var key, value types.Type
	var k, v node
	switch u := coreOf(t).(type) {
	case *types.Slice:
		value, v = u.Elem(), f.via(n, taken, u.Elem())
	case *types.Array:
		value, v = u.Elem(), f.via(n, taken, u.Elem())
	case *types.Pointer:
		value = elementOf(u.Elem())
		v = f.via(n, taken, value)
	case *types.Map:
		key, value = u.Key(), u.Elem()
		k, v = f.via(n, taken, key), f.via(n, taken, value)
	case *types.Chan:
		key, k = u.Elem(), f.via(n, taken, u.Elem())
	case *types.Signature:
		key, value, k, v = f.rangeFunc(n, u)
	}
	f.rangeVariable(s.Key, k, key)
	f.rangeVariable(s.Value, v, value)
	f.stmt(s.Body)
}

func (f *flow) rangeVariable(x ast.Expr, n node, from types.Type) {
	if x == nil {
		return
	}
	if from != nil {
		n = f.conv(n, from, f.typ(x), x)
	}
	f.assign(x, n, x)
}

// rangeFunc makes the body of a range over a function what the function calls.
func (f *flow) rangeFunc(n node, sig *types.Signature) (key, value types.Type, k, v node) {
	if sig.Params().Len() != 1 {
		return nil, nil, 0, 0
	}
	yield, ok := sig.Params().At(0).Type().Underlying().(*types.Signature)
	if !ok {
		return nil, nil, 0, 0
	}
	var params []node
	for p := range yield.Params().Variables() {
		params = append(params, f.of(p.Type()))
		f.connect(n, params[len(params)-1], taken)
	}
	f.funcs = append(f.funcs, funcValue{sig: yield, params: params})
	f.calls = append(f.calls, dynamicCall{sig: sig})
	if len(params) > 0 {
		key, k = yield.Params().At(0).Type(), params[0]
	}
	if len(params) > 1 {
		value, v = yield.Params().At(1).Type(), params[1]
	}
	return key, value, k, v
}
