package arena

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"midair/demo/game"
	"midair/reload"
)

// Room is one world with a loop of its own. It adopts new code between two of its ticks, when it wants to: rooms do not
// wait for each other, and none ever sees half a commit.
//
// A module that fails in a visit does not stop the room. Its entities keep flying as they were told last, the failure is
// counted and shown, and the next tick asks the module again: by then it may be fixed.
type Room struct {
	name   string
	log    *slog.Logger
	tables tables
	view   *reload.View
	world  *World
	clock  *clock
	sink   Sink

	ctx     context.Context // of the visits; set by run
	visits  map[string]*Visits
	faults  map[string]Fault
	palette Palette
	tuned   bool // the world was tuned by this generation

	status atomic.Pointer[Status]
}

// Sink gets what a room publishes. Its methods are called by the room's goroutine between two ticks and must not block.
type Sink interface {
	// Watched says whether anybody wants the room's frames.
	Watched(room string) bool
	// Frame gets one frame; the sink may keep it.
	Frame(room string, frame []byte)
}

// Visits counts a room's visits of one module. Asked is always Ran plus Failed: no visit gets lost.
type Visits struct {
	Asked  int64 `json:"asked"`
	Ran    int64 `json:"ran"`    // the module's functions came back
	Failed int64 `json:"failed"` // they panicked, or no version was live
}

