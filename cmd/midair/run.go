package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"midair/interp"
	"midair/interp/stdlib/all"
	"midair/reload"
)

const runHelp = `usage: midair run [-mode MODE] [-allow LIST] [-fidelity strict|warn] PATH [ARGUMENT...]

Runs a program, package main in a file or a directory, through the same pipeline as a module: check, lowering, interpreter.
Its standard output, standard error and exit status are what the compiled program would give it: that of os.Exit, and 2 for
a panic.

A program that the check refuses does not run: standard error begins with "midair: refused", the diagnostics follow, and
the exit status is 3. When midair itself fails, that is "midair: internal", and 4.

  go run ./cmd/midair run ./hello.go
  go run ./cmd/midair run -allow all ./tool -v input.txt

With -mode native the program is built and run by the go command, to compare with; auto interprets it if the check allows
that, and else does the same as native. -allow all allows every package of the standard library that has symbols, unsafe,
reflect, runtime and os with all of it. With -fidelity warn a program runs although the interpreter would run it otherwise
than the compiler; what the rules say goes to standard error.

flags:
`

// Exit statuses of midair run.
const (
	exitPanic    = 2
	exitRefused  = 3
	exitInternal = 4
)

// runOptions are the flags of midair run.
type runOptions struct {
	mode, allow, fidelity string
	path                  string
	args                  []string
}

func runRun(args []string, stdout, stderr io.Writer) int {
	var o runOptions
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	f.StringVar(&o.mode, "mode", string(reload.ModeInterpreted), "run in `MODE`: interpreted, native or auto")
	f.StringVar(&o.allow, "allow", "", "also allow what is in `LIST`: packages, symbols (os.Getenv), patterns (net/...), all")
	f.StringVar(&o.fidelity, "fidelity", "strict", "`strict` refuses what the interpreter runs otherwise, warn only tells")
	if status, done := parseFlags(f, runHelp, args, stdout, stderr); done {
		return status
	}
	switch {
	case f.NArg() == 0:
		printHelp(f, runHelp, stderr)
		return exitUsage
	case !slices.Contains([]string{"interpreted", "native", "auto"}, o.mode):
		return misused(stderr, "run", fmt.Errorf("-mode is interpreted, native or auto, not %q", o.mode))
	case o.fidelity != "strict" && o.fidelity != "warn":
		return misused(stderr, "run", fmt.Errorf("-fidelity is strict or warn, not %q", o.fidelity))
	}
	o.path, o.args = f.Arg(0), f.Args()[1:]
	p, err := readProgram(o.path)
	if err != nil {
		return misused(stderr, "run", err)
	}
	if o.mode == string(reload.ModeNative) {
		return o.compiled(stdout, stderr)
	}
	return o.interpreted(p, stdout, stderr)
}

// interpreted runs the program in this process, whose standard streams it gets.
func (o *runOptions) interpreted(p *program, stdout, stderr io.Writer) int {
	report, err := reload.Check(context.Background(), p.fsys, reload.CheckConfig{Config: o.config(p, nil), Mode: reload.ModeInterpreted})
	if err != nil {
		fmt.Fprintf(stderr, "midair: internal: %v\n", err)
		return exitInternal
	}
	var errs, faithless []reload.Diagnostic
	for _, m := range report.Modules {
		for _, d := range m.Diagnostics {
			switch {
			case d.Severity == reload.SeverityWarning:
			case strings.HasPrefix(d.Rule, "fidelity/"):
				faithless = append(faithless, p.named(d))
			default:
				errs = append(errs, p.named(d))
			}
		}
	}
	switch {
	case len(errs) > 0 || len(faithless) > 0 && o.fidelity == "strict" && o.mode != string(reload.ModeAuto):
		return refused(stderr, append(errs, faithless...))
	case len(faithless) > 0 && o.fidelity == "strict":
		return o.compiled(stdout, stderr)
	}
	for _, d := range faithless {
		fmt.Fprintf(stderr, "midair: warning: %v\n", d)
	}
	os.Args = append([]string{o.path}, o.args...)
	return o.load(p, stderr, &interp.Program{Stdin: os.Stdin, Stderr: stderr})
}

func refused(stderr io.Writer, ds []reload.Diagnostic) int {
	fmt.Fprintln(stderr, "midair: refused")
	for _, d := range reload.SortDiagnostics(ds) {
		fmt.Fprintln(stderr, d)
		if d.Hint != "" {
			fmt.Fprintln(stderr, "\thint: "+d.Hint)
		}
	}
	return exitRefused
}

// unchecked is the interpreter without its rules, which have been applied.
type unchecked struct{ b *interp.Backend }

func (u unchecked) Mode() reload.Mode { return u.b.Mode() }
func (u unchecked) Prepare(ctx context.Context, c *reload.Checked, env reload.Env) (reload.Instance, error) {
	return u.b.Prepare(ctx, c, env)
}

