package fidelity

import (
	"go/ast"
	"go/types"
	"runtime"
	"unicode"

	"midair/reload"
)

// maxSize is the size of a type, in bytes, above which it is refused: the interpreter makes a value of every type it
// meets, and a program that runs out of memory cannot be saved.
const maxSize = 64 << 20

var declaredRules = []rule{
	{reload.Rule{
		ID:     "fidelity/recursive-type",
		Reason: "the interpreter fails on types that contain themselves otherwise than as a field of a struct",
		Hint:   "put a struct in between, such as struct { next func() Step }",
		Example: `package m

type State func(n int) State

func Run(s State) {
	for i := 0; s != nil; i++ {
		s = s(i)
	}
}
`,
		Instead: `package m

type State struct{ next func(n int) *State }

func Run(s *State) {
	for i := 0; s != nil; i++ {
		s = s.next(i)
	}
}
`}, checkRecursive},
	{reload.Rule{
		ID:     "fidelity/embedding-cycle",
		Reason: "the interpreter looks without end for a field in a struct that embeds itself through a pointer",
		Hint:   "give the field a name",
		Example: `package m

type Node struct {
	*Node
	value int
}

func Value(n *Node) int { return n.value }
`,
		Instead: `package m

type Node struct {
	parent *Node
	value  int
}

func Value(n *Node) int { return n.value }
`}, checkEmbeddingCycle},
	{reload.Rule{
		ID:     "fidelity/large-type",
		Reason: "the interpreter makes a value of every type, so an array or struct above 64 MiB takes the host's memory",
		Hint:   "make a slice",
		Example: `package m

var grid [1 << 27]byte

func At(i int) byte { return grid[i] }
`,
		Instead: `package m

var grid = make([]byte, 1<<20)

func At(i int) byte { return grid[i] }
`}, checkLarge},
	{reload.Rule{
		ID:     "fidelity/field-names",
		Reason: "the interpreter cannot make a struct whose field names are one after x becomes Xx, or with two blank fields",
		Hint:   "rename one of the fields, or remove it",
		Example: `package m

type Padded struct {
	_ int
	n int
	_ int
}

func N(p Padded) int { return p.n }
`,
		Instead: `package m

type Padded struct {
	_ [2]int
	n int
}

func N(p Padded) int { return p.n }
`}, checkFieldNames},
	{reload.Rule{
		ID:     "fidelity/generic-host-type",
		Reason: "the interpreter does not know the methods of generic types of compiled packages",
		Hint:   "use a type without parameters, such as atomic.Int64 or atomic.Value",
		Example: `package m

import "sync/atomic"

type Box struct{ p atomic.Pointer[int] }

func Load(b *Box) *int { return b.p.Load() }
`,
		Instead: `package m

import "sync/atomic"

type Box struct{ n atomic.Int64 }

func Load(b *Box) int64 { return b.n.Load() }
`}, checkGenericHostTypes},
}

// typeSpecs calls visit for every type that the package declares, local ones included.
func (p *pass) typeSpecs(visit func(n *ast.TypeSpec, t *types.Named)) {
	only[*ast.TypeSpec](p, func(n ast.Node, _ []ast.Node) bool {
		if s, ok := n.(*ast.TypeSpec); ok && p.info.Defs[s.Name] != nil {
			if t, ok := p.info.Defs[s.Name].Type().(*types.Named); ok {
				visit(s, t)
			}
		}
		return true
	})
}

func checkRecursive(p *pass) {
	p.typeSpecs(func(n *ast.TypeSpec, t *types.Named) {
		if bareCycle(t.Underlying(), t, nil) {
			p.report(n.Name, "the interpreter cannot make the type %s, which contains itself without a struct in between", n.Name.Name)
			return
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok {
			return
		}
		for f := range s.Fields() {
			if _, plain := f.Type().Underlying().(*types.Signature); !plain && functionInside(f.Type(), t, map[types.Type]bool{}) {
				p.report(n.Name, "the interpreter cannot make the type of field %s: a func over %s inside another type", f.Name(), n.Name.Name)
				return
			}
		}
		if other := entangled(t); other != nil {
			p.report(n.Name, "the interpreter mixes up %s and %s, which refer to each other and one of them to itself too",
				n.Name.Name, other.Obj().Name())
		}
	})
}

// entangled returns another struct type on a circle with this one, if the interpreter cannot tell such types apart: it
// does when there are just two of them and neither leads back to itself directly.
func entangled(t *types.Named) *types.Named {
	var circle []*types.Named
	for _, u := range reachable(t) {
		if u != t && contains(u.Underlying(), t, map[types.Type]bool{}) {
			circle = append(circle, u)
		}
	}
	if len(circle) == 0 || len(circle) == 1 && !leadsTo(t, t) && !leadsTo(circle[0], circle[0]) {
		return nil
	}
	return circle[0]
}

// leadsTo says whether a struct type refers to another without a struct type in between.
func leadsTo(from, to *types.Named) bool {
	for _, t := range neighbours(from.Underlying(), map[types.Type]bool{}) {
		if t == to {
			return true
		}
	}
	return false
}

// reachable are the struct types that a type refers to, directly or not.
func reachable(t *types.Named) (all []*types.Named) {
	seen := map[*types.Named]bool{}
	todo := []*types.Named{t}
	for len(todo) > 0 {
		next := todo[0]
		todo = todo[1:]
		for _, u := range neighbours(next.Underlying(), map[types.Type]bool{}) {
			if !seen[u] && u.Obj().Pkg() == t.Obj().Pkg() {
				seen[u] = true
				all = append(all, u)
				todo = append(todo, u)
			}
		}
	}
	return all
}

// neighbours are the named struct types that a type refers to first.
func neighbours(t types.Type, seen map[types.Type]bool) (all []*types.Named) {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if _, ok := t.Underlying().(*types.Struct); ok {
			return []*types.Named{t.Origin()}
		}
		if seen[t] {
			return nil
		}
		seen[t] = true
		return neighbours(t.Underlying(), seen)
	case *types.Pointer:
		return neighbours(t.Elem(), seen)
	case *types.Slice:
		return neighbours(t.Elem(), seen)
	case *types.Array:
		return neighbours(t.Elem(), seen)
	case *types.Chan:
		return neighbours(t.Elem(), seen)
	case *types.Map:
		return append(neighbours(t.Key(), seen), neighbours(t.Elem(), seen)...)
	case *types.Struct:
		for f := range t.Fields() {
			all = append(all, neighbours(f.Type(), seen)...)
		}
	case *types.Signature:
		return append(neighbours(t.Params(), seen), neighbours(t.Results(), seen)...)
	case *types.Tuple:
		for v := range t.Variables() {
			all = append(all, neighbours(v.Type(), seen)...)
		}
	}
	return all
}

