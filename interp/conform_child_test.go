package interp_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"midair/interp"
	"midair/interp/internal/fidelity"
	"midair/interp/stdlib/all"
	"midair/reload"
)

// The process that runs a program learns of it by its environment.
const (
	childProgram = "MIDAIR_CONFORM_PROGRAM"
	childExports = "MIDAIR_CONFORM_EXPORTS"
)

// Exit statuses of that process that no program has.
const (
	exitRefused = 93
	exitFault   = 94 // the interpreter gave up
)

// interpret runs a program as a module whose function main is called, and returns the exit status.
func interpret(path string) int {
	c, err := checkProgram(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		return exitFault
	}
	if ds := slices.DeleteFunc(fidelity.Check(c), isWarning); len(ds) > 0 {
		return refuse(ds)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	instance, err := interp.New(interp.Config{}).Prepare(ctx, c, reload.Env{Version: 1, Logger: slog.New(lineHandler{})})
	if err != nil {
		return notPrepared(err)
	}
	main, ok := instance.Lookup(c.Package.Files[0].Syntax.Scope.Lookup("Main").Name)
	if !ok {
		fmt.Fprintln(os.Stderr, "no function Main")
		return exitFault
	}
	status := call(instance, main)
	instance.Close()
	return status
}

func call(instance reload.Instance, main reflect.Value) (status int) {
	returned := false
	defer func() {
		if r := recover(); !returned {
			value, _ := instance.Panic(r)
			fmt.Fprintf(os.Stderr, "panic: %v\n", value)
			status = 2
		}
	}()
	main.Interface().(func())()
	returned = true
	return 0
}

func isWarning(d reload.Diagnostic) bool { return d.Severity == reload.SeverityWarning }

func refuse(ds []reload.Diagnostic) int {
	for _, d := range ds {
		fmt.Fprintln(os.Stderr, d)
	}
	return exitRefused
}

// notPrepared tells what the backend refused by a rule from what it could not load.
func notPrepared(err error) int {
	if e := (*reload.Error)(nil); errors.As(err, &e) && len(e.Diagnostics) > 0 {
		switch e.Diagnostics[0].Rule {
		case "interp", "interp/unsupported", "interp/internal", "prepare/panic", "prepare/timeout":
		default:
			return refuse(e.Diagnostics)
		}
	}
	fmt.Fprintln(os.Stderr, "load:", err)
	return exitFault
}

// checkProgram parses and type-checks a program of one file, turned into an importable package.
func checkProgram(path string) (*reload.Checked, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if src, err = importable(src); err != nil {
		return nil, err
	}
	pkg := reload.Package{Dir: "prog", ImportPath: "conform/prog", Name: "prog", FileSet: token.NewFileSet()}
	file := reload.File{Path: "prog/" + filepath.Base(path), Source: src}
	// The child is a test: what object resolution finds is enough to know the package's own names.
	if file.Syntax, err = parser.ParseFile(pkg.FileSet, file.Path, src, parser.ParseComments); err != nil {
		return nil, err
	}
	pkg.Files = []reload.File{file}
	pkg.Info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Instances: map[*ast.Ident]types.Instance{},
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{},
		FileVersions: map[*ast.File]string{},
	}
	conf := types.Config{Importer: newImporter(), Sizes: types.SizesFor("gc", runtime.GOARCH), GoVersion: "go1.26"}
	if pkg.Types, err = conf.Check(pkg.ImportPath, pkg.FileSet, []*ast.File{file.Syntax}, pkg.Info); err != nil {
		return nil, err
	}
	symbols := maps.Clone(all.Symbols)
	symbols["os/os"] = maps.Clone(symbols["os/os"])
	symbols["os/os"]["Exit"] = reflect.ValueOf(os.Exit)
	return &reload.Checked{Module: "prog", Hash: "0", Package: pkg, ImportPath: "conform", Symbols: symbols,
		GoVersion: "go1.26"}, nil
}

// importable turns package main into package prog and its function main into Main, keeping every position.
func importable(src []byte) ([]byte, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, 0)
	if err != nil {
		return nil, err
	}
	out := append([]byte(nil), src...)
	put := func(id *ast.Ident, name string) { copy(out[fset.PositionFor(id.Pos(), false).Offset:], name) }
	put(f.Name, "prog")
	main := f.Scope.Lookup("main")
	if main == nil {
		return nil, errors.New("no function main")
	}
	if f.Scope.Lookup("Main") != nil {
		return nil, errors.New("has a Main of its own")
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "main" && id.Obj == main {
			put(id, "Main")
		}
		return true
	})
	return out, nil
}

// newImporter reads the export data that the parent process has found.
func newImporter() types.Importer {
	list, _ := os.ReadFile(os.Getenv(childExports))
	files := map[string]string{}
	for line := range strings.Lines(string(list)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	})
}

// lineHandler prints what a module prints.
type lineHandler struct{}

func (lineHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h lineHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h lineHandler) WithGroup(string) slog.Handler          { return h }

func (lineHandler) Handle(_ context.Context, r slog.Record) error {
	_, err := fmt.Println(r.Message)
	return err
}
