package generate

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"midair/reload"
	"midair/reload/static"
)

// once says why the package cannot be made as new, or returns "".
func (w *writer) once() string {
	for _, f := range w.Files {
		for _, d := range f.Syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				return fmt.Sprintf("the init function in %s cannot run again", f.Path)
			}
		}
		here := func(i *types.Initializer) bool { return within(f, i.Rhs) }
		if f.Syntax.GoVersion != "" && slices.ContainsFunc(w.Info.InitOrder, here) {
			return fmt.Sprintf("%s has a Go version of its own, by its build constraint", f.Path)
		}
	}
	return ""
}

// starts says whether initialising the package takes code.
func (w *writer) starts() bool {
	return slices.ContainsFunc(w.Info.InitOrder, func(i *types.Initializer) bool { return !w.placed(i.Rhs) })
}

// writeVariables gives access to the package variables, and makes them as new.
func (w *writer) writeVariables(b *bytes.Buffer) error {
	names := w.variables()
	if len(names) > 0 {
		vars := w.static("Vars")
		fmt.Fprintf(b, "func %sVars() %s {\nreturn %s{\n", w.prefix, vars, vars)
		for _, name := range names {
			fmt.Fprintf(b, "%q: &%s,\n", name, name)
		}
		b.WriteString("}\n}\n\n")
	}
	if w.once() != "" {
		return nil
	}
	w.writePristine(b)
	if len(names) > 0 {
		if err := w.writeClear(b, names); err != nil {
			return err
		}
	}
	if !w.starts() {
		return nil
	}
	fmt.Fprintf(b, "func %sStart() {\n", w.prefix)
	if err := w.writeInitialisers(b, false); err != nil {
		return err
	}
	b.WriteString("}\n")
	return nil
}

// writeClear gives the variables what they hold before any code runs: what the linker places in memory is there already.
func (w *writer) writeClear(b *bytes.Buffer, names []string) error {
	fmt.Fprintf(b, "func %sClear() {\n", w.prefix)
	for _, name := range names {
		if _, ok := w.embeds[name]; ok {
			fmt.Fprintf(b, "%s = %s\n", name, w.pristine(name, w.prefix+"Embed_"+name))
		} else {
			fmt.Fprintf(b, "%s(&%s)\n", w.static("Zero"), name)
		}
	}
	if err := w.writeInitialisers(b, true); err != nil {
		return err
	}
	b.WriteString("}\n\n")
	return nil
}

// writeInitialisers assigns to variables what their declarations say, under the positions of these: those that the linker
// has placed, or the others.
func (w *writer) writeInitialisers(b *bytes.Buffer, placed bool) error {
	specs := w.specs()
	found := false
	for _, init := range w.Info.InitOrder {
		if w.placed(init.Rhs) != placed || placed && blank(init) {
			continue
		}
		f := w.fileOf(init.Rhs)
		spec := specs[init.Lhs[0].Pos()]
		if f == nil || spec == nil {
			return fmt.Errorf("the initialiser of %s in %s is in none of the files", init.Lhs[0].Name(), w.ImportPath)
		}
		line := w.FileSet.PositionFor(init.Rhs.Pos(), false).Line
		fmt.Fprintf(b, "//line %s:%d\n%s%s\n", path.Base(f.Path), line, w.left(f, init, spec), w.expression(f, init.Rhs))
		found = true
	}
	if found {
		fmt.Fprintf(b, "//line %s:1\n", static.FileName)
	}
	return nil
}

// left is the part of a statement before the initialiser's expression. A blank variable's type still counts, as in
// var _ I = nil, and needs a declaration.
func (w *writer) left(f *reload.File, init *types.Initializer, spec *ast.ValueSpec) string {
	var names []string
	for _, v := range init.Lhs {
		names = append(names, v.Name())
	}
	list := strings.Join(names, ", ")
	if blank(init) && spec.Type != nil {
		return "var " + list + " " + w.expression(f, spec.Type) + " = "
	}
	return list + " = "
}

func blank(init *types.Initializer) bool {
	return !slices.ContainsFunc(init.Lhs, func(v *types.Var) bool { return v.Name() != "_" })
}

// specs finds the declarations of package variables by the positions of the names.
func (w *writer) specs() map[token.Pos]*ast.ValueSpec {
	all := map[token.Pos]*ast.ValueSpec{}
	for _, f := range w.Files {
		for _, d := range f.Syntax.Decls {
			d, ok := d.(*ast.GenDecl)
			if !ok || d.Tok != token.VAR {
				continue
			}
			for _, spec := range d.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					all[name.Pos()] = spec.(*ast.ValueSpec)
				}
			}
		}
	}
	return all
}

// fileOf returns the file that an expression is in, or nil.
func (w *writer) fileOf(x ast.Expr) *reload.File {
	for i := range w.Files {
		if within(w.Files[i], x) {
			return &w.Files[i]
		}
	}
	return nil
}

func within(f reload.File, x ast.Expr) bool {
	return f.Syntax.FileStart <= x.Pos() && x.Pos() <= f.Syntax.FileEnd
}
