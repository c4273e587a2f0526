package carry

import (
	"fmt"
	"go/types"
	"strings"
)

// foreign says whether a type is the host's or the standard library's own, or a pointer to one: then its values are taken as
// they are.
func (c *Copier) foreign(t types.Type) bool {
	foreign, ok := c.hosts[t]
	if !ok {
		foreign = c.isForeign(t)
		c.hosts[t] = foreign
	}
	return foreign
}

func (c *Copier) isForeign(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return t.Obj().Pkg() != nil && !c.own(t.Obj().Pkg()) && !c.ownArguments(t)
	case *types.Pointer:
		return c.foreign(t.Elem())
	}
	return false
}

// ownArguments says whether a generic type of the host holds types of modules.
func (c *Copier) ownArguments(t *types.Named) bool {
	for arg := range t.TypeArgs().Types() {
		if n, ok := types.Unalias(arg).(*types.Named); ok && n.Obj().Pkg() != nil && c.own(n.Obj().Pkg()) {
			return true
		}
	}
	return false
}

// isPlain says whether two types are the same in the source, and have nothing in them that must not be shared.
func (c *Copier) isPlain(dt, st types.Type) bool {
	return !c.holdsPointer(dt) && !c.holdsPointer(st) && c.shape(dt) == c.shape(st)
}

// shape writes a type without pointers so that two with the same layout and the same names of fields are the same.
func (c *Copier) shape(t types.Type) string {
	if s, ok := c.shapes[t]; ok {
		return s
	}
	s := key(t)
	if !c.foreign(t) {
		switch u := t.Underlying().(type) {
		case *types.Struct:
			var b strings.Builder
			for f := range u.Fields() {
				b.WriteString(f.Name() + " " + c.shape(f.Type()) + ";")
			}
			s = "{" + b.String() + "}"
		case *types.Array:
			s = fmt.Sprint("[", u.Len(), "]", c.shape(u.Elem()))
		default:
			s = key(u)
		}
	}
	c.shapes[t] = s
	return s
}

// holdsPointer says whether values of a type lead to others.
func (c *Copier) holdsPointer(t types.Type) bool {
	if plain, ok := c.plain[t]; ok {
		return !plain
	}
	c.plain[t] = true // a type that contains itself does so by a pointer
	holds := false
	switch u := t.Underlying().(type) {
	case *types.Basic:
		holds = u.Kind() == types.UnsafePointer
	case *types.Struct:
		for f := range u.Fields() {
			holds = holds || c.holdsPointer(f.Type())
		}
	case *types.Array:
		holds = c.holdsPointer(u.Elem())
	default:
		holds = !c.foreign(t)
	}
	c.plain[t] = !holds
	return holds
}

// id numbers a type, in the same way for both versions.
func (c *Copier) id(t types.Type) int {
	id, ok := c.ids[t]
	if !ok {
		name := key(t)
		if id, ok = c.names[name]; !ok {
			id = len(c.names) + 1
			c.names[name] = id
		}
		c.ids[t] = id
	}
	return id
}

// key names a type, in the same way for both versions.
func key(t types.Type) string {
	return types.TypeString(t, nil)
}

// collect notes which types pointers point to, and which are part of something that has an address.
func (c *Copier) collect(t types.Type, inside bool, seen map[types.Type]bool) {
	if inside {
		c.inside[c.id(t)] = true
	}
	if seen[t] || c.foreign(t) {
		return
	}
	seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		c.pointees[c.id(u.Elem())] = true
		c.collect(u.Elem(), false, seen)
	case *types.Slice:
		c.collect(u.Elem(), true, seen)
	case *types.Array:
		c.collect(u.Elem(), true, seen)
	case *types.Map:
		c.collect(u.Key(), false, seen)
		c.collect(u.Elem(), false, seen)
	case *types.Struct:
		for f := range u.Fields() {
			c.collect(f.Type(), true, seen)
		}
	}
}
