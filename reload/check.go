package reload

import (
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"slices"
	"strings"

	"midair/reload/internal/check"
	"midair/reload/internal/hint"
)

// declarations are what a module's package declares, as contracts look for it.
type declarations struct {
	byName map[string]*declaration
	file   string // the first one, to blame for what is missing
}

// declaration is one function, variable, constant or type of the module's package.
type declaration struct {
	types.Object
	pos token.Position
	rt  *Runtime
}

// declarationsOf lists the declarations of a checked package.
func (rt *Runtime) declarationsOf(pkg *check.Package) declarations {
	scope := pkg.Types.Scope()
	ds := declarations{byName: make(map[string]*declaration, scope.Len()), file: pkg.Source.Files[0].Path}
	for _, name := range scope.Names() {
		o := scope.Lookup(name)
		ds.byName[name] = &declaration{o, pkg.Source.FileSet.PositionFor(o.Pos(), false), rt}
	}
	return ds
}

func (d *declaration) diagnostic(rule, message, hint string) Diagnostic {
	return Diagnostic{File: d.pos.Filename, Line: d.pos.Line, Column: d.pos.Column, End: d.pos.Column + len(d.Name()),
		Rule: rule, Message: message, Hint: hint}
}

// kind says in words what the name is declared as.
func (d *declaration) kind() string {
	switch d.Object.(type) {
	case *types.Func:
		return "function"
	case *types.Var:
		return "variable"
	case *types.Const:
		return "constant"
	}
	return "type"
}

func (d *declaration) isFunc() bool { _, ok := d.Object.(*types.Func); return ok }
func (d *declaration) isType() bool { _, ok := d.Object.(*types.TypeName); return ok }

func (d *declaration) isGeneric() bool {
	sig, ok := d.Type().(*types.Signature)
	return ok && sig.TypeParams().Len() > 0
}

// fits says whether the value can be stored in a variable of a host type.
func (d *declaration) fits(typ reflect.Type) bool {
	if c, ok := d.Object.(*types.Const); ok && isUntyped(c.Type()) {
		return setConstant(reflect.New(typ).Elem(), c.Val())
	}
	return types.AssignableTo(d.Type(), d.rt.importer.TypeOf(typ))
}

func isUntyped(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return ok && b.Info()&types.IsUntyped != 0
}

