package policy

import (
	"go/ast"
	"go/types"
)

// selector looks at a field, a method value or a name of another package.
func (f *flow) selector(x *ast.SelectorExpr) node {
	s := f.Info.Selections[x]
	if s == nil {
		return f.ident(x.Sel)
	}
	switch s.Kind() {
	case types.FieldVal:
		n, _ := f.path(f.expr(x.X), s.Recv(), s.Index())
		return n
	case types.MethodVal:
		n, t := f.path(f.expr(x.X), s.Recv(), s.Index()[:len(s.Index())-1])
		return f.methodValue(n, t, s)
	case types.MethodExpr:
		fn := s.Obj().(*types.Func)
		if !f.script[fn.Pkg()] {
			return f.funcUse(x, fn)
		}
		f.takeMethodExpr(s, fn)
		n := f.node(anything)
		f.add(n, heldMethod)
		return n
	}
	return 0
}

// takeMethodExpr notes that a method may be called as a function whose first parameter is the receiver.
func (f *flow) takeMethodExpr(s *types.Selection, fn *types.Func) {
	sig, ok := s.Type().(*types.Signature)
	if !ok {
		return
	}
	own := fn.Origin().Signature()
	if isInterface(own.Recv().Type()) {
		args := f.tuple(sig.Params())
		f.funcs = append(f.funcs, funcValue{sig, args, f.tuple(own.Results())})
		f.virtual = append(f.virtual, virtualCall{name: fn.Name(), args: args[1:], results: f.tuple(own.Results())})
		return
	}
	params := append([]node{f.object(own.Recv())}, f.tuple(own.Params())...)
	f.funcs = append(f.funcs, funcValue{sig, params, f.tuple(own.Results())})
}

// path follows fields, embedded ones too, and returns the last one's node and type.
func (f *flow) path(n node, t types.Type, index []int) (node, types.Type) {
	for _, i := range index {
		s, ok := coreOf(deref(t)).(*types.Struct)
		if !ok || i >= s.NumFields() {
			return 0, t
		}
		n = f.field(n, deref(t), s.Field(i))
		t = s.Field(i).Type()
	}
	return n, t
}

// field returns the node of a field that is read.
func (f *flow) field(n node, t types.Type, field *types.Var) node {
	switch f.owned(t) {
	case ofScript:
		return f.object(field)
	case ofHost:
		own := f.object(field)
		if own != 0 {
			f.add(own, hostMemory|hostInside)
			f.connect(n, own, taken) // what a variable of the standard library leads to
		}
		if own == 0 && n != 0 {
			return f.via(n, taken, field.Type())
		}
		return own
	case ofStd:
		if n == 0 {
			return 0
		}
		v := f.of(field.Type())
		f.connect(n, v, mixed)
		return v
	}
	if isTypeParam(t) {
		return f.object(field)
	}
	return f.via(n, taken, field.Type())
}

// methodValue binds a method to a value.
func (f *flow) methodValue(n node, t types.Type, s *types.Selection) node {
	fn := s.Obj().(*types.Func)
	m := f.node(anything)
	recv := fn.Origin().Signature().Recv()
	switch {
	case recv != nil && isInterface(recv.Type()):
		f.connect(n, m, bound)
		sig, ok := s.Type().(*types.Signature)
		if ok {
			params, results := f.fresh(sig.Params()), f.fresh(sig.Results())
			f.funcs = append(f.funcs, funcValue{sig, params, results})
			f.virtual = append(f.virtual, virtualCall{name: fn.Name(), args: params, results: results})
		}
		if f.packageOwner(fn.Pkg()) == ofHost && !f.acceptedMethod(fn) {
			f.add(m, hostMemory)
		}
	case f.script[fn.Pkg()]:
		f.add(m, heldMethod)
		f.receive(n, t, recv)
		if sig, ok := s.Type().(*types.Signature); ok {
			f.takeFunc(sig, fn.Origin().Signature())
		}
	case f.packageOwner(fn.Pkg()) == ofHost:
		if !f.acceptedMethod(fn) {
			f.add(m, hostMemory)
		}
	case receives(fn):
		f.connect(n, m, assigned)
		sig, ok := s.Type().(*types.Signature)
		if ok { // what is given to it is in the receiver
			params := f.fresh(sig.Params())
			for _, p := range params {
				f.connect(p, n, inserted)
			}
			f.funcs = append(f.funcs, funcValue{sig: sig, params: params})
		}
	}
	return m
}

func (f *flow) fresh(t *types.Tuple) (nodes []node) {
	for v := range t.Variables() {
		nodes = append(nodes, f.of(v.Type()))
	}
	return nodes
}

func (f *flow) acceptedMethod(fn *types.Func) bool {
	if f.accepted(fn.Pkg(), shortName(fn)) {
		return true
	}
	recv := fn.Signature().Recv()
	return recv != nil && f.acceptedType(recv.Type())
}

// receive lets a value become a method's receiver, by address or by value as needed.
func (f *flow) receive(n node, t types.Type, recv *types.Var) {
	if recv == nil {
		return
	}
	r := f.object(recv)
	_, fromPointer := t.Underlying().(*types.Pointer)
	_, toPointer := recv.Type().Underlying().(*types.Pointer)
	switch {
	case fromPointer == toPointer:
		f.graph.assign(n, r)
	case toPointer:
		f.graph.point(n, r)
	default:
		f.connect(n, r, taken)
	}
}

