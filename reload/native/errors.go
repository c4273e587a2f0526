package native

import (
	"errors"
	"fmt"
	"go/ast"
	"strconv"
	"strings"

	"midair/reload"
	"midair/reload/native/internal/build"
	"midair/reload/native/internal/gate"
)

// Rules of diagnostics that only native builds have.
const (
	RuleUnsupported = "native/unsupported" // native mode is off in this process
	RuleFit         = "native/fit"         // the build does not fit the host, so it was not opened
	RuleBuild       = "native/build"       // the go command refused the source
	RuleForm        = "native/form"        // the source cannot be prepared for a native build
	RuleAgain       = "native/again"       // this content, or a package of it, has failed in this process before
	RuleLimit       = "native/limit"       // as many plugins are loaded as the host allows
	RuleStaleHost   = "native/stale-host"  // a warning: the host was built before its own source last changed
)

// versionError is a go command of another version than the host's.
type versionError struct{ command, version, host string }

func (e *versionError) Error() string {
	return fmt.Sprintf("%s is %s, and the host was built by %s; put that one first in PATH, or name it in native.Config.GoCommand",
		e.command, e.version, e.host)
}

// misfitError is a plugin that must not be opened.
type misfitError struct{ *gate.Misfit }

func (e *misfitError) Error() string { return e.Message() + "; " + e.Advice() }

// buildError is what the go command has against the source, at the user's places.
type buildError struct{ found []reload.Diagnostic }

func (e *buildError) Error() string { return e.found[0].String() }

// neverError is a package that must not come into the process once more.
type neverError struct{ path, why string }

func (e *neverError) Error() string {
	return "package " + e.path + " must not be loaded again: " + e.why
}

// againError is a content that has failed before.
type againError struct{ before error }

func (e *againError) Error() string { return e.before.Error() }

// unsupportedError says why a module cannot be native here.
type unsupportedError struct{ why error }

func (e *unsupportedError) Error() string { return "native mode is off: " + e.why.Error() }

// unfinishedError is a build that was stopped.
type unfinishedError struct{ cause error }

func (e *unfinishedError) Error() string { return "the native build was stopped: " + e.cause.Error() }
func (e *unfinishedError) Unwrap() error { return e.cause }

// timeoutError is package initialisation that did not end in time.
type timeoutError struct{ cause error }

func (e *timeoutError) Error() string { return e.cause.Error() }
func (e *timeoutError) Unwrap() error { return e.cause }

func (e *initPanic) Error() string {
	return fmt.Sprintf("panic while the package was initialised: %v", e.value)
}

// refused makes the error of a module that cannot be loaded. Diagnostics without a place get the module's first.
func refused(c *reload.Checked, ds ...reload.Diagnostic) *reload.Error {
	for i := range ds {
		if ds[i].File == "" {
			ds[i].File, ds[i].Line, ds[i].Column = c.Package.Files[0].Path, 1, 1
		}
	}
	return &reload.Error{Module: c.Module, Stage: reload.StagePrepare, Diagnostics: ds}
}

// explain turns an error of any step into one with diagnostics.
func explain(c *reload.Checked, err error) error {
	var own *reload.Error
	var misfit *misfitError
	var failed *buildError
	var panicked *initPanic
	var late *timeoutError
	var again *againError
	var unfinished *unfinishedError
	var unsupported *unsupportedError
	var bundled *bundleRefusal
	var limit *limitError
	var never *neverError
	switch {
	case errors.As(err, &limit):
		return refused(c, reload.Diagnostic{Rule: RuleLimit, Message: limit.Error(), Hint: limitHint})
	case errors.As(err, &bundled):
		return refused(c, atImport(c, bundled.diagnostic(), bundled.packages))
	case errors.As(err, &unsupported):
		return refused(c, reload.Diagnostic{Rule: RuleUnsupported, Message: unsupported.Error()})
	case errors.As(err, &unfinished):
		return stopped(c, unfinished)
	case errors.As(err, &own):
		return own
	case errors.As(err, &misfit):
		d := reload.Diagnostic{Rule: RuleFit, Message: misfit.Message(), Hint: misfit.Advice()}
		return refused(c, atImport(c, d, append(misfit.Packages, misfit.Foreign...)))
	case errors.As(err, &failed):
		return refused(c, failed.found...)
	case errors.As(err, &never):
		d := reload.Diagnostic{Rule: RuleAgain, Message: never.Error(), Hint: "restart the host, when what the message names is mended"}
		return refused(c, atImport(c, d, []string{never.path}))
	case errors.As(err, &again):
		return refused(c, againDiagnostic(c, again))
	case errors.As(err, &panicked):
		return panicError(c, panicked)
	case errors.As(err, &late):
		return timeout(c, late)
	}
	return refused(c, reload.Diagnostic{Rule: "native", Message: err.Error()})
}

