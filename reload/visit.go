package reload

import (
	"context"
	"errors"
	"log/slog"
	"runtime/pprof"
	"sync/atomic"
	"time"
)

var errNilFunc = errors.New("the picked func is nil")

// epoch makes the clock cheap: time.Since reads only the monotonic clock.
var epoch = time.Now()

// visitor is one guarded visit while it lasts. It lives on the visiting goroutine's stack.
type visitor struct {
	rt         *Runtime
	generation *Generation
	slot       *slot
	shard      *shard
	ctx        context.Context
	start      time.Duration
	late       error        // of the context, which ended before the visit could begin
	closed     *atomic.Bool // of the view or pin that holds the version, nil without one
}

// enter pins the live version. It counts itself in, then looks whether the generation is still the live one: if not, the
// version may have been found idle in between, so it counts itself out and tries again.
func (v *visitor) enter(ctx context.Context, rt *Runtime, current *atomic.Pointer[Generation], index int) bool {
	for {
		g := current.Load()
		s := &g.slots[index]
		if s.version == nil {
			return false
		}
		shard := s.version.counters.shard()
		shard.inside.Add(1)
		if current.Load() == g && s.version.door.Load() == nil {
			v.rt, v.generation, v.slot, v.shard = rt, g, s, shard
			return true
		}
		shard.inside.Add(-1)
		if v.late = s.version.turnedAway(ctx); v.late != nil {
			return false
		}
		if VersionState(s.version.state.Load()) == Draining {
			rt.sweep()
		}
	}
}

// turnedAway is called by a visit that counted itself out again. If it found the door closed, it waits.
func (v *Version) turnedAway(ctx context.Context) error {
	d := v.door.Load()
	if d == nil {
		return nil
	}
	d.knock()
	return d.waitOpen(ctx)
}

// enterHeld enters a version that a view or pin holds, which cannot be retired while that is open.
func (v *visitor) enterHeld(ctx context.Context, rt *Runtime, g *Generation, s *slot, closed *atomic.Bool) bool {
	if s.version == nil {
		return false
	}
	v.rt, v.generation, v.slot, v.shard, v.closed = rt, g, s, s.version.counters.shard(), closed
	for {
		v.shard.inside.Add(1)
		shut := s.version.door.Load() != nil
		if !shut && !closed.Load() {
			return true
		}
		v.shard.inside.Add(-1)
		if v.late = s.version.turnedAway(ctx); v.late != nil {
			return false
		}
		if !shut {
			break // closed meanwhile: the version may have been found idle
		}
	}
	if VersionState(s.version.state.Load()) == Draining {
		rt.sweep()
	}
	return false
}

// begin sets the profiler labels and starts the clock.
func (v *visitor) begin(ctx context.Context) {
	if ctx == nil {
		ctx = context.Background()
	}
	v.ctx = ctx
	labels := v.generation.label(v.slot)
	pprof.ForLabels(ctx, func(string, string) bool { // the caller's own labels stay
		labels = pprof.WithLabels(ctx, v.generation.labelSet(v.slot.version))
		return false
	})
	pprof.SetGoroutineLabels(labels)
	v.start = time.Since(epoch)
}

// end is deferred: it recovers, counts and lets go of the version.
func (v *visitor) end(err *error) {
	if r := recover(); r != nil {
		*err = v.panicked(r)
	}
	pprof.SetGoroutineLabels(v.ctx)
	v.shard.visits.Add(1)
	v.shard.nanos.Add(int64(time.Since(epoch) - v.start))
	if *err != nil {
		v.shard.errors.Add(1)
	}
	v.shard.inside.Add(-1)
	if d := v.slot.version.door.Load(); d != nil {
		d.knock()
	}
	if t := v.slot.version.trial.Load(); t != nil {
		t.visited(v.rt)
	}
	if v.closed != nil && !v.closed.Load() {
		return // the version is held; letting go of it sweeps
	}
	if VersionState(v.slot.version.state.Load()) == Draining {
		v.rt.sweep()
	}
}

// panicked makes an error of a recovered panic. It is called by the deferred function that recovered.
func (v *visitor) panicked(r any) error {
	v.shard.panics.Add(1)
	version := v.slot.version
	p := &PanicError{Value: r}
	p.Value, p.Stack = version.instance.Panic(r)
	e := &Error{Module: version.module, Stage: StageVisit, Version: version.number,
		Generation: v.generation.number, Err: p}
	d := Diagnostic{File: version.module, Rule: "panic", Message: p.Error()}
	if len(p.Stack) > 0 {
		d.File, d.Line, d.Column = p.Stack[0].File, p.Stack[0].Line, p.Stack[0].Column
	}
	v.rt.log(slog.LevelError, EventPanic, "panic in a visit", "module", version.module, "version", version.number,
		"mode", version.mode, "visited", v.generation.number, "err", e)
	v.rt.emit(Event{Kind: EventPanic, Module: version.module, Version: version.number, Hash: version.hash,
		Mode: version.mode, Diagnostics: []Diagnostic{d}, Err: e})
	return e
}
