package main

import (
	"bytes"
	"fmt"
	"go/constant"
	"go/types"
	"strings"
)

// A stubWriter writes one declaration, and takes down what it needs.
type stubWriter struct {
	*stub
	decl *stubDecl
	out  bytes.Buffer
}

func (w *stubWriter) constant(o *types.Const) {
	n, _ := constant.Int64Val(constant.ToInt(o.Val()))
	fmt.Fprintf(&w.out, "const %s = %s\n\n", o.Name(), runeLiteral(o.Val().ExactString(), n))
}

// function writes a function, or a method if there is a receiver.
func (w *stubWriter) function(receiver string, f *types.Func) {
	fmt.Fprintf(&w.out, "func %s%s", receiver, f.Name())
	w.needs(f.Signature())
	types.WriteSignature(&w.out, f.Signature(), w.qualify)
	w.out.WriteString("\n\n")
}

func (w *stubWriter) typ(o *types.TypeName) {
	switch t := o.Type().(type) {
	case *types.Alias:
		fmt.Fprintf(&w.out, "type %s%s = %s\n\n", o.Name(), w.typeParams(t.TypeParams()), w.text(t.Rhs()))
	case *types.Named:
		shown := t.Underlying()
		if st, ok := shown.(*types.Struct); ok {
			shown = showFields(st)
		}
		fmt.Fprintf(&w.out, "type %s%s %s\n\n", o.Name(), w.typeParams(t.TypeParams()), w.text(shown))
		for m := range t.Methods() {
			if m.Exported() || w.sealing[m.Name()] {
				recv := m.Signature().Recv()
				w.function("("+strings.TrimSpace(recv.Name()+" "+w.text(recv.Type()))+") ", m)
			}
		}
	}
}

// showFields hides the types of unexported fields, unless they are embedded: then they have fields and methods to show.
func showFields(t *types.Struct) *types.Struct {
	fields := make([]*types.Var, t.NumFields())
	tags := make([]string, t.NumFields())
	for i := range fields {
		f := t.Field(i)
		typ := f.Type()
		if !f.Exported() && !f.Embedded() {
			typ = hide(typ)
		}
		fields[i] = types.NewField(f.Pos(), f.Pkg(), f.Name(), typ, f.Embedded())
		tags[i] = t.Tag(i)
	}
	return types.NewStruct(fields, tags)
}

// typeParams writes type parameters. The comma at the end tells [P *T] from the length of an array.
func (w *stubWriter) typeParams(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	var b strings.Builder
	for p := range list.TypeParams() {
		fmt.Fprintf(&b, "%s %s,", p.Obj().Name(), w.text(p.Constraint()))
	}
	return "[" + b.String() + "]"
}

func (w *stubWriter) text(t types.Type) string {
	w.needs(t)
	return types.TypeString(t, w.qualify)
}

// qualify implements [types.Qualifier].
func (w *stubWriter) qualify(p *types.Package) string {
	if p == w.pkg {
		return ""
	}
	w.decl.imports = append(w.decl.imports, p)
	return w.importName(p)
}

// needs takes down what a type names.
func (w *stubWriter) needs(t types.Type) {
	walkType(t, func(t types.Type) {
		switch t := t.(type) {
		case *types.Basic:
			if t.Kind() == types.UnsafePointer { // written as it is
				w.names["unsafe"] = types.Unsafe
				w.decl.imports = append(w.decl.imports, types.Unsafe)
			}
		case *types.Named:
			w.need(t.Obj())
		case *types.Alias:
			w.need(t.Obj())
		}
	})
}

func (w *stubWriter) need(o *types.TypeName) {
	switch {
	case o.Pkg() == nil:
	case o.Pkg() != w.pkg:
		if p := w.listed[o.Pkg().Path()]; p != nil && p.Standard && hidden(p.ImportPath) {
			w.decl.problem = "it needs " + p.ImportPath + "." + o.Name() + ", which nobody can import"
		}
	case w.excluded[o.Name()]:
		w.decl.problem = "it needs " + o.Name() + ", which is left out too"
	case !o.Exported() || noValues(o):
		w.decl.needs = append(w.decl.needs, o)
	}
}

// hidden says whether a package of the Go installation is its own affair.
func hidden(importPath string) bool {
	elems := "/" + importPath + "/"
	return strings.Contains(elems, "/internal/") || strings.HasPrefix(elems, "/vendor/")
}
