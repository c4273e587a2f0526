package main

import (
	"cmp"
	"fmt"
	"go/format"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A stub is the Go source of what reflection cannot express of a package: see reload.StubKey. It is made of the
// declarations of exported things and, as far as these need them, of unexported types.
type stub struct {
	pkg      *types.Package
	listed   map[string]*listed
	excluded map[string]bool
	sealing  map[string]bool // unexported methods of interfaces: a type without them does not implement these
	decls    map[types.Object]*stubDecl
	names    map[string]*types.Package // of imports
}

// A stubDecl is one declaration of a stub, a type's with its methods.
type stubDecl struct {
	text    string
	needs   []types.Object // others of the stub
	imports []*types.Package
	problem string // why it cannot be written
}

// makeStub makes the stub of a package; it is empty if reflection knows everything. The notes say what had to be left
// out, and why.
func makeStub(pkg *types.Package, all map[string]*listed, excluded []string) (src string, notes []string, err error) {
	s := &stub{pkg: pkg, listed: all, excluded: map[string]bool{}, sealing: sealingMethods(pkg),
		decls: map[types.Object]*stubDecl{}, names: map[string]*types.Package{}}
	for _, name := range excluded {
		s.excluded[name] = true
	}
	var roots []types.Object
	for _, name := range pkg.Scope().Names() {
		if o := pkg.Scope().Lookup(name); o.Exported() && !s.excluded[name] && beyondReflection(o) {
			roots = append(roots, o)
			s.declare(o)
		}
	}
	written := map[types.Object]bool{}
	for _, o := range roots {
		if why := s.problem(o, map[types.Object]bool{}); why != "" {
			notes = append(notes, fmt.Sprintf("%s.%s is left out: %s", pkg.Path(), o.Name(), why))
		} else {
			s.collect(o, written)
		}
	}
	if len(written) == 0 {
		return "", notes, nil
	}
	out, err := format.Source([]byte(s.source(written)))
	return string(out), notes, err
}

// beyondReflection says whether a table cannot hold something. A constraint is an interface that has no values.
func beyondReflection(o types.Object) bool {
	switch o := o.(type) {
	case *types.Const:
		return o.Type() == types.Typ[types.UntypedRune]
	case *types.Func:
		return o.Signature().TypeParams().Len() > 0
	case *types.TypeName:
		return noValues(o)
	}
	return false
}

// noValues says whether a type is generic or a constraint.
func noValues(o *types.TypeName) bool {
	if generic, ok := o.Type().(interface{ TypeParams() *types.TypeParamList }); ok && generic.TypeParams().Len() > 0 {
		return true
	}
	i, ok := o.Type().Underlying().(*types.Interface)
	return ok && !i.IsMethodSet()
}

func sealingMethods(pkg *types.Package) map[string]bool {
	names := map[string]bool{}
	for _, name := range pkg.Scope().Names() {
		o, ok := pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok {
			continue
		}
		if i, ok := o.Type().Underlying().(*types.Interface); ok {
			for m := range i.Methods() {
				if !m.Exported() {
					names[m.Name()] = true
				}
			}
		}
	}
	return names
}

// declare writes the declaration of something and of what it needs.
func (s *stub) declare(o types.Object) {
	if s.decls[o] != nil {
		return
	}
	d := &stubDecl{}
	s.decls[o] = d
	w := stubWriter{stub: s, decl: d}
	switch o := o.(type) {
	case *types.Const:
		w.constant(o)
	case *types.Func:
		w.function("", o)
	case *types.TypeName:
		w.typ(o)
	}
	d.text = w.out.String()
	for _, needed := range d.needs {
		s.declare(needed)
	}
}

// problem returns why something cannot be in the stub.
func (s *stub) problem(o types.Object, seen map[types.Object]bool) string {
	d := s.decls[o]
	if seen[o] || d.problem != "" {
		return d.problem
	}
	seen[o] = true
	for _, needed := range d.needs {
		if why := s.problem(needed, seen); why != "" {
			return why
		}
	}
	return ""
}

func (s *stub) collect(o types.Object, into map[types.Object]bool) {
	if into[o] {
		return
	}
	into[o] = true
	for _, needed := range s.decls[o].needs {
		s.collect(needed, into)
	}
}

// source joins declarations: constants, then the others by name.
func (s *stub) source(written map[types.Object]bool) string {
	objects := slices.SortedFunc(maps.Keys(written), func(a, b types.Object) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Name(), b.Name()))
	})
	used := map[*types.Package]bool{}
	var body strings.Builder
	for _, o := range objects {
		body.WriteString(s.decls[o].text)
		for _, p := range s.decls[o].imports {
			used[p] = true
		}
	}
	return "package " + s.pkg.Name() + "\n\n" + s.imports(used) + body.String()
}

func rank(o types.Object) int {
	if _, ok := o.(*types.Const); ok {
		return 0
	}
	return 1
}

func (s *stub) imports(used map[*types.Package]bool) string {
	var lines []string
	for name, p := range s.names {
		switch {
		case !used[p]:
		case strings.HasSuffix("/"+p.Path(), "/"+name):
			lines = append(lines, fmt.Sprintf("\t%q\n", p.Path()))
		default:
			lines = append(lines, fmt.Sprintf("\t%s %q\n", name, p.Path()))
		}
	}
	if len(lines) == 0 {
		return ""
	}
	slices.Sort(lines)
	return "import (\n" + strings.Join(lines, "") + ")\n\n"
}

// importName returns the name by which the stub imports a package: its own, if no other has it.
func (s *stub) importName(p *types.Package) string {
	for n := 1; ; n++ {
		name := p.Name()
		if n > 1 {
			name += strconv.Itoa(n)
		}
		if s.names[name] == p {
			return name
		}
		if s.names[name] == nil && s.pkg.Scope().Lookup(name) == nil {
			s.names[name] = p
			return name
		}
	}
}

// runeLiteral writes an untyped rune constant, which need not be a valid rune.
func runeLiteral(value string, n int64) string {
	if n >= 0 && n <= utf8.MaxRune && utf8.ValidRune(rune(n)) {
		return strconv.QuoteRuneToASCII(rune(n))
	}
	return "'\\x00' + " + value
}
