package fidelity

import (
	"fmt"
	"go/types"
	"strings"
	"unicode"
)

// involvesModule says whether a type is declared by the module or built of such types, not counting what a compiled type
// holds inside.
func (p *pass) involvesModule(t types.Type) bool { return p.involves(t, 0) }

func (p *pass) involves(t types.Type, depth int) bool {
	if depth > 20 {
		return true
	}
	in := func(t types.Type) bool { return p.involves(t, depth+1) }
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if p.isModuleType(t) {
			return true
		}
		for i := range t.TypeArgs().Len() {
			if in(t.TypeArgs().At(i)) {
				return true
			}
		}
	case *types.TypeParam:
		return true
	case *types.Pointer:
		return in(t.Elem())
	case *types.Slice:
		return in(t.Elem())
	case *types.Array:
		return in(t.Elem())
	case *types.Chan:
		return in(t.Elem())
	case *types.Map:
		return in(t.Key()) || in(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if in(f.Type()) {
				return true
			}
		}
	case *types.Signature:
		return in(t.Params()) || in(t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if in(v.Type()) {
				return true
			}
		}
	}
	return false
}

// base takes away one pointer.
func base(t types.Type) types.Type {
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		return ptr.Elem()
	}
	return t
}

// hasMethods says whether a type, or a pointer to it, has methods: the interpreter boxes such values in interfaces.
func hasMethods(t types.Type) bool {
	t = base(t)
	return types.NewMethodSet(t).Len() > 0 || types.NewMethodSet(types.NewPointer(t)).Len() > 0
}

// shape is what the interpreter makes of a type. Types of the module lose their names, so two types with one shape are
// one type when it runs.
func (p *pass) shape(t types.Type) string {
	var b strings.Builder
	s := shaper{p: p, out: &b}
	s.write(t)
	return b.String()
}

type shaper struct {
	p    *pass
	out  *strings.Builder
	open []*types.Named
}

func (s *shaper) write(t types.Type) {
	if s.out.Len() > 10000 {
		return // shorter shapes are the same more often, which is the safe side
	}
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		s.named(t)
	case *types.Pointer:
		s.out.WriteString("*")
		s.write(t.Elem())
	case *types.Slice:
		s.out.WriteString("[]")
		s.write(t.Elem())
	case *types.Array:
		fmt.Fprintf(s.out, "[%d]", t.Len())
		s.write(t.Elem())
	case *types.Map:
		s.out.WriteString("map[")
		s.write(t.Key())
		s.out.WriteString("]")
		s.write(t.Elem())
	case *types.Chan:
		fmt.Fprintf(s.out, "chan %d ", t.Dir())
		s.write(t.Elem())
	case *types.Struct:
		s.fields(t)
	case *types.Signature:
		s.out.WriteString("func(")
		s.tuple(t.Params())
		fmt.Fprintf(s.out, "%t)(", t.Variadic())
		s.tuple(t.Results())
		s.out.WriteString(")")
	case *types.Interface:
		if t.Empty() {
			s.out.WriteString("any")
		} else {
			s.out.WriteString("interface")
		}
	default:
		s.out.WriteString(t.String())
	}
}

func (s *shaper) named(t *types.Named) {
	if !s.p.isModuleType(t) {
		s.out.WriteString(t.String())
		return
	}
	if isRecursive(t) && len(s.open) > 0 {
		s.out.WriteString("recursive") // where the interpreter cuts the circle is its own affair
		return
	}
	s.open = append(s.open, t)
	s.write(t.Underlying())
	s.open = s.open[:len(s.open)-1]
}

func (s *shaper) fields(t *types.Struct) {
	s.out.WriteString("struct{")
	for i := range t.NumFields() {
		name := t.Field(i).Name()
		if r := []rune(name); !unicode.IsUpper(r[0]) {
			name = "X" + name
		}
		s.out.WriteString(name + " ")
		s.write(t.Field(i).Type())
		fmt.Fprintf(s.out, " %q;", t.Tag(i))
	}
	s.out.WriteString("}")
}

func (s *shaper) tuple(t *types.Tuple) {
	for v := range t.Variables() {
		s.write(v.Type())
		s.out.WriteString(",")
	}
}

// isRecursive says whether a type contains itself, through pointers or otherwise.
func isRecursive(t *types.Named) bool {
	return contains(t.Underlying(), t, map[types.Type]bool{})
}

func contains(t types.Type, what *types.Named, seen map[types.Type]bool) bool {
	in := func(t types.Type) bool { return contains(t, what, seen) }
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if t == what || t.Origin() == what {
			return true
		}
		if seen[t] {
			return false
		}
		seen[t] = true
		return in(t.Underlying())
	case *types.Pointer:
		return in(t.Elem())
	case *types.Slice:
		return in(t.Elem())
	case *types.Array:
		return in(t.Elem())
	case *types.Chan:
		return in(t.Elem())
	case *types.Map:
		return in(t.Key()) || in(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if in(f.Type()) {
				return true
			}
		}
	case *types.Signature:
		return in(t.Params()) || in(t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			if in(v.Type()) {
				return true
			}
		}
	}
	return false
}
