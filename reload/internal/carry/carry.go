package carry

import (
	"cmp"
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"unsafe"
)

// Copier copies variables.
type Copier struct {
	own         func(*types.Package) bool // whether a package is one of the modules'
	shared      map[location]reflect.Value
	queue       []func()
	differences map[Difference]bool
	plain       map[types.Type]bool
	hosts       map[types.Type]bool // types that are not modules' own
	shapes      map[types.Type]string
	ids         map[types.Type]int
	names       map[string]int
	pointees    map[int]bool // types that pointers point to, by id
	inside      map[int]bool // types of what is part of something else, which pointers may point into, by id
	depth       int          // of pointers that are being followed
}

// location is something of the old version that others may point to.
type location struct {
	address unsafe.Pointer
	kind    reflect.Kind // of what begins there: a slice and its first element share an address
	length  int          // of a slice
	to      int          // the type that it becomes, by id
}

// New makes a Copier. own says which packages are modules' own.
func New(own func(*types.Package) bool) *Copier {
	return &Copier{own: own, shared: map[location]reflect.Value{}, differences: map[Difference]bool{}, plain: map[types.Type]bool{}, hosts: map[types.Type]bool{}, shapes: map[types.Type]string{},
		ids: map[types.Type]int{}, names: map[string]int{}, pointees: map[int]bool{},
		inside: map[int]bool{}}
}

// Carry copies the variables that both versions have, and returns what was not carried, sorted.
func (c *Copier) Carry(from, to []Variable) []Difference {
	old := map[string]Variable{}
	for _, v := range from {
		old[v.Name] = v
		c.collect(v.Type, true, map[types.Type]bool{})
	}
	for _, v := range to {
		c.collect(v.Type, true, map[types.Type]bool{})
	}
	for _, v := range to {
		if o, ok := old[v.Name]; ok {
			c.value(v.Name, v.Type, o.Type, v.Value, o.Value)
			delete(old, v.Name)
		} else {
			c.differ(Added, v.Name, "it is new")
		}
	}
	for name := range old {
		c.differ(Dropped, name, "it is not kept any more")
	}
	for i := 0; i < len(c.queue); i++ {
		c.queue[i]()
		c.queue[i] = nil
	}
	list := make([]Difference, 0, len(c.differences))
	for d := range c.differences {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text))
	})
	return list
}

func (c *Copier) differ(kind Kind, path, format string, args ...any) {
	c.differences[Difference{kind, path, fmt.Sprintf(format, args...)}] = true
}

// value copies src to dst, which are of the types st and dt in the source.
func (c *Copier) value(path string, dt, st types.Type, dst, src reflect.Value) {
	c.locate(dt, dst, src)
	switch {
	case c.foreign(dt) || c.foreign(st):
		c.take(path, dst, src)
		return
	case c.isPlain(dt, st) && dst.Type().Size() == src.Type().Size():
		dst.Set(as(dst.Type(), src))
		return
	}
	switch d := dt.Underlying().(type) {
	case *types.Basic:
		c.basic(path, dst, src)
	case *types.Pointer:
		if s, ok := st.Underlying().(*types.Pointer); ok && dst.Kind() == reflect.Pointer && src.Kind() == reflect.Pointer {
			c.pointer(path, d.Elem(), s.Elem(), dst, src)
			return
		}
		c.mismatch(path, dt, st)
	case *types.Struct:
		if s, ok := st.Underlying().(*types.Struct); ok && dst.Kind() == reflect.Struct && src.Kind() == reflect.Struct {
			c.fields(path, dt, d, s, dst, src)
			return
		}
		c.mismatch(path, dt, st)
	case *types.Slice:
		if s, ok := st.Underlying().(*types.Slice); ok && dst.Kind() == reflect.Slice && src.Kind() == reflect.Slice {
			c.slice(path, d.Elem(), s.Elem(), dst, src)
			return
		}
		c.mismatch(path, dt, st)
	case *types.Array:
		if s, ok := st.Underlying().(*types.Array); ok && dst.Kind() == reflect.Array && src.Kind() == reflect.Array {
			c.array(path, d, s, dst, src)
			return
		}
		c.mismatch(path, dt, st)
	case *types.Map:
		if s, ok := st.Underlying().(*types.Map); ok && dst.Kind() == reflect.Map && src.Kind() == reflect.Map {
			c.table(path, d, s, dst, src)
			return
		}
		c.mismatch(path, dt, st)
	case *types.Interface:
		c.any(path, dst, src)
	default:
		c.mismatch(path, dt, st)
	}
}

