package hint

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"
)

// Place is where in a checked package an error is. It finds the names that could have been meant there.
type Place struct {
	Package *types.Package
	Info    *types.Info // with Types
	Files   []*ast.File
	Pos     token.Pos
}

var literalType = regexp.MustCompile(`in struct literal of type (.+)$`)

// Names returns the names that a message about an unknown one could have meant: what is in scope, what a package
// exports, or the fields and methods of a value's type.
func (p Place) Names(message string) []string {
	if p.Package == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(message, "undefined: "); ok {
		if pkg, _, ok := strings.Cut(name, "."); ok {
			return p.exported(pkg)
		}
		return p.inScope()
	}
	if rest, ok := strings.CutPrefix(message, "name "); ok {
		_, pkg, _ := strings.Cut(rest, " not exported by package ")
		return p.exported(pkg)
	}
	if m := literalType.FindStringSubmatch(message); m != nil {
		return members(p.typeOfLiteral())
	}
	return members(p.typeOfSelected())
}

// scope is the innermost one around the error.
func (p Place) scope() *types.Scope {
	if s := p.Package.Scope().Innermost(p.Pos); s != nil {
		return s
	}
	return p.Package.Scope()
}

func (p Place) inScope() (names []string) {
	for s := p.scope(); s != nil; s = s.Parent() {
		for _, name := range s.Names() {
			local := s != types.Universe && s.Parent() != types.Universe
			if _, imported := s.Lookup(name).(*types.PkgName); local && !imported && s.Lookup(name).Pos() > p.Pos {
				continue // declared later
			}
			names = append(names, name)
		}
	}
	return names
}

func (p Place) exported(pkg string) (names []string) {
	_, o := p.scope().LookupParent(pkg, token.NoPos)
	imported, ok := o.(*types.PkgName)
	if !ok {
		return nil
	}
	s := imported.Imported().Scope()
	for _, name := range s.Names() {
		if token.IsExported(name) {
			names = append(names, name)
		}
	}
	return names
}

// typeOfSelected is the type of x where the error is at the name in x.name.
func (p Place) typeOfSelected() (t types.Type) {
	p.inspect(func(n ast.Node) {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Pos() == p.Pos {
			t = p.Info.TypeOf(sel.X)
		}
	})
	return t
}

// typeOfLiteral is the type of the innermost composite literal around the error.
func (p Place) typeOfLiteral() (t types.Type) {
	p.inspect(func(n ast.Node) {
		if lit, ok := n.(*ast.CompositeLit); ok && lit.Pos() <= p.Pos && p.Pos < lit.End() {
			t = p.Info.TypeOf(lit)
		}
	})
	return t
}

func (p Place) inspect(visit func(ast.Node)) {
	for _, f := range p.Files {
		if p.Pos < f.FileStart || p.Pos > f.FileEnd {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil || p.Pos < n.Pos() || p.Pos > n.End() {
				return false
			}
			visit(n)
			return true
		})
	}
}

// members returns the names of a type's fields and methods, those of embedded types not included.
func members(t types.Type) (names []string) {
	if t == nil {
		return nil
	}
	for _, set := range []*types.MethodSet{types.NewMethodSet(t), types.NewMethodSet(types.NewPointer(t))} {
		for m := range set.Methods() {
			names = append(names, m.Obj().Name())
		}
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			names = append(names, f.Name())
		}
	}
	return names
}
