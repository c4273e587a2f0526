// Package arena is the compiled half of the demo: rooms with worlds that tick sixty times a second, whose decisions are
// made by modules under scripts/ that can be replaced at any moment.
package arena

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"midair/reload"
)

// DefaultRooms are the rooms of an arena that names none.
var DefaultRooms = []string{"Lagoon", "Mesa"}

// Config of an arena.
type Config struct {
	Rooms  []string // names; default: DefaultRooms
	Seed   uint64   // of the worlds
	Sink   Sink     // of the frames; nil for none
	Logger *slog.Logger
}

// Arena is several rooms that run the same modules.
type Arena struct {
	rt     *reload.Runtime
	cfg    Config
	tables tables
	rooms  []*Room
}

// New binds the arena's contracts. Bind before the runtime starts, then Open.
func New(rt *reload.Runtime, cfg Config) (*Arena, error) {
	if len(cfg.Rooms) == 0 {
		cfg.Rooms = DefaultRooms
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	t, err := bind(rt)
	if err != nil {
		return nil, err
	}
	a := &Arena{rt: rt, cfg: cfg, tables: t}
	for i, name := range cfg.Rooms {
		a.rooms = append(a.rooms, newRoom(name, cfg.Seed+uint64(i), t, rt.View(), cfg.Logger, cfg.Sink))
	}
	return a, nil
}

// Rooms returns the rooms, always the same.
func (a *Arena) Rooms() []*Room { return a.rooms }

// Run lets every room tick on a goroutine of its own and publishes what is prepared at the main loop's safe point, until
// ctx ends. It returns when all of them have ended.
func (a *Arena) Run(ctx context.Context) {
	var rooms sync.WaitGroup
	defer rooms.Wait()
	for _, r := range a.rooms {
		rooms.Go(func() { r.run(ctx) })
	}
	ticker := time.NewTicker(time.Second / TicksPerSecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := a.rt.Commit(); err != nil { // the safe point
				return
			}
		}
	}
}

// Close lets go of the code that the rooms hold. It is for an arena that was never run; Run does it itself.
func (a *Arena) Close() {
	for _, r := range a.rooms {
		r.view.Close()
	}
}
