package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

const symbolsHelp = `usage: midair symbols [-o DIR] [-package NAME] [-from FILE] [-check] PACKAGE...

Writes a Go package that holds the reflected symbols of other packages, for reload.Config.Symbols: one file for each
package, and symbols.go with the variable Symbols. A package cannot hold the table of itself, so give it a folder of its
own. Files of an earlier run that are no longer asked for are removed; what did not change is not touched.

  go run ./cmd/midair symbols -o demo/gamesym ./demo/game
  //go:generate go run midair/cmd/midair symbols -o ../gamesym .

With -from, packages are also read from a file: a line each, # begins a comment, and -path.Name leaves a symbol out.
With -check nothing is written; the exit status is 1 if what is there is not what would be written.

flags:
`

// symbolsOptions are the flags of midair symbols.
type symbolsOptions struct {
	out, pkg, from string
	check          bool
	patterns       []string
}

func runSymbols(args []string, stdout, stderr io.Writer) int {
	var o symbolsOptions
	fs := flag.NewFlagSet("symbols", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.out, "o", ".", "write to `DIR`")
	fs.StringVar(&o.pkg, "package", "", "`NAME` of the written package (default: base name of DIR)")
	fs.StringVar(&o.from, "from", "", "read packages from `FILE` too")
	fs.BoolVar(&o.check, "check", false, "write nothing, say what is stale")
	fs.Usage = func() { fmt.Fprint(stderr, symbolsHelp); fs.PrintDefaults() }
	if slices.Contains(args, "-h") {
		fs.SetOutput(stdout)
		fs.Usage = func() { fmt.Fprint(stdout, symbolsHelp); fs.PrintDefaults() }
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	o.patterns = fs.Args()
	if len(o.patterns) == 0 && o.from == "" {
		fs.Usage()
		return exitUsage
	}
	stale, err := o.run()
	if err != nil {
		fmt.Fprintf(stderr, "midair symbols: %v\n", err)
		return exitFail
	}
	if o.check && len(stale) > 0 {
		for _, s := range stale {
			fmt.Fprintln(stderr, s)
		}
		fmt.Fprintf(stderr, "midair symbols: run it without -check (midair symbols -o %s %s), or go generate\n",
			o.out, strings.Join(o.arguments(), " "))
		return exitFail
	}
	return exitOK
}

func (o *symbolsOptions) arguments() []string {
	if o.from != "" {
		return append([]string{"-from", o.from}, o.patterns...)
	}
	return o.patterns
}

// run generates everything, then writes or compares.
func (o *symbolsOptions) run() (stale []string, err error) {
	excluded := map[string][]string{}
	if o.from != "" {
		listed, err := readList(o.from, excluded)
		if err != nil {
			return nil, err
		}
		o.patterns = append(o.patterns, listed...)
	}
	packages, err := listPackages(o.patterns)
	if err != nil {
		return nil, err
	}
	if o.pkg == "" {
		abs, err := filepath.Abs(o.out)
		if err != nil {
			return nil, err
		}
		o.pkg = filepath.Base(abs)
	}
	files, err := generate(packages, o.pkg, excluded)
	if err != nil {
		return nil, err
	}
	return o.reconcile(files)
}

// generate makes the files of all packages, as many at a time as there are processors: each type-checks its package and
// all that it imports from source.
func generate(packages []pkg, name string, excluded map[string][]string) (map[string][]byte, error) {
	files := map[string][]byte{"symbols.go": variable(name, packages)}
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		errs []error
		todo = make(chan pkg)
	)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for p := range todo {
				src, err := extractPackage(p, name, excluded[p.path])
				mu.Lock()
				if err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", p.path, err))
				} else {
					files[fileName(p.path)] = src
				}
				mu.Unlock()
			}
		})
	}
	for _, p := range packages {
		todo <- p
	}
	close(todo)
	wg.Wait()
	return files, errors.Join(errs...)
}

// reconcile makes the directory hold the files and no others that this command wrote, or tells where it does not.
func (o *symbolsOptions) reconcile(files map[string][]byte) (stale []string, err error) {
	old, err := generatedIn(o.out)
	if err != nil {
		return nil, err
	}
	if !o.check {
		if err := os.MkdirAll(o.out, 0o777); err != nil {
			return nil, err
		}
	}
	for name, src := range files {
		path := filepath.Join(o.out, name)
		have, err := os.ReadFile(path)
		switch {
		case err == nil && bytes.Equal(have, src):
		case o.check && err != nil:
			stale = append(stale, path+": missing")
		case o.check:
			stale = append(stale, path+": stale: its package changed since it was generated")
		default:
			if err := writeFile(path, src); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range old {
		path := filepath.Join(o.out, name)
		if _, wanted := files[name]; wanted {
			continue
		}
		if o.check {
			stale = append(stale, path+": not asked for")
		} else if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	slices.Sort(stale)
	return stale, nil
}

// generatedIn lists the files of a directory that this command wrote.
func generatedIn(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		src, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(src, []byte(generatedPrefix)) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// writeFile replaces a file whole.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".midair-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
