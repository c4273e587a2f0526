package reload

import (
	"fmt"
	"go/constant"
	"go/types"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// fill makes the function table of a contract from a loaded version. The check has compared signatures as written;
// here the values themselves must fit, so that a backend's idea of a type can never reach the host unnoticed.
func (c *contract) fill(inst Instance, decls declarations) (table unsafe.Pointer, ds []Diagnostic) {
	value := reflect.New(c.typ)
	for _, f := range c.fields {
		target := value.Elem().FieldByIndex(f.index)
		if f.kind == prefixField {
			m := reflect.MakeMap(f.typ)
			for _, d := range decls.withPrefix(f.prefix) {
				v := reflect.New(f.typ.Elem()).Elem()
				if !d.fits(f.typ.Elem()) {
					continue // another map of the contract takes it, or the check has refused it
				}
				if problem := assign(v, inst, d); problem != "" {
					ds = append(ds, d.diagnostic("contract/type", problem, ""))
					continue
				}
				m.SetMapIndex(reflect.ValueOf(d.Name()[len(f.prefix):]).Convert(f.typ.Key()), v)
			}
			target.Set(m)
			continue
		}
		d, ok := decls.byName[f.name]
		if !ok {
			continue // optional, or the check has refused it
		}
		if problem := assign(target, inst, d); problem != "" {
			ds = append(ds, d.diagnostic("contract/type", problem, ""))
		}
	}
	return value.UnsafePointer(), ds
}

// assign stores a module's symbol in a field of a table and returns what is wrong if it cannot.
func assign(target reflect.Value, inst Instance, d *declaration) (problem string) {
	name := d.Name()
	v, ok := inst.Lookup(name)
	if !ok || !v.IsValid() {
		return fmt.Sprintf("%s: the backend found no such symbol", name)
	}
	if c, ok := d.constant(v); ok {
		if !setConstant(target, c) {
			return mismatch(name, "constant "+c.String(), typeString(target.Type()))
		}
		return ""
	}
	switch {
	case v.Type().AssignableTo(target.Type()):
		target.Set(v)
	case v.Kind() == reflect.Interface && !v.IsNil() && v.Elem().Type().AssignableTo(target.Type()):
		target.Set(v.Elem())
	default:
		return mismatch(name, typeString(v.Type()), typeString(target.Type()))
	}
	return ""
}

// constant returns the value of an untyped constant. Some backends hand it on with its default type.
func (d *declaration) constant(v reflect.Value) (constant.Value, bool) {
	if v.CanInterface() {
		if c, ok := v.Interface().(constant.Value); ok {
			return c, true
		}
	}
	if c, ok := d.Object.(*types.Const); ok && isUntyped(c.Type()) {
		return c.Val(), true
	}
	return nil, false
}

// setConstant stores an untyped constant as Go would convert it: only if the type can represent it.
func setConstant(target reflect.Value, c constant.Value) bool {
	if target.Kind() == reflect.Interface && target.NumMethod() == 0 {
		return setConstantAny(target, c)
	}
	switch k := target.Kind(); {
	case k == reflect.Bool && c.Kind() == constant.Bool:
		target.SetBool(constant.BoolVal(c))
	case k == reflect.String && c.Kind() == constant.String:
		target.SetString(constant.StringVal(c))
	case target.CanInt():
		i, exact := constant.Int64Val(constant.ToInt(c))
		if !exact || target.OverflowInt(i) {
			return false
		}
		target.SetInt(i)
	case target.CanUint():
		u, exact := constant.Uint64Val(constant.ToInt(c))
		if !exact || target.OverflowUint(u) {
			return false
		}
		target.SetUint(u)
	case target.CanFloat():
		x := constant.ToFloat(c)
		f, _ := constant.Float64Val(x)
		if x.Kind() == constant.Unknown || target.OverflowFloat(f) {
			return false
		}
		target.SetFloat(f)
	default:
		return false
	}
	return true
}

// setConstantAny gives an untyped constant its default type.
func setConstantAny(target reflect.Value, c constant.Value) bool {
	var v any
	switch c.Kind() {
	case constant.Bool:
		v = constant.BoolVal(c)
	case constant.String:
		v = constant.StringVal(c)
	case constant.Int:
		i, exact := constant.Int64Val(c)
		if !exact {
			return false
		}
		v = int(i)
	case constant.Float:
		v, _ = constant.Float64Val(c)
	default:
		return false
	}
	target.Set(reflect.ValueOf(v))
	return true
}

func mismatch(name, have, want string) string {
	return fmt.Sprintf("%s does not have the type that the contract asks for\n\thave %s\n\twant %s", name, have, want)
}

// typeString prints a type as Go source does.
func typeString(t reflect.Type) string {
	return strings.ReplaceAll(t.String(), "interface {}", "any")
}

// hasPrefix says whether a func belongs to a prefix as TestXxx belongs to Test: the prefix is followed by something,
// and not by a lower-case letter.
func hasPrefix(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok || rest == "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return !unicode.IsLower(r)
}
