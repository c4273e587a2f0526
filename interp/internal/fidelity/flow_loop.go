package fidelity

import (
	"go/ast"
	"go/token"
	"go/types"

	"midair/reload"
)

// loopRules are about for and range.
var loopRules = []rule{
	{reload.Rule{
		ID:     "fidelity/loop-variable",
		Reason: "all rounds of a loop share one variable, so closures and pointers see its last value",
		Hint:   "declare a copy in the body of the loop: i := i",
		Example: `package m

func Counters() (fs []func() int) {
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { return i })
	}
	return fs
}
`,
		Instead: `package m

func Counters() (fs []func() int) {
	for i := 0; i < 3; i++ {
		n := i
		fs = append(fs, func() int { return n })
	}
	return fs
}
`,
	}, loopVariable},
	{reload.Rule{
		ID:     "fidelity/loop-capture",
		Reason: "variables set by receiving, by a comma-ok form or in a case are shared by all rounds of a loop",
		Hint:   "declare a copy of it: w := v",
		Example: `package m

func All(c chan int) (ps []*int) {
	for i := 0; i < 3; i++ {
		v := <-c
		ps = append(ps, &v)
	}
	return ps
}
`,
		Instead: `package m

func All(c chan int) (ps []*int) {
	for i := 0; i < 3; i++ {
		v := <-c
		w := v
		ps = append(ps, &w)
	}
	return ps
}
`,
	}, loopCapture},
	{reload.Rule{
		ID:     "fidelity/range-number",
		Reason: "the interpreter cannot range over an integer",
		Hint:   "write for i := 0; i < n; i++ { … }",
		Example: `package m

func Sum(n int) (sum int) {
	for i := range n {
		sum += i
	}
	return sum
}
`,
		Instead: `package m

func Sum(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += i
	}
	return sum
}
`,
	}, rangeNumber},
	{reload.Rule{
		ID:     "fidelity/range-func",
		Reason: "the interpreter cannot range over a function",
		Hint:   "collect what it yields in a slice, or call it with a function literal",
		Example: `package m

func Sum(each func(func(int) bool)) (sum int) {
	for v := range each {
		sum += v
	}
	return sum
}
`,
		Instead: `package m

func Sum(each func(func(int) bool)) (sum int) {
	each(func(v int) bool {
		sum += v
		return true
	})
	return sum
}
`,
	}, rangeFunc},
	{reload.Rule{
		ID:     "fidelity/range-array",
		Reason: "the interpreter cannot range over a pointer to an array, or take its length, if it may be nil",
		Hint:   "range over a slice of it: p[:]",
		Example: `package m

func Sum(p *[3]int) (sum int) {
	for i := range p {
		sum += p[i]
	}
	return sum
}
`,
		Instead: `package m

func Sum(p *[3]int) (sum int) {
	for _, v := range p[:] {
		sum += v
	}
	return sum
}
`,
	}, rangeArray},
	{reload.Rule{
		ID:     "fidelity/range-assign",
		Reason: "a range that assigns to existing variables leaves them as they were",
		Hint:   "declare new ones with :=, and assign in the body",
		Example: `package m

func Last(s []int) (i int) {
	for i = range s {
	}
	return i
}
`,
		Instead: `package m

func Last(s []int) (last int) {
	for i := range s {
		last = i
	}
	return last
}
`,
	}, rangeAssign},
	{reload.Rule{
		ID:     "fidelity/range-index",
		Reason: "assigning to the index of a range changes which element comes next",
		Hint:   "assign to a copy of it",
		Example: `package m

func Odd(s []int) (odd []int) {
	for i := range s {
		i *= 2
		odd = append(odd, i+1)
	}
	return odd
}
`,
		Instead: `package m

func Odd(s []int) (odd []int) {
	for i := range s {
		twice := i * 2
		odd = append(odd, twice+1)
	}
	return odd
}
`,
	}, rangeIndex},
	{reload.Rule{
		ID:     "fidelity/range-string",
		Reason: "the index is wrong after a byte that is not valid UTF-8",
		Hint:   "range over []rune(s), or add up utf8.RuneLen",
		Example: `package m

func Find(s string, want rune) int {
	for i, r := range s {
		if r == want {
			return i
		}
	}
	return -1
}
`,
		Instead: `package m

import "strings"

func Find(s string, want rune) int { return strings.IndexRune(s, want) }
`,
	}, rangeString},
	{reload.Rule{
		ID:     "fidelity/goto",
		Reason: "goto can leave variables of blocks that it jumps over or out of as they were",
		Hint:   "write a loop",
		Example: `package m

func Count(n int) (i int) {
again:
	if i < n {
		i++
		goto again
	}
	return i
}
`,
		Instead: `package m

func Count(n int) (i int) {
	for i < n {
		i++
	}
	return i
}
`,
	}, gotoRule},
}

