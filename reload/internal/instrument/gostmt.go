package instrument

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// shape is what the functions have in common that one generated wrapper can guard.
type shape struct {
	params, results int
	variadic        bool
}

func (s shape) name() string {
	if s.variadic {
		return fmt.Sprintf("_hr_go_%dv_%d", s.params, s.results)
	}
	return fmt.Sprintf("_hr_go_%d_%d", s.params, s.results)
}

// starters are functions that call one of their arguments, a func(), in a goroutine.
var starters = map[string]int{"time.AfterFunc": 1, "context.AfterFunc": 1, "(*sync.WaitGroup).Go": 0}

// guardGoroutines makes the goroutines of a file report their panics.
func (p *editor) guardGoroutines(e *edits, f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		guarded := true
		switch n := n.(type) {
		case *ast.GoStmt:
			guarded = p.guardStatement(e, n)
		case *ast.CallExpr:
			guarded = p.guardStarter(e, n)
		}
		if !guarded {
			p.unguarded = append(p.unguarded, n.Pos())
		}
		return true
	})
}

func (p *editor) guardStatement(e *edits, stmt *ast.GoStmt) bool {
	fun := p.Info.Types[stmt.Call.Fun]
	if fun.IsBuiltin() && builtinName(stmt.Call.Fun) == "recover" {
		return true // does nothing
	}
	if !p.canGuard() {
		return false
	}
	if p.printsByBuiltin(stmt.Call.Fun) {
		p.wrap(e, stmt.Call.Fun, shape{1, 0, true})
		return true
	}
	if fun.IsBuiltin() || p.inferred(stmt.Call.Fun) {
		return p.guardByBlock(e, stmt)
	}
	sig := signature(fun.Type)
	if sig == nil {
		return false
	}
	p.wrap(e, stmt.Call.Fun, shape{sig.Params().Len(), sig.Results().Len(), sig.Variadic()})
	return true
}

func (p *editor) guardStarter(e *edits, call *ast.CallExpr) bool {
	id := identifier(ast.Unparen(call.Fun))
	if id == nil {
		return true
	}
	fn, ok := p.Info.Uses[id].(*types.Func)
	if !ok {
		return true
	}
	i, ok := starters[fn.FullName()]
	if !ok {
		return true
	}
	if len(call.Args) != fn.Signature().Params().Len() || !p.canGuard() { // a call with several results, a method expression
		return false
	}
	p.wrap(e, call.Args[i], shape{})
	return true
}

// canGuard says whether the package leaves recover its meaning.
func (p *editor) canGuard() bool {
	p.guards = p.Types.Scope().Lookup("recover") == nil
	return p.guards
}

// wrap turns a function f into wrapper(f), a guarded function of the same type. In go f(x) this changes nothing of what is
// evaluated at the statement and of how arguments are converted.
func (p *editor) wrap(e *edits, f ast.Expr, s shape) {
	p.shapes[s] = true
	e.insert(f.Pos(), s.name()+"(")
	e.insert(f.End(), ")")
}

// guardByBlock turns go f(x, 1) into { t1, _ := x, 0; go func() { defer guard(); f(t1, 1) }() }, for functions that are
// no values: builtins, and generic functions whose type arguments follow from the call.
func (p *editor) guardByBlock(e *edits, stmt *ast.GoStmt) bool {
	call := stmt.Call
	args, ok := p.arguments(call)
	if !ok {
		return false
	}
	var left, right []string
	assign := "="
	for i, a := range args {
		left, right = append(left, a.left...), append(right, a.right...)
		if a.temporary {
			assign = ":="
		}
		switch {
		case !a.temporary:
			e.replace(call.Args[i].Pos(), call.Args[i].End(), "0")
		case a.conversion != "":
			e.insert(call.Args[i].Pos(), a.conversion+"(")
			e.insert(call.Args[i].End(), ")")
		}
	}
	open, last := "{ ", call.Lparen+1
	if len(args) > 0 {
		open, last = "{ "+strings.Join(left, ", ")+" "+assign+" ", call.Args[len(args)-1].End()
	}
	dots := ""
	if call.Ellipsis.IsValid() {
		dots = "..."
	}
	e.replace(stmt.Pos(), call.Lparen+1, open)
	e.replace(last, call.Rparen+1, fmt.Sprintf("; %sgo func() { defer _hr_guard(); %s%s(%s%s) }() }", e.reset(stmt.Pos()),
		e.reset(call.Fun.Pos()), e.oneLine(call.Fun.Pos(), call.Fun.End()), strings.Join(right, ", "), dots))
	return true
}

// argument is how guardByBlock hands one argument over.
type argument struct {
	temporary   bool     // evaluated at the go statement
	left, right []string // variables that take it; what is passed
	conversion  string   // type that it must be converted to
}

