package reflected

import (
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"slices"
)

// declare adds a table's symbols to its package, as far as its stub has not done so.
func (im *Importer) declare(pkg *types.Package, symbols map[string]reflect.Value) {
	im.building++
	scope := pkg.Scope()
	for _, name := range slices.Sorted(maps.Keys(symbols)) {
		if !token.IsExported(name) || scope.Lookup(name) != nil {
			continue
		}
		// The type of a symbol may be declared on the way, under the same name.
		if o := im.object(pkg, name, symbols[name]); scope.Lookup(name) == nil {
			scope.Insert(o)
		}
	}
	im.building--
	im.addMethods()
}

var constantValue = reflect.TypeFor[constant.Value]()

// object makes what a symbol stands for.
func (im *Importer) object(pkg *types.Package, name string, v reflect.Value) types.Object {
	t := v.Type()
	switch {
	case v.CanAddr():
		return types.NewVar(token.NoPos, pkg, name, im.typ(t))
	case t.Kind() == reflect.Func:
		return types.NewFunc(token.NoPos, pkg, name, im.signature(t, nil))
	case t.Implements(constantValue):
		c := v.Interface().(constant.Value)
		return types.NewConst(token.NoPos, pkg, name, untyped(c), c)
	case t.Kind() == reflect.Pointer && v.IsNil():
		return im.typeName(pkg, name, t.Elem())
	}
	if c := typedConstant(v); c != nil {
		return types.NewConst(token.NoPos, pkg, name, im.typ(t), c)
	}
	return types.NewVar(token.NoPos, pkg, name, im.typ(t)) // a value that the host passed without its address
}

// typeName makes a type's name: its own, or an alias for a type of another name.
func (im *Importer) typeName(pkg *types.Package, name string, t reflect.Type) types.Object {
	typ := im.typ(t)
	if n, ok := typ.(*types.Named); ok && n.Obj().Pkg() == pkg && n.Obj().Name() == name {
		return n.Obj()
	}
	o := types.NewTypeName(token.NoPos, pkg, name, nil)
	types.NewAlias(o, typ)
	return o
}

func untyped(c constant.Value) types.Type {
	switch c.Kind() {
	case constant.Bool:
		return types.Typ[types.UntypedBool]
	case constant.String:
		return types.Typ[types.UntypedString]
	case constant.Int:
		return types.Typ[types.UntypedInt]
	case constant.Float:
		return types.Typ[types.UntypedFloat]
	case constant.Complex:
		return types.Typ[types.UntypedComplex]
	}
	return types.Typ[types.Invalid]
}

// typedConstant returns the value of a constant, nil if such a type has no constants.
func typedConstant(v reflect.Value) constant.Value {
	switch {
	case v.Kind() == reflect.Bool:
		return constant.MakeBool(v.Bool())
	case v.Kind() == reflect.String:
		return constant.MakeString(v.String())
	case v.CanInt():
		return constant.MakeInt64(v.Int())
	case v.CanUint():
		return constant.MakeUint64(v.Uint())
	case v.CanFloat():
		return constant.MakeFloat64(v.Float())
	case v.CanComplex():
		c := v.Complex()
		return constant.BinaryOp(constant.MakeFloat64(real(c)), token.ADD, constant.MakeImag(constant.MakeFloat64(imag(c))))
	}
	return nil
}
