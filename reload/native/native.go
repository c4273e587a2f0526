package native

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"sync"
	"time"

	"midair/reload"
	"midair/reload/native/internal/build"
	"midair/reload/native/internal/derive"
	"midair/reload/native/internal/stage"
)

// Config of the native backend. The zero value works.
type Config struct {
	// Dir is where staged sources and built plugins are kept. Several processes may share it. Default: midair/native in the
	// user's cache folder.
	Dir string

	// GoCommand is the go command, which must be of the version that built the host. Default: the one in PATH.
	GoCommand string

	// BuildFlags are added to those that the host's build information tells: it does not know of -modfile and -overlay, for
	// instance.
	BuildFlags []string

	// Debug keeps what debuggers need in plugins. Building them takes longer then.
	Debug bool

	// CacheLimit is how many plugins stay in Dir. Default: 64.
	CacheLimit int

	// Builds is how many builds may run at once. Default: 1.
	Builds int

	// WarnAt and Limit are numbers of plugins in the process, which are never unloaded: from the first on there are warnings
	// in the log, at the second no more are opened. What is loaded already can always serve again. Defaults: 100 and 200.
	WarnAt, Limit int

	// ReuseWait is how long a new version waits for a plugin of its content to become free, whose last version is still in
	// use, before another copy of it is built and loaded. Default: 500 ms.
	ReuseWait time.Duration

	// Race allows native modules in a host that was built with -race. The race detector does not know the variables of
	// plugins: it reports races that are none, and may end the process. Without Race, modules run interpreted there.
	Race bool

	// Bundle holds modules that were built ahead. A module whose source is that of the bundle comes from there, and needs
	// neither a go command nor a C compiler. One that was opened with a key turns local builds off, as PublicKey does.
	Bundle *Bundle

	// PublicKey, if set, makes a Bundle that was signed with the key's other half the only thing that is ever opened: nothing
	// is built here, and without a bundle there are no native modules.
	PublicKey ed25519.PublicKey
}

// Backend builds and opens plugins. It is safe for concurrent use, and starts nothing before Prepare.
type Backend struct {
	cfg   Config
	cache store
	slots chan struct{} // one for each build that may run

	mu        sync.Mutex
	toolchain map[string]*build.Toolchain // by directory of go.mod
	cover     coverage
}

var (
	_ reload.Backend = (*Backend)(nil)
	_ reload.Checker = (*Backend)(nil)
)

// New makes the backend. It does nothing yet, so it works where native mode does not.
func New(cfg Config) *Backend {
	if cfg.Dir == "" {
		if dir, err := os.UserCacheDir(); err == nil {
			cfg.Dir = filepath.Join(dir, "midair", "native")
		}
	}
	cfg.WarnAt, cfg.Limit = cmp.Or(cfg.WarnAt, 100), cmp.Or(cfg.Limit, 200)
	cfg.ReuseWait = cmp.Or(cfg.ReuseWait, 500*time.Millisecond)
	if dir, err := filepath.Abs(cfg.Dir); err == nil && cfg.Dir != "" {
		cfg.Dir = dir // the go command runs elsewhere
	}
	b := &Backend{cfg: cfg, slots: make(chan struct{}, max(cfg.Builds, 1)), toolchain: map[string]*build.Toolchain{}}
	b.cache.Dir, b.cache.Limit = cfg.Dir, cmp.Or(cfg.CacheLimit, 64)
	return b
}

// Mode returns [reload.ModeNative].
func (*Backend) Mode() reload.Mode { return reload.ModeNative }

// Prepare implements [reload.Backend]. A build takes about a second, the first one of a machine up to a minute.
func (b *Backend) Prepare(ctx context.Context, c *reload.Checked, env reload.Env) (reload.Instance, error) {
	tools, m, err := b.plan(ctx, c)
	if err != nil {
		return nil, explain(c, err)
	}
	i := &instance{places: stage.NewPlaces(m), logger: env.Logger, out: &printer{logger: env.Logger}, limit: b.cfg.Limit}
	hash := m.Hash()
	start := time.Now()
	loaded.await(ctx, hash, b.cfg.ReuseWait)
	i.library, err = loaded.acquire(hash)
	if err != nil {
		return nil, explain(c, err)
	}
	if i.library.module == "" {
		i.library.module = c.Module
	}
	if i.library.open {
		err = i.renew(ctx)
	} else {
		err = b.loadNew(ctx, m, tools, i)
	}
	if err != nil {
		i.out.flush()
		i.library.release()
		return nil, explain(c, err)
	}
	env.Logger.Debug("native version prepared", "hash", i.library.hash, "took", time.Since(start))
	return i, nil
}

// loadNew opens one more plugin.
func (b *Backend) loadNew(ctx context.Context, m stage.Module, tools *build.Toolchain, i *instance) error {
	if err := b.budget(); err != nil {
		return err
	}
	load := func() error { return b.load(ctx, m, tools, i) }
	if tools == nil {
		load = func() error { return b.loadBundled(ctx, m, i) }
	}
	before := Loaded()
	err := load()
	if Loaded() > before { // also if it failed: it stays loaded
		b.warnOfBudget(i)
	}
	return err
}

// plan finds out whether and how a module can be built. There is no toolchain if it need not be: the bundle has it.
func (b *Backend) plan(ctx context.Context, c *reload.Checked) (*build.Toolchain, stage.Module, error) {
	if err := b.raceOff(); err != nil {
		return nil, stage.Module{}, &unsupportedError{err}
	}
	m, refusal := b.bundled(c)
	if refusal == nil {
		return nil, m, nil
	}
	tools, err := b.tools(ctx, c.ModuleRoot)
	if err != nil && ctx.Err() != nil {
		return nil, stage.Module{}, &unfinishedError{context.Cause(ctx)}
	}
	if err != nil {
		return nil, stage.Module{}, refusal.or(&unsupportedError{err})
	}
	if m, err = b.module(c, tools); err != nil {
		return nil, stage.Module{}, &unsupportedError{err}
	}
	return tools, m, nil
}

