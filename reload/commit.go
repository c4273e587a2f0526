package reload

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"midair/reload/internal/source"
)

// batch is a set of prepared versions that go live together.
type batch struct {
	modules   map[string]*step
	change    Change
	committed *promise
	single    bool // each module is a batch of its own
}

// step is what a batch does to one module.
type step struct {
	version *Version // nil if the module is taken out
	because []string
	edit    Edit
	warned  []Diagnostic
	stages  Stages // written until the commit, read after it
}

func (b *batch) versions() (vs []*Version) {
	for _, s := range b.modules {
		if s.version != nil {
			vs = append(vs, s.version)
		}
	}
	return vs
}

// conclude ends an attempt: what must not go live is refused and remembered as a group, the rest becomes a batch. The
// promise is kept when that batch is live; it is nil if there is nothing to wait for.
func (a *attempt) conclude() (done *promise) {
	rt := a.rt
	refuse := !a.first && len(a.broken()) > 0
	var discarded []*Version
	rt.mu.Lock()
	b := a.batch(refuse, &discarded)
	a.remember(refuse)
	if b != nil {
		discarded = append(discarded, rt.merge(b)...)
		done = b.committed
	}
	commit := b != nil && (a.now || rt.cfg.CommitOn == Ready)
	if a.strict && len(a.broken()) > 0 {
		discarded = append(discarded, a.undo(b)...)
		commit = false
	}
	rt.mu.Unlock()
	rt.discard(discarded, Failed)
	a.announce(commit)
	if commit {
		a.publish()
	}
	a.follow()
	a.recordRefused()
	return done
}

// publish commits the batch at once, and notes what did not start.
func (a *attempt) publish() {
	rt := a.rt
	_, err := rt.publish()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for _, p := range a.parts {
		m := rt.modules[p.name]
		switch {
		case p.outcome != OutcomeReady || m == nil:
		case rt.current.Load().versions[p.name] == p.version:
			p.outcome, p.stages = OutcomeLive, m.stages
		case errors.Is(err, ErrBusy): // still ready
		case p.edit.Class == EditMode:
			p.outcome, p.diags, p.stage = OutcomeRefused, m.native, StageStart
		case len(m.diagnostics) > 0:
			p.outcome, p.diags, p.stage = OutcomeRefused, m.diagnostics, StageStart
		}
	}
}

// follow sees to the native builds of what the attempt left interpreted.
func (a *attempt) follow() {
	rt := a.rt
	for _, p := range a.parts {
		if len(p.native) > 0 && p.version != nil {
			rt.notNative(p.version, p.native)
			continue
		}
		rt.mu.Lock()
		v, m := rt.next(p.name), rt.modules[p.name]
		auto := v != nil && m != nil && len(m.native) == 0 && m.parked == nil && rt.modeOf(p.name) == ModeAuto
		rt.mu.Unlock()
		if auto && !a.again {
			rt.promoteLater(v)
		}
	}
}

// batch collects what may go live. rt.mu is held.
func (a *attempt) batch(refuse bool, discarded *[]*Version) *batch {
	b := &batch{modules: map[string]*step{}, change: a.change, committed: newPromise(), single: a.first && !a.strict}
	for _, p := range a.parts {
		switch {
		case len(p.diags) > 0:
			p.outcome = OutcomeRefused
		case p.outcome == OutcomeFixed, p.outcome == OutcomeNoOp:
		case refuse:
			p.outcome = OutcomeHeld
			if p.version != nil {
				*discarded = append(*discarded, p.version)
			}
			p.diags = []Diagnostic{a.heldBecause(p)}
		case p.outcome == OutcomeRemoved:
			b.modules[p.name] = &step{}
		default:
			p.outcome = OutcomeReady
			b.modules[p.name] = &step{p.version, p.because, p.edit, p.warnings, maps.Clone(p.stages)}
		}
	}
	if len(b.modules) == 0 {
		return nil
	}
	return b
}

func (a *attempt) heldBecause(p *part) Diagnostic {
	var names []string
	for _, q := range a.parts {
		if q.outcome == OutcomeRefused || q.outcome == "" && len(q.diags) > 0 {
			names = append(names, q.name)
		}
	}
	return Diagnostic{File: p.name, Rule: "batch/held",
		Message: "changed together with " + strings.Join(names, ", ") + ", which has errors: they go live together",
		Hint:    "fix " + strings.Join(names, ", ")}
}

