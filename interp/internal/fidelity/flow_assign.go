package fidelity

import (
	"go/ast"
	"go/token"
	"go/types"

	"midair/reload"
)

// assignRules are about assignments and the order of evaluation.
var assignRules = []rule{
	{reload.Rule{
		ID:     "fidelity/assign-literal",
		Reason: "in an assignment of several values, those beside a composite literal are lost",
		Hint:   "write two assignments",
		Example: `package m

type Vec struct{ X, Y float64 }

func Start() (Vec, int) {
	at, sequence := Vec{}, 100
	return at, sequence
}
`,
		Instead: `package m

type Vec struct{ X, Y float64 }

func Start() (Vec, int) {
	at := Vec{}
	sequence := 100
	return at, sequence
}
`,
	}, assignLiteral},
	{reload.Rule{
		ID:     "fidelity/assign-order",
		Reason: "an assignment of several values with calls among them sets each variable before the next call",
		Hint:   "call first and keep the results in variables of their own",
		Example: `package m

func Sort(a, b int) (int, int) {
	a, b = smaller(a, b), larger(a, b)
	return a, b
}

func smaller(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func larger(a, b int) int { return a + b - smaller(a, b) }
`,
		Instead: `package m

func Sort(a, b int) (int, int) {
	x := smaller(a, b)
	y := larger(a, b)
	return x, y
}

func smaller(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func larger(a, b int) int { return a + b - smaller(a, b) }
`,
	}, assignOrder},
	{reload.Rule{
		ID:     "fidelity/assign-map",
		Reason: "a map element is not set by an assignment of several values from one expression",
		Hint:   "assign to variables, and those to the map",
		Example: `package m

import "strconv"

func Put(m map[string]int, s string) (err error) {
	m[s], err = strconv.Atoi(s)
	return err
}
`,
		Instead: `package m

import "strconv"

func Put(m map[string]int, s string) error {
	n, err := strconv.Atoi(s)
	m[s] = n
	return err
}
`,
	}, assignMap},
	{reload.Rule{
		ID:     "fidelity/comma-ok",
		Reason: "when the key or type is not there, the value keeps what it was instead of becoming zero",
		Hint:   "use the value only where ok is known to be true",
		Example: `package m

func Sum(m map[string]int, keys []string) (sum int) {
	for _, k := range keys {
		v, ok := m[k]
		if !ok {
			sum--
		}
		sum += v
	}
	return sum
}
`,
		Instead: `package m

func Sum(m map[string]int, keys []string) (sum int) {
	for _, k := range keys {
		v, ok := m[k]
		if !ok {
			sum--
			continue
		}
		sum += v
	}
	return sum
}
`,
	}, commaOK},
	{reload.Rule{
		ID:     "fidelity/assign-receive",
		Reason: "what is received is lost if it is assigned to anything but a variable",
		Hint:   "receive into a variable, and assign that",
		Example: `package m

type Counter struct{ n int }

func (c *Counter) Next(from chan int) { c.n = <-from }
`,
		Instead: `package m

type Counter struct{ n int }

func (c *Counter) Next(from chan int) {
	n := <-from
	c.n = n
}
`,
	}, assignReceive},
	{reload.Rule{
		ID:     "fidelity/update-order",
		Reason: "x op= f() takes x before the call, and its place after it, so it goes wrong when the call changes x",
		Hint:   "call first: v := f(); x += v",
		Example: `package m

func Count(m map[string]int) {
	m["all"] += fill(m)
}

func fill(m map[string]int) int {
	m["all"] = 10
	return 1
}
`,
		Instead: `package m

func Count(m map[string]int) {
	v := fill(m)
	m["all"] += v
}

func fill(m map[string]int) int {
	m["all"] = 10
	return 1
}
`,
	}, updateOrder},
	{reload.Rule{
		ID:     "fidelity/blank-read",
		Reason: "assigning to _ does not look whether a pointer is nil, nor make all calls of a comparison",
		Hint:   "write if p == nil { … }",
		Example: `package m

func Check(p *int) { _ = *p }
`,
		Instead: `package m

func Check(p *int) bool { return p != nil }
`,
	}, blankRead},
}

// tuples visits every assignment and declaration that has several values on its right.
func (p *pass) tuples(visit func(n ast.Node, left, right []ast.Expr, define bool)) {
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Rhs) > 1 {
				visit(n, n.Lhs, n.Rhs, n.Tok == token.DEFINE)
			}
		case *ast.ValueSpec:
			if len(n.Values) > 1 {
				left := make([]ast.Expr, len(n.Names))
				for i, id := range n.Names {
					left[i] = id
				}
				visit(n, left, n.Values, true)
			}
		}
		return true
	})
}

func assignLiteral(p *pass) {
	p.tuples(func(_ ast.Node, _, right []ast.Expr, _ bool) {
		for _, e := range right {
			if lit, ok := ast.Unparen(e).(*ast.CompositeLit); ok {
				p.report(lit, "the interpreter loses what is assigned beside a composite literal")
			}
		}
	})
}

