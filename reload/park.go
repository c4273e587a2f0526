package reload

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"midair/reload/internal/source"
)

// parking is a batch of the watcher that waits for native builds before it can be prepared. Meanwhile other batches go on,
// and a newer edit of any of its modules takes its place.
type parking struct {
	content map[string]source.Hash // of its modules; the zero hash for those that are gone
	change  Change
	stages  map[string]Stages // spent so far
	errs    map[string]error  // of the builds; written before the batch is resumed
}

// park puts the batch aside if it needs native builds, and says whether it did.
func (a *attempt) park() bool {
	rt := a.rt
	var unbuilt []*part
	for _, p := range a.parts {
		if b, ok := p.backend.(Builder); ok && p.outcome == "" && len(p.diags) == 0 && !b.Built(p.given) {
			unbuilt = append(unbuilt, p)
		}
	}
	if len(unbuilt) == 0 {
		return false
	}
	k := &parking{content: map[string]source.Hash{}, change: a.change, stages: map[string]Stages{}, errs: map[string]error{}}
	names := make([]string, 0, len(a.parts))
	rt.mu.Lock()
	for _, p := range a.parts {
		names = append(names, p.name)
		k.content[p.name], k.stages[p.name] = source.Hash{}, p.stages
		if p.want != nil {
			k.content[p.name] = p.want.Hash
		}
		rt.module(p.name).parked = k
	}
	rt.mu.Unlock()
	rt.builds.park(names, func(ctx context.Context) { rt.buildParked(ctx, k, unbuilt) })
	for _, p := range unbuilt {
		rt.log(slog.LevelInfo, EventBuild, "native build begins", "module", p.name, "hash", p.hash(), "edit", string(p.edit.Class))
		rt.emit(Event{Kind: EventBuild, Module: p.name, Hash: p.hash(), Mode: ModeNative, Change: a.change, Edit: p.edit,
			Diagnostics: p.warnings})
	}
	return true
}

// buildParked makes what a parked batch waits for, and resumes it.
func (rt *Runtime) buildParked(ctx context.Context, k *parking, unbuilt []*part) {
	for _, p := range unbuilt {
		start := time.Now()
		err := rt.build(ctx, p.backend.(Builder), p.given)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			k.errs[p.name] = err
		}
		k.stages[p.name][StageBuild] = time.Since(start)
	}
	rt.resume(ctx, k)
}

// resume applies a parked batch, unless a newer edit has taken its place.
func (rt *Runtime) resume(ctx context.Context, k *parking) {
	rt.applying.Lock()
	defer rt.applying.Unlock()
	rt.mu.Lock()
	valid := !rt.closed
	for name := range k.content {
		m := rt.modules[name]
		valid = valid && m != nil && m.parked == k
	}
	rt.mu.Unlock()
	if !valid || ctx.Err() != nil {
		return
	}
	a := attempt{rt: rt, tree: rt.tree, change: k.change, resumed: k, stages: Stages{}}
	a.desired = a.tree.Resolve(rt.world, rt.desired)
	a.apply(ctx) // its error has been told
}

// parkedAs says whether a module waits for its build with just this content. rt.mu is held.
func (m *module) parkedAs(want *source.Module) bool {
	if m == nil || m.parked == nil {
		return false
	}
	hash := source.Hash{}
	if want != nil {
		hash = want.Hash
	}
	parked, ok := m.parked.content[m.name]
	return ok && parked == hash
}

// unpark takes the batches that modules wait in along, and forgets that they wait. rt.mu is held.
func (a *attempt) unpark(names map[string]bool) {
	for name := range maps.Clone(names) {
		m := a.rt.modules[name]
		if m == nil || m.parked == nil {
			continue
		}
		k := m.parked
		for other := range k.content {
			names[other] = true
			if o := a.rt.modules[other]; o != nil && o.parked == k && !a.dry {
				o.parked = nil
			}
		}
	}
}

// failed returns what came of a module's build. A nil parking has none.
func (k *parking) failed(name string) error {
	if k == nil {
		return nil
	}
	return k.errs[name]
}
