package reload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
)

// backend returns the first backend that serves a mode, or nil.
func (rt *Runtime) backend(mode Mode) Backend {
	for _, b := range rt.cfg.Backends {
		if b.Mode() == mode {
			return b
		}
	}
	return nil
}

// builder returns the backend of a mode if it makes versions ahead and this process can load them, or nil.
func (rt *Runtime) builder(mode Mode) Builder {
	b, ok := rt.backend(mode).(Builder)
	if !ok || mode == ModeNative && rt.nativeOff() != nil {
		return nil
	}
	return b
}

// whyNativeOff asks the native backend, which may ask the go command, whether it can load anything here.
func (rt *Runtime) whyNativeOff() error {
	if b, ok := rt.backend(ModeNative).(Builder); ok {
		return b.Available(rt.cfg.ModuleRoot)
	}
	return nil
}

// modeOf returns the mode that a module is asked to run in. rt.mu is held.
func (rt *Runtime) modeOf(name string) Mode {
	if m := rt.modules[name]; m != nil && m.mode != "" {
		return m.mode
	}
	if mode := rt.cfg.Modes[name]; mode != "" {
		return mode
	}
	return rt.defaultMode()
}

// defaultMode is that of modules nothing was said about: auto where there is a choice.
func (rt *Runtime) defaultMode() Mode {
	switch {
	case rt.cfg.Mode != "":
		return rt.cfg.Mode
	case rt.hasLinked() || rt.builder(ModeNative) != nil:
		return ModeAuto
	case rt.backend(ModeInterpreted) != nil || len(rt.cfg.Backends) == 0:
		return ModeInterpreted
	case rt.cfg.Backends[0].Mode() == ModeStatic:
		return ModeAuto
	}
	return rt.cfg.Backends[0].Mode()
}

// hasLinked says whether modules are linked into this program.
func (rt *Runtime) hasLinked() bool {
	b, ok := rt.backend(ModeStatic).(Builder)
	return ok && b.Available(rt.cfg.ModuleRoot) == nil
}

// checkModes says what is wrong with the modes that a host asks for.
func (c Config) checkModes() error {
	for name, mode := range c.Modes {
		if err := c.checkMode(mode); err != nil {
			return fmt.Errorf("Config.Modes[%q]: %w", name, err)
		}
	}
	if err := c.checkMode(c.Mode); err != nil {
		return fmt.Errorf("Config.Mode: %w", err)
	}
	return nil
}

func (c Config) checkMode(mode Mode) error {
	serves := slices.ContainsFunc(c.Backends, func(b Backend) bool { return b.Mode() == mode })
	switch {
	case mode == "" || mode == ModeAuto || serves && mode != ModeStatic:
		return nil
	case mode == ModeStatic:
		return errors.New("a version is static when it is linked into the host and its source has not changed; ask for auto")
	case mode == ModeInterpreted || mode == ModeNative:
		return fmt.Errorf("no backend of Config.Backends serves the mode %s", mode)
	}
	return fmt.Errorf("%q is no mode: it is interpreted, native or auto", mode)
}

// objections are what a backend has against a module that is otherwise fine.
func objections(b Backend, c *Checked) []Diagnostic {
	if checker, ok := b.(Checker); ok {
		return checker.Check(c)
	}
	return nil
}

// choose picks the backend that is to load a checked module, and returns what that one has against it. In auto mode, what
// is made already comes first, then what is live soonest.
func (rt *Runtime) choose(p *part) []Diagnostic {
	rt.mu.Lock()
	mode := rt.modeOf(p.name)
	rt.mu.Unlock()
	p.auto = mode == ModeAuto
	if !p.auto {
		p.backend = rt.backend(mode)
		return objections(p.backend, p.given)
	}
	for _, made := range []Mode{ModeStatic, ModeNative} {
		if b := rt.builder(made); b != nil && b.Built(p.given) {
			p.backend = b
			return objections(b, p.given)
		}
	}
	return rt.chooseSoonest(p)
}

