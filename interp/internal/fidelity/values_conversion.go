package fidelity

import (
	"go/ast"
	"go/token"
	"go/types"
)

// conversion is a place where a value takes another static type: in an assignment, an argument, a result, an element, a
// comparison, or written out.
type conversion struct {
	node     ast.Node // what is converted, or the statement around it if several values come from one call
	expr     ast.Expr // what is converted, nil if it is one of several values of a call
	from, to types.Type
	kind     conversionKind
	call     *ast.CallExpr // of an argument
}

type conversionKind int

const (
	converted conversionKind = iota // written out: T(x)
	assigned                        // to a variable
	stored                          // in an element, a field or a map
	appended                        // by append, or sent to a channel
	literal                         // in a composite literal
	argument                        // of a call
	returned                        // from a function
	compared                        // with a value of the other type
	lookedUp                        // as the key of a map
	panicked                        // by panic
)

// conversions calls visit for every conversion to another type in the package.
func (p *pass) conversions(visit func(conversion)) {
	v := &converter{p: p, visit: visit}
	p.walk(func(n ast.Node, around []ast.Node) bool {
		v.node(n, around)
		return true
	})
}

// interfaceConversions calls visit for every conversion of a concrete value to an interface.
func (p *pass) interfaceConversions(visit func(conversion)) {
	p.conversions(func(c conversion) {
		if isInterface(c.to) && !isInterface(c.from) {
			visit(c)
		}
	})
}

func isInterface(t types.Type) bool {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return false
	}
	return types.IsInterface(t)
}

type converter struct {
	p     *pass
	visit func(conversion)
}

func (v *converter) add(kind conversionKind, e ast.Expr, to types.Type) {
	v.addCall(kind, e, to, nil)
}

func (v *converter) addCall(kind conversionKind, e ast.Expr, to types.Type, call *ast.CallExpr) {
	if e == nil || to == nil {
		return
	}
	from := v.p.typeOf(e)
	if b, ok := from.(*types.Basic); ok && b.Kind() == types.UntypedNil || types.Identical(from, to) {
		return
	}
	v.visit(conversion{node: e, expr: e, from: types.Default(from), to: to, kind: kind, call: call})
}

// addAll adds conversions of several values to as many types; one call may give them all.
func (v *converter) addAll(kind conversionKind, at ast.Node, from []ast.Expr, to []types.Type, call *ast.CallExpr) {
	if len(from) == 1 && len(to) > 1 {
		tuple, ok := v.p.typeOf(from[0]).(*types.Tuple)
		for i := 0; ok && i < tuple.Len() && i < len(to); i++ {
			if to[i] != nil && !types.Identical(tuple.At(i).Type(), to[i]) {
				v.visit(conversion{node: at, from: tuple.At(i).Type(), to: to[i], kind: kind, call: call})
			}
		}
		return
	}
	for i, e := range from {
		if i < len(to) {
			v.addCall(kind, e, to[i], call)
		}
	}
}

func (v *converter) node(n ast.Node, around []ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		v.call(n)
	case *ast.CompositeLit:
		v.composite(n)
	case *ast.AssignStmt:
		v.assign(n)
	case *ast.ValueSpec:
		if n.Type != nil {
			to := make([]types.Type, len(n.Names))
			for i := range to {
				to[i] = v.p.typeOf(n.Type)
			}
			v.addAll(assigned, n, n.Values, to, nil)
		}
	case *ast.ReturnStmt:
		v.addAll(returned, n, n.Results, results(v.p, around), nil)
	case *ast.SendStmt:
		if ch, ok := v.p.typeOf(n.Chan).Underlying().(*types.Chan); ok {
			v.add(appended, n.Value, ch.Elem())
		}
	case *ast.IndexExpr:
		if m, ok := v.p.typeOf(n.X).Underlying().(*types.Map); ok {
			v.add(lookedUp, n.Index, m.Key())
		}
	case *ast.RangeStmt:
		v.rangeOver(n)
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			v.compare(n.X, n.Y)
		}
	case *ast.SwitchStmt:
		if n.Tag != nil {
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					v.compare(n.Tag, e)
				}
			}
		}
	}
}

func (v *converter) compare(x, y ast.Expr) {
	switch {
	case isInterface(v.p.typeOf(x)):
		v.add(compared, y, v.p.typeOf(x))
	case isInterface(v.p.typeOf(y)):
		v.add(compared, x, v.p.typeOf(y))
	}
}

