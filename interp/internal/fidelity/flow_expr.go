package fidelity

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"

	"midair/reload"
)

// expressionRules are about single expressions.
var expressionRules = []rule{
	{reload.Rule{
		ID:     "fidelity/return-function",
		Reason: "the interpreter cannot return a declared function as a value",
		Hint:   "put it into a variable first, and return that",
		Example: `package m

func Pick() func() int { return one }

func one() int { return 1 }
`,
		Instead: `package m

func Pick() func() int {
	f := one
	return f
}

func one() int { return 1 }
`,
	}, returnFunction},
	{reload.Rule{
		ID:     "fidelity/return-condition",
		Reason: "the interpreter cannot return a condition as an interface value",
		Hint:   "put it into a variable first, and return that",
		Example: `package m

func Less(a, b int) any { return a < b }
`,
		Instead: `package m

func Less(a, b int) any {
	less := a < b
	return less
}
`,
	}, returnCondition},
	{reload.Rule{
		ID:     "fidelity/append-alias",
		Reason: "append writes its values one after another and reads elements only then, so they may be overwritten",
		Hint:   "copy the elements into variables first",
		Example: `package m

func Double(s []int) []int {
	return append(s[:len(s)-1], 5, s[len(s)-1])
}
`,
		Instead: `package m

func Double(s []int) []int {
	last := s[len(s)-1]
	return append(s[:len(s)-1], 5, last)
}
`,
	}, appendAlias},
	{reload.Rule{
		ID:     "fidelity/spread-call",
		Reason: "the interpreter cannot pass the results of a call on to a builtin function, or to what another call returns",
		Hint:   "put the results into variables first",
		Example: `package m

func Add() []int { return append(parts()) }

func parts() ([]int, int) { return nil, 1 }
`,
		Instead: `package m

func Add() []int {
	list, n := parts()
	return append(list, n)
}

func parts() ([]int, int) { return nil, 1 }
`,
	}, spreadCall},
	{reload.Rule{
		ID:     "fidelity/literal-field",
		Reason: "the interpreter cannot select a field or call a method right on a literal or a conversion to an interface",
		Hint:   "put it into a variable first",
		Example: `package m

type Vec struct{ X int }

func Zero() int { return Vec{}.X }
`,
		Instead: `package m

type Vec struct{ X int }

func Zero() int {
	v := Vec{}
	return v.X
}
`,
	}, literalField},
	{reload.Rule{
		ID:     "fidelity/string-number",
		Reason: "string(n) of an integer that is no rune or byte is not the character that the compiler makes of it",
		Hint:   "write string(rune(n)), or strconv.Itoa for digits",
		Example: `package m

func Letter(n int64) string { return string(n) }
`,
		Instead: `package m

func Letter(n int32) string { return string(rune(n)) }
`,
	}, stringNumber},
	{reload.Rule{
		ID:     "fidelity/array-element",
		Reason: "the interpreter cannot point to an element of an array that it has only a pointer to",
		Hint:   "point to an element of a slice of it",
		Example: `package m

func At(p *[3]int, i int) *int { return &p[i] }
`,
		Instead: `package m

func At(p []int, i int) *int { return &p[i] }
`,
	}, arrayElement},
	{reload.Rule{
		ID:     "fidelity/compare-types",
		Reason: "the interpreter cannot compare values of two types",
		Hint:   "convert one of them",
		Example: `package m

type ID [2]int

func Same(a ID, b [2]int) bool { return a == b }
`,
		Instead: `package m

type ID [2]int

func Same(a, b ID) bool { return a == b }
`,
	}, compareTypes},
	{reload.Rule{
		ID:     "fidelity/introspection",
		Reason: "what a program finds out about its own stack, memory or functions is about the interpreter",
		Hint:   "leave it out; the host logs where panics come from",
		Example: `package m

import "runtime"

func Line() int {
	_, _, line, _ := runtime.Caller(0)
	return line
}
`,
		Instead: `package m

func Line() int { return 0 }
`,
	}, introspection},
	{reload.Rule{
		ID:     "fidelity/type-shadow",
		Reason: "the interpreter can take a function's own type for the package's type of the same name",
		Hint:   "give it another name",
		Example: `package m

type Point struct{ X int }

func First() int {
	type Point [2]int
	p := Point{1, 2}
	return p[0]
}
`,
		Instead: `package m

type Point struct{ X int }

func First() int {
	type pair [2]int
	p := pair{1, 2}
	return p[0]
}
`,
	}, typeShadow},
	{reload.Rule{
		ID:     "fidelity/large-constant",
		Reason: "the interpreter cuts integer constants of more than 64 bits, and compares integers with 1e9 wrongly in cases",
		Hint:   "write a smaller constant, in digits",
		Example: `package m

const huge = 1 << 100

const Small = huge >> 98
`,
		Instead: `package m

const Small = 4
`,
	}, largeConstant},
}

