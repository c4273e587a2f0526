package fidelity

import (
	"go/ast"
	"go/token"
	"go/types"

	"midair/reload"
)

var aliasRules = []rule{
	{reload.Rule{
		ID:     "fidelity/interface-alias",
		Reason: "an interface holding a module's type that has methods goes on following the place the value came from",
		Hint:   "convert what a function returns from its own variable: func() Shape { s := &Square{i}; return s }()",
		Example: `package m

type Command interface{ Do() int }
type Paint struct{ i int }

func (p *Paint) Do() int { return p.i }

func Commands() (l []Command) {
	for i := 0; i < 3; i++ {
		l = append(l, &Paint{i})
	}
	return l
}
`,
		Instead: `package m

type Command interface{ Do() int }
type Paint struct{ i int }

func (p *Paint) Do() int { return p.i }

func newPaint(i int) Command { return &Paint{i} }

func Commands() (l []Command) {
	for i := 0; i < 3; i++ {
		l = append(l, newPaint(i))
	}
	return l
}
`}, checkAlias},
}

// checkAlias finds conversions whose source may hold another value later. What the interpreter runs rightly was tried
// form by form: a value that its function converts once per call, and some variables that a loop's body declares.
func checkAlias(p *pass) {
	var places *places // made when needed
	p.interfaceConversions(func(c conversion) {
		if c.kind == compared || c.kind == lookedUp || p.consumed(c) || p.passedOn(c) || !p.boxes(c.from) {
			return
		}
		if c.expr == nil {
			p.report(c.node, "the interpreter lets an interface follow the place where this %s comes from", p.name(c.from))
			return
		}
		if places == nil {
			places = p.places()
		}
		if why := places.follows(p, c); why != "" {
			p.report(c.expr, "the interpreter lets the interface follow %s: later values of it appear in the interface", why)
		}
	})
}

// passedOn says whether a value goes to compiled code as any, which it gets as it is then.
func (p *pass) passedOn(c conversion) bool {
	if c.kind != argument || c.expr == nil {
		return false
	}
	f := callee(p.info, c.call)
	iface, ok := c.to.Underlying().(*types.Interface)
	return ok && iface.Empty() && f != nil && !p.isModuleObject(f)
}

// boxes says whether the interpreter puts values of a type into interfaces by reference.
func (p *pass) boxes(t types.Type) bool {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return true
	}
	return p.involvesModule(t) && hasMethods(t)
}

// places knows where variables are declared and changed.
type places struct {
	declared map[types.Object]place
	changed  map[types.Object]bool
	at       map[ast.Expr]place
}

// place is a function and a loop in it; nil stands for none.
type place struct {
	function ast.Node
	loop     ast.Node
	define   bool // x := value, alone
	param    bool
}

func (p *pass) places() *places {
	s := &places{declared: map[types.Object]place{}, changed: map[types.Object]bool{}, at: map[ast.Expr]place{}}
	p.walk(func(n ast.Node, around []ast.Node) bool {
		here := placeOf(n, around)
		if e, ok := n.(ast.Expr); ok {
			s.at[e] = here
		}
		switch n := n.(type) {
		case *ast.AssignStmt:
			alone := n.Tok == token.DEFINE && len(n.Lhs) == 1 && len(around) > 0 && isBlock(around[len(around)-1])
			for _, l := range n.Lhs {
				if id, ok := l.(*ast.Ident); ok && p.info.Defs[id] != nil {
					d := here
					d.define = alone
					s.declared[p.info.Defs[id]] = d
				} else {
					s.change(p, l)
				}
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				s.declared[p.info.Defs[id]] = here
			}
		case *ast.IncDecStmt:
			s.change(p, n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				s.change(p, n.X)
			}
		case *ast.RangeStmt:
			for _, l := range []ast.Expr{n.Key, n.Value} {
				if l != nil {
					s.change(p, l)
				}
			}
		case *ast.SelectorExpr:
			if sel := p.info.Selections[n]; sel != nil && sel.Kind() == types.MethodVal && takesAddress(sel) {
				s.change(p, n.X)
			}
		case *ast.SliceExpr:
			if _, ok := p.typeOf(n.X).Underlying().(*types.Array); ok {
				s.change(p, n.X)
			}
		case *ast.FuncDecl:
			s.params(p, n, n.Recv)
			s.params(p, n, n.Type.Params)
		case *ast.FuncLit:
			s.params(p, n, n.Type.Params)
		}
		return true
	})
	return s
}

func isBlock(n ast.Node) bool {
	switch n.(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
		return true
	}
	return false
}

// takesAddress says whether x.m() is (&x).m().
func takesAddress(sel *types.Selection) bool {
	sig, ok := sel.Obj().Type().(*types.Signature)
	if !ok || sig.Recv() == nil {
		return true
	}
	_, ptr := types.Unalias(sig.Recv().Type()).(*types.Pointer)
	_, already := types.Unalias(sel.Recv()).(*types.Pointer)
	return ptr && !already
}

