package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"go/types"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"midair/reload"
	"midair/reload/native"
)

const buildHelp = `usage: midair build -host BINARY -o DIR [flags] [MODULE...]
       midair build -genkey FILE
       midair build -static [flags]

Builds modules ahead, as a bundle: a folder with plugins of each module, the sources that they were built from, and a
manifest. The host opens it with native.OpenBundle on machines that have no Go installation, no C compiler and no source
tree. A MODULE is the name of a module, a folder below the module directory; without any, all are built.

The plugins fit the program BINARY only: flags are taken from its build information, and the packages that both have are
compared. Build the bundle where BINARY was built, from the same source, and build both anew together.

  go build -o server ./demo
  go run ./cmd/midair build -host server -o bundle
  go run ./cmd/midair build -genkey release.pem
  go run ./cmd/midair build -host server -o bundle -sign release.pem combat loot

-genkey writes a new ed25519 key to FILE and its public half, which is for the host, to FILE.pub (native.ParsePublicKey
reads it). OpenSSL makes the same:

  openssl genpkey -algorithm ed25519 -out FILE && openssl pkey -in FILE -pubout -out FILE.pub

-static links modules into the host instead: midair build -static -h tells more.

The exit status is 0 when the bundle is there, 1 when it cannot be built (with what is wrong with modules as midair check
shows it), and 2 when the command was called wrongly.

flags:
`

// buildOptions are the flags of midair build.
type buildOptions struct {
	host, out       string
	dir, importPath string
	allow           string
	sign, genkey    string
	copies          int
	key             ed25519.PrivateKey
	modules         []string
}

