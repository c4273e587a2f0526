package interp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	yaegi "github.com/traefik/yaegi/interp"

	"midair/interp/internal/fidelity"
	"midair/reload"
)

// Config of the interpreter backend. The zero value works.
type Config struct {
	// Program, if set, gives modules the standard streams of a program of their own, instead of the host's logger. It is
	// for tools that run a single module as a program.
	Program *Program
}

// Program is what a module sees of the process when it is run as a program: packages such as fmt use the standard streams
// of the process, and what the language itself prints goes to Stderr.
type Program struct {
	Stdin  io.Reader
	Stderr io.Writer
}

// Backend interprets modules. It is safe for concurrent use and holds nothing but its configuration.
type Backend struct{ cfg Config }

var (
	_ reload.Backend = (*Backend)(nil)
	_ reload.Checker = (*Backend)(nil)
)

// New makes the backend.
func New(cfg Config) *Backend { return &Backend{cfg} }

// Mode returns [reload.ModeInterpreted].
func (*Backend) Mode() reload.Mode { return reload.ModeInterpreted }

// Check implements [reload.Checker]: it returns what the interpreter would run otherwise than the compiler.
func (*Backend) Check(c *reload.Checked) []reload.Diagnostic { return fidelity.Check(c) }

// Rules documents what Check refuses.
func Rules() []reload.Rule { return fidelity.Rules() }

// Prepare implements [reload.Backend]. The module must have passed Check.
func (b *Backend) Prepare(ctx context.Context, c *reload.Checked, env reload.Env) (reload.Instance, error) {
	out, errs, in := b.streams(env)
	panics := newTracer(c.ImportPath, errs)
	l := loader{checked: c, panics: panics}
	l.interp = yaegi.New(yaegi.Options{
		SourcecodeFilesystem: layOut(c),
		Stdout:               out,
		Stderr:               panics,
		Stdin:                in,
		Args:                 []string{c.Module},
		Env:                  []string{},
	})
	ex := exports(c, env.Logger, out)
	if b.cfg.Program != nil {
		ex = programExports(c)
	}
	symbols, err := l.load(ctx, ex)
	if err != nil {
		out.flush()
		return nil, err
	}
	kept, err := l.kept()
	if err != nil {
		return nil, err
	}
	return &instance{symbols: symbols, kept: kept, panics: panics, out: out}, nil
}

// instance is one loaded version.
type instance struct {
	symbols map[string]reflect.Value // read-only until Close
	kept    map[string]reflect.Value // variables that are kept, by import path and name; read-only
	panics  *tracer
	out     output
}

// Variable implements [reload.Keeper].
func (i *instance) Variable(importPath, name string) (reflect.Value, bool) {
	v, ok := i.kept[importPath+"."+name]
	return v, ok
}

// Lookup implements [reload.Instance].
func (i *instance) Lookup(name string) (reflect.Value, bool) {
	v, ok := i.symbols[name]
	return v, ok
}

// Panic implements [reload.Instance].
func (i *instance) Panic(recovered any) (any, []reload.Frame) {
	return unwrap(recovered), i.panics.take()
}

// Close implements [reload.Instance]. What the version holds is freed by the garbage collector once nobody points to it.
func (i *instance) Close() error {
	i.out.flush()
	i.symbols = nil
	return nil
}

// unwrap returns the value that the module passed to panic: yaegi hands it on as a reflect.Value.
func unwrap(v any) any {
	for range 4 {
		rv, ok := v.(reflect.Value)
		if !ok || !rv.IsValid() || !rv.CanInterface() {
			return v
		}
		v = rv.Interface()
	}
	return v
}

// streams are what the module reads from and prints to.
func (b *Backend) streams(env reload.Env) (out, errs output, in io.Reader) {
	if p := b.cfg.Program; p != nil {
		return direct{p.Stderr}, direct{p.Stderr}, p.Stdin // of the interpreter itself only print and println write there
	}
	printer := newPrinter(env.Logger)
	return printer, printer, noInput{}
}

// noInput is the standard input of modules.
type noInput struct{}

var errNoInput = errors.New("a module has no standard input")

func (noInput) Read([]byte) (int, error) { return 0, errNoInput }

// refused makes the error of a module that cannot be loaded.
func refused(c *reload.Checked, ds ...reload.Diagnostic) error {
	return &reload.Error{Module: c.Module, Stage: reload.StagePrepare, Diagnostics: ds}
}

func internal(c *reload.Checked, format string, args ...any) error {
	return refused(c, reload.Diagnostic{File: c.Package.Files[0].Path, Line: 1, Column: 1, Rule: "interp/internal",
		Message: fmt.Sprintf(format, args...)})
}
