package reload

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// Probation is what a new version has to stand before it counts as good. Its guarded visits are watched for a while; one
// budget exceeded, and the version before it serves again, from the next safe point on. The content that was taken back is
// quarantined: it is not tried again until the module's files change. The zero value watches nothing.
type Probation struct {
	// Visits and For end the probation, whichever is reached first; 0 means that the other one counts alone. Without
	// either there is no probation.
	Visits int           `json:"visits,omitempty"`
	For    time.Duration `json:"for,omitempty"`

	// Panics is how many visits may panic.
	Panics int `json:"panics"`
	// Errors is the share of visits that may return an error, panics included, from 0 to 1; it counts from the tenth
	// visit on. 0 means that errors are not looked at.
	Errors float64 `json:"errors,omitempty"`
	// Latency is how long visits may take on average; it counts from the tenth visit on. 0 means any time.
	Latency time.Duration `json:"latency,omitempty"`

	// Decide, if set, is asked before a version is taken back. It is called on the goroutine of the visit that broke the
	// budget, once for each such visit until it has decided, and must not call the Runtime.
	Decide func(Breach) Verdict `json:"-"`
}

// Breach tells Probation.Decide about a version that has exceeded its budget.
type Breach struct {
	Version  *Version
	Previous *Version // that would serve again
	Stats    Stats    // of the version on probation, since it went live
	Reason   string   // which budget, and by how much
}

// Verdict is what Probation.Decide says.
type Verdict int

const (
	TakeBack Verdict = iota // the previous version serves again
	Prolong                 // go on watching: the probation begins anew
	Keep                    // the version has stood its probation
)

func (p Probation) on() bool { return p.Visits > 0 || p.For > 0 }

const enoughVisits = 10

// breach says which budget is exceeded, "" if none is.
func (p Probation) breach(s Stats) string {
	switch {
	case s.Panics > int64(p.Panics):
		return fmt.Sprintf("%d of %d visits panicked, and %d may", s.Panics, s.Visits, p.Panics)
	case s.Visits < enoughVisits:
		return ""
	case p.Errors > 0 && float64(s.Errors) > p.Errors*float64(s.Visits):
		return fmt.Sprintf("%d of %d visits returned an error, and a share of %.3g may", s.Errors, s.Visits, p.Errors)
	case p.Latency > 0 && s.Duration > p.Latency*time.Duration(s.Visits):
		return fmt.Sprintf("visits take %v on average, and %v is allowed",
			(s.Duration / time.Duration(s.Visits)).Round(time.Microsecond), p.Latency)
	}
	return ""
}

// trial is a version's probation while it lasts.
type trial struct {
	rules    Probation
	version  *Version
	previous *Version // pinned
	timer    *time.Timer
	start    atomic.Pointer[Stats] // what the version had done when the probation began
	over     atomic.Bool
}

// probationOf returns the rules for a module.
func (c Config) probationOf(module string) Probation {
	if p, ok := c.Probations[module]; ok {
		return p
	}
	return c.Probation
}

// try puts a version that goes live on probation. A version of the same content takes over what is left of that of the one
// before. rt.mu is held.
func (rt *Runtime) try(v, before *Version, class EditClass) {
	rules := rt.cfg.probationOf(v.module)
	if before == nil || class == EditBack || !rules.on() {
		rt.untry(before)
		return
	}
	previous := before
	if old := before.trial.Load(); old != nil {
		if class == EditMode {
			previous = old.previous
		}
		defer rt.endTrial(old)
	} else if class == EditMode {
		return // it has stood its probation in the other mode
	}
	t := &trial{rules: rules, version: v, previous: previous}
	t.begin()
	previous.pins.Add(1)
	if rules.For > 0 {
		t.timer = time.AfterFunc(rules.For, func() { rt.stood(t) })
	}
	v.trial.Store(t)
}

// untry ends the probation of a version that goes out of service, if it is on one. rt.mu is held.
func (rt *Runtime) untry(v *Version) {
	if v == nil {
		return
	}
	if t := v.trial.Load(); t != nil {
		rt.endTrial(t)
	}
}

// begin starts counting.
func (t *trial) begin() {
	s := t.version.Stats()
	t.start.Store(&s)
}

// endTrial lets go of what a probation holds. It may be called more than once. rt.mu is held.
func (rt *Runtime) endTrial(t *trial) bool {
	if !t.over.CompareAndSwap(false, true) {
		return false
	}
	t.version.trial.Store(nil)
	if t.timer != nil {
		t.timer.Stop()
	}
	t.previous.pins.Add(-1)
	return true
}

