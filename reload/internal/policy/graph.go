package policy

import "go/types"

// bits say what a variable may hold or lead to.
type bits uint16

const (
	heldValue  bits = 1 << iota // a value of a script type, behind an interface
	heldFunc                    // a closure or function of a script
	heldMethod                  // a method value of a script
	heldError                   // a script value that became an error
	_                           // the same, in the elements of a container or behind a pointer
	_
	_
	_
	hostMemory   // a pointer, map, slice or channel that the host has, too; or a function of the host
	hostInside   // such things among the elements
	global       // what a variable of the standard library leads to
	globalInside // such things among the elements

	held     = heldValue | heldFunc | heldMethod | heldError
	inside   = held << insideShift
	globals  = global | globalInside
	flowing  = held | inside | hostMemory | hostInside
	anything = flowing | globals

	insideShift = 4
)

// both folds what is inside to what is held.
func (b bits) both() bits { return b&held | b&inside>>insideShift }

// node is a variable, or the value of an expression, in the graph; 0 is what can hold nothing of interest.
type node int32

// flowKind says how what one node holds gets to another.
type flowKind uint8

const (
	assigned flowKind = iota // b = a
	aliased                  // the way back: what is put into b is in a, too
	inserted                 // b[i] = a
	taken                    // b = a[i]
	bound                    // b = a.Method
	mixed                    // a function of the standard library makes b of a
	copied                   // the same, and b is a new container
)

func (k flowKind) apply(b bits) bits {
	switch k {
	case aliased:
		return b & (inside | hostInside | globalInside)
	case inserted:
		out := b.both() << insideShift
		if b&(hostMemory|hostInside) != 0 {
			out |= hostInside
		}
		if b&(global|globalInside) != 0 {
			out |= globalInside
		}
		return out
	case taken:
		out := b&inside>>insideShift | b&(inside|hostMemory|hostInside|global|globalInside)
		if b&hostInside != 0 {
			out |= hostMemory
		}
		if b&globalInside != 0 {
			out |= global
		}
		return out
	case bound:
		out := b & hostMemory
		if b&held != 0 {
			out |= heldMethod
		}
		return out
	case mixed, copied:
		out := b.both() | b.both()<<insideShift
		if b&(hostMemory|hostInside) != 0 {
			out |= hostInside
			if k == mixed {
				out |= hostMemory
			}
		}
		return out
	}
	return b
}

type flowEdge struct {
	to   node
	kind flowKind
}

// graph is who may hold what, without regard to the order of statements.
type graph struct {
	bits  []bits
	masks []bits // what a node's type can hold
	edges [][]flowEdge
	work  []node
}

func (g *graph) reset() {
	*g = graph{bits: make([]bits, 1, 64), masks: make([]bits, 1, 64), edges: make([][]flowEdge, 1, 64)}
}

func (g *graph) node(mask bits) node {
	if mask == 0 {
		return 0
	}
	g.bits, g.masks, g.edges = append(g.bits, 0), append(g.masks, mask), append(g.edges, nil)
	return node(len(g.bits) - 1)
}

func (g *graph) add(n node, b bits) {
	b &= g.masks[n]
	if b&^g.bits[n] != 0 {
		g.bits[n] |= b
		g.work = append(g.work, n)
	}
}

func (g *graph) connect(from, to node, kind flowKind) {
	if from == 0 || to == 0 || from == to && kind == assigned {
		return
	}
	g.edges[from] = append(g.edges[from], flowEdge{to, kind})
	if g.bits[from] != 0 {
		g.work = append(g.work, from)
	}
}

// assign lets b = a flow. What is later put into b is in a, too, if they share memory.
func (g *graph) assign(from, to node) {
	g.connect(from, to, assigned)
	if g.masks[from]&g.masks[to]&inside != 0 {
		g.connect(to, from, aliased)
	}
}

// point lets b = &a flow.
func (g *graph) point(from, to node) {
	g.connect(from, to, inserted)
	g.connect(to, from, taken)
}

func (g *graph) solve() {
	for len(g.work) > 0 {
		n := g.work[len(g.work)-1]
		g.work = g.work[:len(g.work)-1]
		for _, e := range g.edges[n] {
			g.add(e.to, e.kind.apply(g.bits[n]))
		}
	}
}

// mask returns what a variable of a type can hold. A struct type of a script holds nothing itself: its fields do. A type of
// the host holds nothing: what gets into one is refused there.
func (c *checker) mask(t types.Type) bits {
	switch t.(type) {
	case nil, *types.Basic:
		return 0
	case *types.Interface, *types.TypeParam:
		return anything
	case *types.Signature:
		return anything &^ (heldValue | heldError)
	}
	if b, ok := c.kinds[t]; ok {
		return b
	}
	c.kinds[t] = 0
	b := c.maskOf(t)
	c.kinds[t] = b
	return b
}

func (c *checker) maskOf(t types.Type) bits {
	switch t := t.(type) {
	case *types.Alias:
		return c.mask(types.Unalias(t))
	case *types.Pointer:
		return container(c.mask(t.Elem()))
	case *types.Slice:
		return container(c.mask(t.Elem()))
	case *types.Array:
		return together(c.mask(t.Elem()))
	case *types.Chan:
		return container(c.mask(t.Elem()))
	case *types.Map:
		return container(c.mask(t.Elem()) | c.mask(t.Key()))
	case *types.Struct:
		var all bits
		for f := range t.Fields() {
			all |= c.mask(f.Type())
		}
		return together(all)
	case *types.Named:
		return c.maskOfNamed(t)
	}
	return 0
}

// container is what leads to elements elsewhere can hold.
func container(element bits) bits {
	out := together(element)
	if out&globalInside != 0 {
		out |= global
	}
	return out
}

// together is what holds its elements itself can hold.
func together(element bits) (out bits) {
	if element&globals != 0 {
		out = globalInside
	}
	if element&flowing != 0 {
		out |= inside | hostMemory | hostInside
	}
	return out
}

func (c *checker) maskOfNamed(t *types.Named) bits {
	_, isStruct := t.Underlying().(*types.Struct)
	switch c.owned(t) {
	case ofScript:
		if isStruct {
			return 0
		}
	case ofStd:
		switch {
		case plain[t.Obj().Pkg().Path()+"."+t.Obj().Name()]:
			return 0
		case isStruct:
			return inside | hostMemory | hostInside | globalInside
		}
	case ofHost:
		switch {
		case isInterface(t), isFunc(t):
		case c.acceptedType(t) && !isStruct:
		case isStandard(t.Obj().Pkg().Path()):
			return globalInside
		default:
			return 0
		}
	}
	return c.mask(t.Underlying())
}
