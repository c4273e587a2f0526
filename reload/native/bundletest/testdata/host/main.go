// The host of a test: it runs one module from a bundle, tells how that went, and goes on living.
package main

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"

	"MIDAIR/interp"
	"MIDAIR/reload"
	"MIDAIR/reload/native"
	"MODULE/game"
	"MODULE/gamesym"
)

type contract struct {
	Say  func(*game.Player) string
	Fail func()
}

// Result is what the test reads.
type Result struct {
	OpenError string
	Supported string
	Modules   []string
	Mode      string
	Said      string
	Error     string
	Hint      string
	NotNative string
	Frames    []string
	Toggles   []string
	Loaded    int
	Alive     bool
}

var (
	dir         = flag.String("bundle", "", "")
	keyFile     = flag.String("key", "", "for OpenBundle")
	configKey   = flag.String("config-key", "", "for native.Config")
	source      = flag.String("source", "", "module directory; default: the bundle's")
	cache       = flag.String("cache", "", "")
	mode        = flag.String("mode", "", "")
	interpreted = flag.Bool("interp", false, "have an interpreter too")
	toggle      = flag.Int("toggle", 0, "switch to native this often while earlier versions are held")
	swap        = flag.Bool("swap", false, "alter the plugins once the bundle is open")
)

func main() {
	flag.Parse()
	var r Result
	r.run()
	var garbage [][]byte
	for range 200 { // what a refused plugin leaves behind shows when memory is collected
		garbage = append(garbage, make([]byte, 1<<12))
	}
	runtime.GC()
	runtime.KeepAlive(garbage)
	r.Loaded, r.Alive = native.Loaded(), true
	data, _ := json.Marshal(r)
	fmt.Println(string(data))
}

func (r *Result) run() {
	bundle, err := native.OpenBundle(*dir, key(*keyFile))
	if err != nil {
		r.OpenError = err.Error()
	}
	cfg := reload.Config{ImportPath: "MODULE/scripts", Symbols: gamesym.Symbols, Boot: reload.BootDegraded,
		Mode:   reload.Mode(*mode),
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	switch {
	case *source != "":
		cfg.Source = reload.Dir(*source)
	case bundle != nil:
		r.Modules = bundle.Modules()
		cfg.Source = reload.FS(bundle.FS())
	default:
		return
	}
	if *swap {
		alter()
	}
	backend := native.New(native.Config{Race: true, Dir: *cache, Bundle: bundle, PublicKey: key(*configKey)})
	if err := backend.Supported(""); err != nil {
		r.Supported = err.Error()
	}
	cfg.Backends = []reload.Backend{backend}
	if *interpreted {
		cfg.Backends = append(cfg.Backends, interp.New(interp.Config{}))
	}
	rt, err := reload.New(cfg)
	if err != nil {
		panic(err)
	}
	defer rt.Close()
	r.serve(rt)
}

func (r *Result) serve(rt *reload.Runtime) {
	table, err := reload.Bind[contract](rt, "m")
	if err != nil {
		panic(err)
	}
	if err := rt.Start(context.Background()); err != nil {
		r.Error = err.Error()
	}
	for range *toggle {
		r.toggle(rt, table)
	}
	m, _ := rt.Module("m")
	for _, d := range m.Diagnostics {
		r.Error, r.Hint = d.String(), d.Hint
	}
	for _, d := range m.NotNative {
		r.NotNative, r.Hint = d.String(), d.Hint
	}
	if v := rt.Generation().Version("m"); v != nil {
		r.Mode = string(v.Mode())
	}
	_ = table.Do(context.Background(), func(c *contract) error {
		r.Said = c.Say(&game.Player{Name: "Ada"})
		return nil
	})
	err = table.Do(context.Background(), func(c *contract) error { c.Fail(); return nil })
	for _, f := range frames(err) {
		r.Frames = append(r.Frames, fmt.Sprintf("%s %s:%d", f.Function, f.File, f.Line))
	}
}

var pins []*reload.Pin[contract]

// toggle holds the version that serves, and has the next one native.
func (r *Result) toggle(rt *reload.Runtime, table *reload.Table[contract]) {
	pins = append(pins, table.Pin())
	said := func(err error) string {
		if err != nil {
			return err.Error()
		}
		return "ok"
	}
	if err := rt.SetMode(context.Background(), "m", reload.ModeInterpreted); err != nil {
		panic(err)
	}
	r.Toggles = append(r.Toggles, said(rt.SetMode(context.Background(), "m", reload.ModeNative)))
}

func frames(err error) []reload.Frame {
	for {
		switch e := err.(type) {
		case *reload.PanicError:
			return e.Stack
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		default:
			return nil
		}
	}
}

func key(file string) ed25519.PublicKey {
	if file == "" {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	k, err := native.ParsePublicKey(data)
	if err != nil {
		panic(err)
	}
	return k
}

func alter() {
	root := os.DirFS(*dir)
	names, _ := fs.Glob(root, "*.so")
	for _, name := range names {
		data, _ := fs.ReadFile(root, name)
		data[len(data)/2] ^= 1
		if err := os.WriteFile(*dir+"/"+name, data, 0o600); err != nil {
			panic(err)
		}
	}
}
