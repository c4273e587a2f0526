package carry

import (
	"fmt"
	"go/types"
	"reflect"
	"unicode"
	"unicode/utf8"
)

// TypeOf makes a type in the source of one that a backend has made of it. own says which packages belong to modules; host
// makes types of the others. It is for variables of which only the value is known; the names of types are lost, and that is
// all.
func TypeOf(t reflect.Type, own func(importPath string) bool, host func(reflect.Type) types.Type) types.Type {
	b := builder{own: own, host: host, made: map[reflect.Type]types.Type{}}
	return b.typ(t)
}

type builder struct {
	own  func(string) bool
	host func(reflect.Type) types.Type
	made map[reflect.Type]types.Type
}

func (b *builder) typ(t reflect.Type) types.Type {
	if made := b.made[t]; made != nil {
		return made
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
	default:
		return b.host(t)
	}
	if t.Name() != "" && !b.own(t.PkgPath()) {
		return b.host(t)
	}
	name := types.NewTypeName(0, nil, fmt.Sprint("T", len(b.made)), nil)
	named := types.NewNamed(name, nil, nil) // a type may contain itself
	b.made[t] = named
	named.SetUnderlying(b.underlying(t))
	return named
}

func (b *builder) underlying(t reflect.Type) types.Type {
	switch t.Kind() {
	case reflect.Pointer:
		return types.NewPointer(b.typ(t.Elem()))
	case reflect.Slice:
		return types.NewSlice(b.typ(t.Elem()))
	case reflect.Array:
		return types.NewArray(b.typ(t.Elem()), int64(t.Len()))
	case reflect.Map:
		return types.NewMap(b.typ(t.Key()), b.typ(t.Elem()))
	}
	var fields []*types.Var
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Name
		if t.Name() == "" {
			name = plainName(name)
		}
		fields = append(fields, types.NewField(0, nil, name, b.typ(f.Type), false))
	}
	return types.NewStruct(fields, nil)
}

// plainName takes away what the interpreter puts before names that are not exported.
func plainName(name string) string {
	if len(name) < 2 || name[0] != 'X' {
		return name
	}
	if r, _ := utf8.DecodeRuneInString(name[1:]); unicode.IsLower(r) || r == '_' {
		return name[1:]
	}
	return name
}