// Fault is why a room's last visit of a module failed. It is gone with the first visit that does not.
type Fault struct {
	Module  string `json:"module"`
	Version int    `json:"version"`
	Message string `json:"message"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Count   int64  `json:"count"` // visits that failed one after another
}

// Status is how a room is at one moment.
type Status struct {
	Name       string            `json:"name"`
	Tick       int               `json:"tick"`
	Generation uint64            `json:"generation"` // of the code that the room runs
	Score      int               `json:"score"`      // of all teams
	Boids      int               `json:"boids"`
	Hunters    int               `json:"hunters"`
	Teams      []TeamStatus      `json:"teams"`
	Metrics                      // inlined
	Visits     map[string]Visits `json:"visits"`
	Errors     int64             `json:"errors"` // failed visits
	Faults     []Fault           `json:"faults"`
	Clock      ClockStatus       `json:"clock"`
	Palette    Palette           `json:"-"`
}

// TeamStatus is how a team is doing.
type TeamStatus struct {
	Name  string `json:"name"`
	Score int    `json:"score"`
	Boids int    `json:"boids"`
	Lost  int    `json:"lost"`
}

func newRoom(name string, seed uint64, t tables, view *reload.View, log *slog.Logger, sink Sink) *Room {
	r := &Room{name: name, log: log, tables: t, view: view, world: NewWorld(name, seed), sink: sink, clock: newClock(),
		visits: map[string]*Visits{"boids": {}, "hunter": {}, "rules": {}}, faults: map[string]Fault{}}
	r.status.Store(&Status{Name: name, Teams: []TeamStatus{}, Visits: map[string]Visits{}, Faults: []Fault{}})
	return r
}

// Name returns the room's name.
func (r *Room) Name() string { return r.name }

// Status returns how the room was a moment ago. It may be called from any goroutine.
func (r *Room) Status() *Status { return r.status.Load() }

// run ticks until ctx ends, then lets go of the code.
func (r *Room) run(ctx context.Context) {
	defer r.view.Close()
	r.ctx = ctx
	ticker := time.NewTicker(time.Second / TicksPerSecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.tick()
		}
	}
}

// tick moves the world once. Between two ticks is the room's safe point.
func (r *Room) tick() {
	fresh := r.view.Refresh() || !r.tuned
	if fresh {
		r.adopt()
	}
	start := time.Now()
	r.step()
	r.clock.tick(start, time.Since(start))
	if r.sink != nil && r.sink.Watched(r.name) {
		r.sink.Frame(r.name, r.world.Frame(r.view.Generation().Number()))
	}
	if fresh || r.world.shared.Tick%6 == 0 {
		r.publish()
	}
}

// step survives a mistake of the host itself: a module can do things to a world that nobody thought of.
func (r *Room) step() {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("a tick failed", "room", r.name, "err", p, "stack", string(debug.Stack()))
		}
	}()
	r.world.Step(r)
}

// adopt reads the values of the generation that the room has just taken up. A module that is not live leaves those that
// the room has.
func (r *Room) adopt() {
	s := r.world.settings
	if t := r.tables.balance.In(r.view); t.Version() != nil {
		s.Species, s.Points = t.Load().Teams, t.Load().Points
	}
	if t := r.tables.boids.In(r.view); t.Version() != nil {
		s.Mates = t.Load().Mates
	}
	if t := r.tables.hunter.In(r.view); t.Version() != nil {
		s.Sight = t.Load().Sight
	}
	if t := r.tables.palette.In(r.view); t.Version() != nil {
		r.palette = t.Load().within()
	}
	r.world.Tune(s)
	r.tuned = true
}

// within is the palette with sizes that a page can paint.
func (p Palette) within() Palette {
	p.Trail = clampFloat(p.Trail, 0, 0.95)
	p.BoidSize = clampFloat(p.BoidSize, 1, 100)
	p.HunterSize = clampFloat(p.HunterSize, 1, 200)
	return p
}

// Steer implements [Mind] with the live module boids.
func (r *Room) Steer(w *game.World, boids []*game.Entity) {
	visit(r, "boids", r.tables.boids, func(b *Boids) { b.Steer(w, boids) })
}

// Hunt implements [Mind] with the live module hunter.
func (r *Room) Hunt(w *game.World, hunters []*game.Entity) {
	visit(r, "hunter", r.tables.hunter, func(h *Hunter) { h.Hunt(w, hunters) })
}

// Judge implements [Mind] with the live module rules.
func (r *Room) Judge(w *game.World, events []*game.Event, spawn bool) {
	if len(events) == 0 && !spawn {
		return
	}
	visit(r, "rules", r.tables.rules, func(t *Rules) { t.judge(w, events, spawn) })
}

// judge handles events in order, then orders births.
func (t *Rules) judge(w *game.World, events []*game.Event, spawn bool) {
	for _, e := range events {
		if handle := t.Handlers[e.Kind]; handle != nil {
			handle(w, e)
		}
	}
	if spawn {
		t.Spawn(w)
	}
}

// visit is one guarded visit of a module as the room's view sees it.
func visit[T any](r *Room, module string, table *reload.Table[T], call func(*T)) {
	v := r.visits[module]
	v.Asked++
	err := table.In(r.view).Do(r.ctx, func(t *T) error {
		call(t)
		v.Ran++
		return nil
	})
	if err != nil {
		v.Failed++
		r.faults[module] = faultOf(module, err, r.faults[module].Count+1)
	} else if len(r.faults) > 0 {
		delete(r.faults, module)
	}
}

func faultOf(module string, err error, count int64) Fault {
	f := Fault{Module: module, Message: err.Error(), Count: count}
	if e, ok := errors.AsType[*reload.Error](err); ok {
		f.Version = e.Version
		if e.Err != nil {
			f.Message = e.Err.Error()
		}
	}
	if p, ok := errors.AsType[*reload.PanicError](err); ok {
		f.Message = fmt.Sprintf("panic: %v", p.Value)
		if len(p.Stack) > 0 {
			f.Message = fmt.Sprintf("panic in %s: %v", p.Stack[0].Function, p.Value)
			f.File, f.Line, f.Column = p.Stack[0].File, p.Stack[0].Line, p.Stack[0].Column
		}
	}
	return f
}

// publish lets others see how the room is.
func (r *Room) publish() {
	w := r.world
	s := &Status{Name: r.name, Tick: w.shared.Tick, Generation: r.view.Generation().Number(),
		Boids: len(w.boids), Hunters: len(w.hunters), Teams: []TeamStatus{}, Metrics: w.metrics,
		Visits: map[string]Visits{}, Faults: []Fault{}, Clock: r.clock.status(), Palette: r.palette}
	for _, t := range w.teams {
		s.Score += t.Score
		s.Teams = append(s.Teams, TeamStatus{t.Name, t.Score, t.Boids, t.Lost})
	}
	for _, name := range [...]string{"boids", "hunter", "rules"} {
		s.Visits[name] = *r.visits[name]
		s.Errors += r.visits[name].Failed
		if f, ok := r.faults[name]; ok {
			s.Faults = append(s.Faults, f)
		}
	}
	r.status.Store(s)
}