func returnFunction(p *pass) {
	p.returns(func(ret *ast.ReturnStmt, _ []types.Object) {
		for _, e := range ret.Results {
			if fn, ok := p.objectOf(e).(*types.Func); ok && p.isModuleObject(fn) {
				p.report(e, "the interpreter cannot return a declared function as a value")
			}
		}
	})
}

func returnCondition(p *pass) {
	p.functions(func(node ast.Node, t *ast.FuncType, body *ast.BlockStmt) {
		if t.Results == nil {
			return
		}
		var results []types.Type
		for _, f := range t.Results.List {
			for range max(1, len(f.Names)) {
				results = append(results, p.typeOf(f.Type))
			}
		}
		within(body, func(n ast.Node) {
			ret, ok := n.(*ast.ReturnStmt)
			if !ok || len(ret.Results) != len(results) {
				return
			}
			for i, e := range ret.Results {
				b, binary := ast.Unparen(e).(*ast.BinaryExpr)
				if binary && !p.isConstant(e) && types.IsInterface(results[i]) && isCondition(b.Op) {
					p.report(e, "the interpreter cannot return a condition as an interface value")
				}
			}
		})
	})
}

func isCondition(op token.Token) bool {
	switch op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ, token.LAND, token.LOR:
		return true
	}
	return false
}

// callExpressions visits every call, conversions and builtin functions too.
func (p *pass) callExpressions(visit func(call *ast.CallExpr)) {
	only[*ast.CallExpr](p, func(n ast.Node, _ []ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			visit(call)
		}
		return true
	})
}

func appendAlias(p *pass) {
	p.callExpressions(func(call *ast.CallExpr) {
		if p.builtin(call) != "append" || len(call.Args) < 3 {
			return
		}
		for _, a := range call.Args[2:] {
			if x, ok := ast.Unparen(a).(*ast.IndexExpr); ok && !p.isConstant(x) {
				p.report(a, "append may have overwritten this when the interpreter reads it")
			}
		}
	})
}

func spreadCall(p *pass) {
	p.callExpressions(func(call *ast.CallExpr) {
		if len(call.Args) != 1 {
			return
		}
		if _, tuple := p.typeOf(call.Args[0]).(*types.Tuple); !tuple {
			return
		}
		if _, result := ast.Unparen(call.Fun).(*ast.CallExpr); result || p.builtin(call) != "" {
			p.report(call.Args[0], "the interpreter cannot pass several results on here")
		}
	})
}

func literalField(p *pass) {
	only[*ast.SelectorExpr](p, func(n ast.Node, _ []ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok || p.info.Selections[s] == nil {
			return true
		}
		switch x := ast.Unparen(s.X).(type) {
		case *ast.CompositeLit:
			if p.info.Selections[s].Kind() == types.FieldVal {
				p.report(s, "the interpreter cannot select a field of a literal")
			}
		case *ast.CallExpr:
			if p.isConversion(x) && types.IsInterface(p.typeOf(x)) {
				p.report(s, "the interpreter cannot call a method of a conversion to an interface")
			}
		}
		return true
	})
}

func stringNumber(p *pass) {
	p.callExpressions(func(call *ast.CallExpr) {
		if !p.isConversion(call) || len(call.Args) != 1 {
			return
		}
		to, ok := p.typeOf(call).Underlying().(*types.Basic)
		from, ok2 := p.typeOf(call.Args[0]).Underlying().(*types.Basic)
		if !ok || !ok2 || to.Info()&types.IsString == 0 || from.Info()&types.IsInteger == 0 {
			return
		}
		switch from.Kind() {
		case types.Int32, types.Uint8, types.UntypedRune:
		default:
			p.report(call, "this is not the character that the compiler makes of it")
		}
	})
}

func arrayElement(p *pass) {
	only[*ast.UnaryExpr](p, func(n ast.Node, _ []ast.Node) bool {
		if u, ok := n.(*ast.UnaryExpr); ok && u.Op == token.AND {
			if x, ok := ast.Unparen(u.X).(*ast.IndexExpr); ok && isArrayPointer(p.typeOf(x.X).Underlying()) {
				p.report(u, "the interpreter cannot point to this element")
			}
		}
		return true
	})
}

