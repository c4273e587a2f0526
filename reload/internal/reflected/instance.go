package reflected

import (
	"go/types"
	"reflect"
)

// instance returns the instance of a generic type that a compiled type is. Its type arguments are found by laying the
// generic type over the compiled one; nil if that does not tell all of them.
func (im *Importer) instance(generic *types.Named, t reflect.Type) types.Type {
	u := unifier{im: im, found: map[*types.TypeParam]types.Type{}, seen: map[reflect.Type]bool{}}
	params := generic.TypeParams()
	u.unify(generic.Underlying(), t, true)
	for m := range generic.Methods() {
		if r, ok := reflect.PointerTo(t).MethodByName(m.Name()); ok && len(u.found) < params.Len() {
			u.method(m.Signature(), r.Type)
		}
	}
	args := make([]types.Type, params.Len())
	for i := range args {
		if args[i] = u.found[params.At(i)]; args[i] == nil {
			return nil
		}
	}
	inst, err := types.Instantiate(im.context, generic, args, false)
	if err != nil {
		return nil
	}
	return inst
}

// unifier finds type arguments.
type unifier struct {
	im    *Importer
	found map[*types.TypeParam]types.Type
	seen  map[reflect.Type]bool
}

// method compares the parameters of a method, receiver left out, whose type parameters are those of its receiver.
func (u *unifier) method(sig *types.Signature, t reflect.Type) {
	own := u.found
	u.found = map[*types.TypeParam]types.Type{}
	u.tuple(sig.Params(), t.NumIn()-1, func(i int) reflect.Type { return t.In(i + 1) })
	u.tuple(sig.Results(), t.NumOut(), t.Out)
	// A method declares its receiver's type parameters anew.
	named := sig.Recv().Type()
	if p, ok := named.(*types.Pointer); ok {
		named = p.Elem()
	}
	origin := named.(*types.Named).Origin().TypeParams()
	for i := range sig.RecvTypeParams().Len() {
		if found := u.found[sig.RecvTypeParams().At(i)]; found != nil && own[origin.At(i)] == nil {
			own[origin.At(i)] = found
		}
	}
	u.found = own
}

func (u *unifier) tuple(params *types.Tuple, n int, at func(int) reflect.Type) {
	if params.Len() != n {
		return
	}
	for i := range n {
		u.unify(params.At(i).Type(), at(i), false)
	}
}

// unify lays a type over a compiled one; top says that the compiled type's own name is to be passed over.
func (u *unifier) unify(typ types.Type, t reflect.Type, top bool) {
	if p, ok := types.Unalias(typ).(*types.TypeParam); ok {
		if u.found[p] == nil {
			u.found[p] = u.im.typ(t)
		}
		return
	}
	if !top && t.Name() != "" || u.seen[t] {
		return
	}
	u.seen[t] = true
	switch typ := types.Unalias(typ).(type) {
	case *types.Pointer:
		if t.Kind() == reflect.Pointer {
			u.unify(typ.Elem(), t.Elem(), false)
		}
	case *types.Slice:
		if t.Kind() == reflect.Slice {
			u.unify(typ.Elem(), t.Elem(), false)
		}
	case *types.Array:
		if t.Kind() == reflect.Array {
			u.unify(typ.Elem(), t.Elem(), false)
		}
	case *types.Chan:
		if t.Kind() == reflect.Chan {
			u.unify(typ.Elem(), t.Elem(), false)
		}
	case *types.Map:
		if t.Kind() == reflect.Map {
			u.unify(typ.Key(), t.Key(), false)
			u.unify(typ.Elem(), t.Elem(), false)
		}
	case *types.Signature:
		if t.Kind() == reflect.Func {
			u.tuple(typ.Params(), t.NumIn(), t.In)
			u.tuple(typ.Results(), t.NumOut(), t.Out)
		}
	case *types.Struct:
		for i := range typ.NumFields() {
			if t.Kind() == reflect.Struct {
				if f, ok := t.FieldByName(typ.Field(i).Name()); ok {
					u.unify(typ.Field(i).Type(), f.Type, false)
				}
			}
		}
	}
}