func (o *runOptions) config(p *program, program *interp.Program) reload.Config {
	cfg := reload.Config{WholeProgram: true, ImportPath: programPath, Symbols: programSymbols(), Mode: reload.ModeInterpreted,
		PrepareTimeout: 1000 * time.Hour, // variables and init functions are part of the program
		Backends:       []reload.Backend{interp.New(interp.Config{Program: program})}, Logger: slog.New(slog.DiscardHandler)}
	if program != nil {
		cfg.Backends[0] = unchecked{interp.New(interp.Config{Program: program})}
	}
	entries := strings.FieldsFunc(o.allow, func(r rune) bool { return r == ',' || r == ' ' })
	if slices.Contains(entries, "all") {
		cfg.Allow = append(entries, "unsafe", "os.Exit", "log.Fatal")
	} else {
		cfg.Allow = append(defaultAllow(), entries...)
	}
	return cfg
}

// programSymbols are those of the standard library, with functions that end the process as programs have them.
func programSymbols() reload.Symbols {
	symbols := maps.Clone(reload.Symbols(all.Symbols))
	for key, functions := range map[string]map[string]any{
		"os/os":   {"Exit": os.Exit},
		"log/log": {"Fatal": log.Fatal, "Fatalf": log.Fatalf, "Fatalln": log.Fatalln},
	} {
		symbols[key] = maps.Clone(symbols[key])
		for name, f := range functions {
			symbols[key][name] = reflect.ValueOf(f)
		}
	}
	return symbols
}

// contract is what a program is bound to.
type contract struct {
	Main func() `midair:"Main"`
}

// load loads the program and calls its function main.
func (o *runOptions) load(p *program, stderr io.Writer, streams *interp.Program) int {
	rt, err := reload.New(o.config(p, streams))
	if err != nil {
		fmt.Fprintf(stderr, "midair: internal: %v\n", err)
		return exitInternal
	}
	table, err := reload.Bind[contract](rt, programName)
	if err == nil {
		_, err = rt.Apply(context.Background(), p.fsys, reload.Change{})
	}
	var panicked *reload.PanicError
	var e *reload.Error
	switch {
	case errors.As(err, &panicked):
		return died(stderr, p, panicked)
	case errors.As(err, &e) && len(e.Diagnostics) > 0 && e.Diagnostics[0].Rule == "prepare/panic":
		fmt.Fprintln(stderr, strings.Replace(e.Diagnostics[0].Message, "panic while the package was initialised", "panic", 1))
		return exitPanic
	case err != nil:
		fmt.Fprintf(stderr, "midair: internal: %v\n", err)
		return exitInternal
	}
	err = table.Do(context.Background(), func(c *contract) error {
		c.Main()
		return nil
	})
	if errors.As(err, &panicked) {
		return died(stderr, p, panicked)
	}
	return exitOK
}

// died tells of a panic as a compiled program does.
func died(stderr io.Writer, p *program, err *reload.PanicError) int {
	fmt.Fprintf(stderr, "panic: %s\n\ngoroutine 1 [running]:\n", panicText(err.Value))
	for _, f := range err.Stack {
		name := strings.TrimPrefix(f.Function, programName+".")
		if name == "Main" {
			name = "main"
		}
		fmt.Fprintf(stderr, "main.%s(...)\n\t%s:%d\n", name, p.name(f.File), f.Line)
	}
	return exitPanic
}

// panicText is what the runtime prints of the value.
func panicText(v any) string {
	switch v := v.(type) {
	case runtime.Error:
		text := v.Error()
		if strings.Contains(text, "nil pointer dereference") {
			text += "\n[signal SIGSEGV: segmentation violation]"
		}
		return text
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case string:
		return v
	case nil:
		return "panic called with nil argument (use GODEBUG=panicnil=1 to disable)"
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, uintptr, float32, float64, complex64, complex128:
		return fmt.Sprintf("%T(%v)", v, v)
	}
	return fmt.Sprintf("(%T) %v", v, v)
}

// compiled has the go command build the program, and runs that.
func (o *runOptions) compiled(stdout, stderr io.Writer) int {
	dir, err := os.MkdirTemp("", "midair-run-")
	if err != nil {
		fmt.Fprintf(stderr, "midair: internal: %v\n", err)
		return exitInternal
	}
	defer os.RemoveAll(dir)
	binary := dir + string(os.PathSeparator) + "program"
	build := exec.Command("go", "build", "-o", binary, o.path)
	build.Stderr = stderr
	if err := build.Run(); err != nil {
		fmt.Fprintf(stderr, "midair: internal: the go command cannot build %s: %v\n", o.path, err)
		return exitInternal
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cmd := exec.CommandContext(ctx, binary, o.args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1)
	}
	if err != nil {
		fmt.Fprintf(stderr, "midair: internal: %v\n", err)
		return exitInternal
	}
	return exitOK
}