func (c *Copier) mismatch(path string, dt, st types.Type) {
	c.differ(Lost, path, "%s cannot become %s", typeName(st), typeName(dt))
}

func typeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// locate notes where something of the old version has gone, if anything may point to it.
func (c *Copier) locate(dt types.Type, dst, src reflect.Value) {
	if len(c.pointees) == 0 || !c.pointees[c.id(dt)] || !src.CanAddr() || !dst.CanAddr() {
		return
	}
	at := location{src.Addr().UnsafePointer(), reflect.Pointer, 0, c.id(dt)}
	if _, ok := c.shared[at]; !ok {
		c.shared[at] = dst.Addr()
	}
}

// take hands on what belongs to the host.
func (c *Copier) take(path string, dst, src reflect.Value) {
	switch {
	case src.Type().AssignableTo(dst.Type()):
		dst.Set(src)
	case src.CanConvert(dst.Type()) && numeric(src.Kind()) == numeric(dst.Kind()) && src.Kind() != reflect.Slice:
		c.basic(path, dst, src)
	default:
		c.differ(Lost, path, "%s cannot become %s", src.Type(), dst.Type())
	}
}

func numeric(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Complex128 }

// basic converts numbers, strings and truth values, if nothing is lost.
func (c *Copier) basic(path string, dst, src reflect.Value) {
	if !src.CanConvert(dst.Type()) || numeric(src.Kind()) != numeric(dst.Kind()) || src.Kind() == reflect.Slice {
		c.differ(Lost, path, "%s cannot become %s", src.Type(), dst.Type())
		return
	}
	v := src.Convert(dst.Type())
	if numeric(src.Kind()) && !same(v.Convert(src.Type()), src) {
		c.differ(Lost, path, "a value of it does not fit into %s", dst.Type())
		return
	}
	dst.Set(v)
}

// same compares two values of a numeric type; what is no number is the same as itself.
func same(a, b reflect.Value) bool {
	if a.Equal(b) {
		return true
	}
	return a.CanFloat() && a.Float() != a.Float() && b.Float() != b.Float()
}

// maxDepth is how many pointers are followed one inside the other.
const maxDepth = 1000

// pointer follows a pointer. If it may point into something else it does so later, when all that variables hold directly
// has its place.
func (c *Copier) pointer(path string, de, se types.Type, dst, src reflect.Value) {
	if src.IsNil() {
		dst.SetZero()
		return
	}
	if c.later(de) || c.depth > maxDepth {
		c.queue = append(c.queue, func() { c.follow(path, de, se, dst, src) })
		return
	}
	c.depth++
	c.follow(path, de, se, dst, src)
	c.depth--
}

// later says whether pointers to a type have to wait.
func (c *Copier) later(elem types.Type) bool { return c.inside[c.id(elem)] }

func (c *Copier) follow(path string, de, se types.Type, dst, src reflect.Value) {
	at := location{src.UnsafePointer(), reflect.Pointer, 0, c.id(de)}
	p, ok := c.shared[at]
	if !ok {
		p = reflect.New(dst.Type().Elem())
		c.shared[at] = p
		c.value(path, de, se, p.Elem(), src.Elem())
	}
	if p.Type() != dst.Type() {
		p = reflect.NewAt(dst.Type().Elem(), p.UnsafePointer()) // the same type in the source
	}
	dst.Set(p)
}

func (c *Copier) fields(path string, dt types.Type, d, s *types.Struct, dst, src reflect.Value) {
	if dst.NumField() != d.NumFields() || src.NumField() != s.NumFields() {
		c.differ(Lost, path, "its fields are not those of the source")
		return
	}
	if n, ok := types.Unalias(dt).(*types.Named); ok && n.Obj().Pkg() != nil {
		path = n.Obj().Name() // of the type, so that a difference is told once
	}
	src = addressable(src)
	index := map[string]int{}
	for i := range s.NumFields() {
		index[s.Field(i).Name()] = i
	}
	for i := range d.NumFields() {
		name := d.Field(i).Name()
		j, ok := index[name]
		if name == "_" {
			continue
		}
		if !ok {
			c.differ(Added, path+"."+name, "it is new")
			continue
		}
		delete(index, name)
		c.value(path+"."+name, d.Field(i).Type(), s.Field(j).Type(), open(dst.Field(i)), open(src.Field(j)))
	}
	for name := range index {
		if name != "_" {
			c.differ(Dropped, path+"."+name, "there is no such field any more")
		}
	}
}