// chooseSoonest prefers the interpreter, unless it would not run the module rightly and there is another way.
func (rt *Runtime) chooseSoonest(p *part) []Diagnostic {
	native, interpreted := rt.builder(ModeNative), rt.backend(ModeInterpreted)
	if interpreted == nil {
		if native != nil {
			p.backend = native
		} else if len(rt.cfg.Backends) > 0 {
			p.backend = rt.cfg.Backends[0]
		}
		return objections(p.backend, p.given)
	}
	ds := objections(interpreted, p.given)
	if native == nil || !hasErrors(ds) {
		p.backend = interpreted
		return ds
	}
	p.backend = native
	for i := range ds {
		if ds[i].Severity == SeverityError {
			ds[i].Severity, ds[i].Message = SeverityWarning, "goes native without being interpreted: "+ds[i].Message
		}
	}
	return append(ds, objections(native, p.given)...)
}

// SetMode says how a module is to run from now on, and returns when a version that does is live: at once or at the next
// safe point, as [Config.CommitOn] says. The new version has the content of the one that serves; its package variables
// are initialised anew. For auto it returns at once when anything serves, and the native build follows in the background
// ([Runtime.Run]). A module that was refused because of its mode is tried again.
//
// Building may take a second, the first time on a machine up to a minute; neither visits nor other modules wait for that.
// An error, which is an *Error with diagnostics if the module itself is the reason, leaves the mode and the version that
// serves as they were. When ctx ends while the version waits for the safe point, SetMode returns ctx's error and the
// version goes live all the same. ErrOvertaken says that another SetMode of the same module came later.
func (rt *Runtime) SetMode(ctx context.Context, module string, mode Mode) error {
	before, err := rt.ask(module, mode)
	if err != nil {
		return err
	}
	done, err := rt.switchMode(ctx, module, mode)
	if err != nil {
		rt.unask(module, mode, before)
		return err
	}
	return done.wait(ctx)
}

// ErrOvertaken says that the same was asked for otherwise while a call went on.
var ErrOvertaken = errors.New("overtaken by another call")

// ask notes a module's mode, and returns the one before.
func (rt *Runtime) ask(name string, mode Mode) (before Mode, err error) {
	rt.mu.Lock()
	m := rt.modules[name]
	switch {
	case rt.closed:
		err = ErrClosed
	case m == nil:
		err = errors.New("there is no such module")
	case mode == "":
		err = errors.New("no mode was named: it is interpreted, native or auto")
	default:
		err = rt.cfg.checkMode(mode)
	}
	if err != nil {
		rt.mu.Unlock()
		return "", &Error{Module: name, Stage: StagePrepare, Err: err, Generation: rt.Generation().number}
	}
	before, m.mode = m.mode, mode
	rt.mu.Unlock()
	rt.builds.forgetPromotion(name)
	rt.tellMode(name, mode)
	return before, nil
}

// unask takes back what could not be done, unless something else was asked for meanwhile.
func (rt *Runtime) unask(name string, mode, before Mode) {
	rt.mu.Lock()
	m := rt.modules[name]
	if m == nil || m.mode != mode || before == mode {
		rt.mu.Unlock()
		return
	}
	m.mode = before
	now := rt.modeOf(name)
	rt.mu.Unlock()
	rt.tellMode(name, now)
	rt.promoteAgain(name)
}

// promoteAgain has the native build made that asking for another mode has ended.
func (rt *Runtime) promoteAgain(name string) {
	rt.applying.Lock() // what serves next is not retired meanwhile
	defer rt.applying.Unlock()
	rt.mu.Lock()
	v, m := rt.next(name), rt.modules[name]
	wanted := v != nil && m != nil && rt.modeOf(name) == ModeAuto && len(m.native) == 0 && m.parked == nil && !rt.closed
	rt.mu.Unlock()
	if wanted {
		rt.promoteLater(v)
	}
}

func (rt *Runtime) tellMode(name string, mode Mode) {
	rt.log(slog.LevelInfo, EventMode, "mode "+string(mode), "module", name)
	rt.emit(Event{Kind: EventMode, Module: name, Mode: mode})
}

