package reload

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ruleQuarantined is on the diagnostic of a module whose files were taken back.
const ruleQuarantined = "module/quarantined"

// Rollback makes the content of an earlier version of a module live again, as a new version, and returns when that is: at
// once or at the next safe point. The module's mode stays; its native build is in the cache as a rule. The files of the
// module then differ from what serves: [Module.State] is quarantined until they change, and only a change of them is tried
// again. An error leaves everything as it was.
//
// [Runtime.Versions] tells which versions are known. Version 0 means the one before the one that serves.
func (rt *Runtime) Rollback(ctx context.Context, module string, version int) error {
	done, err := rt.rollback(ctx, module, version)
	if err != nil {
		return err
	}
	return done.wait(ctx)
}

func (rt *Runtime) rollback(ctx context.Context, module string, version int) (done *promise, err error) {
	rt.applying.Lock()
	defer rt.applying.Unlock()
	rt.mu.Lock()
	to, from, err := rt.rollbackTo(module, version)
	var rest attempt
	if err == nil {
		rest = rt.takeFromParked(module)
	}
	rt.mu.Unlock()
	if rest.only != nil {
		defer func() {
			if err != nil {
				rest.only = append(rest.only, module) // it waits with the others again
			}
			rest.apply(ctx)
		}()
	}
	if err != nil {
		return nil, &Error{Module: module, Stage: StagePrepare, Err: err, Generation: rt.Generation().number}
	}
	p := &part{name: module, want: to.want, stages: Stages{}, back: to.version.number}
	p.tokens = tokensOf(to.want, from)
	a := &attempt{rt: rt, desired: rt.desired, stages: Stages{}, parts: []*part{p},
		change: Change{Reason: fmt.Sprintf("rollback to version %d", to.version.number)}}
	rt.builds.forgetPromotion(module)
	a.check()
	if len(p.diags) == 0 {
		a.prepare(ctx)
	}
	if ctx.Err() != nil {
		a.abandon()
		return nil, &Error{Module: module, Stage: StagePrepare, Err: context.Cause(ctx), Generation: rt.Generation().number}
	}
	if len(p.diags) > 0 {
		return nil, p.err(rt.Generation().number)
	}
	return a.conclude(), nil
}

// takeFromParked takes a module out of the batch that waits for its build, if it is in one: the rollback is the newer word
// about it. It returns the attempt that puts the rest aside again. rt.mu is held.
func (rt *Runtime) takeFromParked(module string) attempt {
	m := rt.modules[module]
	k := m.parked
	if k == nil {
		return attempt{}
	}
	a := attempt{rt: rt, tree: rt.tree, desired: rt.desired, change: k.change, parks: true, only: []string{}, stages: Stages{}}
	for name := range k.content {
		if o := rt.modules[name]; o != nil && o.parked == k {
			o.parked = nil
		}
		rt.builds.forget(name)
		if name != module {
			a.only = append(a.only, name)
		}
	}
	m.wanted, m.known = k.content[module], true
	return a
}

// rollbackTo finds the version to go back to, and the one that serves. rt.mu is held.
func (rt *Runtime) rollbackTo(module string, version int) (to *past, from *Version, err error) {
	m := rt.modules[module]
	from = rt.next(module)
	switch {
	case rt.closed:
		return nil, nil, ErrClosed
	case m == nil || from == nil || len(m.history) == 0:
		return nil, nil, ErrNotLoaded
	}
	for _, h := range slices.Backward(m.history) {
		if version == h.version.number || version == 0 && h.version.content != from.content {
			if h.version.content == from.content {
				return nil, nil, fmt.Errorf("version %d has the content of version %d, which serves", version, from.number)
			}
			return h, from, nil
		}
	}
	if version == 0 {
		return nil, nil, errors.New("no version with another content is known")
	}
	return nil, nil, fmt.Errorf("version %d is not known (Config.History)", version)
}

// takenBack notes that a module serves another content than its files have. rt.mu is held.
func (rt *Runtime) takenBack(m *module, p *part) {
	m.quarantined = false
	if p.want.Hash == m.wanted {
		m.diagnostics = nil
		return
	}
	if p.back < 0 || len(m.diagnostics) > 0 && m.diagnostics[0].Rule != ruleQuarantined {
		return // the files were refused anyway
	}
	m.quarantined = true
	file := p.name
	if len(p.want.Package.Files) > 0 {
		file = p.want.Package.Files[0].Path
	}
	m.diagnostics = []Diagnostic{{File: file, Line: 1, Column: 1, Rule: ruleQuarantined,
		Message: fmt.Sprintf("its files are not what serves: they were taken back, and version %d has the content of version %d",
			p.version.number, p.back),
		Hint: "edit the module; what was taken back is not tried again until then"}}
}