// as sees a value as one of another type of the same layout.
func as(t reflect.Type, v reflect.Value) reflect.Value {
	if v.Type() == t {
		return v
	}
	return reflect.NewAt(t, addressable(v).Addr().UnsafePointer()).Elem()
}

// addressable returns a copy of a value that has no address, so that its fields can be opened.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	p := reflect.New(v.Type()).Elem()
	p.Set(v)
	return p
}

// open gives access to a field that is not exported.
func open(f reflect.Value) reflect.Value {
	return reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem()
}

func (c *Copier) slice(path string, de, se types.Type, dst, src reflect.Value) {
	if src.IsNil() {
		dst.SetZero()
		return
	}
	at := location{src.UnsafePointer(), reflect.Slice, src.Len(), c.id(de)}
	if p, ok := c.shared[at]; ok && src.Cap() > 0 && p.Type().ConvertibleTo(dst.Type()) {
		dst.Set(p.Convert(dst.Type()))
		return
	}
	out := reflect.MakeSlice(dst.Type(), src.Len(), src.Len())
	c.shared[at] = out
	if c.isPlain(de, se) && out.Type().Elem().Size() == src.Type().Elem().Size() {
		reflect.Copy(out, as(dst.Type(), src))
		c.locateAll(de, out, src)
	} else {
		for i := range src.Len() {
			c.value(path+"[]", de, se, out.Index(i), src.Index(i))
		}
	}
	dst.Set(out)
}

func (c *Copier) locateAll(de types.Type, out, src reflect.Value) {
	if c.pointees[c.id(de)] {
		for i := range src.Len() {
			c.locate(de, out.Index(i), src.Index(i))
		}
	}
}

func (c *Copier) array(path string, d, s *types.Array, dst, src reflect.Value) {
	if d.Len() != s.Len() {
		c.differ(Lost, path, "the array had %d elements and has %d: what fits is carried", s.Len(), d.Len())
	}
	src = addressable(src)
	for i := range min(dst.Len(), src.Len()) {
		c.value(path+"[]", d.Elem(), s.Elem(), dst.Index(i), src.Index(i))
	}
}

func (c *Copier) table(path string, d, s *types.Map, dst, src reflect.Value) {
	if src.IsNil() {
		dst.SetZero()
		return
	}
	at := location{src.UnsafePointer(), reflect.Map, 0, c.id(d)}
	if p, ok := c.shared[at]; ok && p.Type().ConvertibleTo(dst.Type()) {
		dst.Set(p.Convert(dst.Type()))
		return
	}
	out := reflect.MakeMapWithSize(dst.Type(), src.Len())
	c.shared[at] = out
	dst.Set(out)
	keys, elems := path+"[key]", path+"[]"
	sk, sv := reflect.New(src.Type().Key()).Elem(), reflect.New(src.Type().Elem()).Elem()
	k, v := reflect.New(dst.Type().Key()).Elem(), reflect.New(dst.Type().Elem()).Elem()
	for i := src.MapRange(); i.Next(); {
		sk.SetIterKey(i)
		sv.SetIterValue(i)
		k.SetZero()
		v.SetZero()
		waiting := len(c.queue)
		c.value(keys, d.Key(), s.Key(), k, sk)
		c.value(elems, d.Elem(), s.Elem(), v, sv)
		if len(c.queue) > waiting { // pointers in it are not set yet: these four belong to them
			key, elem := k, v
			c.queue = append(c.queue, func() { out.SetMapIndex(key, elem) })
			sk, sv = reflect.New(src.Type().Key()).Elem(), reflect.New(src.Type().Elem()).Elem()
			k, v = reflect.New(dst.Type().Key()).Elem(), reflect.New(dst.Type().Elem()).Elem()
			continue
		}
		out.SetMapIndex(k, v)
	}
}

// any carries what an interface holds, if it is no value of a module's type.
func (c *Copier) any(path string, dst, src reflect.Value) {
	switch {
	case src.Kind() != reflect.Interface || dst.Kind() != reflect.Interface:
		c.differ(Lost, path, "it is an interface in one version only")
	case src.IsNil():
		dst.SetZero()
	case !src.Elem().Type().AssignableTo(dst.Type()):
		c.differ(Lost, path, "%s does not implement it", src.Elem().Type())
	default:
		dst.Set(src.Elem())
	}
}
