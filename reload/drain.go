package reload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

var (
	// ErrCancelled says that a commit was cancelled before it happened.
	ErrCancelled = errors.New("the commit was cancelled")
	// ErrReleased says that a version was taken from its holder by Release.
	ErrReleased = errors.New("taken from its holder")
)

// promise is the outcome of a commit that is to come.
type promise struct {
	done chan struct{}
	err  error // written before done is closed
}

func newPromise() *promise { return &promise{done: make(chan struct{})} }

func (p *promise) keep(err error) {
	p.err = err
	close(p.done)
}

// wait returns when the commit has happened, or will not. A nil promise waits for nothing.
func (p *promise) wait(ctx context.Context) error {
	if p == nil {
		return nil
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// retire takes the versions out of draining that nobody uses any more, and tells those who wait for it. rt.mu is held.
func (rt *Runtime) retire() (retired []*Version) {
	for v := range rt.draining {
		if v.idle() && !rt.inView(v) {
			delete(rt.draining, v)
			retired = append(retired, v)
		}
	}
	if len(retired) > 0 {
		close(rt.drained)
		rt.drained = make(chan struct{})
	}
	return retired
}

// WaitDrained returns when nobody holds a version any more: nil once it is retired, or for a version that never was or is
// long gone; an error if it serves. When ctx ends first, the error names who holds it.
func (rt *Runtime) WaitDrained(ctx context.Context, module string, version int) error {
	for {
		rt.mu.Lock()
		v := rt.drainingVersion(module, version)
		live := rt.current.Load().versions[module]
		holders := rt.holders()[v]
		changed := rt.drained
		rt.mu.Unlock()
		switch {
		case live != nil && live.number == version:
			return &Error{Module: module, Stage: StageDrain, Version: version, Generation: rt.Generation().number,
				Err: errors.New("it serves: nothing has replaced it")}
		case v == nil:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return &Error{Module: module, Stage: StageDrain, Version: version, Generation: rt.Generation().number,
				Err: fmt.Errorf("%w: still held by %s", context.Cause(ctx), holdersText(holders))}
		}
	}
}

// drainingVersion finds a version that was replaced and is still held, nil if there is none. rt.mu is held.
func (rt *Runtime) drainingVersion(module string, number int) *Version {
	for v := range rt.draining {
		if v.module == module && v.number == number {
			return v
		}
	}
	return nil
}

// holdersText names holders, the oldest first.
func holdersText(holders []Holder) string {
	var parts []string
	for _, h := range holders {
		switch h.Kind {
		case HolderVisit:
			parts = append(parts, fmt.Sprintf("%d visits that have not ended", h.Count))
		default:
			parts = append(parts, fmt.Sprintf("a %s made at %s", h.Kind, h.Site))
		}
	}
	if len(parts) == 0 {
		return "nobody"
	}
	return strings.Join(parts, ", ")
}

// Release takes a version that was replaced from the pins and views that hold it, and returns how many there were. Their
// visits return ErrReleased from now on; a view goes on with the newest generation after its next Refresh. Visits that are
// inside end as they would have: the version is retired after the last of them.
func (rt *Runtime) Release(module string, version int) (n int) {
	rt.mu.Lock()
	v := rt.drainingVersion(module, version)
	if v == nil {
		rt.mu.Unlock()
		return 0
	}
	for h := range maps.Clone(rt.pins) {
		if h.slot.version == v && h.closed.CompareAndSwap(false, true) {
			h.released.Store(true)
			delete(rt.pins, h)
			v.pins.Add(-1)
			n++
		}
	}
	for h := range maps.Clone(rt.views) {
		if h.generation.Load().versions[module] == v && h.closed.CompareAndSwap(false, true) {
			h.released.Store(true)
			h.let()
			delete(rt.views, h)
			n++
		}
	}
	rt.mu.Unlock()
	rt.log(slog.LevelWarn, EventNotice, "taken from its holders", "module", module, "version", version, "holders", n)
	rt.sweep()
	return n
}

// CancelCommit discards what is prepared and waits for the safe point, and returns the modules concerned. What serves goes
// on; like after a rollback, the cancelled content is not tried again until the files change.
func (rt *Runtime) CancelCommit() []string {
	rt.mu.Lock()
	b := rt.pending.Swap(nil)
	if b == nil {
		rt.mu.Unlock()
		return nil
	}
	for name, s := range b.modules {
		rt.cancelled(name, s)
	}
	b.committed.keep(ErrCancelled)
	rt.mu.Unlock()
	rt.discard(b.versions(), Failed)
	names := slices.Sorted(maps.Keys(b.modules))
	rt.log(slog.LevelWarn, EventNotice, "the commit was cancelled", "modules", strings.Join(names, " "))
	rt.emit(Event{Kind: EventNotice, Message: "the commit was cancelled: " + strings.Join(names, ", ")})
	return names
}

// cancelled notes that a module's files are not what serves. rt.mu is held.
func (rt *Runtime) cancelled(name string, s *step) {
	m := rt.module(name)
	if s.version == nil {
		m.known = true // its folder is gone; the next attempt finds that out again
		return
	}
	if s.edit.Class == EditMode || m.wanted != s.version.content {
		return
	}
	m.quarantined = true
	d := Diagnostic{File: name, Line: 1, Column: 1, Rule: ruleCancelled, Message: "its files are not what serves: the commit was cancelled",
		Hint: "edit the module; what was cancelled is not tried again until then"}
	if files := s.version.source.want.Package.Files; len(files) > 0 {
		d.File = files[0].Path
	}
	m.diagnostics = []Diagnostic{d}
}

const (
	ruleCancelled = "module/cancelled"
	ruleHeld      = "module/held"
)

// tooManyHeld says that a module has as many replaced versions as the host allows, and who holds the oldest.
func (rt *Runtime) tooManyHeld(p *part) []Diagnostic {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	var old []*Version
	for v := range rt.draining {
		if v.module == p.name {
			old = append(old, v)
		}
	}
	if len(old) < rt.cfg.MaxDraining {
		return nil
	}
	oldest := slices.MinFunc(old, func(a, b *Version) int { return cmp.Compare(a.number, b.number) })
	return []Diagnostic{{File: p.want.Package.Files[0].Path, Line: 1, Column: 1, Rule: ruleHeld,
		Message: fmt.Sprintf("%d replaced versions of %s are still held, as many as the host allows; the oldest is version %d, held by %s",
			len(old), p.name, oldest.number, holdersText(rt.holders()[oldest])),
		Hint: "have its holders close or refresh (Runtime.Release forces them), or raise Config.MaxDraining"}}
}