// bareCycle says whether a type leads back to one without going through a struct or an interface.
func bareCycle(t types.Type, to *types.Named, seen []types.Type) bool {
	in := func(t types.Type) bool { return bareCycle(t, to, seen) }
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if t == to || t.Origin() == to {
			return true
		}
		for _, s := range seen {
			if s == t {
				return false
			}
		}
		return bareCycle(t.Underlying(), to, append(seen[:len(seen):len(seen)], t))
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

// functionInside says whether a type holds a func that leads back to a struct.
func functionInside(t types.Type, to *types.Named, seen map[types.Type]bool) bool {
	in := func(t types.Type) bool { return functionInside(t, to, seen) }
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if t == to || seen[t] {
			return false
		}
		if _, ok := t.Underlying().(*types.Struct); ok {
			return false // seen from its own declaration
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
	case *types.Signature:
		return contains(t, to, map[types.Type]bool{})
	}
	return false
}

func checkEmbeddingCycle(p *pass) {
	p.typeSpecs(func(n *ast.TypeSpec, t *types.Named) {
		if embeds(t, t, map[types.Type]bool{}) {
			p.report(n.Name, "struct %s embeds itself, which the interpreter cannot follow", n.Name.Name)
		}
	})
}

func embeds(t types.Type, what *types.Named, seen map[types.Type]bool) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok || seen[t] {
		return false
	}
	seen[t] = true
	for f := range s.Fields() {
		if !f.Embedded() {
			continue
		}
		e := types.Unalias(base(f.Type()))
		if named, ok := e.(*types.Named); ok && named.Origin() == what || embeds(e, what, seen) {
			return true
		}
	}
	return false
}

var sizes = types.SizesFor("gc", runtime.GOARCH)

// checkLarge looks at arrays, which large types are made of: every array of a struct counts alone, and the struct once.
func checkLarge(p *pass) {
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		switch n.(type) {
		case *ast.ArrayType, *ast.StructType:
		default:
			return true
		}
		t := p.typeOf(n.(ast.Expr))
		if isParametrized(t) || types.Typ[types.Invalid] == t {
			return true
		}
		if size := sizes.Sizeof(t); size < 0 || size > maxSize {
			p.report(n, "a type of more than %d MiB", maxSize>>20)
			return false
		}
		return true
	})
}

// isParametrized says whether the size of a type depends on a type parameter.
func isParametrized(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return true
	case *types.Array:
		return isParametrized(t.Elem())
	case *types.Named:
		for i := range t.TypeArgs().Len() {
			if isParametrized(t.TypeArgs().At(i)) {
				return true
			}
		}
	case *types.Struct:
		for f := range t.Fields() {
			if isParametrized(f.Type()) {
				return true
			}
		}
	}
	return false
}

func checkFieldNames(p *pass) {
	p.structs(func(n *ast.StructType, t *types.Struct) {
		seen := map[string]bool{}
		for f := range t.Fields() {
			name := f.Name()
			if r := []rune(name); !unicode.IsUpper(r[0]) {
				name = "X" + name
			}
			if seen[name] {
				p.report(n, "the interpreter cannot make this struct: two of its fields become %s", name)
				return
			}
			seen[name] = true
		}
	})
}

func checkGenericHostTypes(p *pass) {
	only[*ast.Ident](p, func(n ast.Node, _ []ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		if named, ok := p.info.Instances[id].Type.(*types.Named); ok && !p.isModuleObject(named.Obj()) {
			p.report(id, "the interpreter does not know the type %s", p.name(named))
		}
		return true
	})
}
