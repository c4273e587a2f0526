package reload

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"midair/reload/internal/check"
	"midair/reload/internal/policy"
	"midair/reload/internal/reflected"
	"midair/reload/internal/source"
)

// Runtime loads modules, serves their function tables and replaces versions. Make one with [New]; several in one
// process do not know of each other. All methods are safe for concurrent use.
type Runtime struct {
	cfg      Config
	symbols  symbolTable
	importer *reflected.Importer // of the symbols, as types
	checker  *check.Checker
	host     *policy.Host
	world    *source.World

	current atomic.Pointer[Generation] // what Table.Load reads; stored under mu only
	pending atomic.Pointer[batch]      // prepared, waiting for the safe point; stored under mu only

	applying   sync.Mutex     // one snapshot-to-ready at a time; taken before committing and mu
	committing sync.Mutex     // one commit at a time; taken before mu
	stopping   sync.WaitGroup // hooks of versions that are retired
	tree       *source.Tree
	foreign    bool              // the tree was given to Apply and is not the watched directory's
	desired    source.Resolution // of the tree

	mu        sync.Mutex // guards what follows; held for short, never while module code runs
	modules   map[string]*module
	contracts []*contract
	libraries map[string]bool            // folders that a version which went live had as a library
	held      map[uint64]*liveGeneration // generations that views hold, by number
	views     map[*viewHold]struct{}     // those that are open
	pins      map[*pinHold]struct{}      // those that are open
	draining  map[*Version]struct{}
	beginning *batch        // whose versions are being started; it is not pending meanwhile
	drained   chan struct{} // closed and replaced when versions retire
	started   bool
	closed    bool

	boundNames atomic.Pointer[map[string]bool] // modules that a contract is bound to; replaced under mu

	builds    builds
	life      context.Context // ends with Close
	end       context.CancelCauseFunc
	audit     audit
	good      lastGood
	nativeOff func() error // why no native version can be loaded here; asked once

	events hub
}

// liveGeneration counts the views of one generation.
type liveGeneration struct {
	versions map[string]*Version
	views    int
}

// New makes a Runtime. It reads nothing and starts nothing; [Runtime.Start] does. The error is about the Config.
func New(cfg Config) (*Runtime, error) {
	if err := cfg.checkModes(); err != nil {
		return nil, &Error{Stage: StagePrepare, Err: err}
	}
	return newRuntime(cfg, nil)
}

// newRuntime makes a Runtime that can also check against packages without a symbol table.
func newRuntime(cfg Config, packages func(types.Importer) types.Importer) (*Runtime, error) {
	symbols, err := newSymbolTable(cfg.Symbols)
	if err != nil {
		return nil, err
	}
	rt := &Runtime{
		cfg: cfg.withDefaults(), symbols: symbols, modules: map[string]*module{}, libraries: map[string]bool{},
		held: map[uint64]*liveGeneration{}, draining: map[*Version]struct{}{},
		views: map[*viewHold]struct{}{}, pins: map[*pinHold]struct{}{}, drained: make(chan struct{}),
	}
	rt.good.dir = cfg.LastGood
	rt.life, rt.end = context.WithCancelCause(context.Background())
	rt.nativeOff = sync.OnceValue(rt.whyNativeOff)
	rt.world = &source.World{ImportPath: rt.cfg.ImportPath, Bound: rt.bound,
		Available: rt.available, Library: rt.library}
	if rt.host, err = newHost(cfg, symbols); err != nil {
		return nil, err
	}
	rt.importer = reflected.New(symbols.all, rt.sourced(packages))
	rt.checker = check.New(check.Config{Importer: rt.importer, GoVersion: rt.cfg.goVersion(),
		Dir: func(p string) string { dir, _ := rt.world.DirOf(p); return dir }, Path: rt.world.ImportPathOf})
	rt.boundNames.Store(&map[string]bool{})
	rt.current.Store(&Generation{rt: rt, born: time.Now(), versions: map[string]*Version{}})
	return rt, nil
}

// sourced has packages without a symbol table read from elsewhere, with what is marked //midair:accepts in them if the
// importer tells that too.
func (rt *Runtime) sourced(packages func(types.Importer) types.Importer) func(types.Importer) types.Importer {
	if packages == nil {
		return nil
	}
	return func(tables types.Importer) types.Importer {
		im := packages(tables)
		if a, ok := im.(interface {
			Accepts(importPath string) []string
		}); ok {
			for importPath, key := range rt.symbols.byPath {
				if rt.symbols.all[key] == nil {
					rt.host.Accepts[importPath] = a.Accepts(importPath)
				}
			}
		}
		return im
	}
}

// available says whether modules can import a package. What is dangerous in any program is left to the rules, which say
// more about it.
func (rt *Runtime) available(importPath string) bool {
	return importPath == "C" || importPath == "unsafe" || rt.importer.Has(importPath)
}

// Start reads the source and loads every module once; it returns when they are live. Each module is a batch of its
// own, so one that fails does not stop another; what its failure means is up to [Config.Boot]. Start starts no
// goroutine that outlives it. It can be called once, and again after a failure.
func (rt *Runtime) Start(ctx context.Context) error {
	rt.applying.Lock()
	defer rt.applying.Unlock()
	rt.mu.Lock()
	err := rt.startable()
	rt.mu.Unlock()
	if err != nil {
		return err
	}
	rt.tellNative()
	if rt.cfg.Source.fsys != nil {
		a := attempt{rt: rt, fsys: rt.cfg.Source.fsys, change: Change{Reason: "start"}, first: true, now: true,
			strict: rt.cfg.Boot == BootStrict}
		_, err = a.run(ctx)
		var e *Error
		if err != nil && (rt.cfg.Boot == BootStrict || !errors.As(err, &e) || e.Module == "" || ctx.Err() != nil) {
			return err
		}
		rt.startGood(ctx)
	}
	rt.mu.Lock()
	rt.started = true
	rt.mu.Unlock()
	return nil
}