// stood ends a probation well.
func (rt *Runtime) stood(t *trial) {
	rt.mu.Lock()
	ended := rt.endTrial(t)
	rt.mu.Unlock()
	if !ended {
		return
	}
	v := t.version
	rt.log(slog.LevelDebug, EventStood, "probation ended well", "module", v.module, "version", v.number)
	rt.emit(Event{Kind: EventStood, Module: v.module, Version: v.number, Hash: v.hash, Mode: v.mode})
	rt.sweep()
}

// since is what the version has done in its probation.
func (t *trial) since() Stats {
	now, start := t.version.Stats(), t.start.Load()
	return Stats{Visits: now.Visits - start.Visits, Inside: now.Inside, Errors: now.Errors - start.Errors,
		Panics: now.Panics - start.Panics, Duration: now.Duration - start.Duration}
}

// visited looks at the budgets after a visit.
func (t *trial) visited(rt *Runtime) {
	s := t.since()
	reason := t.rules.breach(s)
	switch {
	case reason != "":
		t.breached(rt, s, reason)
	case t.rules.Visits > 0 && s.Visits >= int64(t.rules.Visits):
		rt.stood(t)
	}
}

func (t *trial) breached(rt *Runtime, s Stats, reason string) {
	if t.rules.Decide != nil {
		switch t.rules.Decide(Breach{t.version, t.previous, s, reason}) {
		case Keep:
			rt.stood(t)
			return
		case Prolong:
			t.begin()
			if t.timer != nil {
				t.timer.Reset(t.rules.For)
			}
			return
		}
	}
	rt.takeBack(t, reason)
}

// takeBack puts the previous version in front of the commit, and quarantines what failed.
func (rt *Runtime) takeBack(t *trial, reason string) {
	v := t.version
	rt.mu.Lock()
	if rt.closed || rt.current.Load().versions[v.module] != v || !t.over.CompareAndSwap(false, true) {
		rt.mu.Unlock()
		return
	}
	v.trial.Store(nil)
	v.takenBack.Store(true)
	m := rt.module(v.module)
	diagnostic := v.taken(t.previous, reason)
	if m.wanted == v.content {
		m.quarantined, m.diagnostics = true, []Diagnostic{diagnostic}
	}
	var live *batch
	if rt.next(v.module) == v { // else something newer comes anyway
		rt.merge(&batch{modules: map[string]*step{v.module: {version: t.previous, edit: Edit{Class: EditBack, Consequence: fmt.Sprintf(
			"version %d serves again", t.previous.number)}, stages: Stages{}}}, change: Change{Reason: "probation"}, committed: newPromise()})
		if p := rt.pending.Load(); rt.cfg.CommitOn == Ready && len(p.behindDoors(rt.current.Load().versions)) == 0 {
			live = rt.commit()
		} else if rt.cfg.CommitOn == Ready {
			go rt.Commit() // which waits for visits, and this may be inside one
		}
	}
	t.previous.pins.Add(-1)
	rt.mu.Unlock()
	if t.timer != nil {
		t.timer.Stop()
	}
	rt.builds.forgetPromotion(v.module)
	rt.log(slog.LevelError, EventTakenBack, diagnostic.Message, "module", v.module, "version", v.number, "hash", v.hash)
	rt.emit(Event{Kind: EventTakenBack, Module: v.module, Version: v.number, Hash: v.hash, Mode: v.mode,
		Diagnostics: []Diagnostic{diagnostic}, Message: diagnostic.Message})
	record := AuditModule{Module: v.module, Outcome: OutcomeTakenBack, Version: v.number, Hash: v.hash, Mode: v.mode}
	record.blame([]Diagnostic{diagnostic})
	rt.record(OutcomeTakenBack, Change{Reason: "probation"}, []AuditModule{record})
	if live != nil {
		rt.afterCommit(live)
	}
}

// taken is what a module says whose newest version was taken back.
func (v *Version) taken(previous *Version, reason string) Diagnostic {
	d := Diagnostic{File: v.module, Line: 1, Column: 1, Rule: ruleQuarantined,
		Message: fmt.Sprintf("version %d was taken back: %s; version %d serves again", v.number, reason, previous.number),
		Hint:    "edit the module; what was taken back is not tried again until then"}
	if v.source.want != nil && len(v.source.want.Package.Files) > 0 {
		d.File = v.source.want.Package.Files[0].Path
	}
	return d
}
