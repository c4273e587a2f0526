package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"go/build"
	"go/types"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"midair/reload"
	"midair/reload/static"
	"midair/reload/static/generate"
)

const buildStaticHelp = `usage: midair build -static [-check | -clean] [-dir DIR] [-import-path PATH] [-host DIR] [MODULE...]

Generates the files that link modules into a host: one file zz_midair.go in the directory of each module and of each library
that they use, and one in that of the host's package. They have the build constraint midair_static, so nothing changes for
other builds, and the interpreter and native builds never see them.

  go run ./cmd/midair build -static -host ./demo
  go build -tags midair_static ./demo

The host gives reload.Config.Backends a static.New() of package midair/reload/static. A module is then served by what is
linked in while its source has not changed; later edits go live like any others. Without a MODULE all modules of the
directory are meant. Generated files of others are removed.

With -check nothing is written: what is not up to date is named, and the exit status is 1. With -clean all generated files
are removed. For a build for another system, set GOOS and GOARCH here too.

flags:
`

// staticOptions are the flags of midair build -static.
type staticOptions struct {
	check, clean          bool
	dir, importPath, host string
	modules               []string
}

// buildStatic runs midair build -static. The arguments may have the flag -static or not.
func buildStatic(args []string, stdout, stderr io.Writer) int {
	var o staticOptions
	f := flag.NewFlagSet("build", flag.ContinueOnError)
	f.Bool("static", true, "generate the files that link modules into a host")
	f.BoolVar(&o.check, "check", false, "write nothing, say what is not up to date")
	f.BoolVar(&o.clean, "clean", false, "remove the generated files")
	f.StringVar(&o.dir, "dir", "scripts", "the module directory is `DIR`")
	f.StringVar(&o.importPath, "import-path", "", "the import `PATH` of the module directory (default: told by go.mod)")
	f.StringVar(&o.host, "host", "", "the host's package is in `DIR` (default: here, if there is a package main)")
	if status, done := parseFlags(f, buildStaticHelp, args, stdout, stderr); done {
		return status
	}
	o.modules = f.Args()
	if o.check && o.clean {
		return misused(stderr, "build", errors.New("choose one of -check and -clean"))
	}
	s, err := o.site()
	if err != nil {
		return misused(stderr, "build", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := s.run(ctx, &o, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "midair build: %v\n", err)
		return exitFail
	}
	return exitOK
}

// staticSite is where files are generated.
type staticSite struct {
	*moduleTree
	host, hostPackage string // directory and package name; "" for no host
}

func (o *staticOptions) site() (*staticSite, error) {
	dir, err := existing(o.dir)
	if err != nil {
		return nil, fmt.Errorf("-dir: %w", err)
	}
	t := &moduleTree{dir: dir, importPath: o.importPath, goModule: findGoModule(dir), fsys: os.DirFS(dir)}
	s := &staticSite{moduleTree: t}
	if s.importPath == "" {
		s.importPath = s.goModule.importPathOf(dir)
	}
	for _, name := range o.modules {
		module, err := s.moduleName(name)
		if err != nil {
			return nil, err
		}
		s.only = append(s.only, module)
	}
	return s, s.findHost(o.host)
}

// moduleName takes the name of a module, or the path of its directory.
func (s *staticSite) moduleName(name string) (string, error) {
	for _, dir := range []string{filepath.Join(s.dir, filepath.FromSlash(name)), name} {
		abs, err := existing(dir)
		if err != nil {
			continue
		}
		rel, err := filepath.Rel(s.dir, abs)
		if err == nil && rel != "." && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), nil
		}
	}
	return "", fmt.Errorf("there is no module %s in %s", name, fromHere(s.dir))
}

// findHost finds the package that is to link the modules in. Without a directory it may be missing.
func (s *staticSite) findHost(dir string) error {
	asked := dir != ""
	if !asked {
		dir = "."
	}
	abs, err := existing(dir)
	if err != nil {
		return fmt.Errorf("-host: %w", err)
	}
	p, err := build.Default.ImportDir(abs, 0)
	var several *build.MultiplePackageError
	switch {
	case asked && (p.Name == "" || errors.As(err, &several)):
		return fmt.Errorf("-host: %w", err)
	case asked || p.Name == "main":
		s.host, s.hostPackage = abs, p.Name
	}
	return nil
}

