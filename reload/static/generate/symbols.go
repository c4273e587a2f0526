package generate

import (
	"bytes"
	"fmt"
	"go/constant"
	"go/types"
	"strconv"
)

// writeSymbols gives access to the exported symbols. What is generic has no value.
func (w *writer) writeSymbols(b *bytes.Buffer) {
	symbols := w.static("Symbols")
	fmt.Fprintf(b, "func %sSymbols() %s {\nreturn %s{\n", w.prefix, symbols, symbols)
	scope := w.Types.Scope()
	for _, name := range scope.Names() {
		if obj := scope.Lookup(name); obj.Exported() {
			if value := w.symbol(obj); value != "" {
				fmt.Fprintf(b, "%q: %s,\n", name, value)
			}
		}
	}
	b.WriteString("}\n}\n\n")
}

// symbol writes the reflect.Value of an object, or nothing if it can have none.
func (w *writer) symbol(obj types.Object) string {
	valueOf := func(x string) string { return w.imported("reflect") + ".ValueOf(" + x + ")" }
	switch obj := obj.(type) {
	case *types.Func:
		if obj.Signature().TypeParams().Len() == 0 {
			return valueOf(obj.Name())
		}
	case *types.Var:
		return valueOf("&"+obj.Name()) + ".Elem()"
	case *types.Const:
		if t, ok := obj.Type().(*types.Basic); ok && t.Info()&types.IsUntyped != 0 {
			return w.untyped(obj, t)
		}
		return valueOf(obj.Name())
	}
	return ""
}

// untyped writes a constant that may be too large for any type.
func (w *writer) untyped(obj *types.Const, t *types.Basic) string {
	value := obj.Val()
	switch t.Kind() {
	case types.UntypedBool:
		return w.static("Bool") + "(" + obj.Name() + ")"
	case types.UntypedString:
		return w.static("String") + "(" + strconv.Quote(constant.StringVal(value)) + ")"
	case types.UntypedFloat:
		return fmt.Sprintf("%s(%s)", w.static("Float"), w.number(value))
	case types.UntypedComplex:
		return fmt.Sprintf("%s(%s, %s)", w.static("Complex"), w.number(constant.Real(value)), w.number(constant.Imag(value)))
	}
	return fmt.Sprintf("%s(%q)", w.static("Int"), constant.ToInt(value).ExactString())
}

// number writes a number that is no integer constant, though it may be whole.
func (w *writer) number(v constant.Value) string {
	v = constant.ToFloat(v)
	if num, den := constant.Num(v), constant.Denom(v); num.Kind() == constant.Int && den.Kind() == constant.Int {
		return fmt.Sprintf("%s{Digits: %q, Over: %q}", w.static("Number"), num.ExactString(), den.ExactString())
	}
	return fmt.Sprintf("%s{Digits: %q}", w.static("Number"), v.ExactString())
}
