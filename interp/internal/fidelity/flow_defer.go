package fidelity

import (
	"go/ast"
	"go/types"

	"midair/reload"
)

// deferRules are about return, defer and recover.
var deferRules = []rule{
	{reload.Rule{
		ID:     "fidelity/named-result",
		Reason: "named results that are seen by literals or through pointers begin with what is at the place that the caller assigns to",
		Hint:   "give the result no name, and return a variable",
		Example: `package m

type Point struct{ X, Y int }

func Move(n int) (p Point) {
	defer func() { p.Y++ }()
	p.X += n
	return p
}
`,
		Instead: `package m

type Point struct{ X, Y int }

func Move(n int) (p Point) {
	p.X += n
	p.Y++
	return p
}
`,
	}, namedResult},
	{reload.Rule{
		ID:     "fidelity/return-result",
		Reason: "a return sets its results one after another, so a result that is read after it was set is read anew",
		Hint:   "copy it into a variable first, and return that",
		Example: `package m

func Swap() (a, b int) {
	defer println("done")
	a, b = 1, 2
	return b, a
}
`,
		Instead: `package m

func Swap() (a, b int) {
	a, b = 1, 2
	x, y := b, a
	return x, y
}
`,
	}, returnResult},
	{reload.Rule{
		ID:     "fidelity/return-receive",
		Reason: "the interpreter cannot return what it receives in the same statement",
		Hint:   "receive into a variable, and return that",
		Example: `package m

func Next(c chan int) int { return <-c }
`,
		Instead: `package m

func Next(c chan int) int {
	v := <-c
	return v
}
`,
	}, returnReceive},
	{reload.Rule{
		ID:     "fidelity/return-panic",
		Reason: "when a return panics and the function recovers, the results before the one at fault are already set",
		Hint:   "work out the values in variables first, and return those",
		Example: `package m

func Get(p *int) (ok bool, n int) {
	defer func() { recover() }()
	return true, *p
}
`,
		Instead: `package m

func Get(p *int) (ok bool, n int) {
	defer func() { recover() }()
	v := *p
	return true, v
}
`,
	}, returnPanic},
	{reload.Rule{
		ID:     "fidelity/defer-value",
		Reason: "a deferred call takes the values of its arguments and receiver when it runs, not when it is deferred",
		Hint:   "copy the value into a variable that is not assigned again, outside of any loop",
		Example: `package m

import "fmt"

func Report() {
	x := 1
	defer fmt.Println(x)
	x = 2
}
`,
		Instead: `package m

import "fmt"

func Report() {
	x := 1
	was := x
	defer fmt.Println(was)
	x = 2
}
`,
	}, deferValue},
	{reload.Rule{
		ID:     "fidelity/defer-loop",
		Reason: "calls deferred in a loop all run with the last values of its variables",
		Hint:   "put the body of the loop into a function",
		Example: `package m

import "sync"

func LockAll(locks []*sync.Mutex) {
	for _, l := range locks {
		l.Lock()
		defer l.Unlock()
	}
}
`,
		Instead: `package m

import "sync"

func LockEach(locks []*sync.Mutex) {
	for _, l := range locks {
		visit(l)
	}
}

func visit(l *sync.Mutex) {
	l.Lock()
	defer l.Unlock()
}
`,
	}, deferLoop},
	{reload.Rule{
		ID:     "fidelity/defer-closure",
		Reason: "a deferred call of a variable that holds a literal of the same function blocks for ever",
		Hint:   "write what it does in a function literal that is deferred there and then",
		Example: `package m

import "fmt"

func Run() {
	done := func() { fmt.Println("done") }
	defer done()
}
`,
		Instead: `package m

import "fmt"

func Run() {
	defer func() { fmt.Println("done") }()
}
`,
	}, deferClosure},
	{reload.Rule{
		ID:     "fidelity/go-receiver",
		Reason: "a goroutine takes the receiver of its method call when it runs, not when it is started",
		Hint:   "write go func(r *T) { r.Run() }(r)",
		Example: `package m

type Job struct{ n int }

func (j *Job) Run() {}

func Start(jobs []*Job) {
	for _, j := range jobs {
		go j.Run()
	}
}
`,
		Instead: `package m

type Job struct{ n int }

func (j *Job) Run() {}

func Start(jobs []*Job) {
	for _, j := range jobs {
		go func(job *Job) { job.Run() }(j)
	}
}
`,
	}, goReceiver},
	{reload.Rule{
		ID:     "fidelity/defer-panic",
		Reason: "a panic in a deferred function does not take the place of the one under way",
		Hint:   "return an error instead",
		Example: `package m

func Close(fail bool) {
	defer func() {
		if fail {
			panic("close")
		}
	}()
}
`,
		Instead: `package m

import "errors"

func Close(fail bool) (err error) {
	defer func() {
		if fail {
			err = errors.New("close")
		}
	}()
	return nil
}
`,
	}, deferPanic},
	{reload.Rule{
		ID:     "fidelity/recover-value",
		Reason: "what recover returns is not the value that was passed to panic, and run-time errors read differently",
		Hint:   "only compare it with nil; what a panic says is in the host's log",
		Example: `package m

import "fmt"

func Try(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("failed: %v", r)
		}
	}()
	f()
	return nil
}
`,
		Instead: `package m

import "errors"

func Try(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("failed")
		}
	}()
	f()
	return nil
}
`,
	}, recoverValue},
}

