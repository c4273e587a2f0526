package reload

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ErrBusy says that a commit did not happen, because visits of a module that has to be started behind a closed door did not
// end in time. It is tried again at the next safe point.
var ErrBusy = errors.New("visits did not end in time")

// door keeps guarded visits out of a version while the next one starts. It is closed for good: who finds it closed waits
// until it opens, and then looks again which version is live.
type door struct {
	opened chan struct{} // closed when visits may go on
	left   chan struct{} // has an element when a visit may have been the last one inside
}

// shut closes the door of a version.
func (v *Version) shut() *door {
	d := &door{opened: make(chan struct{}), left: make(chan struct{}, 1)}
	v.door.Store(d)
	return d
}

// open lets visits go on.
func (v *Version) open(d *door) {
	v.door.Store(nil)
	close(d.opened)
}

// knock tells who waits behind the door that a visit has ended.
func (d *door) knock() {
	select {
	case d.left <- struct{}{}:
	default:
	}
}

// empty waits until nobody is inside a version whose door is closed.
func (d *door) empty(v *Version, deadline <-chan time.Time) bool {
	for v.counters.inflight() > 0 {
		select {
		case <-d.left:
		case <-deadline:
			return v.counters.inflight() == 0
		}
	}
	return true
}

// starting is a batch whose versions are started before it is committed.
type starting struct {
	rt     *Runtime
	batch  *batch
	names  []string // modules that are started or take over kept variables, in their order
	shut   map[*Version]*door
	failed map[string][]Diagnostic
}

// behindDoors returns the modules of a batch whose new versions have an OnStart that has not run, or take over variables
// from one of those that serve. rt.mu is held.
func (b *batch) behindDoors(live map[string]*Version) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(b.modules)) {
		v := b.modules[name].version
		if v != nil && (v.hooks.start != nil && !v.started.Load() || v.takesOver(live[name])) {
			names = append(names, name)
		}
	}
	return names
}

// takesOver says whether a version begins with variables of another one. One that has served before has its own.
func (v *Version) takesOver(from *Version) bool {
	return from != nil && from != v && !v.served.Load() && v.keeps() && from.keeps()
}

// run closes the doors, waits for those inside, and starts the versions. It is called without rt.mu.
func (s *starting) run(live map[string]*Version) error {
	deadline := time.After(s.rt.cfg.CarryWait)
	for _, name := range s.names {
		if v := live[name]; v != nil {
			s.shut[v] = v.shut()
		}
	}
	for v, d := range s.shut {
		if !d.empty(v, deadline) {
			return &Error{Module: v.module, Stage: StageCommit, Version: v.number, Generation: s.rt.Generation().number,
				Err: fmt.Errorf("%w (Config.CarryWait is %v): %d visits of version %d are inside; the commit is tried again at the next safe point",
					ErrBusy, s.rt.cfg.CarryWait, v.counters.inflight(), v.number)}
		}
	}
	for _, step := range []func(name string, v, before *Version) []Diagnostic{s.carry, s.start} {
		for _, name := range s.names {
			if len(s.failed[name]) > 0 {
				continue
			}
			if ds := step(name, s.batch.modules[name].version, live[name]); len(ds) > 0 {
				s.failed[name] = ds
				if !s.batch.single {
					return nil
				}
			}
		}
	}
	return nil
}

// carry takes kept variables over.
func (s *starting) carry(name string, v, before *Version) []Diagnostic {
	if !v.takesOver(before) {
		return nil
	}
	start := time.Now()
	differences, err := s.rt.carryState(before, v)
	s.batch.modules[name].stages[StageCarry] = time.Since(start)
	if err != nil {
		return []Diagnostic{s.rt.hookFailed(v.declared, "OnMigrate", ruleMigrate, err)}
	}
	step := s.batch.modules[name]
	step.warned = append(step.warned, s.rt.tellCarried(v, differences)...)
	return nil
}

func (s *starting) start(_ string, v, _ *Version) []Diagnostic {
	if v.hooks.start == nil || v.started.Load() {
		return nil
	}
	if err := s.rt.startVersion(v); err != nil {
		return []Diagnostic{s.rt.hookFailed(v.declared, "OnStart", ruleStart, err)}
	}
	return nil
}

// reopen lets visits go on, to whatever is live then.
func (s *starting) reopen() {
	for v, d := range s.shut {
		v.open(d)
	}
}

// inVisit says whether the calling goroutine is inside a guarded visit.
func inVisit() bool {
	return slices.ContainsFunc(ownFrames(), func(name string) bool { return name == "Do" })
}

// waitOpen waits for a closed door. It returns ctx's error if that ends first.
func (d *door) waitOpen(ctx context.Context) error {
	if ctx == nil {
		ctx = context.Background()
	}
	select {
	case <-d.opened:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