func compareTypes(p *pass) {
	compare := func(x, y ast.Expr) {
		a, b := p.typeOf(x), p.typeOf(y)
		if p.isConstant(x) || p.isConstant(y) || types.IsInterface(a) || types.IsInterface(b) || types.Identical(a, b) {
			return
		}
		p.report(x, "the interpreter cannot compare values of two types")
	}
	only[*ast.BinaryExpr](p, func(n ast.Node, _ []ast.Node) bool {
		if b, ok := n.(*ast.BinaryExpr); ok && (b.Op == token.EQL || b.Op == token.NEQ) {
			compare(b.X, b.Y)
		}
		return true
	})
	p.switches(func(s *ast.SwitchStmt, clauses []*ast.CaseClause) {
		for _, c := range clauses {
			for _, e := range c.List {
				if s.Tag != nil {
					compare(e, s.Tag)
				}
			}
		}
	})
}

// telling are functions and variables whose values tell about the program itself.
var telling = map[string]bool{
	"runtime.Caller": true, "runtime.Callers": true, "runtime.CallersFrames": true, "runtime.FuncForPC": true,
	"runtime.Stack": true, "runtime.SetFinalizer": true, "runtime.AddCleanup": true,
	"runtime.ReadMemStats": true, "runtime.MemProfile": true, "runtime.MemProfileRate": true,
	"runtime/debug.Stack": true, "runtime/debug.PrintStack": true, "runtime/debug.SetGCPercent": true,
	"testing.AllocsPerRun": true, "testing.Benchmark": true,
}

func introspection(p *pass) {
	only[*ast.Ident](p, func(n ast.Node, _ []ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if o := p.info.Uses[id]; o != nil && o.Pkg() != nil && telling[o.Pkg().Path()+"."+o.Name()] && o.Parent() == o.Pkg().Scope() {
				p.report(id, "%s tells about the interpreter here", o.Name())
			}
		}
		return true
	})
}

func typeShadow(p *pass) {
	only[*ast.TypeSpec](p, func(n ast.Node, around []ast.Node) bool {
		t, ok := n.(*ast.TypeSpec)
		if !ok || innermostFunction(around) == nil {
			return true
		}
		if _, ok := p.pkg.Types.Scope().Lookup(t.Name.Name).(*types.TypeName); ok {
			p.report(t.Name, "the interpreter can take %s for the package's type", t.Name.Name)
		}
		return true
	})
}

// largeConstant finds integer constants of more than 64 bits, and cases of integers that are written as floating point.
func largeConstant(p *pass) {
	p.constants(func(id *ast.Ident, _ ast.Expr, _ bool, _ *ast.ValueSpec, typ ast.Expr) {
		c, ok := p.info.Defs[id].(*types.Const)
		if !ok || c.Val().Kind() != constant.Int {
			return
		}
		_, signed := constant.Int64Val(c.Val())
		_, unsigned := constant.Uint64Val(c.Val())
		if !signed && !unsigned {
			p.report(id, "the interpreter cuts %s to 64 bits", id.Name)
		}
	})
	only[*ast.ArrayType](p, func(n ast.Node, _ []ast.Node) bool {
		if a, ok := n.(*ast.ArrayType); ok {
			if lit, ok := a.Len.(*ast.BasicLit); ok && lit.Kind == token.FLOAT {
				p.report(lit, "the interpreter does not take this for an integer")
			}
		}
		return true
	})
	p.tuples(func(_ ast.Node, _, right []ast.Expr, _ bool) {
		for _, e := range right {
			v := p.info.Types[e].Value
			if v == nil || v.Kind() != constant.Int {
				continue
			}
			if _, signed := constant.Int64Val(v); !signed {
				p.report(e, "the interpreter cuts this to 63 bits among several values")
			}
		}
	})
	p.switches(func(_ *ast.SwitchStmt, clauses []*ast.CaseClause) {
		for _, c := range clauses {
			for _, e := range c.List {
				lit, ok := ast.Unparen(e).(*ast.BasicLit)
				t, basic := p.typeOf(e).Underlying().(*types.Basic)
				if ok && basic && lit.Kind == token.FLOAT && t.Info()&types.IsInteger != 0 {
					p.report(e, "the interpreter does not find this equal to an integer")
				}
			}
		}
	})
}
