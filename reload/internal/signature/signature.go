// Package signature reads the package-level declarations of a module and works out, from the syntax alone, which
// compiled type each function and variable has.
//
// An interpreter's idea of a type can be looser than the compiler's (yaegi gives `type ID int` the reflected type int),
// so what a contract asks for is compared with what the source says, before anything is loaded and for every backend
// alike. A type crosses between module and host if it is made of Go's own types and of types of packages that the host
// gives to modules; a type that the module or its libraries declare exists only there.
//
// Nothing here runs module code or keeps state; everything is safe for concurrent use.
package signature

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"reflect"

	"midair/reload/internal/source"
)

// Kind says what a name is declared as.
type Kind int

// The kinds of declarations.
const (
	Func Kind = iota
	Var
	Const
	Type
)

var kinds = [...]string{"function", "variable", "constant", "type"}

// String returns the kind in words.
func (k Kind) String() string { return kinds[k] }

// Decl is one package-level declaration.
type Decl struct {
	Name    string
	Kind    Kind
	Pos     token.Position
	Generic bool   // a function with type parameters
	Text    string // a function's or variable's type as written, "" if it is not written

	expr ast.Expr  // of the type, nil if it is not written
	file *ast.File // whose imports the type is read with
}

// Package is a package's declarations by name, methods left out.
type Package struct {
	Decls map[string]*Decl
	types map[string]*ast.TypeSpec
	files map[string]*ast.File // of the type declarations
	world *World
}

// World is what the type expressions of a package may refer to.
type World struct {
	// Types returns the compiled package of an import path: its name and its symbols as in reload.Symbols.
	Types func(importPath string) (name string, symbols map[string]reflect.Value, ok bool)
	// Library returns the declarations of a package of the module directory.
	Library func(importPath string) (name string, lib *Package, ok bool)
}

// Of reads the declarations of a package.
func Of(pkg *source.Package, w *World) *Package {
	p := &Package{Decls: map[string]*Decl{}, types: map[string]*ast.TypeSpec{}, files: map[string]*ast.File{}, world: w}
	for _, f := range pkg.Files {
		if f.Syntax == nil {
			continue
		}
		for _, decl := range f.Syntax.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					p.add(pkg, f.Syntax, d.Name, Func, d.Type).Generic = d.Type.TypeParams.NumFields() > 0
				}
			case *ast.GenDecl:
				p.general(pkg, f.Syntax, d)
			}
		}
	}
	return p
}

func (p *Package) general(pkg *source.Package, file *ast.File, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			p.add(pkg, file, s.Name, Type, nil)
			p.types[s.Name.Name], p.files[s.Name.Name] = s, file
		case *ast.ValueSpec:
			kind := Var
			if d.Tok == token.CONST {
				kind = Const
			}
			for _, name := range s.Names {
				p.add(pkg, file, name, kind, s.Type)
			}
		}
	}
}

func (p *Package) add(pkg *source.Package, file *ast.File, name *ast.Ident, kind Kind, expr ast.Expr) *Decl {
	d := &Decl{Name: name.Name, Kind: kind, Pos: pkg.FileSet.Position(name.Pos()), expr: expr, file: file}
	if expr != nil {
		d.Text = text(pkg.FileSet, expr)
	}
	if name.Name != "_" && name.Name != "init" {
		p.Decls[name.Name] = d
	}
	return d
}

// text prints a type expression on one line.
func text(fset *token.FileSet, expr ast.Expr) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, fset, expr); err != nil {
		return "?"
	}
	return string(bytes.Join(bytes.Fields(b.Bytes()), []byte(" ")))
}

// Type returns the compiled type of a function or variable. It is nil, without an error, where the syntax alone does
// not tell (a variable without a written type, an array length that must be computed). The error says which part of
// the type does not cross, and why.
func (p *Package) Type(d *Decl) (t reflect.Type, err error) {
	if d.expr == nil {
		return nil, nil
	}
	defer func() {
		if recover() != nil { // reflect refuses types that no compiler would accept; those are the check's business
			t, err = nil, nil
		}
	}()
	r := reader{pkg: p, file: d.file}
	if t = r.read(d.expr); r.err != nil {
		return nil, r.err
	}
	return t, nil
}

// A CrossError names a type that cannot cross between module and host.
type CrossError struct {
	Type string
	Why  string
}

func (e *CrossError) Error() string { return fmt.Sprintf("type %s does not cross: %s", e.Type, e.Why) }
