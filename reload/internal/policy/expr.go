package policy

import (
	"go/ast"
	"go/token"
	"go/types"
)

func (f *flow) exprs(list []ast.Expr) {
	for _, x := range list {
		f.expr(x)
	}
}

// value looks at an expression whose value becomes one of a type.
func (f *flow) value(x ast.Expr, to types.Type) node {
	n := f.expr(x)
	tv := f.Info.Types[x]
	if tv.IsNil() || to == nil {
		return n
	}
	return f.conv(n, f.typ(x), to, x)
}

// conv makes a value of one type one of another. A value of a script type that becomes an interface is where everything
// begins.
func (f *flow) conv(n node, from, to types.Type, at ast.Expr) node {
	if from == nil || to == nil || from == to || isTypeParam(to) && isTypeParam(from) {
		return n
	}
	switch {
	case isInterface(to):
		if f.owned(deref(from)) == ofHost && !isInterface(from) { // its methods are the host's behind any interface
			boxed := f.of(to)
			f.graph.assign(n, boxed)
			f.add(boxed, hostMemory|hostInside)
			return boxed
		}
		if isInterface(from) && !isTypeParam(from) || !f.mentionsScript(from) {
			return n
		}
		boxed := f.node(anything)
		f.graph.assign(n, boxed)
		if isError(to) {
			f.add(boxed, heldError)
		} else {
			f.add(boxed, heldValue)
		}
		return boxed
	case f.isHostData(to) && !types.Identical(from, to):
		f.sink(sink{n: n, at: at, what: "is put into a " + typeName(to)})
	}
	f.convStruct(n, from, to, at)
	return n
}

// convStruct lets fields of one struct type flow into those of another.
func (f *flow) convStruct(n node, from, to types.Type, at ast.Expr) {
	s, ok := deref(from).Underlying().(*types.Struct)
	d, ok2 := deref(to).Underlying().(*types.Struct)
	if !ok || !ok2 || s.NumFields() != d.NumFields() || types.Identical(from, to) {
		return
	}
	for i := range s.NumFields() {
		a, b := s.Field(i), d.Field(i)
		switch {
		case f.isHostData(deref(to)):
			f.sink(sink{n: f.object(a), at: at, what: "is put into a " + typeName(deref(to))})
		case f.owned(deref(from)) == unnamed:
			f.connect(n, f.object(b), taken)
		case f.owned(deref(to)) == unnamed:
			f.connect(f.object(a), n, inserted)
		default:
			f.graph.assign(f.object(a), f.object(b))
			f.graph.assign(f.object(b), f.object(a))
		}
	}
}

// expr looks at an expression, each once, and returns the node of its value.
func (f *flow) expr(x ast.Expr) node {
	switch x := x.(type) {
	case nil:
	case *ast.ParenExpr:
		return f.expr(x.X)
	case *ast.Ident:
		return f.ident(x)
	case *ast.SelectorExpr:
		return f.selector(x)
	case *ast.CallExpr:
		if nodes := f.call(x); len(nodes) > 0 {
			return nodes[0]
		}
	case *ast.FuncLit:
		return f.funcLit(x)
	case *ast.CompositeLit:
		return f.literal(x)
	case *ast.IndexExpr:
		return f.index(x)
	case *ast.IndexListExpr:
		return f.expr(x.X)
	case *ast.BinaryExpr:
		f.expr(x.X)
		f.expr(x.Y)
	default:
		return f.derived(x)
	}
	return 0
}

// derived looks at expressions that lead to another's memory.
func (f *flow) derived(x ast.Expr) node {
	switch x := x.(type) {
	case *ast.StarExpr:
		n := f.expr(x.X)
		if f.Info.Types[x].IsType() {
			return 0
		}
		return f.via(n, taken, f.typ(x))
	case *ast.UnaryExpr:
		switch x.Op {
		case token.AND:
			return f.address(x.X)
		case token.ARROW:
			n := f.expr(x.X)
			return f.via(n, taken, elementOf(f.typ(x.X)))
		}
		return f.expr(x.X)
	case *ast.SliceExpr:
		n := f.expr(x.X)
		f.exprs([]ast.Expr{x.Low, x.High, x.Max})
		return f.alias(n, f.typ(x))
	case *ast.TypeAssertExpr:
		n := f.expr(x.X)
		t := f.typ(x)
		if tuple, ok := t.(*types.Tuple); ok {
			t = tuple.At(0).Type()
		}
		return f.alias(n, t)
	}
	return 0
}

// alias makes a node for another view of the same memory.
func (f *flow) alias(n node, t types.Type) node {
	if n == 0 {
		return 0
	}
	a := f.of(t)
	if a != 0 {
		f.graph.assign(n, a)
	}
	return a
}

