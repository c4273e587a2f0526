package instrument

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Output says where packages print. Its package declares
//
//	func Print(version, function, format string, args []any) (int, error)
//	func Logger(version string) any // a *slog.Logger
//
// and the types Int, String and Error, which are aliases of the predeclared ones. Print gets the name of a function of
// package fmt, or "print" or "println" for the builtin function.
type Output struct {
	ImportPath string
	Version    string // handed to both
}

// printers are the functions that would reach the standard streams or the process's logger, and what is called instead. What
// ends in a dot replaces the package's name only: the logger's method follows.
var printers = map[string]string{
	"fmt.Print": "_hr_out_Print", "fmt.Println": "_hr_out_Println", "fmt.Printf": "_hr_out_Printf",
	"fmt.Scan": "_hr_out_Scan", "fmt.Scanln": "_hr_out_Scanln", "fmt.Scanf": "_hr_out_Scanf",
	"print": "_hr_out_print", "println": "_hr_out_println",
	"log/slog.Default": "_hr_logger", "log/slog.SetDefault": "_hr_out_SetDefault",
	"log/slog.With": "_hr_logger().", "log/slog.Log": "_hr_logger().", "log/slog.LogAttrs": "_hr_logger().",
	"log/slog.Debug": "_hr_logger().", "log/slog.DebugContext": "_hr_logger().",
	"log/slog.Info": "_hr_logger().", "log/slog.InfoContext": "_hr_logger().",
	"log/slog.Warn": "_hr_logger().", "log/slog.WarnContext": "_hr_logger().",
	"log/slog.Error": "_hr_logger().", "log/slog.ErrorContext": "_hr_logger().",
}

// witnesses are what a file goes on using of the packages concerned, so that their import stays in use.
var witnesses = map[string]string{"fmt": "Sprint", "log/slog": "New"}

// redirectOutput makes a file print elsewhere. Names of local declarations do not count, whatever they are.
func (p *editor) redirectOutput(e *edits, f *ast.File) {
	if p.opts.Output.ImportPath == "" {
		return
	}
	used := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok {
				return true
			}
			if _, ok := p.Info.Uses[x].(*types.PkgName); ok {
				p.redirect(e, x, n.Sel, used)
				return false
			}
		case *ast.Ident:
			p.redirect(e, nil, n, used)
		}
		return true
	})
	for _, spec := range f.Imports {
		if path := importPath(spec); used[path] {
			at := e.resetFile(spec.Pos())
			e.tail = append(e.tail, "var _ = "+at+p.localName(spec)+at+witnesses[path])
		}
	}
}

// redirect replaces a name, qualified or not.
func (p *editor) redirect(e *edits, qualifier, id *ast.Ident, used map[string]bool) {
	full, path := printerName(p.Info.Uses[id])
	instead, ok := printers[full]
	if !ok {
		return
	}
	used[path] = true
	p.prints[instead] = true
	value, method := strings.CutSuffix(instead, ".")
	switch {
	case method && qualifier != nil:
		e.rename(qualifier.Pos(), qualifier.End(), value)
	case method:
		e.rename(id.Pos(), id.End(), instead+e.reset(id.Pos())+id.Name)
	case qualifier != nil:
		e.rename(qualifier.Pos(), id.End(), instead)
	default:
		e.rename(id.Pos(), id.End(), instead)
	}
}

// printerName names a function as printers does, and the package that it is of.
func printerName(obj types.Object) (name, path string) {
	switch obj := obj.(type) {
	case *types.Builtin:
		return obj.Name(), ""
	case *types.Func:
		if obj.Pkg() != nil && obj.Signature().Recv() == nil {
			return obj.Pkg().Path() + "." + obj.Name(), obj.Pkg().Path()
		}
	}
	return "", ""
}

// printsByBuiltin says whether a call is of a builtin function that prints elsewhere.
func (p *editor) printsByBuiltin(fun ast.Expr) bool {
	id, ok := ast.Unparen(fun).(*ast.Ident)
	if !ok || p.opts.Output.ImportPath == "" {
		return false
	}
	_, builtin := p.Info.Uses[id].(*types.Builtin)
	return builtin && printers[id.Name] != ""
}

// localName is what stands before the names of an imported package.
func (p *editor) localName(spec *ast.ImportSpec) string {
	switch {
	case spec.Name == nil:
		return p.Info.Implicits[spec].Name() + "."
	case spec.Name.Name == ".":
		return ""
	}
	return spec.Name.Name + "."
}

// logs says whether the package needs the type of loggers.
func (p *editor) logs() bool {
	return p.prints["_hr_logger"] || p.prints["_hr_logger()."] || p.prints["_hr_out_SetDefault"]
}

func (p *editor) generateOutputImports(b *bytes.Buffer) {
	if n := len(p.prints); n > 1 || n == 1 && !p.prints["_hr_out_SetDefault"] {
		fmt.Fprintf(b, "\t_hr_output %q\n", p.opts.Output.ImportPath)
	}
	if p.logs() {
		b.WriteString("\t_hr_slog \"log/slog\"\n")
	}
}

// generateOutput writes the functions that were used instead of others.
func (p *editor) generateOutput(b *bytes.Buffer) {
	version := p.opts.Output.Version
	for _, name := range []string{"Print", "Println", "Scan", "Scanln"} {
		if p.prints["_hr_out_"+name] {
			fmt.Fprintf(b, "func _hr_out_%s(a ...interface{}) (_hr_output.Int, _hr_output.Error) {\n\t"+
				"return _hr_output.Print(%q, %q, \"\", a)\n}\n\n", name, version, name)
		}
	}
	for _, name := range []string{"Printf", "Scanf"} {
		if p.prints["_hr_out_"+name] {
			fmt.Fprintf(b, "func _hr_out_%s(format _hr_output.String, a ...interface{}) (_hr_output.Int, _hr_output.Error) {\n\t"+
				"return _hr_output.Print(%q, %q, format, a)\n}\n\n", name, version, name)
		}
	}
	for _, name := range []string{"print", "println"} {
		if p.prints["_hr_out_"+name] {
			fmt.Fprintf(b, "func _hr_out_%s(a ...interface{}) { _hr_output.Print(%q, %q, \"\", a) }\n\n", name, version, name)
		}
	}
	if p.prints["_hr_out_SetDefault"] {
		b.WriteString("func _hr_out_SetDefault(*_hr_slog.Logger) {}\n\n")
	}
	if p.prints["_hr_logger"] || p.prints["_hr_logger()."] {
		fmt.Fprintf(b, "func _hr_logger() *_hr_slog.Logger { return _hr_output.Logger(%q).(*_hr_slog.Logger) }\n\n", version)
	}
}

// rename replaces a name. The edit counts wherever the name is copied to, too.
func (e *edits) rename(lo, hi token.Pos, text string) {
	from, to := e.offset(lo), e.offset(hi)
	if n := bytes.Count(e.in.Source[from:to], []byte("\n")); n > 0 { // return, for one, must not be followed by a new line
		text = "(/*" + string(bytes.Repeat([]byte("\n"), n)) + "*/" + text + ")"
	}
	e.names = append(e.names, edit{from, to, text})
}

// renamed returns the edit that begins at an offset.
func (e *edits) renamed(at int) (edit, bool) {
	if i := slices.IndexFunc(e.names, func(n edit) bool { return n.lo == at }); i >= 0 {
		return e.names[i], true
	}
	return edit{}, false
}