// loopVariables visits the variables that loops declare.
func (p *pass) loopVariables(visit func(o types.Object, loop ast.Stmt)) {
	see := func(e ast.Expr, loop ast.Stmt) {
		if id, ok := e.(*ast.Ident); ok && id.Name != "_" && p.info.Defs[id] != nil {
			visit(p.info.Defs[id], loop)
		}
	}
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt:
			if a, ok := n.Init.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
				for _, l := range a.Lhs {
					see(l, n)
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				see(n.Key, n)
				see(n.Value, n)
			}
		}
		return true
	})
}

func loopVariable(p *pass) {
	p.loopVariables(func(o types.Object, loop ast.Stmt) {
		p.kept(loop, o, func(n ast.Node) {
			p.report(n, "the interpreter has one variable %s for all rounds of the loop", o.Name())
		})
	})
}

// kept visits what in a node may keep a variable beyond the round of a loop: closures and pointers.
func (p *pass) kept(in ast.Node, o types.Object, visit func(ast.Node)) {
	var around []ast.Node
	ast.Inspect(in, func(n ast.Node) bool {
		if n == nil {
			around = around[:len(around)-1]
			return true
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			if p.mentions(n.Body, o) && !p.calledAtOnce(n, around) {
				visit(n)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND && p.rootOf(n.X) == o {
				visit(n)
			}
		case *ast.SliceExpr:
			if _, array := p.typeOf(n.X).Underlying().(*types.Array); array && p.rootOf(n.X) == o {
				visit(n)
			}
		case *ast.SelectorExpr:
			if s := p.info.Selections[n]; s != nil && s.Kind() == types.MethodVal && p.rootOf(n.X) == o && p.takesAddress(n, s) &&
				!p.calledThere(n, around) {
				visit(n)
			}
		}
		around = append(around, n)
		return true
	})
}

// takesAddress says whether a method value makes a pointer to what it is selected from.
func (p *pass) takesAddress(n *ast.SelectorExpr, s *types.Selection) bool {
	_, recv := s.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
	_, has := p.typeOf(n.X).Underlying().(*types.Pointer)
	return recv && !has && !s.Indirect()
}

// calledThere says whether a method value is called, and neither deferred nor run in a goroutine.
func (p *pass) calledThere(f ast.Expr, around []ast.Node) bool {
	if len(around) < 2 {
		return false
	}
	call, ok := around[len(around)-1].(*ast.CallExpr)
	if !ok || call.Fun != f {
		return false
	}
	switch around[len(around)-2].(type) {
	case *ast.GoStmt, *ast.DeferStmt:
		return false
	}
	return true
}

// calledAtOnce says whether a function literal has run for the last time when the statement around it ends: it is called
// there and then, or passed to a compiled function that is known to call it and be done.
func (p *pass) calledAtOnce(lit *ast.FuncLit, around []ast.Node) bool {
	if p.calledThere(lit, around) {
		return true
	}
	call, ok := around[len(around)-1].(*ast.CallExpr)
	if !ok || call.Fun == lit {
		return false
	}
	fn := p.callee(call)
	if fn == nil || fn.Pkg() == nil {
		return false
	}
	switch fn.Pkg().Path() {
	case "sort", "slices", "strings", "bytes":
		return true
	}
	return false
}

// rootOf returns the variable that an expression is a part of: x of x, x.f and x[i] of an array, but not of *x.
func (p *pass) rootOf(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return p.info.ObjectOf(e)
	case *ast.SelectorExpr:
		if s := p.info.Selections[e]; s != nil && s.Kind() == types.FieldVal && !s.Indirect() {
			if _, pointer := p.typeOf(e.X).Underlying().(*types.Pointer); !pointer {
				return p.rootOf(e.X)
			}
		}
	case *ast.IndexExpr:
		if _, array := p.typeOf(e.X).Underlying().(*types.Array); array {
			return p.rootOf(e.X)
		}
	}
	return nil
}