// results are the result types of the innermost function around.
func results(p *pass, around []ast.Node) []types.Type {
	for i := len(around) - 1; i >= 0; i-- {
		var sig *types.Signature
		switch f := around[i].(type) {
		case *ast.FuncLit:
			sig, _ = p.typeOf(f).(*types.Signature)
		case *ast.FuncDecl:
			if o := p.info.Defs[f.Name]; o != nil {
				sig, _ = o.Type().(*types.Signature)
			}
		default:
			continue
		}
		if sig == nil {
			return nil
		}
		return typesOf(sig.Results())
	}
	return nil
}

func typesOf(tuple *types.Tuple) []types.Type {
	out := make([]types.Type, tuple.Len())
	for i := range out {
		out[i] = tuple.At(i).Type()
	}
	return out
}

func (v *converter) call(n *ast.CallExpr) {
	tv := v.p.info.Types[n.Fun]
	switch {
	case tv.IsType():
		if len(n.Args) == 1 {
			v.add(converted, n.Args[0], tv.Type)
		}
		return
	case tv.IsBuiltin():
		v.builtin(n)
		return
	}
	if tv.Type == nil {
		return
	}
	sig, ok := tv.Type.Underlying().(*types.Signature)
	if !ok {
		return
	}
	to := typesOf(sig.Params())
	if sig.Variadic() && !n.Ellipsis.IsValid() {
		count := len(n.Args)
		if tuple, ok := v.p.typeOf(firstOf(n.Args)).(*types.Tuple); ok {
			count = tuple.Len()
		}
		last := to[len(to)-1]
		if s, ok := last.Underlying().(*types.Slice); ok {
			last = s.Elem()
		}
		to = to[:len(to)-1]
		for len(to) < count {
			to = append(to, last)
		}
	}
	v.addAll(argument, n, n.Args, to, n)
}

func firstOf(l []ast.Expr) ast.Expr {
	if len(l) == 0 {
		return &ast.BadExpr{}
	}
	return l[0]
}

func (v *converter) builtin(n *ast.CallExpr) {
	id, ok := ast.Unparen(n.Fun).(*ast.Ident)
	if !ok || len(n.Args) == 0 {
		return
	}
	switch id.Name {
	case "append":
		if s, ok := v.p.typeOf(n.Args[0]).Underlying().(*types.Slice); ok && !n.Ellipsis.IsValid() {
			for _, e := range n.Args[1:] {
				v.add(appended, e, s.Elem())
			}
		}
	case "delete":
		if m, ok := v.p.typeOf(n.Args[0]).Underlying().(*types.Map); ok && len(n.Args) == 2 {
			v.add(lookedUp, n.Args[1], m.Key())
		}
	case "panic":
		v.add(panicked, n.Args[0], types.Universe.Lookup("any").Type())
	}
}

func (v *converter) composite(n *ast.CompositeLit) {
	t := v.p.typeOf(n)
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem()
	}
	for i, e := range n.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		if keyed {
			e = kv.Value
		}
		switch u := t.Underlying().(type) {
		case *types.Struct:
			if keyed {
				if id, ok := kv.Key.(*ast.Ident); ok && v.p.info.Uses[id] != nil {
					v.add(literal, e, v.p.info.Uses[id].Type())
				}
			} else if i < u.NumFields() {
				v.add(literal, e, u.Field(i).Type())
			}
		case *types.Map:
			if keyed {
				v.add(lookedUp, kv.Key, u.Key())
			}
			v.add(literal, e, u.Elem())
		case *types.Slice:
			v.add(literal, e, u.Elem())
		case *types.Array:
			v.add(literal, e, u.Elem())
		}
	}
}

func (v *converter) assign(n *ast.AssignStmt) {
	if n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
		return
	}
	kind := assigned
	to := make([]types.Type, len(n.Lhs))
	for i, l := range n.Lhs {
		if id, ok := ast.Unparen(l).(*ast.Ident); ok {
			if id.Name != "_" {
				to[i] = v.p.typeOf(id)
			}
			continue
		}
		to[i] = v.p.typeOf(l)
		kind = stored
	}
	v.addAll(kind, n, n.Rhs, to, nil)
}

func (v *converter) rangeOver(n *ast.RangeStmt) {
	if n.Tok != token.ASSIGN {
		return
	}
	var key, value types.Type
	switch t := v.p.typeOf(n.X).Underlying().(type) {
	case *types.Slice:
		value = t.Elem()
	case *types.Array:
		value = t.Elem()
	case *types.Map:
		key, value = t.Key(), t.Elem()
	case *types.Chan:
		key = t.Elem()
	}
	add := func(l ast.Expr, from types.Type) {
		if l == nil || from == nil {
			return
		}
		if to := v.p.typeOf(l); !types.Identical(from, to) {
			v.visit(conversion{node: l, from: from, to: to, kind: assigned})
		}
	}
	add(n.Key, key)
	add(n.Value, value)
}
