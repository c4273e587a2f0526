package fidelity

import (
	"go/ast"
	"go/token"
	"go/types"

	"midair/reload"
)

var methodRules = []rule{
	{reload.Rule{
		ID:     "fidelity/method-value",
		Reason: "the interpreter keeps the place of a method value's receiver instead of its value",
		Hint:   "write a func literal that calls the method",
		Example: `package m

type Counter struct{ n int }

func (c Counter) Value() int { return c.n }

func Value() int {
	c := Counter{1}
	value := c.Value
	c.n = 5
	return value()
}
`,
		Instead: `package m

type Counter struct{ n int }

func (c Counter) Value() int { return c.n }

func Value() int {
	c := Counter{1}
	was := c
	value := func() int { return was.Value() }
	c.n = 5
	return value()
}
`}, checkMethodValues},
	{reload.Rule{
		ID:     "fidelity/method-expression",
		Reason: "the interpreter fails on most method expressions",
		Hint:   "write a func literal that calls the method",
		Example: `package m

type Namer interface{ Name() string }

var name = Namer.Name

func Name(n Namer) string { return name(n) }
`,
		Instead: `package m

type Namer interface{ Name() string }

func name(n Namer) string { return n.Name() }

func Name(n Namer) string { return name(n) }
`}, checkMethodExpressions},
	{reload.Rule{
		ID:     "fidelity/promotion",
		Reason: "the interpreter takes the first embedded field or method of a name, not the shallowest",
		Hint:   "put the embedded field with the shallower name first, or give the field a name",
		Example: `package m

type Base struct{ n int }
type Deep struct{ Base }
type Other struct{ n int }
type Both struct {
	Deep
	Other
}

func N(b *Both) int { return b.n }
`,
		Instead: `package m

type Base struct{ n int }
type Deep struct{ Base }
type Other struct{ n int }
type Both struct {
	Other
	deep Deep
}

func N(b *Both) int { return b.n }
`}, checkPromotion},
	{reload.Rule{
		ID:     "fidelity/embedded-interface",
		Reason: "the interpreter does not find the methods of an interface embedded in a struct",
		Hint:   "give the field a name and write the methods that are needed",
		Example: `package m

type Speaker interface{ Speak() string }
type Loud struct{ Speaker }

func Speak(l Loud) string { return l.Speak() }
`,
		Instead: `package m

type Speaker interface{ Speak() string }
type Loud struct{ speaker Speaker }

func Speak(l Loud) string { return l.speaker.Speak() }
`}, checkEmbeddedInterface},
}

func checkMethodValues(p *pass) {
	var places *places // made when needed
	called := map[ast.Expr]bool{}
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			called[ast.Unparen(n.Fun)] = true
		case *ast.SelectorExpr:
			sel := p.info.Selections[n]
			if sel == nil || sel.Kind() != types.MethodVal || called[n] {
				break
			}
			if places == nil {
				places = p.places()
			}
			if !places.stays(p, n, sel) {
				p.report(n, "the interpreter calls %s with what the receiver is then, not with what it is here", n.Sel.Name)
			}
		}
		return true
	})
}

// stays says whether the receiver of a method value is a place that keeps its value.
func (s *places) stays(p *pass, n *ast.SelectorExpr, sel *types.Selection) bool {
	here := s.at[n]
	if here.loop != nil || s.jumps(here.function) {
		return false
	}
	switch x := ast.Unparen(n.X).(type) {
	case *ast.CallExpr, *ast.CompositeLit:
		return true
	case *ast.UnaryExpr:
		return x.Op == token.AND
	case *ast.Ident:
		o, ok := p.info.Uses[x].(*types.Var)
		if !ok {
			return false
		}
		if takesAddress(sel) {
			return true
		}
		d, ok := s.declared[o]
		return ok && !s.changed[o] && d.function != nil && d.function == here.function && d.loop == nil
	}
	return false
}

func checkMethodExpressions(p *pass) {
	only[*ast.SelectorExpr](p, func(n ast.Node, _ []ast.Node) bool {
		if e, ok := n.(*ast.SelectorExpr); ok {
			if sel := p.info.Selections[e]; sel != nil && sel.Kind() == types.MethodExpr {
				p.report(e, "the interpreter cannot run this method expression")
			}
		}
		return true
	})
}

// structs calls visit for every struct type that is written in the package.
func (p *pass) structs(visit func(n *ast.StructType, t *types.Struct)) {
	only[*ast.StructType](p, func(n ast.Node, _ []ast.Node) bool {
		if s, ok := n.(*ast.StructType); ok {
			if t, ok := p.typeOf(s).(*types.Struct); ok {
				visit(s, t)
			}
		}
		return true
	})
}

func checkEmbeddedInterface(p *pass) {
	p.structs(func(n *ast.StructType, _ *types.Struct) {
		for _, f := range n.Fields.List {
			if len(f.Names) == 0 && types.IsInterface(p.typeOf(f.Type)) {
				p.report(f, "the interpreter does not find the methods of an embedded %s", p.name(p.typeOf(f.Type)))
			}
		}
	})
}

// checkPromotion looks for names that the interpreter, which goes into each embedded field in turn, finds elsewhere than
// the compiler does.
func checkPromotion(p *pass) {
	p.structs(func(n *ast.StructType, t *types.Struct) {
		found := map[string][]int{} // name to the depths of its places, in the interpreter's order
		for i := range t.NumFields() {
			if f := t.Field(i); f.Embedded() {
				promoted(f.Type(), 1, found, 0)
			}
		}
		for i := range t.NumFields() {
			delete(found, t.Field(i).Name())
		}
		for name, depths := range found {
			first := depths[0]
			for _, d := range depths[1:] {
				if d < first {
					p.report(n, "the interpreter finds %s in another embedded field than the compiler", name)
					break
				}
			}
		}
	})
}

func promoted(t types.Type, depth int, found map[string][]int, nested int) {
	if nested > 10 {
		return
	}
	t = base(t)
	if named, ok := types.Unalias(t).(*types.Named); ok {
		for m := range named.Methods() {
			found[m.Name()] = append(found[m.Name()], depth)
		}
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for f := range s.Fields() {
		found[f.Name()] = append(found[f.Name()], depth)
	}
	for f := range s.Fields() {
		if f.Embedded() {
			promoted(f.Type(), depth+1, found, nested+1)
		}
	}
}
