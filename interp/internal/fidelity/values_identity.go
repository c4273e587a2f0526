package fidelity

import (
	"go/ast"
	"go/types"

	"midair/reload"
)

var identityRules = []rule{
	{reload.Rule{
		ID:     "fidelity/type-identity",
		Reason: "the interpreter forgets the names of the module's types: types of one shape are one type in an interface",
		Hint:   "ask a method or a kind field of the value instead of its type",
		Example: `package m

type Hit struct{ n int }
type Heal struct{ n int }

func IsHit() bool {
	events := []any{Hit{1}, Heal{2}}
	_, ok := events[1].(Hit)
	return ok
}
`,
		Instead: `package m

type Event struct {
	kind string
	n    int
}

func IsHit() bool {
	events := []Event{{"hit", 1}, {"heal", 2}}
	return events[1].kind == "hit"
}
`}, checkIdentity},
	{reload.Rule{
		ID:     "fidelity/type-switch",
		Reason: "the interpreter misses cases of type switches: interfaces, and types of the module in some forms",
		Hint:   "use v, ok := x.(T) for one type after another, or call a method",
		Example: `package m

func Kind(v any) string {
	switch v.(type) {
	case error:
		return "error"
	}
	return "other"
}
`,
		Instead: `package m

func Kind(v any) string {
	if _, ok := v.(error); ok {
		return "error"
	}
	return "other"
}
`}, checkTypeSwitch},
	{reload.Rule{
		ID:     "fidelity/interface-assertion",
		Reason: "the interpreter does not find out whether a value has the methods of an interface",
		Hint:   "keep values that have the method apart from the others, or give all of them the method",
		Example: `package m

type Named interface{ Name() string }

func Name(v any) string {
	if n, ok := v.(Named); ok {
		return n.Name()
	}
	return ""
}
`,
		Instead: `package m

type Named interface{ Name() string }

func Name(v Named) string { return v.Name() }
`}, checkInterfaceAssertion},
}

// assertions calls visit for every type that a value of an interface is asked for: bound says whether a variable takes it.
func (p *pass) assertions(visit func(at ast.Expr, operand ast.Expr, from, to types.Type, sw *ast.TypeSwitchStmt)) {
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeAssertExpr:
			if n.Type != nil {
				visit(n.Type, n.X, p.typeOf(n.X), p.typeOf(n.Type), nil)
			}
		case *ast.TypeSwitchStmt:
			x := switched(n)
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					visit(e, x, p.typeOf(x), p.typeOf(e), n)
				}
			}
		}
		return true
	})
}

// switched is the x of switch x.(type).
func switched(n *ast.TypeSwitchStmt) ast.Expr {
	switch s := n.Assign.(type) {
	case *ast.ExprStmt:
		return ast.Unparen(s.X).(*ast.TypeAssertExpr).X
	case *ast.AssignStmt:
		return ast.Unparen(s.Rhs[0]).(*ast.TypeAssertExpr).X
	}
	return nil
}

func isNil(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Kind() == types.UntypedNil
}

func checkIdentity(p *pass) {
	var held []types.Type
	p.assertions(func(at, _ ast.Expr, from, to types.Type, _ *ast.TypeSwitchStmt) {
		if isInterface(to) || isNil(to) {
			return
		}
		if held == nil {
			held = p.held()
		}
		shape := p.shape(to)
		for _, t := range held {
			if !types.Identical(t, to) && holds(from, t) && p.shape(t) == shape {
				p.report(at, "the interpreter takes %s for %s here: they have one shape", p.name(t), p.name(to))
				return
			}
		}
		if _, ok := base(to).Underlying().(*types.Struct); !ok && p.involvesModule(to) && !p.isModuleInterface(from) {
			p.report(at, "the interpreter takes a %s for %s here", p.name(to.Underlying()), p.name(to))
		}
	})
}

// isModuleInterface says whether a type is an interface with methods that the module declares.
func (p *pass) isModuleInterface(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && !i.Empty() && p.isModuleType(t)
}

// isCompiledInterface says whether a type is an interface with methods that is not declared by the module.
func (p *pass) isCompiledInterface(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && !i.Empty() && !p.isModuleType(t)
}

// name is how messages write a type.
func (p *pass) name(t types.Type) string {
	return types.TypeString(t, func(o *types.Package) string {
		if o == p.pkg.Types {
			return ""
		}
		return o.Name()
	})
}

func checkTypeSwitch(p *pass) {
	p.assertions(func(at, _ ast.Expr, from, to types.Type, sw *ast.TypeSwitchStmt) {
		if sw == nil {
			if p.isCompiledInterface(from) && !isInterface(to) && p.involvesModule(to) && base(to) == types.Unalias(to) {
				p.report(at, "the interpreter does not find a %s in a value of %s", p.name(to), p.name(from))
			}
			return
		}
		_, binds := sw.Assign.(*ast.AssignStmt)
		switch {
		case isNil(to):
			if p.isModuleInterface(from) {
				p.report(at, "the interpreter misses case nil for %s", p.name(from))
			}
		case isInterface(to):
			p.report(at, "the interpreter misses case %s, an interface", p.name(to))
		case !p.involvesModule(to):
		case p.isCompiledInterface(from):
			p.report(at, "the interpreter misses case %s in a switch over %s", p.name(to), p.name(from))
		case !binds && !p.isModuleInterface(from):
			p.report(at, "the interpreter misses case %s in a switch that binds no variable", p.name(to))
		}
	})
}

func checkInterfaceAssertion(p *pass) {
	var held []types.Type
	p.assertions(func(at, _ ast.Expr, from, to types.Type, sw *ast.TypeSwitchStmt) {
		i, ok := to.Underlying().(*types.Interface)
		if !ok || sw != nil || i.Empty() || isNil(to) {
			return
		}
		if held == nil {
			held = p.held()
		}
		if p.isModuleInterface(from) && p.isModuleType(to) {
			for _, t := range held {
				if holds(from, t) && !p.isModuleType(base(t)) {
					p.report(at, "the interpreter cannot tell whether a %s is a %s", p.name(t), p.name(to))
					return
				}
			}
			return
		}
		if p.isModuleType(to) || to == types.Unalias(i) {
			p.report(at, "the interpreter cannot tell whether the value is a %s", p.name(to))
			return
		}
		for _, t := range held {
			if p.involvesModule(t) && hasMethods(t) && holds(from, t) {
				p.report(at, "the interpreter cannot tell whether a %s is a %s", p.name(t), p.name(to))
				return
			}
		}
	})
}