// switchMode makes a module run in the mode that it is asked to. The promise is kept when that is live.
func (rt *Runtime) switchMode(ctx context.Context, name string, mode Mode) (done *promise, err error) {
	rt.retryRefused(ctx, name)
	spent := Stages{}
	for {
		c, b, done, err := rt.tryMode(ctx, name, mode, spent)
		if c == nil || err != nil {
			return done, err
		}
		start := time.Now()
		if err := rt.build(ctx, b, c); err != nil { // without a lock: everything else goes on
			return nil, rt.modeError(name, failureOf(err, name, c))
		}
		spent[StageBuild] += time.Since(start)
	}
}

// tryMode is switchMode as far as it goes without a build; if that is missing, it says of what and by whom. spent is what
// stages took so far.
func (rt *Runtime) tryMode(ctx context.Context, name string, mode Mode, spent Stages) (c *Checked, b Builder, done *promise, err error) {
	rt.applying.Lock()
	defer rt.applying.Unlock()
	rt.mu.Lock()
	base, asked, closed := rt.next(name), rt.modeOf(name), rt.closed
	var waiting *promise
	for _, b := range []*batch{rt.pending.Load(), rt.beginning} {
		if b != nil && b.modules[name] != nil {
			waiting = b.committed
			break
		}
	}
	rt.mu.Unlock()
	switch {
	case closed:
		return nil, nil, nil, rt.closedError(name)
	case asked != mode:
		return nil, nil, nil, &Error{Module: name, Stage: StagePrepare, Err: ErrOvertaken, Generation: rt.Generation().number}
	case base == nil:
		return nil, nil, nil, rt.unavailable(name)
	case mode == ModeAuto && !rt.linkedIn(base):
		rt.promoteLater(base)
		return nil, nil, waiting, nil
	case mode == ModeAuto:
		mode = ModeStatic
	case base.mode == mode:
		return nil, nil, waiting, nil
	}
	backend := rt.backend(mode)
	if ds, _ := split(objections(backend, base.source.given)); len(ds) > 0 {
		return nil, nil, nil, rt.modeError(name, ds)
	}
	if b, ok := backend.(Builder); ok && !b.Built(base.source.given) {
		if err := b.Available(rt.cfg.ModuleRoot); err != nil {
			ds := failureOf(err, name, base.source.given)
			ds[0].Rule = string(mode) + "/unsupported"
			return nil, nil, nil, rt.modeError(name, ds)
		}
		return base.source.given, b, nil, nil
	}
	done, err = rt.remake(ctx, base, backend, Change{Reason: "mode " + string(mode)}, spent)
	return nil, nil, done, err
}

// linkedIn says whether an interpreted version could be static instead.
func (rt *Runtime) linkedIn(v *Version) bool {
	b := rt.builder(ModeStatic)
	return b != nil && v.mode == ModeInterpreted && b.Built(v.source.given)
}

// retryRefused tries again what is on disk, if it was refused: another mode may take it. So it does with a batch that waits
// for builds, which may not be needed any more.
func (rt *Runtime) retryRefused(ctx context.Context, name string) {
	rt.applying.Lock()
	defer rt.applying.Unlock()
	rt.mu.Lock()
	m := rt.modules[name]
	usable := m != nil && rt.tree != nil && !rt.closed
	refused := usable && len(m.diagnostics) > 0 && !m.quarantined
	a := attempt{rt: rt, tree: rt.tree, change: Change{Reason: "mode"}, only: []string{name}, stages: Stages{}}
	if usable && m.parked != nil {
		a.parks, a.change, a.only = true, m.parked.change, slices.Sorted(maps.Keys(m.parked.content))
		refused = true
	}
	rt.mu.Unlock()
	if !refused {
		return
	}
	a.desired = a.tree.Resolve(rt.world, rt.desired)
	a.apply(ctx) // its error is that module's
}

func (rt *Runtime) modeError(name string, ds []Diagnostic) *Error {
	var texts []string
	for _, d := range ds {
		texts = append(texts, d.Rule)
	}
	slices.Sort(texts)
	rt.log(slog.LevelWarn, EventRefused, "the mode stays: "+ds[0].String(), "module", name,
		"rules", strings.Join(slices.Compact(texts), " "))
	return &Error{Module: name, Stage: StagePrepare, Diagnostics: ds, Generation: rt.Generation().number}
}