func (f *flow) ident(x *ast.Ident) node {
	switch obj := f.Info.Uses[x].(type) {
	case *types.Var:
		return f.variable(obj)
	case *types.Func:
		return f.funcUse(x, obj)
	}
	return 0
}

// variable returns the node of a variable that is read.
func (f *flow) variable(v *types.Var) node {
	n := f.object(v)
	if n != 0 && !v.IsField() && v.Pkg() != nil && !f.script[v.Pkg()] {
		f.add(n, hostMemory|hostInside)
		if isStandard(v.Pkg().Path()) && f.allow.all != allowed && !f.allow.named(v.Pkg().Path(), v.Name()) {
			f.add(n, global)
		}
	}
	return n
}

// funcUse is a function used as a value.
func (f *flow) funcUse(x ast.Expr, fn *types.Func) node {
	n := f.node(anything)
	if f.script[fn.Pkg()] {
		f.add(n, heldFunc)
		if sig, ok := f.Info.TypeOf(x).(*types.Signature); ok {
			f.takeFunc(sig, fn.Origin().Signature())
		}
		return n
	}
	if _, retains := retainers[fullName(fn)]; retains || storingFunc(fn) ||
		f.packageOwner(fn.Pkg()) == ofHost && !f.accepted(fn.Pkg(), shortName(fn)) {
		f.add(n, hostMemory) // a call of it keeps what it is given
	}
	return n
}

func (f *flow) funcLit(x *ast.FuncLit) node {
	sig, ok := f.Info.TypeOf(x).(*types.Signature)
	if !ok {
		return 0
	}
	n := f.node(anything)
	f.add(n, heldFunc)
	f.takeFunc(sig, sig)
	f.body(&frame{results: sig.Results()}, x.Type, x.Body)
	return n
}

func (f *flow) index(x *ast.IndexExpr) node {
	if f.Info.Types[x.X].IsType() {
		return 0
	}
	n := f.expr(x.X)
	if isFunc(f.typ(x.X)) || f.Info.Types[x.Index].IsType() {
		return n // an instance of a generic function
	}
	if m, ok := coreOf(f.typ(x.X)).(*types.Map); ok {
		f.value(x.Index, m.Key())
	} else {
		f.expr(x.Index)
	}
	return f.via(n, taken, elementOf(f.typ(x.X)))
}

// literal looks at a composite literal.
func (f *flow) literal(x *ast.CompositeLit) node {
	t := f.Info.Types[x].Type
	if t == nil {
		return 0
	}
	if p, ok := t.Underlying().(*types.Pointer); ok { // an element &T{} of which &T is left out
		t = p.Elem()
	}
	n := f.of(t)
	s, isStruct := coreOf(t).(*types.Struct)
	for i, e := range x.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		switch {
		case isStruct:
			field := fieldOf(f.Info, s, i, e)
			if keyed {
				e = kv.Value
			}
			if field == nil {
				f.expr(e)
				continue
			}
			f.putField(f.value(e, field.Type()), n, t, field, e)
		case keyed:
			if m, ok := coreOf(t).(*types.Map); ok {
				f.put(f.value(kv.Key, m.Key()), n, t, kv.Key)
			}
			f.put(f.value(kv.Value, elementOf(t)), n, t, kv.Value)
		default:
			f.put(f.value(e, elementOf(t)), n, t, e)
		}
	}
	return n
}

func fieldOf(info *types.Info, s *types.Struct, i int, e ast.Expr) *types.Var {
	if kv, ok := e.(*ast.KeyValueExpr); ok {
		if id, ok := kv.Key.(*ast.Ident); ok {
			v, _ := info.Uses[id].(*types.Var)
			return v
		}
		return nil
	}
	if i < s.NumFields() {
		return s.Field(i)
	}
	return nil
}

// coreOf is the type that the operations on a value go by.
func coreOf(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	if p, ok := types.Unalias(t).(*types.TypeParam); ok {
		if i, ok := p.Constraint().Underlying().(*types.Interface); ok {
			for e := range i.EmbeddedTypes() {
				if u, ok := e.(*types.Union); ok && u.Len() > 0 {
					return u.Term(0).Type().Underlying()
				}
				if _, isInterface := e.Underlying().(*types.Interface); !isInterface {
					return e.Underlying()
				}
			}
		}
	}
	return t.Underlying()
}

func elementOf(t types.Type) types.Type {
	switch u := coreOf(t).(type) {
	case *types.Pointer:
		if a, ok := u.Elem().Underlying().(*types.Array); ok {
			return a.Elem()
		}
		return u.Elem()
	case interface{ Elem() types.Type }:
		return u.Elem()
	case *types.Basic:
		return types.Typ[types.Byte]
	}
	return nil
}
