package reload

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// View holds one generation for a loop that has a safe point of its own: a room, a match, a worker. It adopts what was
// published meanwhile when the loop says so, and never in between. While a view holds a generation, all its versions
// are kept. A View's methods are safe for concurrent use, but Refresh is the safe point of the loop that owns it.
type View struct{ h *viewHold }

// viewHold is the part of a View that the runtime and TableIn know: it does not keep the View itself alive.
type viewHold struct {
	rt         *Runtime
	generation atomic.Pointer[Generation]
	closed     atomic.Bool
	released   atomic.Bool // closed by Release
	site       string
	since      time.Time // when it took hold of its generation; guarded by Runtime.mu
}

// View takes hold of the live generation. Close it when the loop ends; a view that is garbage-collected unclosed is
// closed then, and reported with the line that made it.
func (rt *Runtime) View() *View {
	h := &viewHold{rt: rt, site: caller()}
	rt.mu.Lock()
	h.hold(rt.current.Load())
	rt.views[h] = struct{}{}
	rt.mu.Unlock()
	v := &View{h}
	runtime.AddCleanup(v, func(h *viewHold) { h.leaked() }, h)
	return v
}

// hold counts the view into a generation. rt.mu is held.
func (h *viewHold) hold(g *Generation) {
	l := h.rt.held[g.number]
	if l == nil {
		l = &liveGeneration{versions: g.versions}
		h.rt.held[g.number] = l
	}
	l.views++
	h.since = time.Now()
	h.generation.Store(g)
}

// let counts the view out of its generation. rt.mu is held.
func (h *viewHold) let() {
	number := h.generation.Load().number
	l := h.rt.held[number]
	if l.views--; l.views == 0 {
		delete(h.rt.held, number)
	}
}

// Generation returns the generation that the view holds.
func (v *View) Generation() *Generation { return v.h.generation.Load() }

// Refresh adopts the newest published generation and says whether that is another one. It never publishes: that is
// [Runtime.Commit]'s. With nothing new it costs two atomic loads.
func (v *View) Refresh() bool {
	h := v.h
	if h.generation.Load() == h.rt.current.Load() || h.closed.Load() && !h.released.Load() {
		return false
	}
	h.rt.mu.Lock()
	old, now := h.generation.Load(), h.rt.current.Load()
	back := h.released.Load()
	if h.closed.Load() && !back || old == now {
		h.rt.mu.Unlock()
		return false
	}
	if back {
		h.released.Store(false)
		h.rt.views[h] = struct{}{}
	} else {
		h.let()
	}
	h.hold(now)
	if back {
		h.closed.Store(false)
	}
	h.rt.mu.Unlock()
	if old.number == now.number {
		return false // the same versions, laid out anew for a contract that was bound since
	}
	h.rt.sweep()
	return true
}

// Close lets go of the generation. It is idempotent.
func (v *View) Close() error {
	v.h.close()
	runtime.KeepAlive(v)
	return nil
}

func (h *viewHold) close() {
	h.rt.mu.Lock()
	h.released.Store(false)
	first := h.closed.CompareAndSwap(false, true)
	if first {
		h.let()
		delete(h.rt.views, h)
	}
	h.rt.mu.Unlock()
	if first {
		h.rt.sweep()
	}
}

func (h *viewHold) leaked() {
	if h.closed.Load() {
		return
	}
	h.rt.leak("", 0, fmt.Sprintf("a View of generation %d made at %s was dropped without Close",
		h.generation.Load().number, h.site))
	h.close()
}

// Pin holds one version of one module: see [Table.Pin]. Its methods are safe for concurrent use.
type Pin[T any] struct{ h *pinHold }

type pinHold struct {
	rt         *Runtime
	generation *Generation
	slot       *slot
	module     string
	closed     atomic.Bool
	released   atomic.Bool // closed by Release
	site       string
	since      time.Time
}

func newPin[T any](t *Table[T], g *Generation, s *slot) *Pin[T] {
	h := &pinHold{rt: t.rt, generation: g, slot: s, module: t.c.module, site: caller(), since: time.Now()}
	t.rt.mu.Lock()
	t.rt.pins[h] = struct{}{}
	t.rt.mu.Unlock()
	p := &Pin[T]{h}
	runtime.AddCleanup(p, func(h *pinHold) { h.leaked() }, h)
	return p
}

// Load returns the function table of the pinned version, as [Table.Load] does.
func (p *Pin[T]) Load() *T { return (*T)(p.h.slot.table) }

// Do is [Table.Do] on the pinned version. After Close it returns ErrClosed.
func (p *Pin[T]) Do(ctx context.Context, visit func(*T) error) (err error) {
	h := p.h
	var v visitor
	if h.closed.Load() || !v.enterHeld(ctx, h.rt, h.generation, h.slot, &h.closed) {
		return h.rt.notEntered(h.module, &v, &h.closed, &h.released)
	}
	v.begin(ctx)
	defer v.end(&err)
	return visit((*T)(h.slot.table))
}

// Version returns the pinned version, or nil if none was live when the pin was made.
func (p *Pin[T]) Version() *Version { return p.h.slot.version }

// Close lets go of the version. It is idempotent.
func (p *Pin[T]) Close() error {
	p.h.close()
	runtime.KeepAlive(p)
	return nil
}

func (h *pinHold) close() {
	v := h.slot.version
	if !h.closed.CompareAndSwap(false, true) {
		return
	}
	h.rt.mu.Lock()
	delete(h.rt.pins, h)
	h.rt.mu.Unlock()
	if v == nil {
		return
	}
	v.pins.Add(-1)
	if v.State() == Draining {
		h.rt.sweep()
	}
}

func (h *pinHold) leaked() {
	if v := h.slot.version; v != nil && !h.closed.Load() {
		h.rt.leak(v.module, v.number, fmt.Sprintf("a Pin of %s made at %s was dropped without Close", v, h.site))
		h.close()
	}
}

// leak reports a holder that was garbage-collected unclosed.
func (rt *Runtime) leak(module string, version int, message string) {
	rt.log(slog.LevelWarn, EventLeak, message, "module", module, "version", version)
	rt.emit(Event{Kind: EventLeak, Module: module, Version: version, Message: message})
}

// caller returns file:line of the host's code that called into this package.
func caller() string {
	var pcs [8]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if f.Function != "" && !isOwn(f.Function) || !more {
			return fmt.Sprintf("%s:%d", filepath.ToSlash(f.File), f.Line)
		}
	}
}

// ownFrames are the functions of this package on the calling goroutine's stack, by their last names.
func ownFrames() (names []string) {
	pcs := make([]uintptr, 256)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if isOwn(f.Function) {
			names = append(names, f.Function[strings.LastIndexByte(f.Function, '.')+1:])
		}
		if !more {
			return names
		}
	}
}

// isOwn says whether a function is of this package, whatever the module is called.
func isOwn(function string) bool {
	rest, ok := strings.CutPrefix(function, reflect.TypeFor[View]().PkgPath())
	return ok && strings.HasPrefix(rest, ".")
}