func (s *places) params(p *pass, f ast.Node, fields *ast.FieldList) {
	if fields == nil {
		return
	}
	for _, field := range fields.List {
		for _, id := range field.Names {
			if o := p.info.Defs[id]; o != nil {
				s.declared[o] = place{function: f, param: true}
			}
		}
	}
}

// change marks the variable that an expression is, or is a part of.
func (s *places) change(p *pass, e ast.Expr) {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			if o := p.info.ObjectOf(x); o != nil {
				s.changed[o] = true
			}
			return
		case *ast.SelectorExpr:
			if _, ok := p.typeOf(x.X).Underlying().(*types.Pointer); ok {
				return
			}
			e = x.X
		case *ast.IndexExpr:
			if _, ok := p.typeOf(x.X).Underlying().(*types.Array); !ok {
				return
			}
			e = x.X
		default:
			return
		}
	}
}

// placeOf finds the function around a node, and the innermost loop in it that runs the node more than once. A function
// with labels may be all loop.
func placeOf(n ast.Node, around []ast.Node) place {
	var here place
	for i := len(around) - 1; i >= 0; i-- {
		inner := n
		if i+1 < len(around) {
			inner = around[i+1]
		}
		switch a := around[i].(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			here.function = a
			return here
		case *ast.ForStmt:
			if here.loop == nil && inner != a.Init {
				here.loop = a
			}
		case *ast.RangeStmt:
			if here.loop == nil && inner != a.X {
				here.loop = a
			}
		case *ast.LabeledStmt:
			if here.loop == nil {
				if _, ok := a.Stmt.(*ast.BlockStmt); !ok {
					here.loop = a
				}
			}
		}
	}
	return here
}

// follows says what the interface would follow, "" if that place never changes.
func (s *places) follows(p *pass, c conversion) string {
	here := s.at[c.expr]
	switch e := ast.Unparen(c.expr).(type) {
	case *ast.Ident:
		return s.followsVariable(p, c, p.info.Uses[e], here)
	case *ast.CompositeLit, *ast.CallExpr, *ast.BasicLit:
	case *ast.UnaryExpr:
		if e.Op != token.AND {
			return "what comes out of a channel"
		}
		if _, ok := ast.Unparen(e.X).(*ast.CompositeLit); !ok {
			return "a pointer"
		}
	case *ast.IndexExpr:
		if _, ok := p.typeOf(e.X).Underlying().(*types.Map); !ok || c.kind != returned {
			return "an element"
		}
	case *ast.SelectorExpr:
		return "a field or package variable"
	default:
		return "a value"
	}
	if lit, ok := ast.Unparen(c.expr).(*ast.CompositeLit); ok && isStruct(p.typeOf(lit)) && !p.isCompiledInterface(c.to) {
		if c.kind == stored {
			return "a struct literal, and stops"
		}
		return ""
	}
	if c.kind != returned && (here.loop != nil || s.jumps(here.function)) {
		return "a value that is made anew each time round the loop"
	}
	return ""
}

func isStruct(t types.Type) bool {
	_, ok := t.Underlying().(*types.Struct)
	return ok
}

func (s *places) followsVariable(p *pass, c conversion, o types.Object, here place) string {
	if _, ok := o.(*types.Const); ok {
		if here.loop == nil || c.kind == returned {
			return ""
		}
		return "a constant"
	}
	d, ok := s.declared[o]
	switch {
	case o == nil:
		return "a value"
	case ok && d.function != nil && d.function != here.function && d.loop == nil && !s.changed[o] && !s.jumps(d.function) &&
		(c.kind == returned || here.loop == nil && !s.jumps(here.function)):
		return "" // of the function around, and set once
	case !ok || d.function == nil || d.function != here.function:
		return o.Name() + ", which belongs to another function or to a loop"
	case s.changed[o]:
		return o.Name() + ", which changes"
	case here.loop == nil && !s.jumps(here.function), d.param && c.kind == returned:
		return ""
	case c.kind == returned:
		return ""
	case d.param:
		return ""
	case d.loop == nil:
		return ""
	case d.loop == here.loop && d.define && !p.isCompiledInterface(c.to) && freshInLoop(c.from):
		return ""
	}
	return o.Name() + ", which a loop sets anew"
}

// freshInLoop says whether a variable of this type, declared in a loop, is a new one each time round.
func freshInLoop(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		_, ok := u.Elem().Underlying().(*types.Struct)
		return ok
	case *types.Struct:
		return true
	}
	return false
}

// jumps says whether a function has a goto.
func (s *places) jumps(f ast.Node) bool {
	found := false
	if f != nil {
		ast.Inspect(f, func(n ast.Node) bool {
			if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
				found = true
			}
			return !found
		})
	}
	return found
}