// remember notes for each module what was tried and what came of it. rt.mu is held.
func (a *attempt) remember(refuse bool) {
	rt := a.rt
	var group []string
	for _, p := range a.parts {
		group = append(group, p.name)
	}
	for _, p := range a.parts {
		if p.outcome == OutcomeRemoved && !refuse {
			delete(rt.modules, p.name)
			continue
		}
		m := rt.module(p.name)
		if a.again {
			m.native, m.warnings = nil, append(withoutMode(m.warnings, p.backend.Mode()), p.warnings...)
			continue
		}
		if p.version != nil {
			m.native = p.native
		}
		if p.back != 0 {
			m.stages = p.stages
			rt.takenBack(m, p)
			continue
		}
		m.quarantined = false
		m.known, m.wanted, m.stages, m.group = p.want != nil, source.Hash{}, p.stages, nil
		m.diagnostics, m.warnings = p.diags, p.warnings
		m.libraries = nil
		if p.want != nil {
			m.wanted = p.want.Hash
			for _, lib := range p.want.Libraries {
				m.libraries = append(m.libraries, lib.Dir)
			}
		}
		if refuse && p.outcome != OutcomeFixed && p.outcome != OutcomeNoOp {
			m.group = group
		}
	}
}

// withoutMode leaves out the warnings of a backend, whose rules begin with its mode.
func withoutMode(warnings []Diagnostic, mode Mode) []Diagnostic {
	return slices.DeleteFunc(slices.Clone(warnings), func(d Diagnostic) bool { return strings.HasPrefix(d.Rule, string(mode)+"/") })
}

// merge puts a batch in front of the safe point, over what waits there already, and returns what it overtakes.
func (rt *Runtime) merge(b *batch) (overtaken []*Version) {
	if old := rt.pending.Load(); old != nil {
		for name, s := range old.modules {
			if b.modules[name] == nil {
				b.modules[name] = s
			} else if s.version != nil {
				overtaken = append(overtaken, s.version)
			}
		}
		old.committed.keep(nil)
	}
	rt.pending.Store(b)
	return overtaken
}

// undo takes a batch back before it was committed, and forgets that any of it was tried. rt.mu is held.
func (a *attempt) undo(b *batch) []*Version {
	for _, p := range a.parts {
		a.rt.module(p.name).known = false
	}
	if b == nil {
		return nil
	}
	a.rt.pending.Store(nil)
	b.committed.keep(ErrCancelled)
	return b.versions()
}

// commit installs the pending batch and returns it, nil if there is none. rt.mu is held.
func (rt *Runtime) commit() *batch {
	b := rt.pending.Swap(nil)
	if b == nil {
		return nil
	}
	start := time.Now()
	before := rt.current.Load().versions
	versions := maps.Clone(before)
	for name, s := range b.modules {
		if s.version == nil {
			rt.untry(versions[name])
			delete(versions, name)
			continue
		}
		versions[name] = s.version
		for dir := range s.version.packages {
			rt.libraries[dir] = rt.libraries[dir] || dir != name
		}
	}
	rt.install(versions, slices.Collect(maps.Keys(b.modules)))
	took := time.Since(start)
	for name, s := range b.modules {
		if s.version != nil {
			rt.remembered(s, b.change, rt.current.Load())
			rt.try(s.version, before[name], s.edit.Class)
		}
		if m := rt.modules[name]; m != nil && s.version != nil && m.wanted == s.version.content {
			s.stages[StageCommit] = took
			m.stages = s.stages
		}
	}
	b.committed.keep(nil)
	return b
}

// install makes a set of versions the next generation; it differs from the one before in the named modules at most.
// What it replaces begins to drain. rt.mu is held.
func (rt *Runtime) install(versions map[string]*Version, changed []string) {
	old := rt.current.Load()
	for _, name := range changed {
		if v := versions[name]; v != nil {
			v.state.Store(int32(Live))
			v.served.Store(true)
			delete(rt.draining, v) // it may serve again
		}
	}
	rt.current.Store(rt.generation(old.number+1, time.Now(), versions))
	for _, name := range changed {
		if v := old.versions[name]; v != nil && v != versions[name] {
			v.state.Store(int32(Draining))
			rt.draining[v] = struct{}{}
		}
	}
}

// generation lays out the slots of a set of versions. rt.mu is held.
func (rt *Runtime) generation(number uint64, born time.Time, versions map[string]*Version) *Generation {
	g := &Generation{number: number, born: born, versions: versions, rt: rt, slots: make([]slot, len(rt.contracts))}
	labels := make([]atomic.Pointer[labelled], len(rt.contracts))
	for i, c := range rt.contracts {
		g.slots[i] = rt.slotFor(c, versions[c.module])
		g.slots[i].labels = &labels[i]
	}
	g.base = unsafe.Pointer(unsafe.SliceData(g.slots))
	return g
}

