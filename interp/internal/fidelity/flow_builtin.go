package fidelity

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"

	"midair/reload"
)

// builtinRules are about builtin functions, and checks that the compiler makes while a program runs.
var builtinRules = []rule{
	{reload.Rule{
		ID:     "fidelity/builtin",
		Reason: "the interpreter does not know min, max, clear and new with a value",
		Hint:   "write an if, a loop, or a variable and its address",
		Example: `package m

func Clamp(n int) int { return max(0, n) }
`,
		Instead: `package m

func Clamp(n int) int {
	if n < 0 {
		return 0
	}
	return n
}
`,
	}, newBuiltins},
	{reload.Rule{
		ID:       "fidelity/print",
		Severity: reload.SeverityWarning,
		Reason:   "print and println write to the host's logger instead of the standard error",
		Hint:     "use fmt.Println or log/slog",
		Example: `package m

func Hello() { println("hello") }
`,
		Instead: `package m

import "fmt"

func Hello() { fmt.Println("hello") }
`,
	}, func(p *pass) { printBuiltins(p, true) }},
	{reload.Rule{
		ID:     "fidelity/print-form",
		Reason: "print and println write anything but text, integers and truth values in another form",
		Hint:   "use fmt.Println or log/slog",
		Example: `package m

func Half() { println(0.5) }
`,
		Instead: `package m

import "fmt"

func Half() { fmt.Println(0.5) }
`,
	}, func(p *pass) { printBuiltins(p, false) }},
	{reload.Rule{
		ID:     "fidelity/shift-count",
		Reason: "a shift by a negative number is no run-time error in the interpreter",
		Hint:   "convert the count to an unsigned integer: x << uint(n)",
		Example: `package m

func Bit(n int) int { return 1 << n }
`,
		Instead: `package m

func Bit(n uint) int { return 1 << n }
`,
	}, shiftCount},
	{reload.Rule{
		ID:     "fidelity/shift-type",
		Reason: "a shifted constant has type int in the interpreter, whatever type it takes from its surroundings",
		Hint:   "convert the constant: uint32(1) << n",
		Example: `package m

func Set(flags uint32, n uint) uint32 { return flags | 1<<n }
`,
		Instead: `package m

func Set(flags uint32, n uint) uint32 { return flags | uint32(1)<<n }
`,
	}, shiftType},
	{reload.Rule{
		ID:     "fidelity/negative-zero",
		Reason: "x - 0 and x + 0 are not worked out for floating-point numbers, so the sign of zero differs",
		Hint:   "leave the zero out",
		Example: `package m

func Same(x float64) float64 { return x - 0 }
`,
		Instead: `package m

func Same(x float64) float64 { return x }
`,
	}, negativeZero},
}

func newBuiltins(p *pass) {
	only[*ast.CallExpr](p, func(n ast.Node, _ []ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch name := p.builtin(call); name {
		case "min", "max", "clear":
			p.report(call, "the interpreter does not know the builtin function %s", name)
		case "new":
			if !p.info.Types[call.Args[0]].IsType() {
				p.report(call, "the interpreter does not know new with a value")
			}
		}
		return true
	})
}

// printBuiltins finds calls of print and println whose arguments all read the same in the interpreter, or those of which
// some do not.
func printBuiltins(p *pass, same bool) {
	only[*ast.CallExpr](p, func(n ast.Node, _ []ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || p.builtin(call) != "print" && p.builtin(call) != "println" {
			return true
		}
		plain := p.builtin(call) == "println" || len(call.Args) < 2
		for _, a := range call.Args {
			t, ok := p.typeOf(a).Underlying().(*types.Basic)
			plain = plain && ok && t.Info()&(types.IsString|types.IsInteger|types.IsBoolean) != 0
		}
		if plain && same {
			p.report(call, "the interpreter writes this to the host's logger")
		} else if !plain && !same {
			p.report(call, "the interpreter writes this in another form")
		}
		return true
	})
}

// shifts visits every shift, with its operands.
func (p *pass) shifts(visit func(n ast.Node, x, count ast.Expr)) {
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (n.Op == token.SHL || n.Op == token.SHR) && !p.isConstant(n) {
				visit(n, n.X, n.Y)
			}
		case *ast.AssignStmt:
			if n.Tok == token.SHL_ASSIGN || n.Tok == token.SHR_ASSIGN {
				visit(n, n.Lhs[0], n.Rhs[0])
			}
		}
		return true
	})
}