// deferValue finds deferred calls whose arguments or receiver may change before they run.
func deferValue(p *pass) {
	p.deferred(func(d *ast.DeferStmt, around []ast.Node) {
		f := innermostFunction(around)
		if f == nil || innermostLoop(around) != nil {
			return // a rule of its own
		}
		check := func(e ast.Expr) {
			if !p.lasting(e, f) {
				p.report(e, "the interpreter takes this value when the deferred call runs")
			}
		}
		for _, a := range d.Call.Args {
			check(a)
		}
		if s, ok := ast.Unparen(d.Call.Fun).(*ast.SelectorExpr); ok {
			p.checkReceiver(s, check)
		}
	})
}

// goReceiver finds goroutines that start with a method call whose receiver may change before it runs.
func goReceiver(p *pass) {
	only[*ast.GoStmt](p, func(n ast.Node, around []ast.Node) bool {
		g, ok := n.(*ast.GoStmt)
		if !ok {
			return true
		}
		s, ok := ast.Unparen(g.Call.Fun).(*ast.SelectorExpr)
		if !ok {
			return true
		}
		f := innermostFunction(around)
		p.checkReceiver(s, func(e ast.Expr) {
			if innermostLoop(around) != nil || !p.lasting(e, f) {
				p.report(e, "the interpreter takes this value when the goroutine runs")
			}
		})
		return true
	})
}

// checkReceiver checks the receiver of a deferred method call. One that is a pointer may point to what changes.
func (p *pass) checkReceiver(s *ast.SelectorExpr, check func(ast.Expr)) {
	selection := p.info.Selections[s]
	if selection == nil || selection.Kind() != types.MethodVal {
		return
	}
	recv := selection.Obj().(*types.Func).Signature().Recv().Type()
	_, pointer := recv.Underlying().(*types.Pointer)
	if !pointer && p.isModuleType(recv) {
		if _, basic := recv.Underlying().(*types.Interface); !basic {
			p.report(s, "the interpreter takes the receiver's value when the call runs")
			return
		}
	}
	x := ast.Unparen(s.X)
	for {
		inner, ok := x.(*ast.SelectorExpr)
		if !ok || p.info.Selections[inner] == nil {
			break
		}
		if _, pointer := p.typeOf(inner).Underlying().(*types.Pointer); pointer || types.IsInterface(p.typeOf(inner)) {
			check(inner)
			return
		}
		x = ast.Unparen(inner.X)
	}
	if _, pointer := p.typeOf(x).Underlying().(*types.Pointer); pointer || types.IsInterface(p.typeOf(x)) {
		check(x)
	}
}

