package reload

import (
	"fmt"
	"go/token"
	"reflect"
	"strings"
	"unsafe"
)

// A contract is a host struct type, read once: what it expects of one module. Two bindings of one type to one module
// share it.
type contract struct {
	module string
	typ    reflect.Type
	fields []field
	index  int            // into Generation.slots
	broken unsafe.Pointer // a *T whose funcs panic with the module's error, served while no version is live
}

type fieldKind int

const (
	funcField   fieldKind = iota
	valueField            // a variable or constant, read when the version loads
	prefixField           // a map of every exported func with a name prefix
)

// field is one expectation.
type field struct {
	kind     fieldKind
	index    []int // for reflect.Value.FieldByIndex
	name     string
	prefix   string // of a prefixField
	typ      reflect.Type
	optional bool
}

// parseContract reads a contract type. Its error lists everything that is wrong with it.
func parseContract(module string, t reflect.Type) (*contract, *Error) {
	c := &contract{module: module, typ: t}
	if t.Kind() != reflect.Struct {
		return nil, badContract(module, t, []string{"it is no struct type"})
	}
	var faults []string
	fault := func(f reflect.StructField, format string, args ...any) {
		faults = append(faults, "field "+f.Name+": "+fmt.Sprintf(format, args...))
	}
	names := map[string]string{}
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("midair")
		if tag == "-" || skipEmbedded(f) {
			continue
		}
		if !f.IsExported() || throughPointer(t, f.Index) {
			fault(f, `must be exported and not in an embedded pointer (or be tagged midair:"-")`)
			continue
		}
		fd, err := parseField(f, tag)
		if err != nil {
			fault(f, "%v", err)
			continue
		}
		if other := names[fd.key()]; other != "" {
			fault(f, "asks for %s, as field %s does", fd.key(), other)
			continue
		}
		names[fd.key()] = f.Name
		c.fields = append(c.fields, fd)
	}
	if len(faults) == 0 && len(c.fields) == 0 {
		faults = append(faults, "it has no fields, so it expects nothing of the module")
	}
	if len(faults) > 0 {
		return nil, badContract(module, t, faults)
	}
	return c, nil
}

func (f *field) key() string {
	if f.kind == prefixField {
		return f.prefix + "* of type " + f.typ.Elem().String()
	}
	return f.name
}

// skipEmbedded leaves out the struct whose fields are promoted; they are fields of the contract themselves.
func skipEmbedded(f reflect.StructField) bool {
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return f.Anonymous && t.Kind() == reflect.Struct
}

func throughPointer(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		t = t.Field(i).Type
		if t.Kind() != reflect.Struct {
			return true
		}
	}
	return false
}

// parseField reads a field's type and its tag: midair:"Name,optional" or midair:"prefix=Handle".
func parseField(f reflect.StructField, tag string) (field, error) {
	fd := field{kind: valueField, index: f.Index, name: f.Name, typ: f.Type}
	if f.Type.Kind() == reflect.Func {
		fd.kind = funcField
	}
	for i, part := range strings.Split(tag, ",") {
		part = strings.TrimSpace(part)
		prefix, isPrefix := strings.CutPrefix(part, "prefix=")
		switch {
		case part == "":
		case isPrefix:
			fd.kind, fd.prefix = prefixField, prefix
		case part == "optional" && i > 0:
			fd.optional = true
		case i == 0:
			fd.name = part
		default:
			return fd, fmt.Errorf("unknown word %q in its tag; known are a name, optional, prefix=NAME and -", part)
		}
	}
	return fd, fd.validate()
}

func (f *field) validate() error {
	if f.kind == prefixField {
		if f.typ.Kind() != reflect.Map || f.typ.Key().Kind() != reflect.String || f.typ.Elem().Kind() != reflect.Func {
			return fmt.Errorf("a prefix needs a map from a string type to a func type, not %v", f.typ)
		}
		if !token.IsExported(f.prefix) || !token.IsIdentifier(f.prefix) {
			return fmt.Errorf("prefix %q is not an exported name", f.prefix)
		}
		return nil
	}
	if !token.IsExported(f.name) || !token.IsIdentifier(f.name) {
		return fmt.Errorf("%q is not an exported name", f.name)
	}
	switch f.typ.Kind() {
	case reflect.Chan, reflect.UnsafePointer, reflect.Uintptr:
		return fmt.Errorf("a %v cannot come from a module; use funcs, plain values and maps of funcs", f.typ)
	}
	return nil
}

func badContract(module string, t reflect.Type, faults []string) *Error {
	e := &Error{Module: module, Stage: StageBind}
	for _, f := range faults {
		e.Diagnostics = append(e.Diagnostics, Diagnostic{
			Rule: "contract/bad", Message: fmt.Sprintf("contract %v: %s", t, f)})
	}
	return e
}

// makeBroken makes the table served while no version is live: every func panics with what unavailable returns then.
func (c *contract) makeBroken(unavailable func(module string) *Error) {
	table := reflect.New(c.typ)
	for _, f := range c.fields {
		if f.kind != funcField {
			continue
		}
		table.Elem().FieldByIndex(f.index).Set(reflect.MakeFunc(f.typ, func([]reflect.Value) []reflect.Value {
			panic(unavailable(c.module))
		}))
	}
	c.broken = table.UnsafePointer()
}
