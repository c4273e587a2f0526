package fidelity

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"

	"midair/interp/internal/lower"
	"midair/reload"
)

// constantRules are about constants.
var constantRules = []rule{
	{reload.Rule{
		ID:     "fidelity/constant-type",
		Reason: "a constant of a declared type that is worked out by an operator is not equal to its own value",
		Hint:   "give it a value below 1<<63, or use a variable",
		Example: `package m

type Mask uint64

const Top Mask = 1 << 63

func IsTop(m Mask) bool { return m == Top }
`,
		Instead: `package m

type Mask uint64

func IsTop(m Mask) bool { return m>>63 == 1 }
`,
	}, constantType},
	{reload.Rule{
		ID:     "fidelity/constant-fold",
		Reason: "a constant division becomes one of the type that it is converted to",
		Hint:   "write the value, or give it a name: const half = 10 / 4",
		Example: `package m

var Speed float64 = 10 / 4 * 2
`,
		Instead: `package m

var Speed float64 = 4
`,
	}, constantFold},
	{reload.Rule{
		ID:     "fidelity/constant-repeat",
		Reason: "the interpreter cannot repeat the expressions of several constants on one line",
		Hint:   "write the expressions again",
		Example: `package m

const (
	A, B = 1i, iota
	C, D
)
`,
		Instead: `package m

const (
	A, B = 1i, iota
	C, D = 1i, iota
)
`,
	}, constantRepeat},
	{reload.Rule{
		ID:     "fidelity/complex-constant",
		Reason: "the interpreter does not work out real, imag and operators of complex constants",
		Hint:   "use variables",
		Example: `package m

const Half = imag(1i) / 2
`,
		Instead: `package m

const Half = 0.5
`,
	}, complexConstant},
	{reload.Rule{
		ID:     "fidelity/constant-large",
		Reason: "the interpreter works out constants of integers only up to 1<<63 - 1",
		Hint:   "write the value as a literal such as math.MaxUint64, or work it out in a variable",
		Example: `package m

func Top() uint64 {
	var bits uint64 = 1 << 63
	return bits
}
`,
		Instead: `package m

func Top() uint64 {
	var bits uint64 = 1
	return bits << 63
}
`,
	}, constantLarge},
}

// constantLarge finds integers beyond those that the interpreter works out.
func constantLarge(p *pass) {
	only[*ast.BinaryExpr](p, func(n ast.Node, around []ast.Node) bool {
		e := n.(*ast.BinaryExpr)
		v := p.info.Types[e].Value
		if v == nil || v.Kind() != constant.Int || e.Op != token.SHL {
			return true
		}
		if _, inside := around[len(around)-1].(*ast.BinaryExpr); inside {
			return true // of a larger one, which may be small again
		}
		if _, exact := constant.Int64Val(v); !exact {
			p.report(e, "the interpreter cannot work out this constant")
		}
		return true
	})
}

// complexConstant finds complex constants that are worked out.
func complexConstant(p *pass) {
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok || !p.isConstant(e) {
			return true
		}
		t, ok := p.typeOf(e).Underlying().(*types.Basic)
		switch e := e.(type) {
		case *ast.BinaryExpr:
			if ok && t.Info()&types.IsComplex != 0 {
				p.report(e, "the interpreter does not work out this complex constant")
				return false
			}
		case *ast.CallExpr:
			if name := p.builtin(e); name == "real" || name == "imag" || name == "complex" {
				p.report(e, "the interpreter does not work out %s of constants", name)
				return false
			}
		}
		return true
	})
}

// constants visits every constant that is declared, with the expression that it has or repeats.
func (p *pass) constants(visit func(id *ast.Ident, value ast.Expr, repeated bool, spec *ast.ValueSpec, typ ast.Expr)) {
	only[*ast.GenDecl](p, func(n ast.Node, _ []ast.Node) bool {
		g, ok := n.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			return true
		}
		var values []ast.Expr
		var typ ast.Expr
		for _, s := range g.Specs {
			spec := s.(*ast.ValueSpec)
			if len(spec.Values) > 0 {
				values, typ = spec.Values, spec.Type
			}
			for i, id := range spec.Names {
				if i < len(values) {
					visit(id, values[i], len(spec.Values) == 0, spec, typ)
				}
			}
		}
		return true
	})
}

func constantType(p *pass) {
	p.constants(func(id *ast.Ident, value ast.Expr, _ bool, _ *ast.ValueSpec, typ ast.Expr) {
		o := p.info.Defs[id]
		if o == nil || id.Name == "_" || !p.isModuleType(o.Type()) || lower.Folded(p.info, id, typ) {
			return
		}
		if hasOperator(value) {
			p.report(id, "the interpreter does not find %s equal to its own value", id.Name)
		}
	})
}

// hasOperator says whether an expression has an operator between two others.
func hasOperator(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		_, ok := n.(*ast.BinaryExpr)
		found = found || ok
		return !found
	})
	return found
}

// constantFold finds constant divisions within larger expressions that turn from integers to floating point or back.
func constantFold(p *pass) {
	only[*ast.BinaryExpr](p, func(n ast.Node, _ []ast.Node) bool {
		e, ok := n.(*ast.BinaryExpr)
		if !ok || !p.isConstant(e) {
			return true
		}
		t, ok := p.typeOf(e).Underlying().(*types.Basic)
		if !ok || t.Info()&types.IsNumeric == 0 {
			return true
		}
		operators, divides := 0, false
		ast.Inspect(e, func(n ast.Node) bool {
			if b, ok := n.(*ast.BinaryExpr); ok {
				operators++
				divides = divides || b.Op == token.QUO
			}
			return true
		})
		if operators > 1 && divides && p.isFractional(e) != (t.Info()&types.IsInteger == 0) {
			p.report(e, "the interpreter divides these in another type")
		}
		return false
	})
}

// isFractional says whether the leaves of a constant expression make it floating point before any conversion.
func (p *pass) isFractional(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			found = found || n.Kind == token.FLOAT || n.Kind == token.IMAG
		case *ast.CallExpr:
			t, ok := p.typeOf(n).Underlying().(*types.Basic)
			found = found || ok && t.Info()&types.IsInteger == 0
			return false
		case *ast.Ident:
			if c, ok := p.info.Uses[n].(*types.Const); ok {
				t, ok := c.Type().Underlying().(*types.Basic)
				found = found || ok && t.Info()&(types.IsFloat|types.IsComplex) != 0
				found = found || c.Val().Kind() == constant.Float && ok && t.Info()&types.IsInteger == 0
			}
		}
		return !found
	})
	return found
}

func constantRepeat(p *pass) {
	p.constants(func(id *ast.Ident, _ ast.Expr, repeated bool, spec *ast.ValueSpec, typ ast.Expr) {
		if repeated && len(spec.Names) > 1 && id.Name != "_" && !lower.Folded(p.info, id, typ) {
			p.report(spec, "the interpreter cannot repeat the expressions of several constants")
		}
	})
}
