package lower

import (
	"go/ast"
	"go/constant"
	"go/types"
	"math"
	"strconv"
	"strings"
)

// Folded says whether a constant is rewritten to its value. typ is the type that its declaration writes or repeats, nil if
// there is none: then a constant that has a type keeps its expression, which gives it that.
func Folded(info *types.Info, id *ast.Ident, typ ast.Expr) bool {
	c, ok := info.Defs[id].(*types.Const)
	return ok && foldable(c, typ) && literal(c) != ""
}

func foldable(c *types.Const, typ ast.Expr) bool {
	b, basic := c.Type().(*types.Basic)
	return typ != nil || basic && b.Info()&types.IsUntyped != 0
}

// literal writes a constant's value, "" if it has no literal that the interpreter takes for the same.
func literal(c *types.Const) string {
	v := c.Val()
	basic, ok := c.Type().Underlying().(*types.Basic)
	if !ok {
		return ""
	}
	switch {
	case basic.Info()&types.IsBoolean != 0:
		return v.String()
	case basic.Info()&types.IsString != 0:
		return strconv.Quote(constant.StringVal(v))
	case basic.Kind() == types.UntypedRune:
		if n, ok := constant.Int64Val(v); ok && n >= 0 && n <= math.MaxInt32 && strconv.IsPrint(rune(n)) {
			return strconv.QuoteRuneToASCII(rune(n))
		}
	case basic.Info()&types.IsInteger != 0:
		if n, ok := constant.Int64Val(constant.ToInt(v)); ok && n > math.MinInt64 {
			return strconv.FormatInt(n, 10)
		}
	case basic.Info()&types.IsFloat != 0:
		return floatLiteral(v)
	}
	return ""
}

// floatLiteral writes a float that a float64 holds exactly.
func floatLiteral(v constant.Value) string {
	f, _ := constant.Float64Val(constant.ToFloat(v))
	if math.IsInf(f, 0) || f == 0 && constant.Sign(v) != 0 {
		return ""
	}
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// constants writes the values of constants that are worked out or repeated.
func (e *editor) constants(d *ast.GenDecl) {
	var typ ast.Expr
	var values []ast.Expr
	for _, s := range d.Specs {
		spec := s.(*ast.ValueSpec)
		repeated := len(spec.Values) == 0
		if !repeated {
			typ, values = spec.Type, spec.Values
		}
		if !repeated && plain(spec.Values) || len(spec.Names) != len(values) {
			continue
		}
		var names, literals []string
		for _, id := range spec.Names {
			c, ok := e.pkg.Info.Defs[id].(*types.Const)
			if !ok {
				continue
			}
			names = append(names, id.Name)
			if text := literal(c); text != "" && foldable(c, typ) {
				literals = append(literals, text)
			}
		}
		if len(names) != len(spec.Names) || len(literals) != len(names) || typ != nil && strings.Contains(e.text(typ), "\n") {
			continue
		}
		text := strings.Join(names, ", ")
		if typ != nil {
			text += " " + e.text(typ)
		}
		lines := strings.Count(e.text(spec), "\n")
		e.replace(spec.Pos(), spec.End(), text+" = "+strings.Join(literals, ", ")+strings.Repeat("\n", lines))
	}
}

// plain says whether expressions are literals as they are.
func plain(values []ast.Expr) bool {
	for _, v := range values {
		switch v := v.(type) {
		case *ast.BasicLit:
		case *ast.Ident:
			if v.Name != "true" && v.Name != "false" {
				return false
			}
		default:
			return false
		}
	}
	return true
}
