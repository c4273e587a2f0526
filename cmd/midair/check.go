package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"go/types"
	"io"
	"os"
	"os/signal"
	"slices"

	"midair/interp"
	"midair/reload"
)

const checkHelp = `usage: midair check [-json | -short] [-mode MODE] [-allow LIST] [-dir DIR] [-import-path PATH] PATH...

Checks modules as a running host does before any of their code runs: syntax, types, and the rules of midair. It needs no
Go installation. All problems are shown, each with its line and a hint; midair explain RULE tells more about a rule.

A PATH is one of:

  scripts/combat/combat.go   a file, checked alone
  scripts/combat             a directory with Go files: one module
  scripts  or  scripts/...   any other directory: everything below it, as a host with that module directory has it

Modules may import the curated part of the standard library, and the packages of their Go module for which midair symbols
has generated a table. The types of these are read from source. -allow adds to them.

  go run ./cmd/midair check ./scripts/...
  go run ./cmd/midair check -json -mode native ./scripts/combat
  go run ./cmd/midair check -allow os.ReadFile,net/http ./scripts

With -short there is one line for each problem, file:line:col: message [RULE], in the form that editors read: the problem
matcher $go of VS Code and Vim's default errorformat. With -json there is one object:

  {"ok": bool, "errors": n, "warnings": n,
   "modules":     [{"module", "dir", "libraries", "ok"}],
   "diagnostics": [{"file", "line", "column", "end", "rule", "severity", "message", "hint", "text"}]}

File names are relative to the working directory. The exit status is 0 when there is no error (warnings are none), 1 when
there is one, and 2 when the command was called wrongly.

flags:
`

// checkOptions are the flags of midair check.
type checkOptions struct {
	json, short     bool
	mode            string
	allow           string
	dir, importPath string
	color           string
	paths           []string
}

// engine checks the modules of one module directory.
var engine = reload.Check

func runCheck(args []string, stdout, stderr io.Writer) int {
	var o checkOptions
	f := flag.NewFlagSet("check", flag.ContinueOnError)
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.BoolVar(&o.short, "short", false, "print one line for each problem, for editors")
	f.StringVar(&o.mode, "mode", string(reload.ModeInterpreted), "check for `MODE`: interpreted or native")
	f.StringVar(&o.allow, "allow", "", "also allow what is in `LIST`: packages, symbols (os.Getenv), patterns (net/...), all")
	f.StringVar(&o.dir, "dir", "", "the module directory is `DIR` (default: told by PATH)")
	f.StringVar(&o.importPath, "import-path", "", "the import `PATH` of the module directory (default: told by go.mod)")
	f.StringVar(&o.color, "color", "auto", "colours: `WHEN` is auto, always or never; auto heeds NO_COLOR")
	if status, done := parseFlags(f, checkHelp, args, stdout, stderr); done {
		return status
	}
	o.paths = f.Args()
	if len(o.paths) == 0 && o.dir != "" {
		o.paths = []string{o.dir}
	}
	if len(o.paths) == 0 {
		printHelp(f, checkHelp, stderr)
		return exitUsage
	}
	trees, err := o.trees()
	if err != nil {
		return misused(stderr, "check", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	result := checkResult{tables: map[string][]string{}}
	for _, t := range trees {
		if err := result.check(ctx, t, &o); err != nil {
			fmt.Fprintf(stderr, "midair check: %v\n", err)
			return exitFail
		}
	}
	if err := result.write(stdout, &o); err != nil {
		fmt.Fprintf(stderr, "midair check: %v\n", err)
		return exitFail
	}
	if result.errors > 0 {
		return exitFail
	}
	return exitOK
}

// trees says what to check, from the flags and arguments.
func (o *checkOptions) trees() ([]*moduleTree, error) {
	switch {
	case o.mode != string(reload.ModeInterpreted) && o.mode != string(reload.ModeNative):
		return nil, fmt.Errorf("-mode is interpreted or native, not %q", o.mode)
	case o.json && o.short:
		return nil, errors.New("choose one of -json and -short")
	case !slices.Contains([]string{"auto", "always", "never"}, o.color):
		return nil, fmt.Errorf("-color is auto, always or never, not %q", o.color)
	}
	return findTrees(o.paths, o.dir, o.importPath)
}

// check adds what is found in one module directory.
func (r *checkResult) check(ctx context.Context, t *moduleTree, o *checkOptions) error {
	tables, found := r.tables[t.goModule.dir]
	if !found {
		var err error
		if tables, err = findTables(t.goModule); err != nil {
			return err
		}
		r.tables[t.goModule.dir] = tables
	}
	a := newAllowed(tables, o.allow)
	report, err := engine(ctx, t.fsys, reload.CheckConfig{
		Config: reload.Config{
			ImportPath: t.importPath, ModuleRoot: t.goModule.dir, Symbols: a.symbols(), Allow: a.list(),
			Backends: []reload.Backend{interp.New(interp.Config{})},
		},
		Mode: reload.Mode(o.mode),
		Packages: func(tables types.Importer) types.Importer {
			return newHostSource(t.goModule, tables, a.given)
		},
		Only: t.only,
	})
	if err != nil {
		return err
	}
	r.add(t, report)
	return nil
}
