// The host of a test: it builds modules in the ways that it is asked for on its standard input, and tells how that went.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"plugin"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"testing/fstest"
	"time"

	"MIDAIR/reload"
	"MIDAIR/reload/native"
	"MODULE/game"
)

type contract struct{ Say func(*game.Entity) string }

// Request is what the test asks for.
type Request struct {
	Do    string // apply, warm, or plain: the go command alone
	Files map[string]string
	Loop  bool // measure gaps
}

// Answer is what the test reads.
type Answer struct {
	Said        string
	Error       string
	Diagnostics []string
	Direct      int // builds by compiler and linker alone, up to now
	Indirect    int // builds by the go command
	Took        time.Duration
	Gap         time.Duration // of a loop that runs each millisecond: one of a hundred is longer
}

func main() {
	debug.SetGCPercent(400) // the loop is to wait for builds, not for the collector
	h := newHost(os.Args[1])
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var r Request
		if err := in.Decode(&r); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			panic(err)
		}
		if err := out.Encode(h.answer(r)); err != nil {
			panic(err)
		}
	}
}

type host struct {
	dir     string
	n       int
	backend *native.Backend
	runtime *reload.Runtime
	table   *reload.Table[contract]
}

func newHost(dir string) *host {
	h := &host{dir: dir}
	h.backend = native.New(native.Config{Race: true, Dir: filepath.Join(dir, "cache"), BuildFlags: os.Args[2:]})
	var err error
	h.runtime, err = reload.New(reload.Config{
		ImportPath: "MODULE/scripts",
		Symbols: reload.Symbols{
			"MODULE/game/game":   {"Entity": reflect.ValueOf((*game.Entity)(nil))},
			"fmt/fmt":            {"Sprintf": reflect.ValueOf(fmt.Sprintf)},
			"math/math":          {"Sqrt": reflect.ValueOf(math.Sqrt)},
			"time/time":          {"Duration": reflect.ValueOf((*time.Duration)(nil)), "Second": reflect.ValueOf(time.Second)},
			"strconv/strconv":    {"Itoa": reflect.ValueOf(strconv.Itoa)},
			"embed/embed":        {},
			"encoding/json/json": {},
		},
		Backends:       []reload.Backend{h.backend},
		PrepareTimeout: 10 * time.Minute,
		Logger:         slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err == nil {
		h.table, err = reload.Bind[contract](h.runtime, "m")
	}
	if err != nil {
		panic(err)
	}
	return h
}

func (h *host) answer(r Request) (a Answer) {
	var stop func() time.Duration
	if r.Loop {
		stop = loop()
	}
	began := time.Now()
	var err error
	switch r.Do {
	case "warm":
		err = h.backend.Warm(context.Background(), ".")
	case "apply":
		a.Said, err = h.apply(r)
	case "plain":
		a.Said, err = h.plain(r)
	}
	a.Took = time.Since(began)
	if stop != nil {
		a.Gap = stop()
	}
	var e *reload.Error
	if errors.As(err, &e) {
		for _, d := range e.Diagnostics {
			a.Diagnostics = append(a.Diagnostics, d.String())
		}
	}
	if err != nil {
		a.Error = err.Error()
	}
	a.Direct, a.Indirect = native.Builds()
	return a
}

func (h *host) apply(r Request) (said string, err error) {
	files := fstest.MapFS{}
	for name, src := range r.Files {
		files[name] = &fstest.MapFile{Data: []byte(src), Mode: 0o644}
	}
	if _, err := h.runtime.Apply(context.Background(), files, reload.Change{}); err != nil {
		return "", err
	}
	err = h.table.Do(context.Background(), func(c *contract) error {
		said = c.Say(&game.Entity{HP: 10})
		return nil
	})
	return said, err
}

// plain does what one does without midair.
func (h *host) plain(r Request) (string, error) {
	h.n++
	dir := filepath.Join("plain", strconv.Itoa(h.n))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	main, file := filepath.Join(dir, "main.go"), filepath.Join(h.dir, fmt.Sprintf("plain%d.so", h.n))
	if err := os.WriteFile(main, []byte(r.Files["main.go"]), 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-buildmode=plugin", "-o", file, main).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	p, err := plugin.Open(file)
	if err != nil {
		return "", err
	}
	say, err := p.Lookup("Say")
	if err != nil {
		return "", err
	}
	return say.(func(*game.Entity) string)(&game.Entity{HP: 10}), nil
}

// loop begins to tick a thousand times a second. The function that it returns ends that, and tells the gap which one of a
// hundred exceeds.
func loop() func() time.Duration {
	quit, done := make(chan bool), make(chan []time.Duration)
	go func() {
		var gaps []time.Duration
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		last := time.Now()
		for {
			select {
			case <-tick.C:
				now := time.Now()
				gaps, last = append(gaps, now.Sub(last)), now
			case <-quit:
				done <- gaps
				return
			}
		}
	}()
	return func() time.Duration {
		close(quit)
		gaps := <-done
		slices.Sort(gaps)
		return gaps[len(gaps)*99/100]
	}
}