// foreign returns a type in the declaration that the module declares, so that the host cannot have it; "" if there is none.
func (d *declaration) foreign() string {
	found := ""
	seen := map[types.Type]bool{}
	var visit func(t types.Type)
	visit = func(t types.Type) {
		if found != "" || t == nil || seen[t] {
			return
		}
		seen[t] = true
		switch t := types.Unalias(t).(type) {
		case *types.Named:
			if pkg := t.Obj().Pkg(); pkg != nil && d.rt.isModulePath(pkg.Path()) {
				found = types.TypeString(t.Origin(), d.qualifier)
				if i := strings.IndexByte(found, '['); i > 0 {
					found = found[:i]
				}
			}
			for arg := range t.TypeArgs().Types() {
				visit(arg)
			}
		case *types.Signature:
			visit(t.Params())
			visit(t.Results())
		case *types.Tuple:
			for v := range t.Variables() {
				visit(v.Type())
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
	visit(d.Type())
	return found
}

func (d *declaration) qualifier(p *types.Package) string {
	if p == d.Pkg() {
		return ""
	}
	return p.Name()
}

// isModulePath says whether an import path is below the module directory.
func (rt *Runtime) isModulePath(importPath string) bool {
	_, ok := rt.world.DirOf(importPath)
	return ok && !rt.symbols.available(importPath)
}

// withPrefix returns the functions that belong to a prefix, sorted by name.
func (ds declarations) withPrefix(prefix string) (list []*declaration) {
	for _, name := range slices.Sorted(maps.Keys(ds.byName)) {
		if d := ds.byName[name]; d.isFunc() && hasPrefix(name, prefix) {
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
				out = append(out, c.missing(f, ds))
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
func (c *contract) missing(f field, ds declarations) Diagnostic {
	d := Diagnostic{File: ds.file, Line: 1, Column: 1, Rule: "contract/missing"}
	what, want := "function", "func "+f.name+strings.TrimPrefix(typeString(f.typ), "func")
	if f.kind == valueField {
		what, want = "variable or constant", "var "+f.name+" "+typeString(f.typ)
	}
	d.Message = fmt.Sprintf("%s %s is missing\n\thave none\n\twant %s", what, f.name, want)
	d.Hint = "add it: " + want
	var candidates []string
	for name, other := range ds.byName {
		if !other.isType() && !c.asksFor(name) {
			candidates = append(candidates, name)
		}
	}
	near := ds.byName[hint.Nearest(f.name, candidates)]
	if near == nil {
		return d
	}
	rule, message := "contract/missing", fmt.Sprintf("%s %s is missing, but there is %s", what, f.name, near.Name())
	if strings.EqualFold(near.Name(), f.name) {
		rule, message = "contract/unexported", fmt.Sprintf("%s %s is not exported as %s", near.kind(), near.Name(), f.name)
	}
	return near.diagnostic(rule, fmt.Sprintf("%s\n\thave %s\n\twant %s", message, near.describe(), want),
		fmt.Sprintf("rename %s to %s", near.Name(), f.name))
}

// asksFor says whether the contract has a field for a name.
func (c *contract) asksFor(name string) bool {
	return slices.ContainsFunc(c.fields, func(f field) bool { return f.kind != prefixField && f.name == name })
}

// describe shows a declaration as Go source does.
func (d *declaration) describe() string {
	text := types.TypeString(d.Type(), d.qualifier)
	switch o := d.Object.(type) {
	case *types.Func:
		return "func " + d.Name() + strings.TrimPrefix(text, "func")
	case *types.Const:
		if isUntyped(o.Type()) {
			return "const " + d.Name() + " = " + o.Val().String()
		}
		return "const " + d.Name() + " " + text
	case *types.TypeName:
		return "type " + d.Name()
	}
	return "var " + d.Name() + " " + text
}

// checkDecl compares one declaration with the type that a field wants.
func (f *field) checkDecl(d *declaration, typ reflect.Type) *Diagnostic {
	want := typeString(typ)
	if typ.Kind() == reflect.Func {
		want = "func " + d.Name() + strings.TrimPrefix(funcString(typ), "func")
	}
	fault := func(rule, message, hint string) *Diagnostic {
		diag := d.diagnostic(rule, fmt.Sprintf("%s\n\thave %s\n\twant %s", message, d.describe(), want), hint)
		return &diag
	}
	wantsFunc := typ.Kind() == reflect.Func
	switch {
	case d.isGeneric():
		return fault("contract/generic", fmt.Sprintf("function %s is generic", d.Name()),
			"the host cannot choose its type arguments; add a plain function that calls it")
	case d.isType(), wantsFunc && d.kind() == "constant", !wantsFunc && d.isFunc() && typ.Kind() != reflect.Interface:
		return fault("contract/kind", fmt.Sprintf("%s is a %s", d.Name(), d.kind()), "")
	case d.fits(typ):
		return nil
	}
	if name := d.foreign(); name != "" {
		return fault("contract/cross", fmt.Sprintf("%s %s: type %s does not cross: the module declares it, so only the "+
			"module has it", d.kind(), d.Name(), name), "declare it in a package of the host, or use Go's own types")
	}
	what := "type"
	if wantsFunc {
		what = "signature"
	}
	return fault("contract/signature", fmt.Sprintf("%s %s has the wrong %s", d.kind(), d.Name(), what), "")
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
		return o.kind == prefixField && o.typ != f.typ && hasPrefix(d.Name(), o.prefix) &&
			o.checkDecl(d, o.typ.Elem()) == nil
	})
}
