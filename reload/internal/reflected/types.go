package reflected

import (
	"go/token"
	"go/types"
	"reflect"
	"strings"
)

var (
	anyType   = types.Universe.Lookup("any").Type()
	errorType = types.Universe.Lookup("error").Type()
	byteType  = types.Universe.Lookup("byte").Type()
)

var basic = map[reflect.Kind]types.BasicKind{
	reflect.Bool: types.Bool, reflect.String: types.String, reflect.UnsafePointer: types.UnsafePointer,
	reflect.Int: types.Int, reflect.Int8: types.Int8, reflect.Int16: types.Int16, reflect.Int32: types.Int32,
	reflect.Int64: types.Int64, reflect.Uint: types.Uint, reflect.Uint8: types.Uint8, reflect.Uint16: types.Uint16,
	reflect.Uint32: types.Uint32, reflect.Uint64: types.Uint64, reflect.Uintptr: types.Uintptr,
	reflect.Float32: types.Float32, reflect.Float64: types.Float64,
	reflect.Complex64: types.Complex64, reflect.Complex128: types.Complex128,
}

// typ returns the go/types form of a compiled type.
func (im *Importer) typ(t reflect.Type) types.Type {
	if known, ok := im.types[t]; ok {
		return known
	}
	var typ types.Type
	switch {
	case t == reflect.TypeFor[error]():
		typ = errorType
	case t.Name() == "":
		typ = im.literal(t)
	case t.PkgPath() == "" || t.PkgPath() == "unsafe":
		typ = types.Typ[basic[t.Kind()]]
	default:
		return im.named(t)
	}
	im.types[t] = typ
	return typ
}

// named makes a named type. Its methods follow when no type is half built any more: their signatures may need it whole.
func (im *Importer) named(t reflect.Type) types.Type {
	if typ := im.declared(t); typ != nil {
		im.types[t] = typ
		return typ
	}
	pkg := im.pkg(t.PkgPath())
	obj := types.NewTypeName(token.NoPos, pkg, t.Name(), nil)
	n := types.NewNamed(obj, nil, nil)
	im.types[t] = n // before its parts: it may contain itself
	if _, exported := im.tables[t.PkgPath()].symbols[t.Name()]; exported && token.IsExported(t.Name()) {
		pkg.Scope().Insert(obj)
	}
	im.building++
	if t.Kind() == reflect.Interface {
		n.SetUnderlying(im.interfaceType(t, types.NewVar(token.NoPos, pkg, "", n)))
	} else {
		n.SetUnderlying(im.literal(t))
	}
	im.building--
	if t.Kind() != reflect.Interface {
		im.pending = append(im.pending, func() { im.methods(n, t) })
	}
	im.addMethods()
	return n
}

// declared returns a named type that a stub declares: an instance of a generic type, if it can be told of which types,
// or a type that the stub needs.
func (im *Importer) declared(t reflect.Type) types.Type {
	origin, _, generic := strings.Cut(t.Name(), "[")
	if generic {
		if stub, ok := im.tables[t.PkgPath()].symbols[StubKey]; !ok || !strings.Contains(stub.String(), origin) {
			return nil
		}
		if _, err := im.load(t.PkgPath()); err != nil {
			return nil
		}
	}
	o, ok := im.pkg(t.PkgPath()).Scope().Lookup(origin).(*types.TypeName)
	if !ok {
		return nil
	}
	if !generic {
		return o.Type()
	}
	n, ok := types.Unalias(o.Type()).(*types.Named)
	if !ok {
		return nil
	}
	return im.instance(n, t)
}

// literal returns the form of a type without its name.
func (im *Importer) literal(t reflect.Type) types.Type {
	switch t.Kind() {
	case reflect.Array:
		return types.NewArray(im.element(t.Elem()), int64(t.Len()))
	case reflect.Slice:
		return types.NewSlice(im.element(t.Elem()))
	case reflect.Pointer:
		return types.NewPointer(im.typ(t.Elem()))
	case reflect.Map:
		return types.NewMap(im.typ(t.Key()), im.typ(t.Elem()))
	case reflect.Chan:
		return types.NewChan(direction(t.ChanDir()), im.typ(t.Elem()))
	case reflect.Func:
		return im.signature(t, nil)
	case reflect.Interface:
		return im.interfaceType(t, nil)
	case reflect.Struct:
		return im.structType(t)
	}
	return types.Typ[basic[t.Kind()]]
}

