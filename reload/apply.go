package reload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"midair/reload/internal/check"
	"midair/reload/internal/edit"
	"midair/reload/internal/source"
)

// Change says who changes what and why; it goes into logs and events.
type Change struct {
	Author   string `json:"author,omitempty"`
	Revision string `json:"revision,omitempty"` // of the source, such as a commit
	Reason   string `json:"reason,omitempty"`
}

// Outcome says what came of one module in a Report or Plan.
type Outcome string

const (
	OutcomeLive    Outcome = "live"    // serves
	OutcomeReady   Outcome = "ready"   // goes live at the next safe point
	OutcomeRefused Outcome = "refused" // has errors of its own
	OutcomeHeld    Outcome = "held"    // fine itself, but another module of its batch is not
	OutcomeFixed   Outcome = "fixed"   // the files are again what is live; nothing to load
	OutcomeNoOp    Outcome = "no-op"   // the files say the same as what is live; nothing to load
	OutcomeRemoved Outcome = "removed" // its folder is gone, and so is the module
	OutcomeLoad    Outcome = "load"    // in a Plan: would be loaded for the first time
	OutcomeReload  Outcome = "reload"  // in a Plan: would be loaded again
)

// ModuleReport is one module of a Report or Plan.
type ModuleReport struct {
	Module      string       `json:"module"`
	Outcome     Outcome      `json:"outcome"`
	Version     int          `json:"version"` // the new one, 0 if none was made
	Hash        string       `json:"hash"`
	Because     []string     `json:"because"`       // packages that changed: the module's own folder or libraries
	Edit        Edit         `json:"edit,omitzero"` // zero for what was not checked
	Diagnostics []Diagnostic `json:"diagnostics"`
	Stages      Stages       `json:"stages"`
}

// Report tells what a call of Apply did, or what Plan found that it would do. Modules that do not change are left out.
type Report struct {
	Generation uint64         `json:"generation"` // live when the report was made
	Change     Change         `json:"change,omitzero"`
	Modules    []ModuleReport `json:"modules"`

	committed *promise // of what is ready; nil if nothing waits
}

// Wait returns when everything that the report calls ready went live (or was overtaken by something newer), or with
// ctx's error. ErrCancelled and ErrClosed say that it will not go live.
func (r *Report) Wait(ctx context.Context) error { return r.committed.wait(ctx) }

// Plan tells what Apply would do with the file system: which modules it would load, reload or remove, why, and what is
// wrong with them as far as that is known without loading anything. It changes nothing.
func (rt *Runtime) Plan(ctx context.Context, fsys fs.FS) (*Report, error) {
	rt.applying.Lock()
	defer rt.applying.Unlock()
	a := attempt{rt: rt, fsys: fsys, dry: true}
	if err := a.read(); err != nil {
		return nil, err
	}
	a.decide()
	a.check()
	r := a.report()
	for i := range r.Modules {
		m := &r.Modules[i]
		switch {
		case m.Outcome != "":
		case hasErrors(m.Diagnostics):
			m.Outcome = OutcomeRefused
		case rt.Generation().Version(m.Module) != nil:
			m.Outcome = OutcomeReload
		default:
			m.Outcome = OutcomeLoad
		}
	}
	return r, ctx.Err()
}

func hasErrors(ds []Diagnostic) bool {
	errors, _ := CountDiagnostics(ds)
	return errors > 0
}

// Apply makes the file system, whose root is the module directory, what the runtime runs: it loads what differs from
// the last attempt, all of it as one batch together with what an earlier refused batch left pending and touches the
// same modules. The batch goes live whole or not at all, at once or at the next safe point as [Config.CommitOn] says;
// [Report.Wait] waits for that. The first Apply of a runtime that has nothing live makes each module a batch of its own.
//
// A runtime that also watches its directory goes on from there: the next change in the directory brings all of it back.
//
// When nothing changed, what was refused before is tried again.
//
// The error joins one *Error for each refused module; the report is there in any case, unless the file system cannot be
// read at all. What was live before stays live.
func (rt *Runtime) Apply(ctx context.Context, fsys fs.FS, change Change) (*Report, error) {
	rt.applying.Lock()
	defer rt.applying.Unlock()
	if rt.isClosed() {
		return nil, &Error{Err: ErrClosed, Generation: rt.Generation().number}
	}
	a := attempt{rt: rt, fsys: fsys, change: change, first: rt.tree == nil}
	a.retry = true
	rt.foreign = true
	return a.run(ctx)
}

