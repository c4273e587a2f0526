package static

import (
	"fmt"
	"go/ast"

	"midair/reload"
)

// Rules of diagnostics that only the static backend has.
const (
	RuleMissing = "static/missing" // the module is not linked in
	RuleChanged = "static/changed" // another content of it is linked in
	RuleStale   = "static/stale"   // it was linked from other source than its generated file was made for
	RuleInUse   = "static/in-use"  // an earlier version is in use
	RuleShared  = "static/shared"  // another module uses a library's variable that changes
	RuleOnce    = "static/once"    // it has served and cannot be made as new
	RuleBroken  = "static/broken"  // making it as new has failed
)

// Rules documents what the static backend refuses. That is about the host and its past rather than about the source, so
// there are no examples.
func Rules() []reload.Rule {
	rule := func(id, reason, hint string) reload.Rule {
		return reload.Rule{ID: id, Mode: reload.ModeStatic, Reason: reason, Hint: hint}
	}
	return []reload.Rule{
		rule(RuleMissing, "only a module that was linked into the host can be static",
			"run midair build -static, then build the host with -tags "+Tag),
		rule(RuleChanged, "a module is static while its source is what was linked in",
			"give the host another backend for edited modules, or build it anew"),
		rule(RuleStale, "a host built from other source than the generated files were made for cannot tell contents apart",
			"run midair build -static before the host is built, for the system that it is built for"),
		rule(RuleInUse, "there is one copy of a linked module, so one version of it can serve at a time",
			"release what holds the earlier version: pins, views and visits"),
		rule(RuleShared, "linked modules cannot have a copy each of a library's variable that changes, as other modules have",
			"keep what changes in the host, or in the modules; then the library can serve all of them"),
		rule(RuleOnce, "an init function of a linked package runs when the process starts and never again",
			"initialise package variables by their declarations, or give the host another backend for later versions"),
		rule(RuleBroken, "a package whose initialisation has failed in this process may be in any state",
			"correct it, or restart the host"),
	}
}

// explain makes the error of a module that cannot serve.
func (r *refusal) explain(c *reload.Checked) error {
	d := reload.Diagnostic{Rule: r.rule, Message: r.message, Hint: r.hint}
	if r.rule == RuleOnce {
		d.File, d.Line, d.Column = initFunction(c, r.blamed.ImportPath)
	}
	return refused(c, d)
}

// initFunction finds the first init function of a package.
func initFunction(c *reload.Checked, importPath string) (file string, line, column int) {
	for _, p := range newPlaces(c) {
		if p.ImportPath != importPath {
			continue
		}
		for _, f := range p.Files {
			for _, d := range f.Syntax.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					pos := p.FileSet.PositionFor(fn.Pos(), false)
					return f.Path, pos.Line, pos.Column
				}
			}
		}
	}
	return "", 0, 0
}

// refused makes the error of a module. A diagnostic without a place gets the module's first.
func refused(c *reload.Checked, d reload.Diagnostic) *reload.Error {
	if d.File == "" {
		d.File, d.Line, d.Column = c.Package.Files[0].Path, 1, 1
	}
	return &reload.Error{Module: c.Module, Stage: reload.StagePrepare, Diagnostics: []reload.Diagnostic{d}}
}

func initPanic(c *reload.Checked, p *reload.PanicError) error {
	d := reload.Diagnostic{Rule: "prepare/panic",
		Message: fmt.Sprintf("panic while package variables were initialised again: %v", p.Value)}
	if len(p.Stack) > 0 {
		d.File, d.Line = p.Stack[0].File, p.Stack[0].Line
	}
	e := refused(c, d)
	e.Err = p
	return e
}

func timeout(c *reload.Checked, cause error) error {
	e := refused(c, reload.Diagnostic{Rule: "prepare/timeout", Message: cause.Error(),
		Hint: "look for a loop or a wait in what initialises package variables"})
	e.Err = cause
	return e
}