// loopCapture finds variables in loops that the interpreter does not make anew in each round and that are kept.
func loopCapture(p *pass) {
	check := func(id *ast.Ident, around []ast.Node) {
		o := p.info.Defs[id]
		loop := innermostLoop(around)
		if o == nil || id.Name == "_" || loop == nil {
			return
		}
		p.kept(loop, o, func(n ast.Node) {
			p.report(n, "the interpreter has one variable %s for all rounds of the loop", o.Name())
		})
	}
	p.walk(func(n ast.Node, around []ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE && len(n.Rhs) == 1 && (len(n.Lhs) == 2 && !p.isCall(ast.Unparen(n.Rhs[0])) || isReceive(n.Rhs[0])) {
				for _, l := range n.Lhs {
					check(l.(*ast.Ident), around)
				}
			}
		case *ast.TypeSwitchStmt:
			if a, ok := n.Assign.(*ast.AssignStmt); ok {
				p.caseVariables(n, a, innermostLoop(around))
			}
		}
		return true
	})
}

// caseVariables checks the variables of a type switch, of which there is one for each case.
func (p *pass) caseVariables(n *ast.TypeSwitchStmt, a *ast.AssignStmt, loop ast.Stmt) {
	if loop == nil {
		return
	}
	for _, clause := range n.Body.List {
		if o := p.info.Implicits[clause]; o != nil {
			p.kept(clause, o, func(n ast.Node) {
				p.report(n, "the interpreter has one variable %s for all rounds of the loop", a.Lhs[0].(*ast.Ident).Name)
			})
		}
	}
}

// ranges visits every range statement with the underlying type of what it ranges over.
func (p *pass) ranges(visit func(n *ast.RangeStmt, t types.Type, around []ast.Node)) {
	only[*ast.RangeStmt](p, func(n ast.Node, around []ast.Node) bool {
		if n, ok := n.(*ast.RangeStmt); ok {
			visit(n, p.typeOf(n.X).Underlying(), around)
		}
		return true
	})
}

func rangeNumber(p *pass) {
	p.ranges(func(n *ast.RangeStmt, t types.Type, _ []ast.Node) {
		if b, ok := t.(*types.Basic); ok && b.Info()&types.IsInteger != 0 {
			p.report(n.X, "the interpreter cannot range over an integer")
		}
	})
}

func rangeFunc(p *pass) {
	p.ranges(func(n *ast.RangeStmt, t types.Type, _ []ast.Node) {
		if _, ok := t.(*types.Signature); ok {
			p.report(n.X, "the interpreter cannot range over a function")
		}
	})
}

func rangeArray(p *pass) {
	p.ranges(func(n *ast.RangeStmt, t types.Type, _ []ast.Node) {
		star, ok := ast.Unparen(n.X).(*ast.StarExpr)
		if isArrayPointer(t) || ok && isArrayPointer(p.typeOf(star.X).Underlying()) {
			p.report(n.X, "the interpreter cannot range over a pointer to an array")
		}
	})
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if ok && (p.builtin(call) == "len" || p.builtin(call) == "cap") && isArrayPointer(p.typeOf(call.Args[0]).Underlying()) {
			p.report(call, "the interpreter cannot take the length of an array through a pointer")
		}
		return true
	})
}

func isArrayPointer(t types.Type) bool {
	ptr, ok := t.(*types.Pointer)
	if !ok {
		return false
	}
	_, ok = ptr.Elem().Underlying().(*types.Array)
	return ok
}

func rangeAssign(p *pass) {
	p.ranges(func(n *ast.RangeStmt, _ types.Type, _ []ast.Node) {
		if n.Tok != token.ASSIGN {
			return
		}
		for _, e := range []ast.Expr{n.Key, n.Value} {
			if id, ok := e.(*ast.Ident); e != nil && (!ok || id.Name != "_") {
				p.report(e, "the interpreter does not set this variable")
			}
		}
	})
}

func rangeIndex(p *pass) {
	p.ranges(func(n *ast.RangeStmt, _ types.Type, _ []ast.Node) {
		id, ok := n.Key.(*ast.Ident)
		if ok && n.Tok == token.DEFINE && p.info.Defs[id] != nil && p.assignsTo(n.Body, p.info.Defs[id]) {
			p.report(id, "assigning to %s changes which element the interpreter visits next", id.Name)
		}
	})
}

func rangeString(p *pass) {
	p.ranges(func(n *ast.RangeStmt, t types.Type, _ []ast.Node) {
		b, ok := t.(*types.Basic)
		if !ok || b.Info()&types.IsString == 0 || p.isValidConstant(n.X) {
			return
		}
		if id, ok := n.Key.(*ast.Ident); ok && id.Name != "_" {
			p.report(id, "the interpreter's index is wrong after a byte that is not valid UTF-8")
		}
	})
}

func gotoRule(p *pass) {
	only[*ast.BranchStmt](p, func(n ast.Node, _ []ast.Node) bool {
		if b, ok := n.(*ast.BranchStmt); ok && b.Tok == token.GOTO {
			p.report(b, "the interpreter may not find variables anew after goto")
		}
		return true
	})
}
