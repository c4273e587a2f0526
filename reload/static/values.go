package static

import (
	"go/constant"
	"go/token"
	"reflect"
	"slices"
)

// Zero gives a variable its zero value. Generated files use it, and the functions below.
func Zero[T any](p *T) {
	var zero T
	*p = zero
}

// Clone copies what an embedding variable holds.
func Clone[S ~[]E, E any](s S) S { return slices.Clone(s) }

// Bool is the value of an untyped constant.
func Bool(b bool) reflect.Value { return reflect.ValueOf(constant.MakeBool(b)) }

// String is the value of an untyped constant.
func String(s string) reflect.Value { return reflect.ValueOf(constant.MakeString(s)) }

// Int is the value of an untyped constant that is a whole number, of any size.
func Int(digits string) reflect.Value { return reflect.ValueOf(literal(digits, token.INT)) }

// Float is the value of an untyped floating-point constant.
func Float(n Number) reflect.Value { return reflect.ValueOf(n.value()) }

// Complex is the value of an untyped complex constant.
func Complex(re, im Number) reflect.Value {
	return reflect.ValueOf(constant.BinaryOp(constant.ToComplex(re.value()), token.ADD, constant.MakeImag(im.value())))
}

// Number is an exact fraction, or if Over is empty a decimal number.
type Number struct{ Digits, Over string }

func (n Number) value() constant.Value {
	if n.Over == "" {
		return literal(n.Digits, token.FLOAT)
	}
	return constant.BinaryOp(constant.ToFloat(literal(n.Digits, token.INT)), token.QUO,
		constant.ToFloat(literal(n.Over, token.INT)))
}

// literal reads a number, which may have a sign.
func literal(digits string, tok token.Token) constant.Value {
	if digits != "" && digits[0] == '-' {
		return constant.UnaryOp(token.SUB, constant.MakeFromLiteral(digits[1:], tok, 0), 0)
	}
	return constant.MakeFromLiteral(digits, tok, 0)
}