// lasting says whether the value of an expression is sure to be the same when its function ends.
func (p *pass) lasting(e ast.Expr, f ast.Node) bool {
	if p.isConstant(e) {
		return true
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		o := p.info.ObjectOf(e)
		if _, ok := o.(*types.Func); ok {
			return true
		}
		return isLocal(o) && !p.assignsTo(p.fileOf(f), o) && !p.hasAddressTaken(f, o)
	case *ast.FuncLit:
		return true
	case *ast.CallExpr:
		return p.isCall(e) || p.isConversion(e) && len(e.Args) == 1 && p.lasting(e.Args[0], f)
	case *ast.BinaryExpr:
		return true
	case *ast.UnaryExpr:
		if lit, ok := ast.Unparen(e.X).(*ast.CompositeLit); ok {
			return lit != nil
		}
		id, ok := ast.Unparen(e.X).(*ast.Ident)
		return ok && isLocal(p.info.ObjectOf(id))
	}
	return false
}

// fileOf returns the file around a node, so that closures that assign a variable of an outer function are seen too.
func (p *pass) fileOf(n ast.Node) ast.Node {
	for _, f := range p.pkg.Files {
		if f.Syntax.FileStart <= n.Pos() && n.Pos() < f.Syntax.FileEnd {
			return f.Syntax
		}
	}
	return n
}

// hasAddressTaken says whether a pointer to a variable, or to a part of it, is made in a function.
func (p *pass) hasAddressTaken(f ast.Node, o types.Object) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if u, ok := n.(*ast.UnaryExpr); ok && u.Op.String() == "&" && p.mentions(u.X, o) {
			found = true
		}
		return !found
	})
	if _, isStruct := o.Type().Underlying().(*types.Struct); isStruct && !found {
		return true // its fields may be assigned, and methods may change it
	}
	if _, isArray := o.Type().Underlying().(*types.Array); isArray {
		return true
	}
	return found
}

// deferred visits every defer statement.
func (p *pass) deferred(visit func(d *ast.DeferStmt, around []ast.Node)) {
	only[*ast.DeferStmt](p, func(n ast.Node, around []ast.Node) bool {
		if d, ok := n.(*ast.DeferStmt); ok {
			visit(d, around)
		}
		return true
	})
}

func deferLoop(p *pass) {
	p.deferred(func(d *ast.DeferStmt, around []ast.Node) {
		if innermostLoop(around) != nil {
			p.report(d, "the interpreter runs calls deferred in a loop with the last values")
		}
	})
}

// deferClosure finds deferred calls of variables, but for parameters and what a call has returned.
func deferClosure(p *pass) {
	p.deferred(func(d *ast.DeferStmt, around []ast.Node) {
		for _, a := range d.Call.Args {
			if lit, ok := ast.Unparen(a).(*ast.FuncLit); ok {
				p.report(lit, "the interpreter blocks for ever when a deferred call gets a function literal")
			}
		}
		switch f := ast.Unparen(d.Call.Fun).(type) {
		case *ast.FuncLit:
			p.deferredValues(f, innermostFunction(around))
			return
		case *ast.CallExpr:
			return
		case *ast.SelectorExpr:
			if s := p.info.Selections[f]; s == nil && p.callee(d.Call) != nil || s != nil && s.Kind() == types.MethodVal {
				return
			}
		case *ast.Ident:
			switch o := p.info.ObjectOf(f).(type) {
			case *types.Func, *types.Builtin, *types.TypeName:
				return
			case *types.Var:
				if isLocal(o) && !p.holdsLiteral(around[0], o) {
					return
				}
			}
		default:
			if p.callee(d.Call) != nil {
				return
			}
		}
		p.report(d.Call.Fun, "the interpreter blocks for ever when a deferred variable holds a function literal")
	})
}