// slotFor is what a contract gets from a version, which may be nil. rt.mu is held.
func (rt *Runtime) slotFor(c *contract, v *Version) slot {
	if v != nil {
		if table := v.tables[c]; table != nil {
			return slot{table: table, version: v}
		}
	}
	return slot{table: c.broken}
}

// discard ends versions that never went live.
func (rt *Runtime) discard(vs []*Version, state VersionState) {
	for _, v := range vs {
		rt.stopVersion(v, state, nil)
	}
}

// release closes a version's instance, once. Nobody may be using it.
func (rt *Runtime) release(v *Version) {
	if v.instance == nil || !v.released.CompareAndSwap(false, true) {
		return
	}
	if err := v.instance.Close(); err != nil {
		rt.log(slog.LevelError, EventNotice, "closing a version failed", "module", v.module, "version", v.number, "err", err)
	}
}

// sweep retires the draining versions that nobody uses any more. It is called whenever a use ends.
func (rt *Runtime) sweep() {
	rt.mu.Lock()
	retired := rt.retire()
	rt.mu.Unlock()
	for _, v := range retired {
		state := Retired
		if v.takenBack.Load() {
			state = Quarantined
		}
		rt.stopVersion(v, state, func() { rt.forgetVersion(v) })
	}
}

// forgetVersion tells that a version is retired. A Version may be kept by the host; what it was made of need not be.
func (rt *Runtime) forgetVersion(v *Version) {
	rt.mu.Lock()
	clear(v.tables)
	v.declared, v.source = declarations{}, recipe{}
	rt.mu.Unlock()
	rt.log(slog.LevelDebug, EventRetired, "retired", "module", v.module, "version", v.number)
	rt.emit(Event{Kind: EventRetired, Module: v.module, Version: v.number, Hash: v.hash, Mode: v.mode})
}

// inView says whether a view holds a generation with the version. rt.mu is held.
func (rt *Runtime) inView(v *Version) bool {
	for _, l := range rt.held {
		if l.versions[v.module] == v {
			return true
		}
	}
	return false
}

// announce tells about what the attempt decided.
func (a *attempt) announce(commits bool) {
	rt := a.rt
	for _, p := range a.parts {
		e := Event{Module: p.name, Hash: p.hash(), Diagnostics: p.all(), Stages: p.stages, Change: a.change, Edit: p.edit}
		if p.version != nil {
			e.Version, e.Mode = p.version.number, p.version.mode
		}
		a.logWarnings(p)
		switch p.outcome {
		case OutcomeRefused, OutcomeHeld:
			e.Kind, e.Err = EventRefused, p.err(rt.Generation().number)
			a.logRefused(p)
		case OutcomeFixed:
			e.Kind = EventFixed
			rt.log(slog.LevelInfo, EventFixed, "files are what is live", "module", p.name, "hash", p.hash())
		case OutcomeNoOp:
			e.Kind = EventNoOp
			rt.log(slog.LevelInfo, EventNoOp, "nothing to load", "module", p.name, "hash", p.hash(),
				"edit", string(p.edit.Class), "consequence", p.edit.Consequence)
		case OutcomeReady:
			if commits {
				continue // tells of itself
			}
			e.Kind = EventReady
			rt.log(slog.LevelDebug, EventReady, "ready for the safe point", "module", p.name, "version", e.Version,
				"edit", string(p.edit.Class), "consequence", p.edit.Consequence)
		default:
			continue
		}
		rt.emit(e)
	}
}

// afterCommit tells about a commit and retires what it replaced. It runs on the committing goroutine, outside rt.mu.
func (rt *Runtime) afterCommit(b *batch) {
	for _, name := range slices.Sorted(maps.Keys(b.modules)) {
		s := b.modules[name]
		if s.version == nil {
			rt.log(slog.LevelInfo, EventRemoved, "removed", "module", name)
			rt.emit(Event{Kind: EventRemoved, Module: name, Change: b.change})
			continue
		}
		v := s.version
		rt.log(slog.LevelInfo, EventLive, "live", "module", name, "version", v.number, "mode", v.mode, "hash", v.hash,
			"because", strings.Join(s.because, " "), "edit", string(s.edit.Class),
			"consequence", s.edit.Consequence, "took", s.stages.total().Round(10*time.Microsecond).String())
		rt.emit(Event{Kind: EventLive, Module: name, Version: v.number, Hash: v.hash, Mode: v.mode,
			Stages: s.stages, Change: b.change, Edit: s.edit, Diagnostics: s.warned})
	}
	rt.recordLive(b)
	rt.saveGood()
	rt.sweep()
}
