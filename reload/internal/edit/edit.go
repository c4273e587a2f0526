// Package edit tells what kind of change leads from one version of a module to the next.
//
// [Tokens] identifies what a package says, whatever its formatting and comments. [Of] collects what else matters of a
// checked module, few enough facts to be kept with every version, and [Compare] names the difference. Nothing here keeps
// state; everything is safe for concurrent use.
package edit

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"midair/reload/internal/check"
	"midair/reload/internal/source"
)

// Class says what an edit can affect, from nothing to most.
type Class string

// The classes of edits. An edit of several kinds has the last one of them.
const (
	First      Class = "first"      // there is no version to compare with
	None       Class = "no-op"      // formatting and comments
	Body       Class = "body"       // what the code does, and names that no contract takes
	Additive   Class = "additive"   // new exported names
	Contract   Class = "contract"   // the type of something that a contract of the host takes, or whether it is there
	State      Class = "state"      // the kept variables or their types
	Capability Class = "capability" // compiled packages that the module did not import before
)

// Edit is a class with what it is about, such as the names that were added.
type Edit struct {
	Class   Class
	Details []string
}

// Facts are what decides the class of an edit.
type Facts struct {
	Imports  []string          // compiled packages, of libraries too, sorted
	Exported map[string]string // names of the module's package and their types
	Kept     map[string]string // variables marked //midair:keep and their types, with all that is in them
}

// Keep is the comment that marks a kept variable.
const Keep = "//midair:keep"

// Tokens identifies a package by its Go tokens, directives and embedded files.
func Tokens(pkg *source.Package) source.Hash {
	h := sha256.New()
	var size [8]byte
	put := func(s string) {
		binary.LittleEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	for _, f := range pkg.Files {
		put(f.Name)
		tokens(f.Source, put)
	}
	put(string(pkg.EmbedHash[:]))
	var sum source.Hash
	h.Sum(sum[:0])
	return sum
}

// tokens gives every token to put, but for those that only formatting decides on: a comma or semicolon before a closing
// bracket.
func tokens(src []byte, put func(string)) {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(src)), src, nil, scanner.ScanComments)
	held := ""
	flush := func() {
		if held != "" {
			put(held)
		}
		held = ""
	}
	for {
		_, tok, lit := s.Scan()
		switch tok {
		case token.EOF:
			flush()
			return
		case token.COMMENT:
			if strings.HasPrefix(lit, "//go:") || strings.HasPrefix(lit, "//midair:") {
				put(lit)
			}
			continue
		case token.COMMA, token.SEMICOLON:
			flush()
			held = tok.String()
			continue
		case token.RPAREN, token.RBRACE, token.RBRACK:
			held = ""
		}
		flush()
		put(tok.String())
		if tok.IsLiteral() {
			put(lit)
		}
	}
}

// Of collects the facts of a checked module. isModule tells import paths of the module directory from others.
func Of(m *check.Module, isModule func(importPath string) bool) Facts {
	f := Facts{Exported: map[string]string{}, Kept: map[string]string{}}
	for _, pkg := range append(slices.Clip(m.Libraries), m.Package) {
		for _, imp := range pkg.Source.Imports {
			if !isModule(imp.Path) {
				f.Imports = append(f.Imports, imp.Path)
			}
		}
		for _, file := range pkg.Source.Files {
			for _, name := range Kept(file.Syntax) {
				if v := pkg.Types.Scope().Lookup(name.Name); v != nil {
					f.Kept[pkg.Source.Dir+"."+name.Name] = shape(v.Type(), isModule, map[types.Type]bool{})
				}
			}
		}
	}
	slices.Sort(f.Imports)
	f.Imports = slices.Compact(f.Imports)
	scope := m.Package.Types.Scope()
	for _, name := range scope.Names() {
		if o := scope.Lookup(name); o.Exported() {
			f.Exported[name] = fmt.Sprintf("%T %s", o, types.TypeString(o.Type(), nil))
		}
	}
	return f
}

// Kept returns the variables that a file marks as kept.
func Kept(f *ast.File) (names []*ast.Ident) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			if s := s.(*ast.ValueSpec); marked(s.Doc) || marked(g.Doc) {
				names = append(names, s.Names...)
			}
		}
	}
	return names
}

func marked(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return c.Text == Keep || strings.HasPrefix(c.Text, Keep+" ")
	})
}

// shape writes a type with the module's own types spelled out, so that it changes when one of them does.
func shape(t types.Type, isModule func(string) bool, seen map[types.Type]bool) string {
	var all []string
	var visit func(t types.Type)
	visit = func(t types.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		switch t := types.Unalias(t).(type) {
		case *types.Named:
			if pkg := t.Obj().Pkg(); pkg != nil && isModule(pkg.Path()) {
				all = append(all, types.TypeString(t, nil)+" = "+types.TypeString(t.Underlying(), nil))
				visit(t.Underlying())
			}
		case *types.Struct:
			for f := range t.Fields() {
				visit(f.Type())
			}
		case *types.Map:
			visit(t.Key())
			visit(t.Elem())
		case interface{ Elem() types.Type }:
			visit(t.Elem())
		}
	}
	visit(t)
	return types.TypeString(t, nil) + "\n" + strings.Join(all, "\n")
}

// Compare names the edit from one version to the next, whose tokens differ. taken says whether a contract takes a name.
func Compare(old, now Facts, taken func(name string) bool) Edit {
	if added := missing(now.Imports, old.Imports); len(added) > 0 {
		return Edit{Capability, added}
	}
	if names := differing(old.Kept, now.Kept); len(names) > 0 {
		return Edit{State, names}
	}
	changed := differing(old.Exported, now.Exported)
	added := slices.DeleteFunc(slices.Clone(changed), func(name string) bool { _, was := old.Exported[name]; return was })
	affected := slices.DeleteFunc(changed, func(name string) bool {
		return !taken(name) || slices.Contains(added, name)
	})
	others := slices.DeleteFunc(differing(old.Exported, now.Exported), func(name string) bool { return slices.Contains(added, name) })
	switch {
	case len(affected) > 0:
		return Edit{Contract, affected}
	case len(others) > 0:
		return Edit{Body, others} // exported, but no contract takes them
	case len(added) > 0:
		return Edit{Additive, added}
	}
	return Edit{Class: Body}
}

// missing returns what is in a and not in b.
func missing(a, b []string) (out []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// differing returns the keys whose values are not the same in both maps, sorted.
func differing(a, b map[string]string) (keys []string) {
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			keys = append(keys, k)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}
