package reload

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// Commit publishes what is prepared: the newest batch goes live here and now, all its modules together. A host calls it
// at its safe point, such as between two ticks; without anything to publish it costs one atomic load. It does not wait
// for visits that run: they end on the version they began with.
//
// Only for modules with an OnStart their door closes first: new guarded visits of them wait, and Commit waits for those
// inside, at most [Config.CarryWait]; then OnStart runs, at most [Config.StartTimeout]. ErrBusy says that visits did not
// end in time: the doors are open again, and the next Commit tries again. A *Error with diagnostics says that an OnStart
// failed: the batch is refused, and what served goes on. Commit inside a guarded visit is an error when there is anything
// to publish, and so is Commit after Close (ErrClosed).
func (rt *Runtime) Commit() error {
	if rt.pending.Load() == nil {
		return nil
	}
	if inVisit() {
		return &Error{Stage: StageCommit, Generation: rt.Generation().number,
			Err: errors.New("a commit inside a visit: a safe point is where no visit of this goroutine is under way")}
	}
	_, err := rt.publish()
	return err
}

// publish commits the pending batch, and tells about it. It returns which modules had a part in it.
func (rt *Runtime) publish() (*batch, error) {
	rt.committing.Lock()
	defer rt.committing.Unlock()
	rt.mu.Lock()
	b := rt.pending.Load()
	if b == nil || rt.closed {
		closed := rt.closed
		rt.mu.Unlock()
		if closed {
			return nil, &Error{Stage: StageCommit, Err: ErrClosed, Generation: rt.Generation().number}
		}
		return nil, nil
	}
	names := b.behindDoors(rt.current.Load().versions)
	if len(names) > 0 {
		return rt.publishStarting(b, names)
	}
	b = rt.commit()
	rt.mu.Unlock()
	rt.afterCommit(b)
	return b, nil
}

// publishStarting commits a batch with versions that have to be started. rt.mu is held at first, and not afterwards.
func (rt *Runtime) publishStarting(b *batch, names []string) (*batch, error) {
	rt.pending.Store(nil)
	rt.beginning = b
	live := rt.current.Load().versions
	rt.mu.Unlock()
	s := &starting{rt: rt, batch: b, names: names, shut: map[*Version]*door{}, failed: map[string][]Diagnostic{}}
	err := s.run(live)
	rt.mu.Lock()
	rt.beginning = nil
	if rt.closed {
		err = &Error{Stage: StageCommit, Err: ErrClosed, Generation: rt.Generation().number}
	}
	if err != nil && !rt.closed {
		discarded := rt.putBack(b)
		rt.mu.Unlock()
		s.reopen()
		rt.discard(discarded, Failed)
		rt.tryLater()
		rt.log(slog.LevelWarn, EventNotice, "the commit waits", "because", err)
		return nil, err
	}
	refused := s.takeOut()
	if err == nil && len(b.modules) > 0 {
		after := rt.pending.Swap(b)
		rt.commit()
		rt.pending.Store(after)
	} else {
		b.committed.keep(errors.Join(err, s.error()))
	}
	rt.mu.Unlock()
	s.reopen()
	return s.end(refused, err)
}

// takeOut takes what does not go live because an OnStart failed out of the batch. rt.mu is held.
func (s *starting) takeOut() map[string]*step {
	out := map[string]*step{}
	all := slices.Sorted(maps.Keys(s.batch.modules))
	for _, name := range all {
		if len(s.failed[name]) > 0 || len(s.failed) > 0 && !s.batch.single {
			out[name] = s.batch.modules[name]
			delete(s.batch.modules, name)
			s.rt.startFailed(name, out[name], s.batch.single, all, s.failed)
		}
	}
	return out
}

// end discards what does not go live, and tells about everything.
func (s *starting) end(refused map[string]*step, closed error) (*batch, error) {
	rt := s.rt
	if closed != nil {
		rt.discard(s.batch.versions(), Failed)
		return nil, closed
	}
	var discarded []*Version
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		step := refused[name]
		if step.version != nil {
			discarded = append(discarded, step.version)
		}
		rt.tellStartFailed(name, step, s.failed)
	}
	if rt.cfg.CommitOn == SafePoint { // else the attempt tells
		s.recordRefused(refused)
	}
	rt.discard(discarded, Failed)
	if len(s.batch.modules) > 0 {
		rt.afterCommit(s.batch)
	}
	return s.batch, s.error()
}