func stopped(c *reload.Checked, unfinished *unfinishedError) error {
	e := refused(c, reload.Diagnostic{Rule: RuleBuild, Message: "the native build was not ready in time or was stopped",
		Hint: "the first build on a machine compiles the standard library, which takes up to a minute; the next attempt goes on " +
			"from there, and reload.Config.BuildTimeout gives it more time"})
	e.Err = unfinished.cause
	return e
}

func againDiagnostic(c *reload.Checked, again *againError) reload.Diagnostic {
	d := reload.Diagnostic{Rule: RuleAgain, Message: "this content has failed before: " + again.Error(),
		Hint: "change it, or restart the host to try it once more"}
	var panicked *initPanic
	if errors.As(again.before, &panicked) && len(panicked.stack) > 0 {
		d.File, d.Line = panicked.stack[0].File, panicked.stack[0].Line
	}
	return d
}

func panicError(c *reload.Checked, p *initPanic) error {
	d := reload.Diagnostic{Rule: "prepare/panic", Message: p.Error()}
	if len(p.stack) > 0 {
		d.File, d.Line = p.stack[0].File, p.stack[0].Line
	}
	e := refused(c, d)
	e.Err = &reload.PanicError{Value: p.value, Stack: p.stack}
	return e
}

// timeout blames the init function, the likely culprit.
func timeout(c *reload.Checked, late *timeoutError) error {
	d := reload.Diagnostic{Rule: "prepare/timeout", Message: late.Error(),
		Hint: "look for a loop or a wait in init functions and package variables"}
	for _, f := range c.Package.Files {
		for _, decl := range f.Syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				p := c.Package.FileSet.Position(fn.Pos())
				d.File, d.Line, d.Column = f.Path, p.Line, p.Column
			}
		}
	}
	return refused(c, d)
}

// atImport puts a diagnostic where one of some packages is imported, if the module imports one itself.
func atImport(c *reload.Checked, d reload.Diagnostic, paths []string) reload.Diagnostic {
	wanted := map[string]bool{}
	for _, p := range paths {
		wanted[p] = true
	}
	eachImport(c, func(f reload.File, pkg reload.Package, spec *ast.ImportSpec, path string) {
		if wanted[path] && d.File == "" {
			p := pkg.FileSet.PositionFor(spec.Path.Pos(), false)
			d.File, d.Line, d.Column = f.Path, p.Line, p.Column
		}
	})
	return d
}

// eachImport visits the imports of the module, then of its libraries.
func eachImport(c *reload.Checked, visit func(reload.File, reload.Package, *ast.ImportSpec, string)) {
	for _, pkg := range append([]reload.Package{c.Package}, c.Libraries...) {
		for _, f := range pkg.Files {
			for _, spec := range f.Syntax.Imports {
				if path, err := strconv.Unquote(spec.Path.Value); err == nil {
					visit(f, pkg, spec, path)
				}
			}
		}
	}
}

// failure is an error of the go command's as the module's author is to see it.
func failure(err error, diagnose func(string) []reload.Diagnostic) error {
	var f *build.Failure
	if !errors.As(err, &f) {
		return err
	}
	found := diagnose(f.Output)
	for i := range found {
		if strings.Contains(f.Output, "external (cgo) linking") || strings.Contains(f.Output, "C compiler") {
			found[i].Hint = "native builds need cgo and a C compiler"
		}
	}
	return &buildError{found}
}
