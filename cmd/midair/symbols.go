package main

import (
	"errors"
	"flag"
	"fmt"
	"go/token"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

const symbolsHelp = `usage: midair symbols [-o DIR] [-package NAME] [-from FILE] [-exclude LIST] [-check] PACKAGE...

Writes a Go package that holds the reflected symbols of other packages, for reload.Config.Symbols: one file for each
package, and symbols.go with the variable Symbols. A package cannot hold the table of itself, so give it a folder of its
own. Files of an earlier run that are no longer asked for are removed; what did not change is not touched. Of what
reflection does not know, generic functions and types above all, a table holds the declarations, for the type check.

A line //midair:accepts directly above a type, a func, a method, a field or a method of an interface says that a module's
own values, closures and method values may flow into it. The table passes that on.

  go run ./cmd/midair symbols -o demo/gamesym ./demo/game
  //go:generate go run midair/cmd/midair symbols -o ../gamesym .

With -from, packages are also read from a file: a line each, # begins a comment, and -path.Name leaves a symbol out.
With -check nothing is written; the exit status is 1 if what is there is not what would be written, as when a package
changed since its table was made.

flags:
`

// symbolsOptions are the flags of midair symbols.
type symbolsOptions struct {
	out, pkg, from, exclude string
	check                   bool
	patterns                []string
}

func runSymbols(args []string, stdout, stderr io.Writer) int {
	var o symbolsOptions
	fs := flag.NewFlagSet("symbols", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // what is wrong and what was asked for go different ways, and help is long
	fs.StringVar(&o.out, "o", ".", "write to `DIR`")
	fs.StringVar(&o.pkg, "package", "", "`NAME` of the written package (default: base name of DIR)")
	fs.StringVar(&o.from, "from", "", "read packages from `FILE` too")
	fs.StringVar(&o.exclude, "exclude", "", "leave out the symbols in `LIST`: path.Name,path.Name")
	fs.BoolVar(&o.check, "check", false, "write nothing, say what is stale")
	help := func(w io.Writer) {
		fmt.Fprint(w, symbolsHelp)
		fs.SetOutput(w)
		fs.PrintDefaults()
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		help(stdout)
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "midair symbols: %v\nmidair help symbols tells more.\n", err)
		return exitUsage
	}
	o.patterns = fs.Args()
	if len(o.patterns) == 0 && o.from == "" {
		help(stderr)
		return exitUsage
	}
	if err := o.complete(); err != nil {
		fmt.Fprintf(stderr, "midair symbols: %v\n", err)
		return exitUsage
	}
	again := o.again()
	stale, notes, err := o.run()
	for _, note := range notes {
		fmt.Fprintf(stderr, "midair symbols: note: %s\n", note)
	}
	if err != nil {
		fmt.Fprintf(stderr, "midair symbols: %v\n", err)
		return exitFail
	}
	for _, s := range stale {
		fmt.Fprintln(stderr, s)
	}
	if len(stale) > 0 {
		fmt.Fprintf(stderr, "midair symbols: bring it up to date with: %s\n", again)
		return exitFail
	}
	return exitOK
}

// complete fills in the package's name.
func (o *symbolsOptions) complete() error {
	if o.pkg == "" {
		abs, err := filepath.Abs(o.out)
		if err != nil {
			return err
		}
		o.pkg = filepath.Base(abs)
	}
	if !token.IsIdentifier(o.pkg) || o.pkg == "main" || o.pkg == "_" {
		return fmt.Errorf("%q cannot be the name of a package to import; choose one with -package", o.pkg)
	}
	return nil
}

// again is the command that writes what -check compares with.
func (o *symbolsOptions) again() string {
	words := []string{"midair symbols -o", o.out, "-package", o.pkg}
	if o.from != "" {
		words = append(words, "-from", o.from)
	}
	if o.exclude != "" {
		words = append(words, "-exclude", o.exclude)
	}
	return strings.Join(append(words, o.patterns...), " ")
}

// run generates everything, then writes or compares. The notes say what had to be left out.
func (o *symbolsOptions) run() (stale, notes []string, err error) {
	g := generator{name: o.pkg, excluded: exclusions{}}
	if err := o.readLists(g.excluded); err != nil {
		return nil, nil, err
	}
	packages, all, err := listPackages(o.patterns)
	if err != nil {
		return nil, nil, err
	}
	dir, err := readTarget(o.out, o.pkg)
	if err != nil {
		return nil, nil, err
	}
	if err := dir.suits(packages, g.excluded); err != nil {
		return nil, nil, err
	}
	g.tree = newLeanTree(all)
	g.types = newTypedTree(g.tree)
	files, err := g.generate(packages)
	if err != nil {
		return nil, nil, err
	}
	files["symbols.go"] = g.variable(packages, dir.documented)
	slices.Sort(g.notes)
	if o.check {
		return dir.compare(files), g.notes, nil
	}
	return nil, g.notes, dir.write(files)
}

// readLists reads what -from and -exclude say.
func (o *symbolsOptions) readLists(excluded exclusions) error {
	if o.from != "" {
		listed, err := readList(o.from, excluded)
		if err != nil {
			return err
		}
		o.patterns = append(o.patterns, listed...)
	}
	for symbol := range strings.FieldsFuncSeq(o.exclude, func(r rune) bool { return r == ',' || r == ' ' }) {
		if err := excluded.add(symbol); err != nil {
			return fmt.Errorf("-exclude: %w", err)
		}
	}
	return nil
}