func (s *staticSite) run(ctx context.Context, o *staticOptions, stdout, stderr io.Writer) error {
	plan := generate.Plan{}
	if o.clean {
		if s.host != "" {
			plan.Remove(s.host)
		}
	} else if err := s.plan(ctx, plan, stderr); err != nil {
		return err
	}
	if err := plan.RemoveBelow(s.dir); err != nil {
		return err
	}
	if o.check {
		return s.report(plan, stdout)
	}
	paths, err := plan.Apply()
	for _, name := range paths {
		verb := "wrote"
		if plan[name] == nil {
			verb = "removed"
		}
		fmt.Fprintln(stdout, verb, fromHere(name))
	}
	if err == nil && s.host == "" && !o.clean {
		fmt.Fprintln(stderr, "no host was given, so no package links the modules in: name one by -host")
	}
	return err
}

// report says what is not up to date.
func (s *staticSite) report(plan generate.Plan, stdout io.Writer) error {
	paths, err := plan.Outdated()
	if err != nil || len(paths) == 0 {
		return err
	}
	for _, name := range paths {
		fmt.Fprintln(stdout, fromHere(name))
	}
	return errors.New("not up to date; run midair build -static with the same flags")
}

// plan generates the files of modules without errors.
func (s *staticSite) plan(ctx context.Context, plan generate.Plan, stderr io.Writer) error {
	modules, err := s.checked(ctx, stderr)
	if err != nil {
		return err
	}
	files, err := generate.Files(modules)
	if err != nil {
		return err
	}
	for dir, src := range files {
		plan.Add(filepath.Join(s.dir, filepath.FromSlash(dir)), src)
	}
	if s.host != "" {
		src, err := generate.Host(s.hostPackage, modules)
		if err != nil {
			return err
		}
		plan.Add(s.host, src)
	}
	for _, note := range generate.Notes(modules) {
		fmt.Fprintln(stderr, "note:", note)
	}
	return nil
}

// checked returns the modules as backends get them. Whether the host allows what they import is its own decision.
func (s *staticSite) checked(ctx context.Context, stderr io.Writer) ([]*reload.Checked, error) {
	tables, err := findTables(s.goModule)
	if err != nil {
		return nil, err
	}
	a := newAllowed(tables, "all")
	modules, report, err := reload.CheckForBuild(ctx, s.fsys, reload.CheckConfig{
		Config: reload.Config{ImportPath: s.importPath, ModuleRoot: s.goModule.dir, Symbols: a.symbols(), Allow: a.list(),
			Backends: []reload.Backend{static.New()}},
		Packages: func(tables types.Importer) types.Importer { return newHostSource(s.goModule, tables, a.given) },
		Only:     s.only,
	})
	if err != nil {
		return nil, err
	}
	return modules, s.refuse(report, stderr)
}

// refuse shows what is wrong with modules.
func (s *staticSite) refuse(report *reload.CheckReport, stderr io.Writer) error {
	found := map[string]bool{}
	var broken []string
	for _, m := range report.Modules {
		found[m.Module] = true
		for _, d := range m.Diagnostics {
			if d.Severity != reload.SeverityError {
				continue
			}
			d.File = path.Join(fromHere(s.dir), d.File)
			fmt.Fprintln(stderr, d)
			broken = append(broken, m.Module)
		}
	}
	if len(broken) > 0 {
		return fmt.Errorf("nothing was generated, because of errors in %s", strings.Join(slices.Compact(broken), ", "))
	}
	for _, name := range s.only {
		if !found[name] {
			return fmt.Errorf("%s is no module: a library is linked in with the modules that import it", name)
		}
	}
	if len(report.Modules) == 0 {
		return fmt.Errorf("there is no module in %s", fromHere(s.dir))
	}
	return nil
}