// attempt is one way from a file system to a prepared batch. Its fields are filled stage by stage; rt.applying is held.
type attempt struct {
	rt      *Runtime
	fsys    fs.FS
	change  Change
	dirs    []string // only these may have changed; nil for everything
	settled time.Duration
	first   bool // every module is a batch of its own
	retry   bool // if nothing changed, try again what was refused
	now     bool // commit without waiting for the safe point
	again   bool // the same content as what serves, by another backend
	dry     bool // nothing comes of it
	parks   bool // do not wait for native builds, but go on with them later
	resumed *parking
	only    []string // modules to try again, whatever changed; nil for what changed
	strict  bool     // one broken module keeps the others from going live, and is tried again

	tree      *source.Tree
	unsettled bool
	desired   source.Resolution
	stages    Stages // those that all modules share
	parts     []*part
}

// part is one module of an attempt.
type part struct {
	name     string
	want     *source.Module // nil if its folder is gone
	because  []string
	outcome  Outcome // "" as long as the module is to be loaded
	tokens   map[string]source.Hash
	checked  *check.Module // nil if the module has other problems
	given    *Checked      // the same for backends; nil if it has errors
	backend  Backend       // chosen by the check
	auto     bool          // the mode leaves the choice
	native   []Diagnostic  // why the native build is not used
	back     int           // the earlier version whose content this is, 0 if the content is that of the files
	facts    edit.Facts
	edit     Edit
	declared declarations
	version  *Version
	diags    []Diagnostic // errors
	warnings []Diagnostic
	stage    string
	stages   Stages
}

func (a *attempt) run(ctx context.Context) (*Report, error) {
	if err := a.read(); err != nil {
		return nil, err
	}
	return a.apply(ctx)
}

// apply goes on from a tree that was read.
func (a *attempt) apply(ctx context.Context) (*Report, error) {
	a.rt.tree, a.rt.desired = a.tree, a.desired
	a.rt.forgetLibraries(a.tree)
	a.decide()
	if len(a.parts) == 0 {
		return a.report(), nil
	}
	a.check()
	if a.parks && len(a.broken()) == 0 && a.park() {
		return a.report(), nil
	}
	if a.first || len(a.broken()) == 0 {
		a.prepare(ctx)
	}
	if err := ctx.Err(); err != nil { // says nothing about the modules: forget that they were tried
		a.abandon()
		return a.report(), &Error{Stage: StagePrepare, Err: context.Cause(ctx), Generation: a.rt.Generation().number}
	}
	done := a.conclude()
	r := a.report()
	r.committed = done
	return r, a.errors()
}

// read takes the snapshot and resolves it to modules.
func (a *attempt) read() error {
	start := time.Now()
	var err error
	if a.dirs != nil && a.rt.tree != nil {
		a.tree, a.unsettled, err = a.rt.tree.Update(a.fsys, a.dirs)
	} else {
		a.tree, a.unsettled, err = source.Read(a.fsys, a.rt.tree)
	}
	if err != nil {
		what := "cannot be read"
		if errors.Is(err, fs.ErrNotExist) {
			what = "does not exist"
		}
		return &Error{Stage: StageSnapshot, Err: fmt.Errorf("module directory %s %s: %w", a.rt.cfg.Source.dir, what, err),
			Generation: a.rt.Generation().number}
	}
	a.desired = a.tree.Resolve(a.rt.world, a.rt.desired)
	a.stages = Stages{StageSnapshot: time.Since(start) - a.tree.ParseFor, StageParse: a.tree.ParseFor}
	if a.settled > 0 {
		a.stages[StageSettle] = a.settled
	}
	return nil
}

