package reload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
	"unsafe"

	"midair/reload/internal/check"
	"midair/reload/internal/edit"
	"midair/reload/internal/source"
)

// prepare loads and binds every module of the attempt that has no errors so far. It goes on after a failure, so that
// one save shows all that is wrong.
func (a *attempt) prepare(ctx context.Context) {
	for _, p := range a.parts {
		if ctx.Err() != nil {
			return
		}
		if p.outcome == "" && p.want != nil && len(p.diags) == 0 {
			a.load(ctx, p)
			runtime.Gosched() // the host's loops come first: on few cores they would wait for a whole time slice
		}
	}
}

// load makes one version, from the backend to filled contracts.
func (a *attempt) load(ctx context.Context, p *part) {
	rt := a.rt
	if p.diags = rt.tooManyHeld(p); len(p.diags) > 0 {
		p.stage = StagePrepare
		return
	}
	v := rt.newVersion(p)
	p.version = v
	instance, err := rt.instantiate(ctx, p, v)
	if err != nil && rt.interpretInstead(ctx, p, err) {
		instance, err = rt.instantiate(ctx, p, v)
	}
	if err != nil {
		p.stage = StagePrepare
		p.diags = failure(err, p)
		v.state.Store(int32(Failed))
		return
	}
	v.instance = instance
	start := time.Now()
	p.stage = StageBind
	rt.mu.Lock()
	for _, c := range rt.contracts {
		if c.module != p.name {
			continue
		}
		table, ds := c.fill(instance, p.declared)
		v.tables[c] = table
		p.diags = append(p.diags, ds...)
	}
	rt.mu.Unlock()
	p.diags = append(p.diags, rt.findHooks(p, v)...)
	p.stages[StageBind] = time.Since(start)
	if len(p.diags) == 0 && v.hooks.validate != nil {
		start = time.Now()
		p.stage, p.diags = StageValidate, p.finish(rt.validate(ctx, p, v))
		p.stages[StageValidate] = time.Since(start)
	}
	if len(p.diags) > 0 {
		rt.discard([]*Version{v}, Failed)
		return
	}
	v.state.Store(int32(Prepared))
}

// newVersion numbers a version: one that fails keeps its number, so a number never means two things.
func (rt *Runtime) newVersion(p *part) *Version {
	rt.mu.Lock()
	m := rt.module(p.name)
	m.numbers++
	number := m.numbers
	rt.mu.Unlock()
	v := &Version{
		module: p.name, number: number, hash: p.want.Hash.String(), content: p.want.Hash, born: time.Now(),
		declared: p.declared, tables: map[*contract]unsafe.Pointer{}, packages: map[string]source.Hash{},
		tokens: p.tokens, facts: p.facts, source: recipe{p.want, p.given},
	}
	v.packages[p.want.Package.Dir] = p.want.Package.Hash
	for _, lib := range p.want.Libraries {
		v.packages[lib.Dir] = lib.Hash
	}
	return v
}

// instantiate has the backend build the version if it does so, and load it.
func (rt *Runtime) instantiate(ctx context.Context, p *part, v *Version) (Instance, error) {
	if p.backend == nil {
		return nil, errors.New("no backend: give Config.Backends one, such as interp.New(interp.Config{})")
	}
	v.mode = p.backend.Mode()
	if b, ok := p.backend.(Builder); ok && !b.Built(p.given) {
		start := time.Now()
		err := rt.build(ctx, b, p.given)
		p.stages[StageBuild] += time.Since(start)
		if err != nil {
			p.stage = StageBuild
			return nil, err
		}
	}
	start := time.Now()
	p.stage = StagePrepare
	defer func() { p.stages[StagePrepare] += time.Since(start) }()
	return rt.prepareBy(ctx, p.backend, p, v)
}

// prepareBy survives a backend that panics or does not come back.
func (rt *Runtime) prepareBy(ctx context.Context, backend Backend, p *part, v *Version) (inst Instance, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, rt.cfg.PrepareTimeout, fmt.Errorf(
		"package initialisation did not end within %v (Config.PrepareTimeout)", rt.cfg.PrepareTimeout))
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error of the %s backend: %v\n%s", v.mode, r, debug.Stack())
		}
	}()
	logger := slog.New(stamp{rt.cfg.Logger.Handler(), rt}).With("module", v.module, "version", v.number, "mode", v.mode)
	inst, err = backend.Prepare(ctx, p.given, Env{Version: v.number, Logger: logger})
	if err == nil && inst == nil {
		err = fmt.Errorf("internal error of the %s backend: it returned nothing", v.mode)
	}
	return inst, err
}

// interpretInstead says whether a module that failed to load in another way is to be interpreted, and prepares for that.
func (rt *Runtime) interpretInstead(ctx context.Context, p *part, err error) bool {
	interpreted := rt.backend(ModeInterpreted)
	if !p.auto || interpreted == nil || p.backend == interpreted || ctx.Err() != nil {
		return false
	}
	errs, warnings := split(objections(interpreted, p.given))
	if len(errs) > 0 {
		return false
	}
	p.native, p.backend = failure(err, p), interpreted
	p.warnings = append(p.warnings, p.finish(warnings)...)
	return true
}

// failure turns a backend's error into diagnostics.
func failure(err error, p *part) []Diagnostic {
	return p.finish(failureOf(err, p.name, p.given)) // a backend may have found them in any order
}

// failureOf takes the diagnostics out of a backend's error, or makes one at the module's first file.
func failureOf(err error, module string, c *Checked) []Diagnostic {
	var e *Error
	if errors.As(err, &e) && len(e.Diagnostics) > 0 {
		return slices.Clone(e.Diagnostics)
	}
	d := Diagnostic{File: module, Line: 1, Column: 1, Rule: "prepare", Message: err.Error()}
	if c != nil && len(c.Package.Files) > 0 {
		d.File = c.Package.Files[0].Path
	}
	return []Diagnostic{d}
}

// forBackend is the module as backends get it.
func (rt *Runtime) forBackend(p *part) *Checked {
	c := &Checked{
		Module: p.name, Hash: p.want.Hash.String(), Package: rt.pkg(p.checked.Package), ImportPath: rt.cfg.ImportPath,
		ModuleRoot: rt.cfg.ModuleRoot, Symbols: rt.symbols.all, GoVersion: rt.checker.GoVersion,
	}
	for _, lib := range p.checked.Libraries {
		c.Libraries = append(c.Libraries, rt.pkg(lib))
	}
	return c
}

func (rt *Runtime) pkg(c *check.Package) Package {
	p := c.Source
	out := Package{Dir: p.Dir, ImportPath: rt.world.ImportPathOf(p.Dir), Name: p.Name, FileSet: p.FileSet,
		Embeds: embeds(p), Types: c.Types, Info: c.Info}
	for _, f := range p.Files {
		out.Files = append(out.Files, File{f.Path, f.Source, f.Syntax})
		for _, name := range edit.Kept(f.Syntax) {
			out.Kept = append(out.Kept, name.Name)
		}
	}
	slices.Sort(out.Kept)
	return out
}
