package reload

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"midair/reload/internal/signature"
	"midair/reload/internal/source"
)

// declarations are what a module's package declares, as contracts look for it.
type declarations struct {
	byName map[string]*declaration
	pkg    *signature.Package
	file   string // the first one, to blame for what is missing
}

// declaration is one function, variable or constant with its type, as far as it was asked for.
type declaration struct {
	*signature.Decl
	name      string
	reflected reflect.Type // of a function or variable; nil where the syntax alone does not tell
	crossing  error
}

func (d *declaration) diagnostic(rule, message, hint string) Diagnostic {
	return Diagnostic{File: d.Pos.Filename, Line: d.Pos.Line, Column: d.Pos.Column, Rule: rule, Message: message,
		Hint: hint}
}

// declarationsOf reads the declarations of a module, with types for those that the contracts may take.
func (rt *Runtime) declarationsOf(m *source.Module) declarations {
	libs := map[string]*signature.Package{}
	names := map[string]string{}
	w := &signature.World{
		Types: rt.symbols.lookup,
		Library: func(p string) (string, *signature.Package, bool) {
			lib, ok := libs[p]
			return names[p], lib, ok
		},
	}
	for _, lib := range m.Libraries {
		p := rt.world.ImportPathOf(lib.Dir)
		libs[p], names[p] = signature.Of(lib, w), lib.Name
	}
	ds := declarations{byName: map[string]*declaration{}, pkg: signature.Of(m.Package, w),
		file: m.Package.Files[0].Path}
	for name, d := range ds.pkg.Decls {
		decl := &declaration{Decl: d, name: name}
		if d.Pos.IsValid() && (d.Kind == signature.Func || d.Kind == signature.Var) && !d.Generic {
			decl.reflected, decl.crossing = ds.pkg.Type(d)
		}
		ds.byName[name] = decl
	}
	return ds
}

// withPrefix returns the functions that belong to a prefix, sorted by name.
func (ds declarations) withPrefix(prefix string) (list []*declaration) {
	for _, name := range slices.Sorted(maps.Keys(ds.byName)) {
		if d := ds.byName[name]; d.Kind == signature.Func && hasPrefix(name, prefix) {
			list = append(list, d)
		}
	}
	return list
}

// check compares a contract with what the module declares, before anything of the module runs.
func (c *contract) check(ds declarations) (out []Diagnostic) {
	for _, f := range c.fields {
		if f.kind == prefixField {
			out = append(out, c.checkPrefix(f, ds)...)
			continue
		}
		d := ds.byName[f.name]
		if d == nil {
			if !f.optional {
				out = append(out, f.missing(ds))
			}
			continue
		}
		if problem := f.checkDecl(d, f.typ); problem != nil {
			out = append(out, *problem)
		}
	}
	return out
}

// missing says that a function or value is not there, and what the module has instead.
func (f *field) missing(ds declarations) Diagnostic {
	d := Diagnostic{File: ds.file, Line: 1, Column: 1, Rule: "contract/missing"}
	what, want := "function", "func "+f.name+strings.TrimPrefix(typeString(f.typ), "func")
	if f.kind == valueField {
		what, want = "variable or constant", "var "+f.name+" "+typeString(f.typ)
	}
	d.Message = fmt.Sprintf("%s %s is missing\n\thave none\n\twant %s", what, f.name, want)
	d.Hint = "add it: " + want
	for _, name := range slices.Sorted(maps.Keys(ds.byName)) {
		near := ds.byName[name]
		if !strings.EqualFold(name, f.name) || near.Kind == signature.Type {
			continue
		}
		at := near.diagnostic("contract/unexported", fmt.Sprintf("%s %s is not exported as %s\n\thave %s\n\twant %s",
			near.Kind, name, f.name, near.describe(), want), "rename it to "+f.name)
		return at
	}
	return d
}

// describe shows a declaration as written.
func (d *declaration) describe() string {
	switch {
	case d.Kind == signature.Func:
		return "func " + d.name + strings.TrimPrefix(d.Text, "func")
	case d.Text == "":
		return d.Kind.String() + " " + d.name
	}
	return map[signature.Kind]string{signature.Var: "var ", signature.Const: "const "}[d.Kind] + d.name + " " + d.Text
}

// checkDecl compares one declaration with the type that a field wants.
func (f *field) checkDecl(d *declaration, typ reflect.Type) *Diagnostic {
	want := typeString(typ)
	if typ.Kind() == reflect.Func {
		want = "func " + d.name + strings.TrimPrefix(funcString(typ), "func")
	}
	fault := func(rule, message, hint string) *Diagnostic {
		diag := d.diagnostic(rule, fmt.Sprintf("%s\n\thave %s\n\twant %s", message, d.describe(), want), hint)
		return &diag
	}
	isFunc := typ.Kind() == reflect.Func
	switch {
	case d.Generic:
		return fault("contract/generic", fmt.Sprintf("function %s is generic", d.name),
			"the host cannot choose its type arguments; add a plain function that calls it")
	case d.Kind == signature.Type, isFunc && d.Kind == signature.Const, !isFunc && d.Kind == signature.Func &&
		typ.Kind() != reflect.Interface:
		return fault("contract/kind", fmt.Sprintf("%s is a %s", d.name, d.Kind), "")
	}
	var cross *signature.CrossError
	if errors.As(d.crossing, &cross) {
		return fault("contract/cross", fmt.Sprintf("%s %s: %v", d.Kind, d.name, cross), "")
	}
	if d.reflected != nil && !d.reflected.AssignableTo(typ) {
		what := "type"
		if isFunc {
			what = "signature"
		}
		return fault("contract/signature", fmt.Sprintf("%s %s has the wrong %s", d.Kind, d.name, what), "")
	}
	return nil
}

// funcString prints a func type by its underlying signature, also when the type has a name.
func funcString(t reflect.Type) string {
	if t.Name() == "" {
		return typeString(t)
	}
	var in, out []reflect.Type
	for p := range t.Ins() {
		in = append(in, p)
	}
	for p := range t.Outs() {
		out = append(out, p)
	}
	return typeString(reflect.FuncOf(in, out, t.IsVariadic()))
}

// checkPrefix demands that every function of a prefix fits the map, or another map of the contract with that prefix.
func (c *contract) checkPrefix(f field, ds declarations) (out []Diagnostic) {
	for _, d := range ds.withPrefix(f.prefix) {
		problem := f.checkDecl(d, f.typ.Elem())
		if problem == nil || c.otherTakes(f, d) {
			continue
		}
		problem.Hint = fmt.Sprintf("every exported function whose name begins with %s is collected; "+
			"give it that signature or another name", f.prefix)
		out = append(out, *problem)
	}
	return out
}

func (c *contract) otherTakes(f field, d *declaration) bool {
	return slices.ContainsFunc(c.fields, func(o field) bool {
		return o.kind == prefixField && o.typ != f.typ && hasPrefix(d.name, o.prefix) &&
			o.checkDecl(d, o.typ.Elem()) == nil
	})
}