func shiftCount(p *pass) {
	p.shifts(func(n ast.Node, _, count ast.Expr) {
		if b, ok := p.typeOf(count).Underlying().(*types.Basic); ok && b.Info()&types.IsUnsigned != 0 || p.isConstant(count) ||
			p.isIndex(n, count) || p.isMasked(count) {
			return
		}
		p.report(count, "if this is negative, the interpreter does not panic")
	})
}

// isMasked says whether an expression cannot be negative because of a mask.
func (p *pass) isMasked(e ast.Expr) bool {
	b, ok := ast.Unparen(e).(*ast.BinaryExpr)
	if !ok || b.Op != token.AND {
		return false
	}
	for _, x := range []ast.Expr{b.X, b.Y} {
		if v := p.info.Types[x].Value; v != nil && constant.Sign(v) >= 0 {
			return true
		}
	}
	return false
}

// isIndex says whether an expression is a variable that only counts up from a constant, or the index of a range.
func (p *pass) isIndex(at ast.Node, e ast.Expr) bool {
	o := p.objectOf(e)
	if !isLocal(o) {
		return false
	}
	found := false
	ast.Inspect(p.fileOf(at), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			if id, ok := n.Key.(*ast.Ident); ok && p.info.Defs[id] == o {
				_, isMap := p.typeOf(n.X).Underlying().(*types.Map)
				found = !isMap && !p.assignsTo(n.Body, o) && !p.isCaptured(n, o)
			}
		case *ast.ForStmt:
			a, ok := n.Init.(*ast.AssignStmt)
			if ok && len(a.Lhs) == 1 && len(a.Rhs) == 1 && p.isNamed(a.Lhs[0], o) && a.Tok == token.DEFINE {
				v := p.info.Types[a.Rhs[0]].Value
				post, ok := n.Post.(*ast.IncDecStmt)
				found = ok && post.Tok == token.INC && v != nil && constant.Sign(v) >= 0 && !p.assignsTo(n.Body, o) &&
					!p.isCaptured(n, o)
			}
		}
		return !found
	})
	return found
}

// shiftType finds shifts of untyped constants that become anything but int.
func shiftType(p *pass) {
	p.shifts(func(n ast.Node, x, count ast.Expr) {
		if p.info.Types[x].Value == nil || p.isConstant(count) || p.isTyped(x) {
			return
		}
		if b, ok := types.Unalias(p.typeOf(x)).(*types.Basic); !ok || b.Kind() != types.Int && b.Kind() != types.UntypedInt {
			p.report(n, "the interpreter takes the shifted constant for an int")
		}
	})
}

// isTyped says whether a constant expression says its type itself.
func (p *pass) isTyped(e ast.Expr) bool {
	typed := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			typed = true
		case *ast.Ident:
			if c, ok := p.info.Uses[n].(*types.Const); ok {
				b, basic := c.Type().(*types.Basic)
				typed = typed || !basic || b.Info()&types.IsUntyped == 0
			}
		}
		return !typed
	})
	return typed
}

func negativeZero(p *pass) {
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		if u, ok := n.(*ast.UnaryExpr); ok && u.Op == token.SUB {
			t, ok := p.typeOf(u).Underlying().(*types.Basic)
			if v := p.info.Types[u].Value; v != nil && ok && t.Info()&types.IsFloat != 0 && constant.Sign(v) == 0 {
				p.report(u, "the interpreter makes a negative zero of this")
			}
		}
		b, ok := n.(*ast.BinaryExpr)
		if !ok || b.Op != token.ADD && b.Op != token.SUB || p.isConstant(b) {
			return true
		}
		t, ok := p.typeOf(b).Underlying().(*types.Basic)
		if !ok || t.Info()&(types.IsFloat|types.IsComplex) == 0 {
			return true
		}
		for _, x := range []ast.Expr{b.X, b.Y} {
			if v := p.info.Types[x].Value; v != nil && constant.Sign(v) == 0 {
				p.report(x, "the interpreter does not work out that this changes the sign of zero")
			}
		}
		return true
	})
}
