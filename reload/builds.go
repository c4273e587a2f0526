package reload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// builds is what is to be built in the background, in Run. Of one module there is one job at most: a newer one, or
// another mode, takes its place. All methods are safe for concurrent use.
type builds struct {
	mu      sync.Mutex
	jobs    []*job        // newest last
	changed chan struct{} // closed and replaced when there is a new job
}

// job is a set of modules that are built for the same commit.
type job struct {
	modules []string
	run     func(context.Context)
	ctx     context.Context
	cancel  context.CancelCauseFunc
	parked  bool // a batch waits for it; else it is for a promotion
	started bool // guarded by builds.mu
}

var errSuperseded = errors.New("superseded by a newer edit or another mode")

// park queues the job that a batch waits for, in place of all those of its modules.
func (b *builds) park(modules []string, run func(context.Context)) {
	b.forget(modules...)
	b.add(&job{modules: modules, run: run, parked: true})
}

// promote queues a job for a version that serves, unless something newer of its module is being built.
func (b *builds) promote(module string, run func(context.Context)) {
	b.forgetPromotion(module)
	if !b.has(module) {
		b.add(&job{modules: []string{module}, run: run})
	}
}

func (b *builds) add(j *job) {
	j.ctx, j.cancel = context.WithCancelCause(context.Background())
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jobs = append(b.jobs, j)
	b.wake()
}

func (b *builds) wake() {
	if b.changed != nil {
		close(b.changed)
	}
	b.changed = make(chan struct{})
}

// forget cancels the jobs of modules.
func (b *builds) forget(modules ...string) {
	b.drop(func(j *job) bool {
		return slices.ContainsFunc(j.modules, func(m string) bool { return slices.Contains(modules, m) })
	})
}

// forgetPromotion cancels the job for the version of a module that serves. What a batch waits for goes on.
func (b *builds) forgetPromotion(module string) {
	b.drop(func(j *job) bool { return !j.parked && slices.Contains(j.modules, module) })
}

func (b *builds) drop(these func(*job) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jobs = slices.DeleteFunc(b.jobs, func(j *job) bool {
		if !these(j) {
			return false
		}
		j.cancel(errSuperseded)
		return true
	})
}

// has says whether a module is being built, or is to be.
func (b *builds) has(module string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.jobs, func(j *job) bool { return slices.Contains(j.modules, module) })
}

// take returns the newest job that has not begun, or what to wait for.
func (b *builds) take() (*job, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, j := range slices.Backward(b.jobs) {
		if !j.started {
			j.started = true
			return j, nil
		}
	}
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return nil, b.changed
}

// done takes a job off the list; one that was cut off by the end of Run waits for the next Run.
func (b *builds) done(j *job, again bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if again {
		j.started = false
		return
	}
	b.jobs = slices.DeleteFunc(b.jobs, func(o *job) bool { return o == j })
}

// runBuilds works on the jobs until ctx ends.
func (rt *Runtime) runBuilds(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	for range max(rt.cfg.Builds, 1) {
		workers.Go(func() {
			for ctx.Err() == nil {
				j, changed := rt.builds.take()
				if j == nil {
					select {
					case <-changed:
					case <-ctx.Done():
					}
					continue
				}
				rt.runJob(ctx, j)
			}
		})
	}
}

func (rt *Runtime) runJob(ctx context.Context, j *job) {
	both, cancel := context.WithCancelCause(j.ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })()
	defer func() {
		if r := recover(); r != nil {
			rt.log(slog.LevelError, EventNotice, "a background build failed", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			rt.builds.done(j, false)
		}
	}()
	j.run(both)
	rt.builds.done(j, ctx.Err() != nil && j.ctx.Err() == nil)
}

// warm prepares the machine for native builds, where any are to be expected.
func (rt *Runtime) warm(ctx context.Context) {
	b := rt.builder(ModeNative)
	w, ok := b.(Warmer)
	if !ok || !rt.wantsNative() {
		return
	}
	tell := func(level slog.Level, text string, args ...any) {
		rt.log(level, EventNotice, text, args...)
		rt.emit(Event{Kind: EventNotice, Mode: ModeNative, Message: text})
	}
	start := time.Now()
	tell(slog.LevelInfo, "native builds: compiling what they share, in the background")
	err := w.Warm(ctx, rt.cfg.ModuleRoot)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		tell(slog.LevelWarn, "native builds: the warm-up failed", "err", err)
	default:
		tell(slog.LevelInfo, "native builds: ready", "took", time.Since(start).Round(time.Millisecond).String())
	}
}

