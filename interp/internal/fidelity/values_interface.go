package fidelity

import (
	"go/ast"
	"go/token"
	"go/types"

	"midair/reload"
)

var interfaceRules = []rule{
	{reload.Rule{
		ID:     "fidelity/interface-equality",
		Reason: "the interpreter compares interfaces that hold the module's types by where they came from, or by shape alone",
		Hint:   "compare an identifying field or the pointers themselves",
		Example: `package m

type Unit interface{ ID() int }
type Tank struct{ id int }

func (t *Tank) ID() int { return t.id }

func Self(u Unit) Unit { return u }

func Same(t *Tank) bool {
	var a Unit = t
	return Self(a) == a
}
`,
		Instead: `package m

type Unit interface{ ID() int }
type Tank struct{ id int }

func (t *Tank) ID() int { return t.id }

func Self(u Unit) Unit { return u }

func Same(t *Tank) bool {
	var a Unit = t
	return Self(a).ID() == a.ID()
}
`}, checkEquality},
	{reload.Rule{
		ID:     "fidelity/typed-nil",
		Reason: "the interpreter takes an interface that holds a nil pointer of a module's type for nil",
		Hint:   "return the interface's own nil, and otherwise a pointer to a literal",
		Example: `package m

type Fault struct{ code int }

func (f *Fault) Error() string { return "fault" }

func Find(code int) error {
	var f *Fault
	if code > 0 {
		f = &Fault{code}
	}
	return wrap(f)
}

func wrap(f *Fault) error { return f }
`,
		Instead: `package m

type Fault struct{ code int }

func (f *Fault) Error() string { return "fault" }

func Find(code int) error {
	if code > 0 {
		return &Fault{code}
	}
	return nil
}
`}, checkTypedNil},
	{reload.Rule{
		ID:     "fidelity/interface-key",
		Reason: "in a map with interface keys the interpreter takes keys of one shape for one key, or does not find them",
		Hint:   "use a key type without interfaces, such as string or a struct with a kind field",
		Example: `package m

type Key struct{ n int }

var seen = map[any]int{Key{1}: 3}

func Seen() int { return len(seen) }
`,
		Instead: `package m

type Key struct{ n int }

var seen = map[Key]int{{1}: 3}

func Seen() int { return len(seen) }
`}, checkKeys},
	{reload.Rule{
		ID:     "fidelity/operator-interface",
		Reason: "the interpreter loses the result of some operators where an interface takes it: -x, !x, ^x, shifts",
		Hint:   "assign it to a variable of its own type first",
		Example: `package m

func Negative(n int) any { return -n }
`,
		Instead: `package m

func Negative(n int) any {
	negative := -n
	return negative
}
`}, checkOperators},
}

// comparisons calls visit for every comparison of two values, those of switches with a tag included.
func (p *pass) comparisons(visit func(at, x, y ast.Expr)) {
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				visit(n, n.X, n.Y)
			}
		case *ast.SwitchStmt:
			if n.Tag != nil {
				for _, c := range n.Body.List {
					for _, e := range c.(*ast.CaseClause).List {
						visit(e, n.Tag, e)
					}
				}
			}
		}
		return true
	})
}

func checkEquality(p *pass) {
	var held []types.Type
	p.comparisons(func(at, x, y ast.Expr) {
		tx, ty := p.typeOf(x), p.typeOf(y)
		if isNil(tx) || isNil(ty) || p.isSentinel(x) || p.isSentinel(y) {
			return
		}
		ix, iy := isInterface(tx), isInterface(ty)
		if !ix && !iy && !hasInterface(tx) {
			return
		}
		if held == nil {
			held = p.held()
		}
		concrete := ty
		if !ix {
			concrete = tx
		}
		if ix != iy && p.involvesModule(concrete) {
			p.report(at, "the interpreter cannot compare a %s with %s", p.name(concrete), p.name(tx))
			return
		}
		for _, t := range held {
			boxed := ix && p.isModuleInterface(tx) || iy && p.isModuleInterface(ty)
			if !boxed && !p.involvesModule(t) || ix && !holds(tx, t) || iy && !holds(ty, t) {
				continue
			}
			if ix == iy || boxed || p.shape(t) == p.shape(concrete) {
				p.report(at, "the interpreter cannot compare these: there may be a %s in the interface", p.name(t))
				return
			}
		}
	})
}

// hasInterface says whether comparing values of a type compares interfaces.
func hasInterface(t types.Type) bool {
	if isInterface(t) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		return hasInterface(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if hasInterface(f.Type()) {
				return true
			}
		}
	}
	return false
}

// isSentinel says whether an expression is an error variable of a compiled package, or one of this package that
// errors.New or fmt.Errorf makes. Such values are never of a module's type, and comparing with them was seen to be right.
func (p *pass) isSentinel(e ast.Expr) bool {
	var id *ast.Ident
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	default:
		return false
	}
	v, ok := p.info.Uses[id].(*types.Var)
	if !ok || v.IsField() || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() {
		return false
	}
	if !p.isModuleObject(v) {
		return true
	}
	made := false
	for _, m := range p.whole.passes {
		if m.pkg.Types != v.Pkg() {
			continue
		}
		for _, init := range m.info.InitOrder {
			if len(init.Lhs) == 1 && init.Lhs[0] == v {
				made = m.makesError(init.Rhs)
			}
		}
		if m.info.InitOrder == nil {
			made = m.declaresError(v)
		}
	}
	return made && !p.assignedAnywhere(v)
}

func (p *pass) makesError(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	f := callee(p.info, call)
	return f != nil && (f.FullName() == "errors.New" || f.FullName() == "fmt.Errorf")
}