// address looks at &x.
func (f *flow) address(x ast.Expr) node {
	switch e := ast.Unparen(x).(type) {
	case *ast.CompositeLit:
		n := f.expr(e)
		return f.pointTo(n, f.typ(e))
	case *ast.IndexExpr:
		base := f.expr(e.X)
		f.expr(e.Index)
		return f.alias(base, types.NewPointer(f.typ(e)))
	case *ast.SelectorExpr:
		n := f.expr(e)
		p := f.pointTo(n, f.typ(e))
		if s := f.Info.Selections[e]; s != nil && p != 0 && f.inHost(e, s) {
			f.add(p, hostMemory)
		}
		return p
	default:
		return f.pointTo(f.expr(e), f.typ(e))
	}
}

// inHost says whether a field is one of a host struct.
func (f *flow) inHost(x *ast.SelectorExpr, s *types.Selection) bool {
	if s.Kind() != types.FieldVal {
		return false
	}
	t := s.Recv()
	for _, i := range s.Index()[:len(s.Index())-1] {
		if st, ok := coreOf(deref(t)).(*types.Struct); ok && i < st.NumFields() {
			t = st.Field(i).Type()
		}
	}
	v, _ := s.Obj().(*types.Var)
	return f.isHostData(deref(t)) && !f.acceptedField(deref(t), v)
}

func (f *flow) pointTo(n node, t types.Type) node {
	if n == 0 || t == nil {
		return 0
	}
	p := f.of(types.NewPointer(t))
	if p != 0 {
		f.graph.point(n, p)
	}
	return p
}

func (f *flow) acceptedField(owner types.Type, field *types.Var) bool {
	if field == nil {
		return false
	}
	n := namedOf(owner)
	return f.acceptedType(owner) || f.acceptedType(field.Type()) ||
		n != nil && f.accepted(n.Obj().Pkg(), n.Obj().Name()+"."+field.Name())
}

// assign looks at what is assigned to and lets the value flow into it.
func (f *flow) assign(x ast.Expr, n node, at ast.Node) {
	defer func(outer ast.Expr) { f.target = outer }(f.target)
	f.target = x
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if x.Name != "_" {
			f.assignVariable(x, n, at)
		}
	case *ast.SelectorExpr:
		s := f.Info.Selections[x]
		if s == nil {
			f.assignVariable(x.Sel, n, at)
			return
		}
		if s.Kind() != types.FieldVal {
			return
		}
		last := len(s.Index()) - 1
		base, t := f.path(f.expr(x.X), s.Recv(), s.Index()[:last])
		if v, ok := s.Obj().(*types.Var); ok {
			f.putField(n, base, deref(t), v, at)
		}
	case *ast.IndexExpr:
		base, t := f.expr(x.X), f.typ(x.X)
		if m, ok := coreOf(t).(*types.Map); ok {
			f.put(f.value(x.Index, m.Key()), base, t, x.Index)
		} else {
			f.expr(x.Index)
		}
		f.put(n, base, t, at)
	case *ast.StarExpr:
		f.put(n, f.expr(x.X), f.typ(x.X), at)
	}
}

func (f *flow) assignVariable(id *ast.Ident, n node, at ast.Node) {
	v, ok := f.Info.ObjectOf(id).(*types.Var)
	if !ok {
		return
	}
	if v.Pkg() != nil && !f.script[v.Pkg()] && !v.IsField() && !f.accepted(v.Pkg(), v.Name()) && !f.acceptedType(v.Type()) {
		f.sink(sink{n: n, at: at, what: "is kept in the variable " + v.Pkg().Name() + "." + v.Name()})
		return
	}
	f.graph.assign(n, f.object(v))
}

// putField lets a value flow into a field of a struct.
func (f *flow) putField(n, base node, t types.Type, field *types.Var, at ast.Node) {
	if base != 0 && f.target != nil {
		f.sink(sink{when: base, at: f.target, global: true})
	}
	switch f.owned(t) {
	case ofScript:
		if !f.script[field.Pkg()] { // declared as another name for a struct of the host
			f.sink(sink{n: n, at: at, what: "is kept in " + typeName(t) + "." + field.Name()})
		}
		f.graph.assign(n, f.object(field))
	case ofHost:
		if f.acceptedField(t, field) {
			f.graph.assign(n, f.object(field))
			f.accept(n, field.Type())
			return
		}
		f.sink(sink{n: n, at: at, what: "is kept in " + typeName(t) + "." + field.Name()})
	default:
		if isTypeParam(t) {
			f.graph.assign(n, f.object(field))
			return
		}
		f.hold(n, base, t, at)
	}
}

// put lets a value flow into a container: a map, slice, array or channel, or what a pointer points to.
func (f *flow) put(n, base node, t types.Type, at ast.Node) {
	if t == nil {
		return
	}
	if base != 0 && f.target != nil {
		f.sink(sink{when: base, at: f.target, global: true})
	}
	switch {
	case f.isHostData(t) || f.isHostData(deref(t)) && isPointer(t):
		f.sink(sink{n: n, at: at, what: "is kept in a " + typeName(t)})
	case f.acceptedType(t):
		f.connect(n, base, inserted)
		f.accept(n, elementOf(t))
	default:
		f.hold(n, base, t, at)
	}
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// hold puts a value into memory that may be the host's.
func (f *flow) hold(n, base node, t types.Type, at ast.Node) {
	if n == 0 || base == 0 {
		return
	}
	f.connect(n, base, inserted)
	f.sink(sink{n: n, when: base, at: at, what: "is kept in a " + typeName(t) + " of the host"})
}