// load builds what the instance's library is to hold, unless it is in the cache, and opens it.
func (b *Backend) load(ctx context.Context, m stage.Module, tools *build.Toolchain, i *instance) error {
	p, err := b.plugin(ctx, m, tools, i)
	if err == nil && !p.holds(i.library.hash) {
		os.Remove(p.file) // somebody has put another one in its place
		p, err = b.plugin(ctx, m, tools, i)
	}
	if err != nil && ctx.Err() != nil {
		return &unfinishedError{context.Cause(ctx)}
	}
	if err != nil {
		return err
	}
	if err := loaded.openFile(ctx, i.library, p, i); err != nil {
		return err
	}
	b.cache.Keep(p.file)
	return nil
}

// tools returns the go command for a host, or why there can be none. It asks once for each directory.
func (b *Backend) tools(ctx context.Context, root string) (*build.Toolchain, error) {
	h := loaded.self()
	if b.signedOnly() {
		return nil, errSignedOnly
	}
	if err := h.supported(b.cfg.Dir); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.toolchain[root]; t != nil {
		return t, nil
	}
	flags, err := derive.From(h.info, root)
	if err != nil {
		return nil, err
	}
	t, err := build.NewToolchain(ctx, b.cfg.GoCommand, flags)
	if err != nil {
		return nil, err
	}
	if t.Version != flags.GoVersion {
		return nil, &versionError{t.Command, t.Version, flags.GoVersion}
	}
	b.toolchain[root] = t
	return t, nil
}

// module describes a checked module to the stage.
func (b *Backend) module(c *reload.Checked, tools *build.Toolchain) (stage.Module, error) {
	path, err := stage.Find(c.ModuleRoot)
	if err != nil {
		return stage.Module{}, err
	}
	root, err := filepath.Abs(c.ModuleRoot)
	if err != nil {
		return stage.Module{}, err
	}
	m := stage.Module{Checked: c, Root: root, Path: path, Trimpath: tools.Flags().Trimpath}
	m.Salt = salt(tools, loaded.self().identity, b.cfg.BuildFlags, b.cfg.Debug)
	_, err = m.Folder(c.Package.ImportPath)
	return m, err
}

// instance is one version: a library in use.
type instance struct {
	library *library
	places  stage.Places
	logger  *slog.Logger
	out     *printer
	limit   int // of plugins in the process; 0 is none
	once    sync.Once
}

// Lookup implements [reload.Instance].
func (i *instance) Lookup(name string) (reflect.Value, bool) {
	v, ok := i.library.symbols[name]
	return v, ok
}

// Variable implements [reload.Keeper].
func (i *instance) Variable(importPath, name string) (reflect.Value, bool) {
	p := reflect.ValueOf(i.library.vars[importPath][name])
	if p.Kind() != reflect.Pointer {
		return reflect.Value{}, false
	}
	return p.Elem(), true
}

// Panic implements [reload.Instance].
func (i *instance) Panic(recovered any) (any, []reload.Frame) {
	return clean(recovered), i.stack(callers())
}

// Close implements [reload.Instance]. The plugin stays loaded, for the next version of the same content.
func (i *instance) Close() error {
	i.once.Do(func() {
		i.out.flush()
		i.library.release()
	})
	return nil
}

const (
	maxFrames  = 64   // functions told of one panic
	maxCallers = 4096 // stack frames looked at
)

// callers returns the stack of a panic that was recovered by a function which still runs, innermost function first. It may
// end in functions that other panics have passed, which the last one came from.
func callers() []runtime.Frame {
	pcs := make([]uintptr, maxCallers)
	list := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var all []runtime.Frame
	panicked := false
	for {
		f, more := list.Next()
		if f.Function == "runtime.gopanic" && !panicked {
			all, panicked = nil, true // what came before has recovered the panic
		}
		all = append(all, f)
		if !more {
			return all
		}
	}
}

// stack returns the module's functions among those on a stack.
func (i *instance) stack(all []runtime.Frame) (frames []reload.Frame) {
	for _, f := range all {
		if frame, ok := i.places.Frame(f, i.library.hash); ok && len(frames) < maxFrames {
			frames = append(frames, frame)
		}
	}
	return frames
}

// renew makes a library that nobody uses as if it had just been opened.
func (i *instance) renew(ctx context.Context) error {
	i.library.setGo(i.goroutinePanicked)
	outputs.Store(i.library.hash, i)
	return loaded.finish(ctx, i.library, func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = &initPanic{value: clean(r), stack: i.stack(callers())}
			}
		}()
		i.library.reset()
		return nil
	})
}

// goroutinePanicked reports a panic in a goroutine of the module, which ends that goroutine alone. It runs on it.
func (i *instance) goroutinePanicked(value any) {
	err := &reload.PanicError{Value: clean(value), Stack: i.stack(callers())}
	if len(err.Stack) == 0 {
		err.Stack = i.creator() // a nil func panics before it runs
	}
	var stack []string
	for _, f := range err.Stack {
		stack = append(stack, fmt.Sprintf("%s %s:%d", f.Function, f.File, f.Line))
	}
	i.logger.Error("a goroutine of the module panicked", "error", err, "stack", stack)
}