// assignOrder finds calls beside which variables are set that they, or others after them, may read.
func assignOrder(p *pass) {
	p.tuples(func(n ast.Node, left, right []ast.Expr, define bool) {
		called, only := false, true
		for _, e := range right {
			called = called || p.calls(e)
			only = only && p.isCall(ast.Unparen(e))
		}
		if !called {
			p.placesOrder(left)
			if !define {
				p.interfaceSwap(left, right)
			}
			return
		}
		for i, l := range left {
			id, ok := ast.Unparen(l).(*ast.Ident)
			if ok && (id.Name == "_" || define && p.info.Defs[id] != nil) {
				continue
			}
			if ok {
				o := p.info.ObjectOf(id)
				if only && isLocal(o) && !p.isCaptured(n, o) && !p.mentionedAfter(right, i, o) {
					continue
				}
			}
			p.report(l, "the interpreter sets this before it makes the other calls")
			return
		}
	})
}

// placesOrder finds places to assign to that depend on a variable which is assigned to before them.
func (p *pass) placesOrder(left []ast.Expr) {
	for i, l := range left {
		o := p.objectOf(l)
		if o == nil {
			continue
		}
		for _, place := range left[i+1:] {
			if _, plain := ast.Unparen(place).(*ast.Ident); !plain && p.mentions(place, o) {
				p.report(place, "the interpreter may take the new value of %s here", o.Name())
			}
		}
	}
}

// interfaceSwap finds interface variables that change places, which the interpreter cannot do.
func (p *pass) interfaceSwap(left, right []ast.Expr) {
	for i, l := range left {
		if o := p.objectOf(l); o != nil && types.IsInterface(o.Type()) && p.mentionedAfter(right, i, o) {
			p.report(l, "the interpreter cannot exchange interface values in one assignment")
		}
	}
}

func (p *pass) mentionedAfter(right []ast.Expr, i int, o types.Object) bool {
	for _, e := range right[i+1:] {
		if p.mentions(e, o) {
			return true
		}
	}
	return false
}

// isCaptured says whether a variable is used in a function literal or pointed to, so that calls may read or change it.
func (p *pass) isCaptured(at ast.Node, o types.Object) bool {
	found := false
	p.kept(p.fileOf(at), o, func(n ast.Node) {
		if lit, ok := n.(*ast.FuncLit); !ok || lit.Pos() > o.Pos() || o.Pos() > lit.End() {
			found = true
		}
	})
	return found
}

func assignMap(p *pass) {
	only[*ast.AssignStmt](p, func(n ast.Node, _ []ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) < 2 || len(a.Rhs) != 1 {
			return true
		}
		for _, l := range a.Lhs {
			if x, ok := ast.Unparen(l).(*ast.IndexExpr); ok {
				if _, isMap := p.typeOf(x.X).Underlying().(*types.Map); isMap {
					p.report(l, "the interpreter does not set this map element")
				}
			}
		}
		return true
	})
}

func assignReceive(p *pass) {
	only[*ast.AssignStmt](p, func(n ast.Node, around []ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok {
			return true
		}
		if _, comm := around[len(around)-1].(*ast.CommClause); comm {
			return true // a rule of its own
		}
		for i, e := range a.Rhs {
			if !isReceive(e) {
				continue
			}
			for _, l := range a.Lhs[i:min(len(a.Lhs), i+max(1, len(a.Lhs)-len(a.Rhs)+1))] {
				if _, ok := ast.Unparen(l).(*ast.Ident); !ok {
					p.report(l, "the interpreter does not set this to what it receives")
				}
			}
		}
		return true
	})
}

// updateOrder finds updates of what a call on the right may change or replace.
func updateOrder(p *pass) {
	only[*ast.AssignStmt](p, func(n ast.Node, _ []ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || a.Tok == token.ASSIGN || a.Tok == token.DEFINE {
			return true
		}
		x, ok := ast.Unparen(a.Lhs[0]).(*ast.IndexExpr)
		if !ok || !p.anywhere(a.Rhs[0], func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			return ok && p.isCall(call) && !p.isCompiled(call)
		}) {
			return true
		}
		_, isMap := p.typeOf(x.X).Underlying().(*types.Map)
		if o := p.objectOf(x.X); !isMap && isLocal(o) && !p.isCaptured(a, o) {
			return true
		}
		p.report(a.Lhs[0], "the interpreter goes wrong here if the call changes this")
		return true
	})
}

func blankRead(p *pass) {
	only[*ast.AssignStmt](p, func(n ast.Node, _ []ast.Node) bool {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != len(a.Rhs) {
			return true
		}
		for i, l := range a.Lhs {
			id, ok := l.(*ast.Ident)
			if !ok || id.Name != "_" {
				continue
			}
			switch e := ast.Unparen(a.Rhs[i]).(type) {
			case *ast.BinaryExpr:
				if isCondition(e.Op) && p.calls(e) {
					p.report(e, "the interpreter does not make both calls of a comparison that nobody reads")
				}
			case *ast.StarExpr:
				p.report(e, "the interpreter does not look whether this is nil")
			case *ast.SelectorExpr:
				if s := p.info.Selections[e]; s != nil && s.Kind() == types.FieldVal && s.Indirect() {
					p.report(e, "the interpreter does not look whether this is nil")
				}
			}
		}
		return true
	})
}