// wantsNative says whether any module may be asked to run natively.
func (rt *Runtime) wantsNative() bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if mode := rt.defaultMode(); mode == ModeAuto || mode == ModeNative {
		return true
	}
	for name := range rt.modules {
		if mode := rt.modeOf(name); mode == ModeAuto || mode == ModeNative {
			return true
		}
	}
	return false
}

// build has a backend make a module, within the limit.
func (rt *Runtime) build(ctx context.Context, b Builder, c *Checked) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, rt.cfg.BuildTimeout, fmt.Errorf(
		"the build did not end within %v (Config.BuildTimeout)", rt.cfg.BuildTimeout))
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer context.AfterFunc(rt.life, func() { stop(ErrClosed) })()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error of the %s backend: %v\n%s", b.Mode(), r, debug.Stack())
		}
	}()
	return b.Build(ctx, c)
}

// promoteLater has the native build of an interpreted version made in the background, if its module is to have one. When
// that is ready, a version of the same content takes its place. rt.applying is held, so that the version is not retired yet:
// it forgets what it was made of then.
func (rt *Runtime) promoteLater(v *Version) {
	b := rt.builder(ModeNative)
	rt.mu.Lock()
	c := v.source.given
	rt.mu.Unlock()
	if b == nil || c == nil || v.mode != ModeInterpreted {
		return
	}
	rt.builds.promote(v.module, func(ctx context.Context) { rt.promote(ctx, v, c, b) })
}

// promote builds a version natively and commits the result, unless something else serves by then.
func (rt *Runtime) promote(ctx context.Context, v *Version, c *Checked, b Builder) {
	start := time.Now()
	rt.log(slog.LevelDebug, EventBuild, "native build begins", "module", v.module, "hash", v.hash)
	rt.emit(Event{Kind: EventBuild, Module: v.module, Hash: v.hash, Mode: b.Mode()})
	err := rt.build(ctx, b, c)
	took := time.Since(start)
	rt.applying.Lock()
	defer rt.applying.Unlock()
	rt.mu.Lock()
	base := rt.next(v.module)
	current := base != nil && base.content == v.content && base.mode == ModeInterpreted &&
		rt.modeOf(v.module) == ModeAuto && !rt.closed
	rt.mu.Unlock()
	switch {
	case ctx.Err() != nil, !current:
		return
	case err != nil:
		rt.notNative(base, failureOf(err, v.module, c))
	default:
		_, err = rt.remake(ctx, base, b, Change{Reason: "native build"}, Stages{StageBuild: took})
		var e *Error
		if errors.As(err, &e) && ctx.Err() == nil {
			rt.notNative(base, e.Diagnostics)
		}
	}
}

// notNative notes why a module goes on interpreted.
func (rt *Runtime) notNative(v *Version, ds []Diagnostic) {
	rt.mu.Lock()
	rt.module(v.module).native = ds
	rt.mu.Unlock()
	for _, d := range ds {
		rt.log(slog.LevelWarn, EventNotNative, "not native: "+d.String(), "module", v.module, "version", v.number, "hash", v.hash,
			"hint", d.Hint)
	}
	rt.emit(Event{Kind: EventNotNative, Module: v.module, Version: v.number, Hash: v.hash, Mode: v.mode, Diagnostics: ds,
		Message: "the native build is not used; version " + fmt.Sprint(v.number) + " goes on interpreted"})
}

// remake loads the content of a version once more, by another backend, and puts it in front of the commit as the next
// version. The promise is kept when that is live. rt.applying is held. spent is what stages took before.
func (rt *Runtime) remake(ctx context.Context, base *Version, b Backend, change Change, spent Stages) (*promise, error) {
	p := base.again()
	p.backend = b
	p.edit = Edit{Class: EditMode, Consequence: fmt.Sprintf("the same source replaces version %d, %s", base.number, b.Mode())}
	maps.Copy(p.stages, spent)
	a := &attempt{rt: rt, change: change, parts: []*part{p}, again: true}
	errs, warnings := split(p.finish(objections(b, p.given)))
	if p.warnings = warnings; len(errs) > 0 {
		return nil, rt.modeError(p.name, errs)
	}
	a.load(ctx, p)
	if err := ctx.Err(); err != nil {
		a.abandon()
		return nil, &Error{Module: p.name, Stage: StagePrepare, Err: context.Cause(ctx), Generation: rt.Generation().number}
	}
	if len(p.diags) > 0 {
		return nil, p.err(rt.Generation().number)
	}
	return a.conclude(), nil
}

// again is a part of what a version was made of.
func (v *Version) again() *part {
	return &part{name: v.module, want: v.source.want, given: v.source.given, declared: v.declared, tokens: v.tokens,
		facts: v.facts, stages: Stages{}}
}
