package reflected

import (
	"go/token"
	"go/types"
	"reflect"
)

// addMethods adds the methods of finished types, once nothing is half built.
func (im *Importer) addMethods() {
	for im.building == 0 && len(im.pending) > 0 {
		last := len(im.pending) - 1
		add := im.pending[last]
		im.pending = im.pending[:last]
		im.building++
		add()
		im.building--
	}
}

// methods adds the exported methods of a type, promoted ones included, and the unexported ones that make it implement a
// sealed interface.
func (im *Importer) methods(n *types.Named, t reflect.Type) {
	pointer := reflect.PointerTo(t)
	for m := range pointer.Methods() {
		_, byValue := t.MethodByName(m.Name)
		recv := im.receiver(n, byValue)
		n.AddMethod(types.NewFunc(token.NoPos, n.Obj().Pkg(), m.Name, im.signature(m.Type, recv)))
	}
	for _, iface := range im.sealedBy(t.PkgPath()) {
		if !pointer.Implements(iface) {
			continue
		}
		for m := range iface.Methods() {
			if m.PkgPath == "" || hasMethod(n, m.Name) {
				continue
			}
			f := im.signature(m.Type, nil)
			f = types.NewSignatureType(im.receiver(n, t.Implements(iface)), nil, nil, f.Params(), f.Results(), f.Variadic())
			n.AddMethod(types.NewFunc(token.NoPos, im.pkg(m.PkgPath), m.Name, f))
		}
	}
}

func (im *Importer) receiver(n *types.Named, byValue bool) *types.Var {
	var t types.Type = n
	if !byValue {
		t = types.NewPointer(n)
	}
	return types.NewVar(token.NoPos, n.Obj().Pkg(), "", t)
}

func hasMethod(n *types.Named, name string) bool {
	for m := range n.Methods() {
		if m.Name() == name {
			return true
		}
	}
	return false
}

// sealedBy lists the interfaces with unexported methods that a package exports. Reflection does not show unexported
// methods of other types, but it tells whether a type implements an interface that has them.
func (im *Importer) sealedBy(importPath string) []reflect.Type {
	if list, ok := im.sealed[importPath]; ok {
		return list
	}
	var list []reflect.Type
	for _, v := range im.tables[importPath].symbols {
		t := v.Type()
		if v.CanAddr() || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Interface || !v.IsNil() {
			continue
		}
		for m := range t.Elem().Methods() {
			if m.PkgPath != "" {
				list = append(list, t.Elem())
				break
			}
		}
	}
	im.sealed[importPath] = list
	return list
}