// tellNative says why modules will not run natively, if the host has thought of that.
func (rt *Runtime) tellNative() {
	if rt.cfg.Mode != "" && !rt.wantsNative() {
		return
	}
	if err := rt.nativeOff(); err != nil {
		text := "native mode is off, so modules run interpreted"
		if rt.asksForNative() {
			text = "native mode is off, so modules that are asked to run natively do not load"
		}
		rt.log(slog.LevelInfo, EventNotice, text, "because", err)
		rt.emit(Event{Kind: EventNotice, Message: "native mode is off: " + err.Error()})
	}
}

// asksForNative says whether the configuration leaves some modules no other mode.
func (rt *Runtime) asksForNative() bool {
	if rt.cfg.Mode == ModeNative {
		return true
	}
	for _, mode := range rt.cfg.Modes {
		if mode == ModeNative {
			return true
		}
	}
	return false
}

func (rt *Runtime) startable() error {
	switch {
	case rt.closed:
		return &Error{Err: ErrClosed, Generation: rt.Generation().number}
	case rt.started:
		return &Error{Err: errors.New("started already"), Generation: rt.Generation().number}
	}
	return nil
}

// Close takes everything out of service: visits return ErrClosed, what runs ends on the version it began with. Views
// and pins stay valid until they are closed themselves. Close waits for OnStop of what nobody uses, at most
// [Config.StopTimeout]. It is idempotent.
func (rt *Runtime) Close() error {
	rt.end(ErrClosed) // builds that somebody waits for end early
	rt.applying.Lock()
	defer rt.applying.Unlock()
	rt.mu.Lock()
	if rt.closed {
		rt.mu.Unlock()
		return nil
	}
	rt.closed = true
	var discarded []*Version
	for name := range rt.modules {
		rt.builds.forget(name)
	}
	if p := rt.pending.Swap(nil); p != nil {
		discarded = p.versions()
		p.committed.keep(ErrClosed)
	}
	for _, v := range rt.current.Load().versions {
		rt.untry(v)
	}
	rt.install(map[string]*Version{}, slices.Collect(maps.Keys(rt.current.Load().versions)))
	rt.mu.Unlock()
	rt.discard(discarded, Failed)
	rt.sweep()
	rt.stopping.Wait()
	rt.good.idle.Wait()
	rt.events.close()
	return nil
}

// Generation returns the generation that is live now.
func (rt *Runtime) Generation() *Generation { return rt.current.Load() }

// bound says whether the host binds a contract to a module.
func (rt *Runtime) bound(name string) bool { return (*rt.boundNames.Load())[name] }

// library says whether a folder's package has served as a library.
func (rt *Runtime) library(dir string) bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.libraries[dir]
}

// bind registers a contract and gives it a slot; the same type for the same module shares one.
func (rt *Runtime) bind(name string, t reflect.Type) (*contract, error) {
	if err := validName(name); err != nil {
		return nil, &Error{Module: name, Stage: StageBind, Err: err, Generation: rt.Generation().number}
	}
	fresh, err := parseContract(name, t)
	if err != nil {
		err.Generation = rt.Generation().number
		return nil, err
	}
	rt.applying.Lock()
	defer rt.applying.Unlock()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for _, c := range rt.contracts {
		if c.module == name && c.typ == t {
			return c, nil
		}
	}
	fresh.index = len(rt.contracts)
	fresh.makeBroken(rt.unavailable)
	rt.contracts = append(rt.contracts, fresh)
	names := maps.Clone(*rt.boundNames.Load())
	names[name] = true
	rt.boundNames.Store(&names)
	rt.desired = source.Resolution{Modules: rt.desired.Modules} // to be resolved anew: a library may be a module now
	rt.fillLate(fresh, rt.module(name))
	g := rt.current.Load()
	rt.current.Store(rt.generation(g.number, g.born, g.versions))
	return fresh, nil
}

// fillLate fills a contract that was bound after versions of the module were loaded: the live one, those that are still
// in use, and the one that waits for the safe point.
func (rt *Runtime) fillLate(c *contract, m *module) {
	versions := slices.Collect(maps.Keys(rt.draining))
	if live := rt.current.Load().versions[c.module]; live != nil {
		versions = append(versions, live)
	}
	if p := rt.pending.Load(); p != nil {
		versions = append(versions, p.versions()...)
	}
	for _, v := range versions {
		if v.module != c.module || v.declared.byName == nil {
			continue
		}
		ds := c.check(v.declared)
		if len(ds) == 0 {
			v.tables[c], ds = c.fill(v.instance, v.declared)
		}
		if len(ds) > 0 {
			delete(v.tables, c)
			m.diagnostics = append(m.diagnostics, ds...)
		}
	}
}

func validName(name string) error {
	if name == "" || !fsValid(name) {
		return fmt.Errorf("%q is no module name: a module is named by its folder, relative to the module directory", name)
	}
	return nil
}

// module returns the book-keeping of a module, made on first use. rt.mu is held.
func (rt *Runtime) module(name string) *module {
	m := rt.modules[name]
	if m == nil {
		m = &module{name: name}
		rt.modules[name] = m
	}
	return m
}

// unavailable is the error of a visit or call when no version of the module is live.
func (rt *Runtime) unavailable(name string) *Error {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	e := &Error{Module: name, Stage: StageVisit, Err: ErrNotLoaded, Generation: rt.Generation().number}
	if rt.closed {
		e.Err = ErrClosed
	}
	if m := rt.modules[name]; m != nil {
		e.Diagnostics = slices.Clone(m.diagnostics)
	}
	return e
}
