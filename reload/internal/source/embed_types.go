package source

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// EmbedProblems is the part of the rules of //go:embed that asks for types: what the variables may be, and that a string
// or a []byte takes one file. info is what a type check of the package found; a variable whose own type is wrong is left
// to that check.
func (p *Package) EmbedProblems(info *types.Info) (found []Problem) {
	for _, e := range p.Embeds {
		spec := p.variable(e)
		if spec == nil {
			continue
		}
		obj := info.Defs[spec.Names[0]]
		if obj == nil || obj.Type() == nil || obj.Type() == types.Typ[types.Invalid] {
			continue
		}
		name := types.TypeString(obj.Type(), types.RelativeTo(obj.Pkg()))
		report := func(message, hint string) {
			found = append(found, Problem{e.Path, e.Line, e.Column, "embed/type", fmt.Sprintf(message, name), hint})
		}
		switch fs, content := embedKind(obj.Type()); {
		case !fs && !content:
			report("go:embed cannot apply to var of type %s", "use string, []byte or embed.FS")
		case content && len(e.Files) > 1:
			report("invalid go:embed: multiple files for type %s", "name one file, or use embed.FS")
		}
	}
	return found
}

// variable returns the declaration that an embedding is about.
func (p *Package) variable(e Embed) *ast.ValueSpec {
	for _, f := range p.Files {
		if f.Path != e.Path || f.Syntax == nil {
			continue
		}
		for _, d := range f.Syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				pos := p.FileSet.PositionFor(s.Pos(), false)
				if spec, ok := s.(*ast.ValueSpec); ok && pos.Line == e.Line && pos.Column == e.Column {
					return spec
				}
			}
		}
	}
	return nil
}

// embedKind says whether a type takes a tree of files, or the content of one.
func embedKind(t types.Type) (fs, content bool) {
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if obj := named.Obj(); obj.Name() == "FS" && obj.Pkg() != nil && obj.Pkg().Path() == "embed" {
			return true, false
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return false, u.Kind() == types.String
	case *types.Slice:
		elem, ok := u.Elem().Underlying().(*types.Basic)
		return false, ok && elem.Kind() == types.Uint8
	}
	return false, false
}
