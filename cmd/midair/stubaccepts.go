package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const acceptsMarker = "//midair:accepts"

// acceptsOf returns what the sources of a package mark with //midair:accepts, sorted: see reload.AcceptsKey.
func acceptsOf(p *listed) (names []string, err error) {
	m := markers{found: map[string]bool{}}
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
		src, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, err
		}
		if !strings.Contains(string(src), acceptsMarker) {
			continue
		}
		m.fset = token.NewFileSet()
		f, err := parser.ParseFile(m.fset, filepath.Join(p.Dir, name), src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		m.file(f)
	}
	for name := range m.found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, errors.Join(m.errs...)
}

// markers collects the markers of a package.
type markers struct {
	fset  *token.FileSet
	found map[string]bool
	used  map[*ast.Comment]bool // in the file that is read
	errs  []error
}

func (m *markers) file(f *ast.File) {
	m.used = map[*ast.Comment]bool{}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			m.function(d)
		case *ast.GenDecl:
			m.types(d)
		}
	}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if isMarker(c) && !m.used[c] {
				m.wrong(c, "marks nothing: write it on a line of its own, directly above a type, a func, a method, a field of a "+
					"struct type or a method of an interface type")
			}
		}
	}
}

func (m *markers) function(d *ast.FuncDecl) {
	c := m.marker(d.Doc)
	if c == nil {
		return
	}
	name, hidden := d.Name.Name, ""
	if d.Recv != nil {
		recv := embeddedName(d.Recv.List[0].Type).Name
		name = recv + "." + name
		if !token.IsExported(recv) {
			hidden = recv
		}
	}
	if !d.Name.IsExported() {
		hidden = d.Name.Name
	}
	m.add(c, name, hidden)
}

func (m *markers) types(d *ast.GenDecl) {
	if d.Tok != token.TYPE {
		return
	}
	for _, s := range d.Specs {
		s := s.(*ast.TypeSpec)
		hidden := ""
		if !s.Name.IsExported() {
			hidden = s.Name.Name
		}
		doc := s.Doc
		if !d.Lparen.IsValid() {
			doc = d.Doc
		}
		if c := m.marker(doc); c != nil {
			m.add(c, s.Name.Name, hidden)
		}
		switch t := s.Type.(type) {
		case *ast.StructType:
			m.members(s.Name.Name, hidden, t.Fields, true)
		case *ast.InterfaceType:
			m.members(s.Name.Name, hidden, t.Methods, false)
		}
	}
}

// members reads the fields of a struct type, whose embedded ones have a name too, or the methods of an interface type.
func (m *markers) members(of, hidden string, list *ast.FieldList, embeds bool) {
	for _, f := range list.List {
		names := f.Names
		if len(names) == 0 && embeds {
			names = []*ast.Ident{embeddedName(f.Type)}
		}
		if len(names) == 0 {
			continue // embedded in an interface: what it marks is that one's own affair
		}
		c := m.marker(f.Doc)
		if c == nil {
			continue
		}
		for _, id := range names {
			hidden := hidden
			if !id.IsExported() {
				hidden = id.Name
			}
			m.add(c, of+"."+id.Name, hidden)
		}
	}
}

// marker returns the marker in a doc comment.
func (m *markers) marker(doc *ast.CommentGroup) *ast.Comment {
	if doc == nil {
		return nil
	}
	for _, c := range doc.List {
		if isMarker(c) {
			m.used[c] = true
			return c
		}
	}
	return nil
}

func isMarker(c *ast.Comment) bool {
	rest, ok := strings.CutPrefix(c.Text, acceptsMarker)
	return ok && (rest == "" || strings.ContainsAny(rest[:1], " \t"))
}

// add takes down what a marker marks; hidden is what no module can name about it.
func (m *markers) add(c *ast.Comment, name, hidden string) {
	switch {
	case strings.TrimSpace(c.Text) != acceptsMarker:
		m.wrong(c, "takes nothing after it")
	case hidden != "":
		m.wrong(c, "marks "+name+", but "+hidden+" is not exported: no module can get at it")
	default:
		m.found[name] = true
	}
}

func (m *markers) wrong(c *ast.Comment, why string) {
	at := m.fset.Position(c.Pos())
	m.errs = append(m.errs, fmt.Errorf("%s:%d: %s %s", at.Filename, at.Line, acceptsMarker, why))
}

// embeddedName returns the name that an embedded type has as a field.
func embeddedName(t ast.Expr) *ast.Ident {
	switch t := t.(type) {
	case *ast.Ident:
		return t
	case *ast.StarExpr:
		return embeddedName(t.X)
	case *ast.ParenExpr:
		return embeddedName(t.X)
	case *ast.SelectorExpr:
		return t.Sel
	case *ast.IndexExpr:
		return embeddedName(t.X)
	case *ast.IndexListExpr:
		return embeddedName(t.X)
	}
	return ast.NewIdent("_") // the compiler will tell
}