// forgetLibraries lets a folder that was removed come back as whatever it is then.
func (rt *Runtime) forgetLibraries(t *source.Tree) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	maps.DeleteFunc(rt.libraries, func(dir string, _ bool) bool { return t.Packages[dir] == nil })
}

// decide finds the modules of the batch: those whose content is not what was last tried, and those that were refused
// together with one of them.
func (a *attempt) decide() {
	rt := a.rt
	if rt.cfg.Mode == "" {
		rt.nativeOff() // may take a while the first time, which must not be under the lock
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	names := map[string]bool{}
	a.named(names)
	for name, want := range a.desired.Modules {
		if rt.modules[name].parkedAs(want) || a.only != nil || a.resumed != nil {
			continue
		}
		if m := rt.modules[name]; m == nil || !m.known || m.wanted != want.Hash || m.parked != nil {
			names[name] = true
		}
	}
	for name, m := range rt.modules {
		if m.parkedAs(nil) || a.only != nil || a.resumed != nil {
			continue
		}
		if a.desired.Modules[name] == nil && (m.known || (!rt.isMissing(m) && rt.bound(name))) {
			names[name] = true
		}
	}
	if a.retry && len(names) == 0 {
		for name, m := range rt.modules {
			if m.known && len(m.diagnostics) > 0 && !m.quarantined {
				names[name] = true
			}
		}
	}
	a.unpark(names)
	for again := true; again; { // what belongs together stays together until all of it is fine
		again = false
		for name := range names {
			if m := rt.modules[name]; m != nil {
				for _, other := range m.group {
					again = again || !names[other]
					names[other] = true
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if p := a.part(name); p != nil {
			a.parts = append(a.parts, p)
		}
	}
	a.supersede()
}

// named adds the modules that the attempt is about, whatever changed. rt.mu is held.
func (a *attempt) named(names map[string]bool) {
	for _, name := range a.only {
		names[name] = true
	}
	if a.resumed != nil {
		for name := range a.resumed.content {
			names[name] = true
		}
	}
}

// supersede ends the builds of what is not wanted any more. rt.mu is held.
func (a *attempt) supersede() {
	if a.resumed != nil || a.dry {
		return // it is by these builds, or nothing comes of it
	}
	for _, p := range a.parts {
		a.rt.builds.forget(p.name)
	}
}

// isMissing says whether it has been reported already that a bound module has no folder.
func (rt *Runtime) isMissing(m *module) bool {
	return len(m.diagnostics) > 0 && m.diagnostics[0].Rule == ruleMissing
}

const ruleMissing = "module/missing"

func (a *attempt) part(name string) *part {
	rt := a.rt
	p := &part{name: name, want: a.desired.Modules[name], stages: maps.Clone(a.stages)}
	if a.resumed != nil {
		maps.Copy(p.stages, a.resumed.stages[name])
	}
	live := rt.next(name)
	switch {
	case p.want != nil && live != nil && live.content == p.want.Hash && rt.fulfils(live):
		p.outcome = OutcomeFixed
	case p.want == nil && rt.bound(name):
		text := fmt.Sprintf("the host binds module %s, but the module directory has no package %s", name, name)
		if live != nil {
			text += fmt.Sprintf("; version %d still serves", live.number)
		}
		p.stage = StageCheck
		p.diags = []Diagnostic{{File: name, Rule: ruleMissing, Message: text,
			Hint: "put its folder back, or take the binding out of the host"}}
	case p.want == nil && live == nil && rt.modules[name] == nil:
		return nil
	case p.want == nil:
		p.outcome = OutcomeRemoved
	default:
		p.because = a.because(name)
		if len(p.want.Problems) == 0 {
			p.tokens = tokensOf(p.want, live)
		}
		if live != nil && p.sameTokens(live) && rt.fulfils(live) {
			p.outcome, p.edit = OutcomeNoOp, Edit{Class: EditNone}
			if m := rt.modules[name]; m != nil && len(m.diagnostics) > 0 {
				p.outcome = OutcomeFixed // of what the last attempt had refused
			}
			p.edit.Consequence = p.edit.consequence(live)
		}
	}
	return p
}

// fulfils says whether a version has a table for every contract of its module, also those bound after it was loaded.
// rt.mu is held.
func (rt *Runtime) fulfils(v *Version) bool {
	return !slices.ContainsFunc(rt.contracts, func(c *contract) bool { return c.module == v.module && v.tables[c] == nil })
}

// next returns the version that serves after the pending batch, if any, is committed. rt.mu is held.
func (rt *Runtime) next(name string) *Version {
	if b := rt.pending.Load(); b != nil {
		if s := b.modules[name]; s != nil {
			return s.version
		}
	}
	if b := rt.beginning; b != nil && b.modules[name] != nil {
		return b.modules[name].version
	}
	return rt.current.Load().versions[name]
}

// because names the packages of the module that are not those of its live version.
func (a *attempt) because(name string) (dirs []string) {
	v := a.rt.next(name)
	want := a.desired.Modules[name]
	all := append([]*source.Package{want.Package}, want.Libraries...)
	for _, pkg := range all {
		if v == nil || v.packages[pkg.Dir] != pkg.Hash {
			dirs = append(dirs, pkg.Dir)
		}
	}
	return dirs
}

// check looks at every module of the batch before anything of it runs.
func (a *attempt) check() {
	rt := a.rt
	rt.mu.Lock()
	contracts := slices.Clone(rt.contracts)
	rt.mu.Unlock()
	importers := shared(a.desired.Modules)
	for _, p := range a.parts {
		if p.outcome != "" || p.want == nil {
			continue
		}
		runtime.Gosched() // as in prepare
		start := time.Now()
		p.stage = StageCheck
		switch p.diags = diagnosticsOf(p.want.Problems); {
		case len(p.diags) == 0:
			p.diags = a.safely(p, func() []Diagnostic { return a.checkTypes(p, contracts, importers) })
		case slices.ContainsFunc(p.diags, func(d Diagnostic) bool { return d.Rule == "syntax" }):
			p.stage = StageParse
			p.diags = append(p.diags, a.safely(p, func() []Diagnostic { return a.checkLibraries(p) })...)
		case !slices.ContainsFunc(p.diags, func(d Diagnostic) bool { return !passedOver(d.Rule) }):
			p.diags = append(p.diags, a.safely(p, func() []Diagnostic { // the rest at once
				p.checked = rt.checker.Module(p.want)
				return append(diagnosticsOf(p.checked.Problems), rt.applyCapabilities(p)...)
			})...)
		}
		p.diags, p.warnings = split(p.finish(p.diags))
		p.stages[StageCheck] = time.Since(start)
	}
}

// passedOver says whether a problem does not keep the type check from looking at the rest: imports that lead nowhere, and
// embedded files.
func passedOver(rule string) bool {
	return rule == "capability/import" || strings.HasPrefix(rule, "import/") || strings.HasPrefix(rule, "embed/")
}

// checkLibraries checks the types of a module's libraries, although other files of it are not Go.
func (a *attempt) checkLibraries(p *part) []Diagnostic {
	fine := slices.DeleteFunc(slices.Clone(p.want.Libraries), func(lib *source.Package) bool { return len(lib.Problems) > 0 })
	if len(fine) == 0 {
		return nil
	}
	last := len(fine) - 1
	m := source.Module{Name: fine[last].Dir, Package: fine[last], Libraries: fine[:last], Problems: p.want.Problems}
	return diagnosticsOf(a.rt.checker.Module(&m).Problems)
}

// safely survives a check that panics: that is midair's fault, and refuses the module.
func (a *attempt) safely(p *part, check func() []Diagnostic) (ds []Diagnostic) {
	defer func() {
		if r := recover(); r != nil {
			a.rt.log(slog.LevelError, EventNotice, "the check failed", "module", p.name, "panic", fmt.Sprint(r),
				"stack", string(debug.Stack()))
			ds = []Diagnostic{{File: p.want.Package.Files[0].Path, Line: 1, Column: 1, Rule: "internal",
				Message: fmt.Sprintf("the check failed: %v", r), Hint: "change what was edited last, and report this"}}
		}
	}()
	return check()
}

// checkTypes checks one module that has no problems so far: its types, then what the contracts ask for and the rules of
// every mode, then those of its backend. Where types are wrong, only the rules that need none follow.
func (a *attempt) checkTypes(p *part, contracts []*contract, importers map[string][]string) []Diagnostic {
	rt := a.rt
	p.checked = rt.checker.Module(p.want)
	if ds := diagnosticsOf(p.checked.Problems); len(ds) > 0 {
		return append(ds, rt.applyCapabilities(p)...)
	}
	p.declared = rt.declarationsOf(p.checked.Package)
	rt.mu.Lock()
	rt.classify(p)
	rt.mu.Unlock()
	ds := append(rt.applyRules(p, importers), rt.checkHooks(p)...)
	for _, c := range contracts {
		if c.module == p.name {
			ds = append(ds, c.check(p.declared)...)
		}
	}
	if !slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Rule == "capability/cgo" }) {
		p.given = rt.forBackend(p)
		ds = append(ds, rt.choose(p)...)
		if err := a.resumed.failed(p.name); err != nil && !hasErrors(ds) {
			p.stage = StageBuild
			ds = append(ds, failure(err, p)...)
		}
	}
	return ds
}

// broken returns the modules that have errors of their own.
func (a *attempt) broken() (out []*part) {
	for _, p := range a.parts {
		if len(p.diags) > 0 {
			out = append(out, p)
		}
	}
	return out
}

func (a *attempt) report() *Report {
	r := &Report{Generation: a.rt.Generation().number, Change: a.change, Modules: []ModuleReport{}}
	for _, p := range a.parts {
		m := ModuleReport{Module: p.name, Outcome: p.outcome, Because: orEmpty(p.because), Edit: p.edit,
			Diagnostics: p.all(), Stages: p.stages}
		if p.want != nil {
			m.Hash = p.want.Hash.String()
		}
		if p.version != nil {
			m.Version = p.version.number
		}
		r.Modules = append(r.Modules, m)
	}
	return r
}

// all returns errors and warnings in their order, never nil.
func (p *part) all() []Diagnostic {
	return SortDiagnostics(slices.Concat([]Diagnostic{}, p.diags, p.warnings))
}

// errors joins what was refused.
func (a *attempt) errors() error {
	var errs []error
	for _, p := range a.parts {
		if p.outcome == OutcomeRefused || p.outcome == OutcomeHeld {
			errs = append(errs, p.err(a.rt.Generation().number))
		}
	}
	return errors.Join(errs...)
}

func (p *part) err(generation uint64) *Error {
	e := &Error{Module: p.name, Stage: p.stage, Generation: generation, Diagnostics: p.diags}
	if p.version != nil {
		e.Version = p.version.number
	}
	if p.outcome == OutcomeHeld {
		e.Stage, e.Err = StageCommit, ErrHeld
	}
	return e
}

// abandon leaves the modules as if the attempt had not been made.
func (a *attempt) abandon() {
	var made []*Version
	for _, p := range a.parts {
		if p.version != nil {
			made = append(made, p.version)
			p.version = nil
		}
		p.outcome = OutcomeHeld
	}
	a.rt.discard(made, Failed)
}

func (a *attempt) logRefused(p *part) {
	level := slog.LevelWarn
	args := []any{"module", p.name, "stage", p.stage, "hash", p.hash()}
	if p.edit.Class != "" {
		args = append(args, "edit", string(p.edit.Class))
	}
	if v := a.rt.Generation().Version(p.name); v != nil {
		args = append(args, "serving", v.number)
	}
	for _, d := range p.diags {
		a.rt.log(level, EventRefused, "refused: "+d.String(), append(args, "hint", d.Hint)...)
	}
}

// logWarnings tells what the module loads with all the same.
func (a *attempt) logWarnings(p *part) {
	for _, d := range p.warnings {
		a.rt.log(slog.LevelWarn, EventWarning, d.String(), "module", p.name, "hash", p.hash(), "hint", d.Hint)
	}
}

func (p *part) hash() string {
	if p.want == nil {
		return ""
	}
	return p.want.Hash.String()
}
