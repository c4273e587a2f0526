// Command server answers requests, one a line, until there are no more.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"MIDAIR/interp"
	"MIDAIR/reload"
	"MIDAIR/reload/native"
	"MODULE/game"
)

// Rules is what the host expects of module rules.
type Rules struct {
	Worth func(*game.Player) string
}

// Greet is what the host expects of module greet.
type Greet struct {
	Greet func(*game.Player) string
}

type server struct {
	rt    *reload.Runtime
	rules *reload.Table[Rules]
	greet *reload.Table[Greet]
	ada   *game.Player

	mu     sync.Mutex
	events []reload.Event
}

type request struct {
	Do     string
	Module string
	Mode   reload.Mode
	Times  int
}

type answer struct {
	Text   string
	Error  string
	Module reload.Module
	Events []reload.Event
	Loaded int
	Builds int
	Calls  int64
}

func main() {
	dir := flag.String("scripts", "scripts", "module directory")
	root := flag.String("root", "", "where its go.mod is")
	path := flag.String("import-path", "", "its import path")
	cache := flag.String("cache", "", "folder of built plugins")
	flag.Parse()
	s := &server{ada: game.New("Ada", []byte("-- gold --\nxyz\n"))}
	var err error
	s.rt, err = reload.New(reload.Config{
		Source:     reload.Dir(*dir),
		ModuleRoot: *root,
		ImportPath: *path,
		Mode:       reload.ModeAuto,
		Symbols: reload.Symbols{"MODULE/game/game": {
			"Player": reflect.ValueOf((*game.Player)(nil)),
			"New":    reflect.ValueOf(game.New),
		}},
		Backends:       []reload.Backend{interp.New(interp.Config{}), native.New(native.Config{Dir: *cache})},
		PrepareTimeout: 10 * time.Minute,
		Logger:         slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	check(err)
	s.rules, err = reload.Bind[Rules](s.rt, "rules")
	check(err)
	s.greet, err = reload.Bind[Greet](s.rt, "greet")
	check(err)
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	events := s.rt.Events(ctx)
	parts.Go(func() {
		for e := range events {
			s.mu.Lock()
			s.events = append(s.events, e)
			s.mu.Unlock()
		}
	})
	check(s.rt.Start(ctx))
	parts.Go(func() { check(s.rt.Run(ctx)) })
	s.serve(ctx)
	cancel()
	parts.Wait()
	check(s.rt.Close())
	fmt.Println(`{"Text": "bye"}`)
}

func (s *server) serve(ctx context.Context) {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var r request
		check(json.Unmarshal(in.Bytes(), &r))
		a, err := s.do(ctx, r)
		if err != nil {
			a.Error = err.Error()
		}
		check(json.NewEncoder(os.Stdout).Encode(a))
	}
}

func (s *server) do(ctx context.Context, r request) (a answer, err error) {
	switch r.Do {
	case "worth":
		err = s.rules.Do(ctx, func(m *Rules) error { a.Text = m.Worth(s.ada); return nil })
	case "greet":
		err = s.greet.Do(ctx, func(m *Greet) error { a.Text = m.Greet(s.ada); return nil })
	case "mode":
		err = s.rt.SetMode(ctx, r.Module, r.Mode)
	case "toggle":
		a.Calls, err = s.toggle(ctx, r)
	}
	a.Module, _ = s.rt.Module(r.Module)
	direct, byGo := native.Builds()
	a.Loaded, a.Builds = native.Loaded(), direct+byGo
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Module == r.Module && e.Kind == reload.EventLive {
			e.Diagnostics, e.Err = nil, nil
			a.Events = append(a.Events, e)
		}
	}
	return a, err
}

// toggle changes a module's mode while it is called.
func (s *server) toggle(ctx context.Context, r request) (int64, error) {
	var calls atomic.Int64
	var failed error
	var callers sync.WaitGroup
	want := ""
	if err := s.rules.Do(ctx, func(m *Rules) error { want = m.Worth(s.ada); return nil }); err != nil {
		return 0, err
	}
	stop := make(chan struct{})
	var once sync.Once
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := s.rules.Do(ctx, func(m *Rules) error {
					if text := m.Worth(s.ada); text != want {
						return fmt.Errorf("got %q, want %q", text, want)
					}
					return nil
				})
				if err != nil {
					once.Do(func() { failed = err })
				}
				calls.Add(1)
			}
		})
	}
	modes := []reload.Mode{reload.ModeInterpreted, reload.ModeNative}
	var err error
	for n := range r.Times {
		err = errors.Join(err, s.rt.SetMode(ctx, r.Module, modes[n%2]))
	}
	close(stop)
	callers.Wait()
	return calls.Load(), errors.Join(err, failed)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