func (p *editor) arguments(call *ast.CallExpr) ([]argument, bool) {
	var args []argument
	n := 0
	for _, arg := range call.Args {
		tv := p.Info.Types[arg]
		var a argument
		switch tuple, many := tv.Type.(*types.Tuple); {
		case tv.Value != nil || tv.IsNil() || p.isFunction(arg):
			e := p.editsAt(arg.Pos())
			a = argument{false, []string{"_"}, []string{e.reset(arg.Pos()) + e.oneLine(arg.Pos(), arg.End())}, ""}
			args = append(args, a)
			continue
		case many:
			for range tuple.Len() {
				n++
				a.left = append(a.left, fmt.Sprintf("_hr_%d", n))
			}
			a.right = a.left
		default:
			n++
			a.left = []string{fmt.Sprintf("_hr_%d", n)}
			a.right = a.left
			var ok bool
			if a.conversion, ok = p.conversion(arg, tv.Type); !ok {
				return nil, false
			}
		}
		a.temporary = true
		args = append(args, a)
	}
	return args, true
}

func (p *editor) editsAt(pos token.Pos) *edits {
	for i, f := range p.Files {
		if f.Syntax.FileStart <= pos && pos <= f.Syntax.FileEnd {
			return p.edits[i]
		}
	}
	return nil
}

// conversion says what an argument must be converted to so that a variable declared with it has the argument's type. Only
// untyped operands need it: a comparison or a shift that takes its type from the parameter.
func (p *editor) conversion(arg ast.Expr, typ types.Type) (string, bool) {
	if basic, ok := typ.(*types.Basic); !p.untyped(arg) || ok && (basic.Kind() == types.Bool || basic.Kind() == types.Int) {
		return "", true
	}
	var obj types.Object
	switch t := typ.(type) {
	case *types.Basic:
		obj = types.Universe.Lookup(t.Name())
	case *types.Named:
		if t.TypeArgs().Len() == 0 {
			obj = t.Obj()
		}
	case *types.TypeParam:
		obj = t.Obj()
	}
	scope := p.Types.Scope().Innermost(arg.Pos())
	if obj == nil || scope == nil {
		return "", false
	}
	if _, seen := scope.LookupParent(obj.Name(), arg.Pos()); seen != obj {
		return "", false // of another package, or hidden by another declaration
	}
	return obj.Name(), true
}

// untyped says whether an expression that is no constant may have had no type of its own.
func (p *editor) untyped(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.BinaryExpr:
		switch x.Op {
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			return true
		case token.SHL, token.SHR:
			return p.untypedOperand(x.X)
		}
		return p.untypedOperand(x.X) && p.untypedOperand(x.Y)
	case *ast.UnaryExpr:
		return x.Op != token.ARROW && x.Op != token.AND && p.untypedOperand(x.X)
	}
	return false
}

func (p *editor) untypedOperand(x ast.Expr) bool { return p.Info.Types[x].Value != nil || p.untyped(x) }

// inferred says whether a function's type arguments follow, in part at least, from its arguments.
func (p *editor) inferred(fun ast.Expr) bool {
	given := 0
	fun = ast.Unparen(fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun, given = ast.Unparen(x.X), 1
	case *ast.IndexListExpr:
		fun, given = ast.Unparen(x.X), len(x.Indices)
	}
	id := identifier(fun)
	if id == nil {
		return false
	}
	inst, ok := p.Info.Instances[id]
	return ok && given < inst.TypeArgs.Len()
}

// isFunction says whether an expression names a declared function, generic or not, and so needs no evaluation.
func (p *editor) isFunction(x ast.Expr) bool {
	x = ast.Unparen(x)
	switch y := x.(type) {
	case *ast.IndexExpr:
		x = ast.Unparen(y.X)
	case *ast.IndexListExpr:
		x = ast.Unparen(y.X)
	}
	id := identifier(x)
	if id == nil {
		return false
	}
	f, ok := p.Info.Uses[id].(*types.Func)
	return ok && f.Signature().Recv() == nil
}

// identifier is the name that an expression consists of, whether qualified by a package or not.
func identifier(x ast.Expr) *ast.Ident {
	switch x := x.(type) {
	case *ast.Ident:
		return x
	case *ast.SelectorExpr:
		return x.Sel
	}
	return nil
}

func builtinName(fun ast.Expr) string {
	if id := identifier(ast.Unparen(fun)); id != nil {
		return id.Name
	}
	return ""
}

// signature is the function type of a value that can be called.
func signature(t types.Type) *types.Signature {
	if tp, ok := types.Unalias(t).(*types.TypeParam); ok {
		return constraintSignature(tp.Constraint())
	}
	sig, _ := t.Underlying().(*types.Signature)
	return sig
}

// constraintSignature is the one function type that a constraint allows.
func constraintSignature(t types.Type) *types.Signature {
	switch u := t.Underlying().(type) {
	case *types.Signature:
		return u
	case *types.Interface:
		for i := range u.NumEmbeddeds() {
			if sig := constraintSignature(u.EmbeddedType(i)); sig != nil {
				return sig
			}
		}
	case *types.Union:
		return constraintSignature(u.Term(0).Type())
	}
	return nil
}
