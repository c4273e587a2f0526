// The host of a test: it loads one module natively, tells how that went, and goes on living.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"runtime"
	"time"

	"MIDAIR/reload"
	"MIDAIR/reload/native"
	"MODULE/game"
)

type contract struct{ Say func(*game.Player) string }

// Result is what the test reads.
type Result struct {
	Supported string
	Said      string
	Error     string
	Hint      string
	Warnings  []string
	Loaded    int
	Alive     bool
}

func main() {
	var r Result
	backend := native.New(native.Config{Race: true, Dir: os.Args[1], BuildFlags: os.Args[2:]})
	if err := backend.Supported("."); err != nil {
		r.Supported = err.Error()
	}
	rt, err := reload.New(reload.Config{
		ImportPath: "MODULE/scripts",
		Source:     reload.Dir("scripts"),
		Symbols: reload.Symbols{"MODULE/game/game": {
			"Player": reflect.ValueOf((*game.Player)(nil)),
			"Greet":  reflect.ValueOf(game.Greet),
			"Shout":  reflect.ValueOf(game.Shout),
		}},
		Backends:       []reload.Backend{backend},
		PrepareTimeout: 10 * time.Minute,
		Boot:           reload.BootDegraded,
		Logger:         slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		panic(err)
	}
	table, err := reload.Bind[contract](rt, "m")
	if err != nil {
		panic(err)
	}
	if err := rt.Start(context.Background()); err != nil {
		r.Error = err.Error()
	}
	m, _ := rt.Module("m")
	for _, d := range m.Diagnostics {
		r.Error, r.Hint = d.String(), d.Hint
	}
	for _, d := range m.Warnings {
		r.Warnings = append(r.Warnings, d.String())
	}
	_ = table.Do(context.Background(), func(c *contract) error {
		r.Said = c.Say(&game.Player{Name: "Ada"})
		return nil
	})
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
