package main

import (
	"go/token"
	"go/types"
)

// hide returns what a stub shows of a type that its users cannot get at, such as that of an unexported field: a type of
// the same comparability that mentions the same type parameters, at the same places as far as these have no name, and
// that needs no other declarations. So instances of a generic type differ where the real ones do, and whoever compares
// an instance's structure with the generic type's finds the type arguments.
func hide(t types.Type) types.Type {
	if len(paramsIn(t)) == 0 {
		return opaque(t)
	}
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return types.NewPointer(hideBehind(t.Elem()))
	case *types.Slice:
		return types.NewSlice(hideBehind(t.Elem()))
	case *types.Chan:
		return types.NewChan(t.Dir(), hideBehind(t.Elem()))
	case *types.Map:
		return types.NewMap(hide(t.Key()), hideBehind(t.Elem()))
	case *types.Signature:
		return types.NewSignatureType(nil, nil, nil, hideTuple(t.Params()), hideTuple(t.Results()), t.Variadic())
	case *types.Array:
		return types.NewArray(hide(t.Elem()), t.Len())
	case *types.Struct:
		fields := make([]*types.Var, t.NumFields())
		for i := range fields {
			fields[i] = types.NewField(token.NoPos, t.Field(i).Pkg(), t.Field(i).Name(), hide(t.Field(i).Type()), false)
		}
		return types.NewStruct(fields, nil)
	case *types.Named:
		switch t.Underlying().(type) {
		case *types.Struct, *types.Array:
			return hide(t.Underlying())
		}
	case *types.TypeParam:
		return t
	}
	return mention(t)
}

// hideBehind hides a type whose comparability does not matter. It may contain itself.
func hideBehind(t types.Type) types.Type {
	if _, named := types.Unalias(t).(*types.Named); named && len(paramsIn(t)) > 0 {
		return mention(t)
	}
	return hide(t)
}

func hideTuple(tuple *types.Tuple) *types.Tuple {
	vars := make([]*types.Var, tuple.Len())
	for i := range vars {
		vars[i] = types.NewParam(token.NoPos, nil, "", hideBehind(tuple.At(i).Type()))
	}
	return types.NewTuple(vars...)
}

var anyFunc = types.NewSignatureType(nil, nil, nil, nil, nil, false)

// opaque stands for a type without type parameters.
func opaque(t types.Type) types.Type {
	switch basic, ok := t.Underlying().(*types.Basic); {
	case ok && basic.Kind() != types.UnsafePointer && basic.Kind() != types.Invalid:
		return basic
	case types.IsInterface(t):
		return types.Universe.Lookup("any").Type()
	case types.Comparable(t):
		return types.Typ[types.Uintptr]
	}
	return anyFunc
}

// mention stands for a type of which no more can be said than what type parameters it has and whether it is comparable.
func mention(t types.Type) types.Type {
	var fields []*types.Var
	for _, p := range paramsIn(t) {
		typ := types.NewArray(types.NewPointer(p), 0)
		fields = append(fields, types.NewField(token.NoPos, p.Obj().Pkg(), "_", typ, false))
	}
	switch t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Signature:
		fields = append(fields, types.NewField(token.NoPos, fields[0].Pkg(), "_", anyFunc, false))
	}
	return types.NewStruct(fields, nil)
}

// paramsIn lists the type parameters that a type mentions.
func paramsIn(t types.Type) (params []*types.TypeParam) {
	seen := map[*types.TypeParam]bool{}
	walkType(t, func(t types.Type) {
		if p, ok := t.(*types.TypeParam); ok && !seen[p] {
			seen[p] = true
			params = append(params, p)
		}
	})
	return params
}

// walkType visits a type and those that its text names: not what a named type stands for.
func walkType(t types.Type, visit func(types.Type)) {
	visit(t)
	walk := func(t types.Type) { walkType(t, visit) }
	switch t := t.(type) {
	case *types.Alias:
		walkList(t.TypeArgs(), walk)
	case *types.Named:
		walkList(t.TypeArgs(), walk)
	case *types.Pointer:
		walk(t.Elem())
	case *types.Slice:
		walk(t.Elem())
	case *types.Array:
		walk(t.Elem())
	case *types.Chan:
		walk(t.Elem())
	case *types.Map:
		walk(t.Key())
		walk(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			walk(f.Type())
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			walk(m.Type())
		}
		for e := range t.EmbeddedTypes() {
			walk(e)
		}
	case *types.Union:
		for term := range t.Terms() {
			walk(term.Type())
		}
	case *types.Signature:
		for p := range t.TypeParams().TypeParams() {
			walk(p.Constraint())
		}
		for v := range t.Params().Variables() {
			walk(v.Type())
		}
		for v := range t.Results().Variables() {
			walk(v.Type())
		}
	}
}

func walkList(list *types.TypeList, walk func(types.Type)) {
	for t := range list.Types() {
		walk(t)
	}
}