func runBuild(args []string, stdout, stderr io.Writer) int {
	if slices.ContainsFunc(args, isStatic) {
		return buildStatic(args, stdout, stderr)
	}
	var o buildOptions
	f := flag.NewFlagSet("build", flag.ContinueOnError)
	f.StringVar(&o.host, "host", "", "build for the program `BINARY`")
	f.StringVar(&o.out, "o", "", "write the bundle to the folder `DIR`")
	f.StringVar(&o.dir, "dir", "scripts", "the module directory is `DIR`")
	f.StringVar(&o.importPath, "import-path", "", "the import `PATH` of the module directory (default: told by go.mod)")
	f.StringVar(&o.allow, "allow", "", "also allow what is in `LIST`: packages, symbols (os.Getenv), patterns (net/...), all")
	f.StringVar(&o.sign, "sign", "", "sign the bundle with the ed25519 private key in `FILE` (PEM, PKCS 8)")
	f.StringVar(&o.genkey, "genkey", "", "write a new private key to `FILE` and the public key to FILE.pub, and nothing else")
	f.IntVar(&o.copies, "copies", 2, "versions of one source that can be in use at once: `N` plugins for each module")
	if status, done := parseFlags(f, buildHelp, args, stdout, stderr); done {
		return status
	}
	o.modules = f.Args()
	if o.genkey != "" {
		return o.generateKey(stdout, stderr)
	}
	t, err := o.tree()
	if err != nil {
		return misused(stderr, "build", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return o.run(ctx, t, stdout, stderr)
}

// isStatic says whether an argument asks for the static build, whose flags are its own.
func isStatic(arg string) bool {
	switch strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-") {
	case "static", "static=true":
		return strings.HasPrefix(arg, "-")
	}
	return false
}

// tree checks the arguments and returns what is to be built.
func (o *buildOptions) tree() (*moduleTree, error) {
	switch {
	case o.host == "":
		return nil, errors.New("-host is missing: the program to build for")
	case o.out == "":
		return nil, errors.New("-o is missing: the folder that becomes the bundle")
	case o.copies < 1:
		return nil, errors.New("-copies is 1 or more")
	}
	if o.sign != "" {
		var err error
		if o.key, err = readPrivateKey(o.sign); err != nil {
			return nil, fmt.Errorf("-sign: %w", err)
		}
	}
	if info, err := os.Stat(o.host); err != nil || info.IsDir() {
		return nil, fmt.Errorf("-host: there is no program %s", o.host)
	}
	dir, err := existing(o.dir)
	if err != nil {
		return nil, fmt.Errorf("-dir: %w", err)
	}
	t := &moduleTree{dir: dir, goModule: findGoModule(dir), importPath: o.importPath, fsys: os.DirFS(dir)}
	if t.importPath == "" {
		t.importPath = t.goModule.importPathOf(dir)
	}
	for _, name := range o.modules {
		name = filepath.ToSlash(filepath.Clean(name))
		if !filepath.IsLocal(name) || name == "." || !hasGoFiles(filepath.Join(dir, filepath.FromSlash(name))) {
			return nil, fmt.Errorf("there is no module %s in %s", name, o.dir)
		}
		t.only = append(t.only, name)
	}
	if t.only != nil {
		t.fsys = newScopedFS(t.fsys, t.importPath, t.only, "")
	}
	return t, nil
}

// run checks the modules and builds them.
func (o *buildOptions) run(ctx context.Context, t *moduleTree, stdout, stderr io.Writer) int {
	failed := func(err error) int {
		fmt.Fprintf(stderr, "midair build: %v\n", err)
		return exitFail
	}
	checked, report, err := o.check(ctx, t)
	switch {
	case err != nil:
		return failed(err)
	case len(report.Modules) == 0:
		return failed(fmt.Errorf("there are no modules in %s", o.dir))
	}
	if errors, err := show(t, report, stdout); err != nil {
		return failed(err)
	} else if errors {
		return exitFail
	}
	var warnings []reload.CheckedModule
	err = native.BuildBundle(ctx, native.BundleConfig{Host: o.host, Dir: o.out, Modules: checked, Key: o.key, Copies: o.copies,
		Warn: func(module string, d reload.Diagnostic) {
			warnings = append(warnings, reload.CheckedModule{Module: module, Diagnostics: []reload.Diagnostic{d}})
		}})
	var e *reload.Error
	switch {
	case errors.As(err, &e) && len(e.Diagnostics) > 0:
		warnings = append(warnings, reload.CheckedModule{Module: e.Module, Diagnostics: e.Diagnostics})
	case err != nil:
		return failed(err)
	}
	if _, showing := show(t, &reload.CheckReport{Modules: warnings}, stdout); showing != nil {
		return failed(showing)
	}
	if err != nil {
		return exitFail
	}
	fmt.Fprintln(stdout, o.summary(len(checked)))
	return exitOK
}

// check checks the modules as midair check does for native mode.
func (o *buildOptions) check(ctx context.Context, t *moduleTree) ([]*reload.Checked, *reload.CheckReport, error) {
	tables, err := findTables(t.goModule)
	if err != nil {
		return nil, nil, err
	}
	a := newAllowed(tables, o.allow)
	return reload.CheckForBuild(ctx, t.fsys, reload.CheckConfig{
		Config: reload.Config{ImportPath: t.importPath, ModuleRoot: t.goModule.dir, Symbols: a.symbols(), Allow: a.list()},
		Mode:   reload.ModeNative,
		Packages: func(tables types.Importer) types.Importer {
			return newHostSource(t.goModule, tables, a.given)
		},
		Only: t.only,
	})
}

// show prints what is wrong with modules, and says whether there are errors.
func show(t *moduleTree, report *reload.CheckReport, stdout io.Writer) (errors bool, err error) {
	var r checkResult
	r.add(t, report)
	if len(r.diagnostics) > 0 {
		err = r.write(stdout, &checkOptions{color: "auto"})
	}
	return r.errors > 0, err
}

func (o *buildOptions) summary(modules int) string {
	text := fmt.Sprintf("%d modules", modules)
	if modules == 1 {
		text = "1 module"
	}
	if o.key != nil {
		text += ", signed"
	}
	return text + ": " + filepath.ToSlash(filepath.Clean(o.out))
}
