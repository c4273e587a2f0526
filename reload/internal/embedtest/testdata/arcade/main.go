// Command arcade is a host that is driven over a WebSocket: a request names what to do, and is answered once. It ends
// when the connection does.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"MIDAIR/interp"
	"MIDAIR/reload"
	"MODULE/game"
	"MODULE/gamesym"
)

// Score is what the host expects of module score.
type Score struct {
	Title string
	Total func(*game.Player) (int, error)
	Rule  func() game.Rule
}

// Greet is what the host expects of module greet.
type Greet struct {
	Greet func(*game.Player) string
}

type request struct {
	Do    string
	After int          // for "event": how many are known
	Who   *game.Player // for "score" and "greet"
}

type answer struct {
	Text, Error string
	Event       *reload.Event
	Modules     []reload.Module
}

type arcade struct {
	rt    *reload.Runtime
	score *reload.Table[Score]
	greet *reload.Table[Greet]
	log   *lines

	mu     sync.Mutex
	events []reload.Event
	more   chan struct{} // closed and replaced when there are more events
}

func main() {
	cfg := reload.Config{Backends: []reload.Backend{interp.New(interp.Config{})}, Symbols: gamesym.Symbols}
	dir := flag.String("scripts", "scripts", "module directory")
	flag.StringVar(&cfg.ImportPath, "import-path", "", "its import path")
	degraded := flag.Bool("degraded", false, "start with broken modules")
	quiet := flag.Bool("quiet", false, "no logger")
	flag.Parse()
	cfg.Source = reload.Dir(*dir)
	a := &arcade{log: &lines{}, more: make(chan struct{})}
	if !*quiet {
		cfg.Logger = slog.New(slog.NewTextHandler(a.log, nil))
	}
	if *degraded {
		cfg.Boot = reload.BootDegraded
	}
	game.Bonus = 7
	rt, err := reload.New(cfg)
	check(err)
	a.rt = rt
	a.score, err = reload.Bind[Score](rt, "score")
	check(err)
	a.greet, err = reload.Bind[Greet](rt, "greet")
	check(err)

	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	events := rt.Events(ctx)
	parts.Go(func() {
		for e := range events {
			a.happened(e)
		}
	})
	check(rt.Start(ctx))
	parts.Go(func() { check(rt.Run(ctx)) })
	check(a.serve(ctx))
	cancel()
	parts.Wait()
	check(rt.Close())
	fmt.Println("bye")
}

func (a *arcade) serve(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		for err == nil {
			var req request
			if err = wsjson.Read(ctx, c, &req); err == nil {
				err = wsjson.Write(ctx, c, a.do(ctx, req))
			}
		}
		if websocket.CloseStatus(err) == websocket.StatusNormalClosure {
			err = nil
		}
		done <- err
	}))
	fmt.Printf("arcade at ws://%s\n", l.Addr())
	return errors.Join(<-done, l.Close())
}

func (a *arcade) do(ctx context.Context, req request) (out answer) {
	var err error
	switch req.Do {
	case "score":
		err = a.score.Do(ctx, func(s *Score) error {
			n, err := s.Total(req.Who)
			if err == nil {
				out.Text = fmt.Sprintf("%s: %d, stays: %v", s.Title, n, s.Rule().Passes(req.Who))
			}
			return err
		})
	case "greet":
		err = a.greet.Do(ctx, func(g *Greet) error {
			out.Text = g.Greet(req.Who)
			return nil
		})
	case "modules":
		_, out.Modules = a.rt.Modules()
	case "event":
		out.Event = a.event(req.After)
	case "log":
		out.Text = a.log.String()
	}
	if err != nil {
		out.Error = err.Error()
	}
	return out
}

// happened notes an event.
func (a *arcade) happened(e reload.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, e)
	close(a.more)
	a.more = make(chan struct{})
}

// event returns the event after so many, when there is one.
func (a *arcade) event(after int) *reload.Event {
	for {
		a.mu.Lock()
		more := a.more
		if len(a.events) > after {
			defer a.mu.Unlock()
			return &a.events[after]
		}
		a.mu.Unlock()
		<-more
	}
}

// lines is a buffer that goroutines share.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