// deferredValues finds function values in a deferred literal that may be literals of the function around it.
func (p *pass) deferredValues(lit *ast.FuncLit, f ast.Node) {
	if f == nil || !p.makesLiterals(f, lit) {
		return
	}
	within(lit.Body, func(n ast.Node) {
		e, ok := n.(ast.Expr)
		if !ok || p.info.Types[e].IsType() || p.info.Types[e].IsBuiltin() {
			return
		}
		if _, ok := p.typeOf(e).Underlying().(*types.Signature); !ok {
			return
		}
		switch e := e.(type) {
		case *ast.Ident:
			v, ok := p.info.Uses[e].(*types.Var)
			if !ok || p.isHarmlessFunction(v, lit, f) {
				return
			}
		case *ast.IndexExpr:
			if p.info.Types[e.X].IsType() || p.callee(&ast.CallExpr{Fun: e}) != nil {
				return
			}
		default:
			return
		}
		p.report(e, "the interpreter blocks for ever if this is a function literal of the same function")
	})
}

// isHarmlessFunction says whether a variable that a deferred literal calls cannot hold a literal of the function around it:
// it is made inside, is a parameter of that function, or what a call has returned.
func (p *pass) isHarmlessFunction(v *types.Var, lit *ast.FuncLit, f ast.Node) bool {
	if v.IsField() || !isLocal(v) || p.assignsTo(p.fileOf(f), v) {
		return false
	}
	if v.Pos() < lit.Pos() || lit.End() <= v.Pos() {
		return !p.holdsLiteral(p.fileOf(f), v)
	}
	made := false
	within(lit.Body, func(n ast.Node) {
		a, ok := n.(*ast.AssignStmt)
		if !ok || len(a.Lhs) != len(a.Rhs) {
			return
		}
		for i, l := range a.Lhs {
			if _, literal := ast.Unparen(a.Rhs[i]).(*ast.FuncLit); p.isNamed(l, v) && (literal || p.isCall(ast.Unparen(a.Rhs[i]))) {
				made = true
			}
		}
	})
	return made
}

// makesLiterals says whether a function makes function literals that may be kept, but for one.
func (p *pass) makesLiterals(f ast.Node, but *ast.FuncLit) bool {
	makes := false
	var around []ast.Node
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			around = around[:len(around)-1]
			return true
		}
		if lit, ok := n.(*ast.FuncLit); ok && lit != but && n != f && !p.calledAtOnce(lit, around) {
			d, deferred := around[max(0, len(around)-2)].(*ast.DeferStmt)
			makes = makes || !deferred || d.Call.Fun != lit
		}
		around = append(around, n)
		return n != but
	})
	return makes
}

// holdsLiteral says whether a variable may hold a function literal or another variable's value: anything but a parameter
// that is not assigned, or the result of a call.
func (p *pass) holdsLiteral(file ast.Node, o types.Object) bool {
	if p.assignsTo(file, o) {
		return true
	}
	holds, declared := true, false
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncType:
			for _, list := range []*ast.FieldList{n.Params} {
				for _, field := range list.List {
					for _, name := range field.Names {
						if p.info.Defs[name] == o {
							holds, declared = false, true
						}
					}
				}
			}
		case *ast.AssignStmt:
			for i, l := range n.Lhs {
				if id, ok := l.(*ast.Ident); ok && p.info.Defs[id] == o {
					from := n.Rhs[min(i, len(n.Rhs)-1)]
					holds, declared = !p.isCall(ast.Unparen(from)), true
				}
			}
		}
		return !declared
	})
	return holds
}

// deferPanic finds deferred literals that panic themselves.
func deferPanic(p *pass) {
	p.deferred(func(d *ast.DeferStmt, _ []ast.Node) {
		lit, ok := ast.Unparen(d.Call.Fun).(*ast.FuncLit)
		if !ok {
			if p.builtin(d.Call) == "panic" {
				p.report(d, "the interpreter does not let a deferred panic take the place of another")
			}
			return
		}
		within(lit.Body, func(n ast.Node) {
			if call, ok := n.(*ast.CallExpr); ok && p.builtin(call) == "panic" {
				p.report(call, "the interpreter does not let this panic take the place of another")
			}
		})
	})
}