// recordRefused writes what did not start.
func (s *starting) recordRefused(refused map[string]*step) {
	var modules []AuditModule
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		m := AuditModule{Module: name, Outcome: OutcomeHeld, Class: refused[name].edit.Class}
		if v := refused[name].version; v != nil {
			m.Version, m.Hash, m.Mode = v.number, v.hash, v.mode
		}
		if ds := s.failed[name]; len(ds) > 0 {
			m.Outcome = OutcomeRefused
			m.blame(ds)
		}
		modules = append(modules, m)
	}
	s.rt.record(OutcomeRefused, s.batch.change, modules)
}

// error joins what failed, nil if nothing did.
func (s *starting) error() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.failed)) {
		errs = append(errs, &Error{Module: name, Stage: StageStart, Diagnostics: s.failed[name], Generation: s.rt.Generation().number})
	}
	return errors.Join(errs...)
}

// putBack puts a batch in front of the safe point again, behind what was prepared meanwhile. rt.mu is held.
func (rt *Runtime) putBack(b *batch) (overtaken []*Version) {
	newer := rt.pending.Load()
	if newer == nil {
		rt.pending.Store(b)
		return nil
	}
	for name, s := range b.modules {
		if newer.modules[name] == nil {
			newer.modules[name] = s
		} else if s.version != nil {
			overtaken = append(overtaken, s.version)
		}
	}
	b.committed.keep(nil)
	return overtaken
}

// tryLater commits again after a while, if the host has no safe points.
func (rt *Runtime) tryLater() {
	if rt.cfg.CommitOn == Ready {
		time.AfterFunc(5*rt.cfg.CarryWait, func() { _ = rt.Commit() })
	}
}

// startFailed notes that a module does not go live, because its OnStart failed or that of another one. rt.mu is held.
func (rt *Runtime) startFailed(name string, s *step, single bool, all []string, failed map[string][]Diagnostic) {
	m := rt.module(name)
	ds := failed[name]
	if len(ds) == 0 {
		ds = []Diagnostic{heldByStart(name, failed)}
	}
	switch {
	case s.version == nil:
		m.known = true // its folder is gone; the next attempt finds that out again
	case s.edit.Class == EditMode:
		m.native = ds
	case m.wanted != s.version.content: // a rollback
		m.quarantined = false
		if live := rt.current.Load().versions[name]; live != nil && live.content == m.wanted {
			m.diagnostics = nil
		}
	default:
		m.diagnostics = ds
		if !single {
			m.group = all
		}
	}
}

// heldByStart is the diagnostic of a module that goes live together with others, of which one did not start.
func heldByStart(name string, failed map[string][]Diagnostic) Diagnostic {
	others := strings.Join(slices.Sorted(maps.Keys(failed)), ", ")
	return Diagnostic{File: name, Rule: "batch/held", Message: "goes live together with " + others + ", which did not start",
		Hint: "fix " + others}
}

func (rt *Runtime) tellStartFailed(name string, s *step, failed map[string][]Diagnostic) {
	ds := failed[name]
	if len(ds) == 0 {
		ds = []Diagnostic{heldByStart(name, failed)}
	}
	e := Event{Kind: EventRefused, Module: name, Diagnostics: ds, Edit: s.edit}
	if v := s.version; v != nil {
		e.Version, e.Hash, e.Mode = v.number, v.hash, v.mode
	}
	e.Err = &Error{Module: name, Stage: StageStart, Version: e.Version, Diagnostics: ds, Generation: rt.Generation().number}
	for _, d := range ds {
		rt.log(slog.LevelWarn, EventRefused, "refused: "+d.String(), "module", name, "stage", StageStart, "hash", e.Hash,
			"edit", string(s.edit.Class))
	}
	rt.emit(e)
}