// element is typ, but for []uint8, which errors should call []byte as source does.
func (im *Importer) element(t reflect.Type) types.Type {
	if t == reflect.TypeFor[byte]() {
		return byteType
	}
	return im.typ(t)
}

func direction(d reflect.ChanDir) types.ChanDir {
	switch d {
	case reflect.SendDir:
		return types.SendOnly
	case reflect.RecvDir:
		return types.RecvOnly
	}
	return types.SendRecv
}

// signature makes a func type; with a receiver, t's first parameter is taken for it.
func (im *Importer) signature(t reflect.Type, recv *types.Var) *types.Signature {
	first := 0
	if recv != nil {
		first = 1
	}
	var in, out []*types.Var
	for i := first; i < t.NumIn(); i++ {
		in = append(in, types.NewParam(token.NoPos, nil, "", im.typ(t.In(i))))
	}
	for o := range t.Outs() {
		out = append(out, types.NewParam(token.NoPos, nil, "", im.typ(o)))
	}
	return types.NewSignatureType(recv, nil, nil, types.NewTuple(in...), types.NewTuple(out...), t.IsVariadic())
}

// interfaceType makes an interface whose methods have the receiver, which is nil for one without a name.
func (im *Importer) interfaceType(t reflect.Type, recv *types.Var) types.Type {
	if t.NumMethod() == 0 {
		if t.Name() == "" {
			return anyType
		}
		return types.NewInterfaceType(nil, nil).Complete()
	}
	var methods []*types.Func
	for m := range t.Methods() {
		pkg := im.pkg(t.PkgPath())
		if m.PkgPath != "" {
			pkg = im.pkg(m.PkgPath)
		}
		s := im.signature(m.Type, nil)
		s = types.NewSignatureType(recv, nil, nil, s.Params(), s.Results(), s.Variadic())
		methods = append(methods, types.NewFunc(token.NoPos, pkg, m.Name, s))
	}
	return types.NewInterfaceType(methods, nil).Complete()
}

func (im *Importer) structType(t reflect.Type) types.Type {
	fields := make([]*types.Var, 0, t.NumField())
	tags := make([]string, 0, t.NumField())
	for f := range t.Fields() {
		pkg := im.pkg(t.PkgPath())
		if f.PkgPath != "" {
			pkg = im.pkg(f.PkgPath)
		}
		var typ types.Type
		if !f.IsExported() && !f.Anonymous {
			typ = placeholder(f.Type)
		} else {
			typ = im.typ(f.Type)
		}
		fields = append(fields, types.NewField(token.NoPos, pkg, f.Name, typ, f.Anonymous))
		tags = append(tags, string(f.Tag))
	}
	return types.NewStruct(fields, tags)
}

var opaqueFunc = types.NewSignatureType(nil, nil, nil, nil, nil, false)

// placeholder stands for the type of a field that no module can name: it has its size and comparability, and needs no
// other types.
func placeholder(t reflect.Type) types.Type {
	const word = 8
	words := int64(t.Size()+word-1) / word
	switch t.Kind() {
	case reflect.Struct, reflect.Array:
		switch {
		case !t.Comparable():
			return types.NewArray(opaqueFunc, max(words, 1))
		case t.Align() == 1:
			return types.NewArray(types.Typ[types.Uint8], int64(t.Size()))
		}
		return types.NewArray(types.Typ[types.Uint64], words)
	case reflect.Pointer, reflect.Chan, reflect.UnsafePointer:
		return types.Typ[types.UnsafePointer]
	case reflect.Interface:
		return anyType
	case reflect.Func, reflect.Map:
		return opaqueFunc
	case reflect.Slice:
		return types.NewSlice(types.Typ[types.Uintptr])
	}
	return types.Typ[basic[t.Kind()]]
}
