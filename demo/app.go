package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"midair/demo/arena"
	"midair/demo/gamesym"
	"midair/demo/journal"
	"midair/demo/web"
	"midair/interp"
	"midair/reload"
	"midair/reload/native"
	"midair/reload/static"
)

// options of one run.
type options struct {
	addr     string
	scripts  string      // "" looks for it
	root     string      // of the go.mod that the modules belong to; "" looks for it
	mode     reload.Mode // of all modules; "" is auto where native code works, else interpreted
	cache    string      // of native builds; "" is the default
	headless bool
	out      *terminal
	stderr   io.Writer
}

// app is the whole server: the runtime, the arena that runs its modules, and what shows them.
type app struct {
	dir      string
	rt       *reload.Runtime
	arena    *arena.Arena
	journal  *journal.Journal
	server   *web.Server
	listener net.Listener
	headless bool
	took     time.Duration // from nothing to all modules live

	native *native.Backend
	root   string // of the go.mod that the modules belong to
	off    error  // why no module can run natively; not asked when nothing is to
}

// open loads the modules and takes the address; nothing ticks yet. A module that is broken from the beginning stops
// nobody: the others go live, and it joins them when it is fixed.
func open(ctx context.Context, opts options) (_ *app, err error) {
	dir, err := findScripts(opts.scripts)
	if err != nil {
		return nil, err
	}
	if opts.root == "" {
		opts.root = findRoot(dir)
	}
	start := time.Now()
	logger := newLogger(opts.out, opts.stderr)
	plugins := native.New(native.Config{Dir: opts.cache})
	rt, err := reload.New(reload.Config{
		Source:     reload.Dir(dir),
		ImportPath: "midair/scripts", // also for a copy of the modules elsewhere
		ModuleRoot: opts.root,
		Symbols:    gamesym.Symbols,
		Backends:   []reload.Backend{interp.New(interp.Config{}), plugins, static.New()},
		Mode:       opts.mode,
		CommitOn:   reload.SafePoint,
		Boot:       reload.BootDegraded,
		Logger:     logger,
	})
	if err != nil {
		return nil, err
	}
	a := &app{dir: dir, rt: rt, headless: opts.headless, native: plugins, root: opts.root}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	hub := web.NewHub(arena.DefaultRooms)
	if a.arena, err = arena.New(rt, arena.Config{Rooms: arena.DefaultRooms, Seed: 1, Sink: hub, Logger: logger}); err != nil {
		return nil, err
	}
	if err = rt.Start(ctx); err != nil {
		return nil, err
	}
	a.took = time.Since(start)
	if opts.mode != reload.ModeInterpreted {
		a.off = plugins.Available(opts.root)
	}
	a.journal = journal.New(rt, opts.out.entry, func(journal.Entry) { hub.News() })
	a.server = &web.Server{Runtime: rt, Arena: a.arena, Journal: a.journal, Hub: hub, Logger: logger, Headless: opts.headless,
		NativeOff: a.off}
	a.listener, err = listen(ctx, opts.addr)
	return a, err
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken, perhaps by another arena; choose another address with -addr, "+
			"or any free port with -addr 127.0.0.1:0", addr)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	return l, nil
}

// findScripts returns the module directory: the one given, or scripts in the working directory or one above it.
func findScripts(given string) (string, error) {
	if given != "" {
		if info, err := os.Stat(given); err != nil || !info.IsDir() {
			return "", fmt.Errorf("the module directory %s is no directory", given)
		}
		return filepath.Abs(given)
	}
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "scripts", "boids")); err == nil {
			return filepath.Join(dir, "scripts"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no directory scripts here or above; name one with -scripts")
		}
	}
}

// findRoot returns the nearest directory with a go.mod, above the modules or else above the working directory: the modules
// of a copy elsewhere belong to the program that runs them.
func findRoot(scripts string) string {
	wd, err := os.Getwd()
	if err != nil {
		wd = scripts
	}
	for _, dir := range []string{scripts, wd} {
		for ; ; dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return dir
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return ""
}

// url is where the page is.
func (a *app) url() string { return "http://" + a.listener.Addr().String() }

// run ticks, watches and serves until ctx ends; it returns when all of it has ended.
func (a *app) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer a.close()
	tell := a.journal.Events(ctx)
	srv := &http.Server{
		Handler:           a.server.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // ends the streams
	}
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(tell)
	parts.Go(func() { a.arena.Run(ctx) })
	parts.Go(func() { a.server.Run(ctx) })
	parts.Go(func() {
		if err := a.rt.Run(ctx); err != nil {
			cancel(err)
		}
	})
	parts.Go(func() {
		<-ctx.Done()
		deadline, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer done()
		srv.Shutdown(deadline)
	})
	if err := srv.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		cancel(err)
		return err
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// close gives back what open took.
func (a *app) close() {
	if a.listener != nil {
		a.listener.Close()
	}
	if a.arena != nil {
		a.arena.Close()
	}
	a.rt.Close()
}
