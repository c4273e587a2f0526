package interp

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	yaegi "github.com/traefik/yaegi/interp"

	"midair/reload"
)

// loader loads one version.
type loader struct {
	checked *reload.Checked
	interp  *yaegi.Interpreter
	panics  *tracer
}

// alias is the name by which the loader itself refers to the module's package.
const alias = "midairmodule"

func (l *loader) load(ctx context.Context, ex yaegi.Exports) (map[string]reflect.Value, error) {
	if err := guard(func() error { return l.interp.Use(ex) }); err != nil {
		return nil, internal(l.checked, "the interpreter refuses its symbol tables: %v", err)
	}
	if err := l.importAll(ctx); err != nil {
		return nil, err
	}
	return l.lookUp()
}

// importAll imports the packages one after another, each after those it imports: yaegi resolves an import by walking up
// from the importing package, which can find a wrong one; a package that is there already is taken as it is.
func (l *loader) importAll(ctx context.Context) error {
	var src strings.Builder
	src.WriteString("import (\n")
	for _, p := range genericImports(l.checked) {
		fmt.Fprintf(&src, "\t_ %q\n", p)
	}
	for _, lib := range l.checked.Libraries {
		fmt.Fprintf(&src, "\t_ %q\n", lib.ImportPath)
	}
	fmt.Fprintf(&src, "\t%s %q\n)", alias, l.checked.Package.ImportPath)
	err := guard(func() error {
		_, err := l.interp.EvalWithContext(ctx, src.String())
		return err
	})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return l.tooLong(ctx)
	}
	var p yaegi.Panic
	if errors.As(err, &p) {
		return l.panicked(p.Value)
	}
	return refused(l.checked, l.diagnose(err.Error()))
}

// guard turns a panic of the interpreter into an error.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = yaegi.Panic{Value: r}
		}
	}()
	return f()
}

func (l *loader) tooLong(ctx context.Context) error {
	pos := l.checked.Package.Files[0].Path
	line, col := 1, 1
	for _, f := range l.checked.Package.Files { // the likely culprit is an init function
		for _, d := range f.Syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				p := l.checked.Package.FileSet.Position(fn.Pos())
				pos, line, col = f.Path, p.Line, p.Column
			}
		}
	}
	return refused(l.checked, reload.Diagnostic{File: pos, Line: line, Column: col, Rule: "prepare/timeout",
		Message: context.Cause(ctx).Error(),
		Hint:    "look for a loop or a wait in init functions and package variables"})
}

// panicked reports a panic while the packages were loaded: of an init function if one of the module's functions is on
// the stack, else of the interpreter itself, which gives up so on some programs.
func (l *loader) panicked(value any) error {
	value = unwrap(value)
	stack := l.panics.takeAny()
	if len(stack) > 0 {
		d := reload.Diagnostic{File: stack[0].File, Line: stack[0].Line, Column: stack[0].Column, Rule: "prepare/panic",
			Message: fmt.Sprintf("panic while the package was initialised: %v", value)}
		return &reload.Error{Module: l.checked.Module, Stage: reload.StagePrepare, Diagnostics: []reload.Diagnostic{d},
			Err: &reload.PanicError{Value: value, Stack: stack}}
	}
	if text := fmt.Sprint(value); errorLine.MatchString(text) {
		return refused(l.checked, l.diagnose(text))
	}
	return refused(l.checked, l.unsupported(fmt.Sprint(value)))
}

// unsupported reports that the interpreter gave up without saying where. What it most often stumbles over is a range
// over an integer or a function, so the first loop that may be one is named.
func (l *loader) unsupported(value string) reload.Diagnostic {
	d := reload.Diagnostic{File: l.checked.Package.Files[0].Path, Line: 1, Column: 1, Rule: "interp/unsupported",
		Message: "the interpreter cannot run this: " + value}
	if value != "nil type" {
		return d
	}
	for _, pkg := range packages(l.checked) {
		for _, f := range pkg.Files {
			ast.Inspect(f.Syntax, func(n ast.Node) bool {
				if r, ok := n.(*ast.RangeStmt); ok && r.Value == nil && d.Hint == "" {
					p := pkg.FileSet.Position(r.Range)
					d.File, d.Line, d.Column = f.Path, p.Line, p.Column
					d.Message = "the interpreter cannot run this; most likely it is a range over an integer or a function"
					d.Hint = "write for i := 0; i < n; i++ { … }"
				}
				return d.Hint == ""
			})
		}
	}
	return d
}

var errorLine = regexp.MustCompile(`(?s)(src/\S+\.go):(\d+):(\d+): (.*)$`)

// diagnose takes apart an error of yaegi, which has the place in its text, after those of the imports that led there.
func (l *loader) diagnose(text string) reload.Diagnostic {
	d := reload.Diagnostic{File: l.checked.Package.Files[0].Path, Line: 1, Column: 1, Rule: "interp", Message: text}
	for rest := text; ; {
		m := errorLine.FindStringSubmatch(rest)
		if m == nil {
			return d
		}
		if rest = m[4]; !strings.HasPrefix(m[1], l.panics.prefix) {
			continue // in a generic package of the standard library: what the module did wrong is not where that says
		}
		d.File = l.panics.relative(m[1])
		d.Line, _ = strconv.Atoi(m[2])
		d.Column, _ = strconv.Atoi(m[3])
		d.Message = m[4]
	}
}

// lookUp finds every exported function, variable and constant.
func (l *loader) lookUp() (map[string]reflect.Value, error) {
	names := l.exported()
	if symbols := l.all(); symbols != nil {
		found := make(map[string]reflect.Value, len(names))
		for _, name := range names {
			if v, ok := symbols[name]; ok && v.IsValid() {
				found[name] = v
			}
		}
		return found, nil
	}
	found := make(map[string]reflect.Value, len(names))
	for _, name := range names {
		err := guard(func() error {
			v, err := l.interp.Eval(alias + "." + name)
			if err == nil && v.IsValid() {
				found[name] = v
			}
			return err
		})
		if err != nil {
			return nil, internal(l.checked, "the interpreter does not find %s: %v", name, err)
		}
	}
	return found, nil
}

// all returns the package's symbols at once. yaegi panics there if one of them is generic; then it returns nil.
func (l *loader) all() (symbols map[string]reflect.Value) {
	if guard(func() error {
		symbols = l.interp.Symbols(l.checked.Package.ImportPath)[l.checked.Package.ImportPath]
		return nil
	}) != nil {
		return nil
	}
	return symbols
}

// exported lists the exported names that are not types, methods or generic.
func (l *loader) exported() (names []string) {
	add := func(id *ast.Ident) {
		if id.IsExported() {
			names = append(names, id.Name)
		}
	}
	for _, f := range l.checked.Package.Files {
		for _, d := range f.Syntax.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Type.TypeParams.NumFields() == 0 {
					add(d.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok && d.Tok != token.IMPORT {
						for _, id := range v.Names {
							add(id)
						}
					}
				}
			}
		}
	}
	return names
}
