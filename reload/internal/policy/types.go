package policy

import (
	"go/types"
	"slices"
)

// deref returns what a pointer type points to, and any other type as it is.
func deref(t types.Type) types.Type {
	if t == nil {
		return types.Typ[types.Invalid]
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// isInterface says whether values of the type may be of any dynamic type; type parameters count.
func isInterface(t types.Type) bool {
	if t == nil {
		return false
	}
	if isTypeParam(t) {
		return true
	}
	_, ok := t.Underlying().(*types.Interface)
	return ok
}

func isTypeParam(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.TypeParam)
	return ok
}

func isError(t types.Type) bool {
	return t != nil && types.Identical(t, types.Universe.Lookup("error").Type())
}

var errorInterface = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

func isFunc(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

func typeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// owner is where a type or function was declared.
type owner int

const (
	unnamed  owner = iota // no named type, or one of the language
	ofScript              // in the module or its libraries
	ofStd                 // in a reviewed package of the standard library
	ofHost                // in any other compiled package
)

func (c *checker) owned(t types.Type) owner {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return unnamed
	}
	return c.packageOwner(named.Obj().Pkg())
}

func (c *checker) packageOwner(pkg *types.Package) owner {
	switch {
	case pkg == nil:
		return unnamed
	case c.script[pkg]:
		return ofScript
	case reviewed[pkg.Path()]:
		return ofStd
	}
	return ofHost
}

// accepted says whether something of a compiled package is marked //midair:accepts.
func (c *checker) accepted(pkg *types.Package, name string) bool {
	return pkg != nil && len(c.h.Accepts) > 0 && slices.Contains(c.h.Accepts[pkg.Path()], name)
}

func (c *checker) acceptedType(t types.Type) bool {
	if t == nil {
		return false
	}
	if s, ok := t.Underlying().(*types.Slice); ok && namedOf(t) == nil {
		t = s.Elem()
	}
	named := namedOf(t)
	return named != nil && c.accepted(named.Obj().Pkg(), named.Obj().Name())
}

// isHostData says whether values of a type are the host's: they outlive a visit and take nothing of a module.
func (c *checker) isHostData(t types.Type) bool {
	return c.owned(t) == ofHost && !isInterface(t) && !isFunc(t) && !c.acceptedType(t)
}

// mentionsScript says whether a type is a module's: declared in it, or made of such types. It is another type in every
// version.
func (c *checker) mentionsScript(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return false
	case *types.Pointer:
		return c.mentionsScript(t.Elem())
	case *types.Slice:
		return c.mentionsScript(t.Elem())
	case *types.TypeParam:
		return c.filled[t]
	default:
		known, ok := c.scriptTypes[t]
		if !ok {
			c.scriptTypes[t] = false // while looking: what leads to itself adds nothing
			known = c.looksScript(t)
			c.scriptTypes[t] = known
		}
		return known
	}
}

func (c *checker) looksScript(t types.Type) bool {
	switch t := t.(type) {
	case *types.Array:
		return c.mentionsScript(t.Elem())
	case *types.Chan:
		return c.mentionsScript(t.Elem())
	case *types.Map:
		return c.mentionsScript(t.Key()) || c.mentionsScript(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if c.mentionsScript(f.Type()) {
				return true
			}
		}
	case *types.Signature:
		return c.tupleMentions(t.Params()) || c.tupleMentions(t.Results())
	case *types.Named:
		if c.script[t.Obj().Pkg()] {
			return true
		}
		for arg := range t.TypeArgs().Types() {
			if c.mentionsScript(arg) {
				return true
			}
		}
	}
	return false
}

func (c *checker) tupleMentions(t *types.Tuple) bool {
	for v := range t.Variables() {
		if c.mentionsScript(v.Type()) {
			return true
		}
	}
	return false
}

// fillTypeParams finds the type parameters that stand for a module's own types somewhere.
func (c *checker) fillTypeParams() {
	for changed := true; changed; {
		changed = false
		for _, p := range c.pkgs {
			for id, inst := range p.Info.Instances {
				if c.fill(typeParamsOf(p.Info.ObjectOf(id)), inst.TypeArgs) {
					changed = true
				}
			}
		}
		if changed {
			clear(c.scriptTypes)
		}
	}
}

func typeParamsOf(obj types.Object) (lists []*types.TypeParamList) {
	switch obj := obj.(type) {
	case *types.Func:
		lists = append(lists, obj.Origin().Signature().TypeParams())
	case *types.TypeName:
		if named, ok := types.Unalias(obj.Type()).(*types.Named); ok {
			lists = append(lists, named.Origin().TypeParams())
			for m := range named.Origin().Methods() {
				lists = append(lists, m.Signature().RecvTypeParams())
			}
		}
	}
	return lists
}

func (c *checker) fill(lists []*types.TypeParamList, args *types.TypeList) (changed bool) {
	for i := range args.Len() {
		if !c.mentionsScript(args.At(i)) {
			continue
		}
		for _, list := range lists {
			if i < list.Len() && !c.filled[list.At(i)] {
				c.filled[list.At(i)] = true
				changed = true
			}
		}
	}
	return changed
}
