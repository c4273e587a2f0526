package interp

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	yaegi "github.com/traefik/yaegi/interp"

	"midair/interp/internal/lower"
	"midair/reload"
)

// The package that holds what //go:embed puts into variables. No module can import it: the check does not know it.
const (
	embedPath = "midair.embedded"
	embedName = "midairEmbedded"
)

// embedKind is what the compiler makes of an embedded variable.
type embedKind int

const (
	embedNothing embedKind = iota // the compiler refuses the type
	embedString
	embedBytes
	embedElements // a slice of bytes of a type of their own
	embedFiles
)

// kindOf returns the kind of an embedded variable, by its type.
func kindOf(t types.Type) embedKind {
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if obj := named.Obj(); obj.Name() == "FS" && obj.Pkg() != nil && obj.Pkg().Path() == "embed" {
			return embedFiles
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Kind() == types.String {
			return embedString
		}
	case *types.Slice:
		switch elem, ok := u.Elem().Underlying().(*types.Basic); {
		case !ok || elem.Kind() != types.Uint8:
		case types.Unalias(u.Elem()) == types.Type(elem):
			return embedBytes
		default:
			return embedElements
		}
	}
	return embedNothing
}

// embedded is one variable to fill.
type embedded struct {
	symbol string // of the hidden package
	kind   embedKind
	spec   *ast.ValueSpec
	typ    types.Type
	from   reload.Embed
}

// embeddedIn returns the variables of a package that have to be filled.
func embeddedIn(pkg reload.Package) (all []embedded) {
	for i, from := range pkg.Embeds {
		spec := specOf(pkg, from.Var)
		obj := pkg.Types.Scope().Lookup(from.Var)
		if spec == nil || obj == nil {
			continue // called _
		}
		e := embedded{kind: kindOf(obj.Type()), spec: spec, typ: obj.Type(), from: from}
		e.symbol = fmt.Sprintf("V%x_%d", pkg.ImportPath, i)
		all = append(all, e)
	}
	return all
}

// specOf returns the declaration of a package's variable.
func specOf(pkg reload.Package, name string) *ast.ValueSpec {
	for _, f := range pkg.Files {
		for _, d := range f.Syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR || name == "_" {
				continue
			}
			for _, s := range g.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && len(v.Names) == 1 && v.Names[0].Name == name {
					return v
				}
			}
		}
	}
	return nil
}

// embedEdits gives initialisers to the variables of a file that //go:embed fills.
func embedEdits(pkg reload.Package, f reload.File) (edits []lower.Edit) {
	at := func(p token.Pos, text string) {
		edits = append(edits, lower.Edit{Offset: pkg.FileSet.PositionFor(p, false).Offset, Text: text})
	}
	for _, e := range embeddedIn(pkg) {
		if e.from.File == f.Path {
			at(e.spec.Type.End(), e.initialiser())
		}
	}
	if len(edits) > 0 {
		at(f.Syntax.Name.End(), fmt.Sprintf("; import %s %q", embedName, embedPath))
	}
	return edits
}

// initialiser is what follows the variable's type.
func (e embedded) initialiser() string {
	value := embedName + "." + e.symbol
	switch types.Unalias(e.typ).(type) {
	case *types.Basic:
		return " = " + value
	case *types.Slice:
		if e.kind == embedBytes {
			return " = " + value
		}
	}
	if e.kind == embedFiles {
		return " = " + value
	}
	return fmt.Sprintf(" = (%s)(%s)", types.ExprString(e.spec.Type), value)
}

// addEmbedded adds what the variables are filled with, made for one version: a []byte is the version's own.
func addEmbedded(ex yaegi.Exports, c *reload.Checked) {
	symbols := map[string]reflect.Value{}
	for _, pkg := range packages(c) {
		for _, e := range embeddedIn(pkg) {
			if v := e.value(); v.IsValid() {
				symbols[e.symbol] = v
			}
		}
	}
	if len(symbols) > 0 {
		ex[embedPath+"//"+embedName] = symbols
	}
}

// value is what the compiler would put into the variable. There is none for a type that the compiler refuses: the
// initialiser then has nothing to refer to, and the version is refused as well.
func (e embedded) value() reflect.Value {
	files := e.from.Files
	switch {
	case e.kind == embedFiles && embedLayout:
		return reflect.ValueOf(newEmbedFS(files))
	case len(files) != 1:
		return reflect.Value{}
	case e.kind == embedString, e.kind == embedElements:
		return reflect.ValueOf(shared(files[0].Data))
	case e.kind == embedBytes:
		return reflect.ValueOf(append(make([]byte, 0, len(files[0].Data)), files[0].Data...))
	}
	return reflect.Value{}
}