func (p *pass) declaresError(v *types.Var) bool {
	made := false
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok && len(s.Names) == len(s.Values) {
			for i, id := range s.Names {
				made = made || p.info.Defs[id] == v && p.makesError(s.Values[i])
			}
		}
		return !made
	})
	return made
}

func (p *pass) assignedAnywhere(v *types.Var) bool {
	for _, m := range p.whole.passes {
		found := false
		is := func(e ast.Expr) bool {
			switch e := ast.Unparen(e).(type) {
			case *ast.Ident:
				return m.info.Uses[e] == v
			case *ast.SelectorExpr:
				return m.info.Uses[e.Sel] == v
			}
			return false
		}
		m.walk(func(n ast.Node, _ []ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					found = found || is(l)
				}
			case *ast.UnaryExpr:
				found = found || n.Op == token.AND && is(n.X)
			case *ast.RangeStmt:
				found = found || n.Key != nil && is(n.Key) || n.Value != nil && is(n.Value)
			}
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

// checkTypedNil looks at interfaces of compiled packages, error above all: the module's own tell a nil pointer from nil.
func checkTypedNil(p *pass) {
	var assigned map[types.Object]ast.Expr // made when needed
	p.interfaceConversions(func(c conversion) {
		if c.kind == compared || p.consumed(c) || !p.isCompiledInterface(c.to) || !p.involvesModule(c.from) ||
			p.isCallback(c) {
			return
		}
		switch c.from.Underlying().(type) {
		case *types.Pointer, *types.Map, *types.Slice, *types.Signature, *types.Chan:
		default:
			return
		}
		if assigned == nil {
			assigned = p.singleValues()
		}
		if c.expr == nil || !p.neverNil(c.expr, assigned, 0) {
			p.report(c.node, "the interpreter takes the %s for nil if it is a nil %s", p.name(c.to), p.name(c.from))
		}
	})
}

// isCallback says whether a value goes straight to compiled code that will call its methods.
func (p *pass) isCallback(c conversion) bool {
	if c.kind != argument || types.Identical(c.to, types.Universe.Lookup("error").Type()) {
		return false
	}
	f := callee(p.info, c.call)
	return f != nil && !p.isModuleObject(f)
}

// singleValues maps local variables to the one value that they ever get.
func (p *pass) singleValues() map[types.Object]ast.Expr {
	values := map[types.Object]ast.Expr{}
	places := p.places()
	only[*ast.AssignStmt](p, func(n ast.Node, _ []ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.DEFINE && len(a.Lhs) == len(a.Rhs) {
			for i, l := range a.Lhs {
				if id, ok := l.(*ast.Ident); ok && p.info.Defs[id] != nil && !places.changed[p.info.Defs[id]] {
					values[p.info.Defs[id]] = a.Rhs[i]
				}
			}
		}
		return true
	})
	return values
}

func (p *pass) neverNil(e ast.Expr, values map[types.Object]ast.Expr, depth int) bool {
	if depth > 10 {
		return false
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit, *ast.FuncLit:
		return true
	case *ast.UnaryExpr:
		return e.Op == token.AND
	case *ast.Ident:
		v, ok := values[p.info.Uses[e]]
		return ok && p.neverNil(v, values, depth+1)
	case *ast.CallExpr:
		if tv := p.info.Types[e.Fun]; tv.IsBuiltin() {
			return true // new and make
		} else if tv.IsType() && len(e.Args) == 1 {
			return p.neverNil(e.Args[0], values, depth+1)
		}
		return p.returnsValue(callee(p.info, e), values, depth+1)
	}
	return false
}

// returnsValue says whether a function of this package has one result, and it is never nil.
func (p *pass) returnsValue(f *types.Func, values map[types.Object]ast.Expr, depth int) bool {
	if f == nil {
		return false
	}
	for _, file := range p.pkg.Files {
		for _, d := range file.Syntax.Decls {
			decl, ok := d.(*ast.FuncDecl)
			if !ok || p.info.Defs[decl.Name] != f || decl.Body == nil {
				continue
			}
			all := f.Signature().Results().Len() == 1
			ast.Inspect(decl.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncLit:
					return false
				case *ast.ReturnStmt:
					all = all && len(n.Results) == 1 && p.neverNil(n.Results[0], values, depth)
				case *ast.DeferStmt:
					all = false
				}
				return all
			})
			return all
		}
	}
	return false
}

func checkKeys(p *pass) {
	only[*ast.MapType](p, func(n ast.Node, _ []ast.Node) bool {
		if m, ok := n.(*ast.MapType); ok && p.isModuleInterface(p.typeOf(m.Key)) {
			p.report(m, "the interpreter does not find keys of type %s", p.name(p.typeOf(m.Key)))
		}
		return true
	})
	p.interfaceConversions(func(c conversion) {
		if c.kind == lookedUp && p.involvesModule(c.from) {
			p.report(c.node, "the interpreter takes all keys of the shape of %s for its own", p.name(c.from))
		}
	})
}

// checkOperators lets what was seen to run rightly pass: arguments of type any, and most operators where any takes them.
func checkOperators(p *pass) {
	p.interfaceConversions(func(c conversion) {
		if c.expr == nil || c.kind == compared || p.info.Types[c.expr].Value != nil {
			return
		}
		iface, ok := c.to.Underlying().(*types.Interface)
		methods := ok && !iface.Empty()
		switch e := ast.Unparen(c.expr).(type) {
		case *ast.UnaryExpr:
			if e.Op == token.AND || e.Op == token.ARROW || c.kind == argument && !methods {
				return
			}
		case *ast.BinaryExpr:
			shift := e.Op == token.SHL || e.Op == token.SHR
			if !methods && (!shift || c.kind == argument) {
				return
			}
		default:
			return
		}
		p.report(c.expr, "the interpreter loses this value on its way into the interface")
	})
}
