package reload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"
)

// hooks are the functions by which a module takes part in the life of its versions. Each is optional.
type hooks struct {
	validate func() error
	start    func(context.Context) error
	stop     func()
	migrate  func(State) error
}

// hookNames are reserved for hooks, unless a contract takes them.
var hookTypes = map[string]reflect.Type{
	"OnValidate": reflect.TypeFor[func() error](),
	"OnStart":    reflect.TypeFor[func(context.Context) error](),
	"OnStop":     reflect.TypeFor[func()](),
	"OnMigrate":  reflect.TypeFor[func(State) error](),
}

const (
	ruleHook     = "hook/type"
	ruleValidate = "hook/validate"
	ruleStart    = "hook/start"
	ruleMigrate  = "hook/migrate"
)

// hook returns the declaration of a hook, or nil.
func (rt *Runtime) hook(p *part, name string) *declaration {
	d := p.declared.byName[name]
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if d == nil || !d.isFunc() || rt.taken(p.name, name) {
		return nil
	}
	return d
}

// checkHooks says which hooks do not have the type that hooks have.
func (rt *Runtime) checkHooks(p *part) (ds []Diagnostic) {
	for name, typ := range hookTypes {
		if d := rt.hook(p, name); d != nil && (d.isGeneric() || !d.fits(typ)) {
			ds = append(ds, d.diagnostic(ruleHook, mismatch(name, d.Type().String(), typeString(typ)),
				"declare it as func "+name+typeString(typ)[len("func"):]+", or give it another name"))
		}
	}
	return ds
}

// findHooks takes the hooks from a loaded version.
func (rt *Runtime) findHooks(p *part, v *Version) (ds []Diagnostic) {
	for name, target := range map[string]any{"OnValidate": &v.hooks.validate, "OnStart": &v.hooks.start, "OnStop": &v.hooks.stop,
		"OnMigrate": &v.hooks.migrate} {
		if d := rt.hook(p, name); d != nil {
			if problem := assign(reflect.ValueOf(target).Elem(), v.instance, d); problem != "" {
				ds = append(ds, d.diagnostic(ruleHook, problem, ""))
			}
		}
	}
	return ds
}

// validate runs the module's self check.
func (rt *Runtime) validate(ctx context.Context, p *part, v *Version) []Diagnostic {
	if v.hooks.validate == nil {
		return nil
	}
	err := v.call(ctx, rt.cfg.PrepareTimeout, "Config.PrepareTimeout", func(context.Context) error { return v.hooks.validate() })
	if err == nil {
		return nil
	}
	return []Diagnostic{rt.hookFailed(p.declared, "OnValidate", ruleValidate, err)}
}

// hookFailed is the diagnostic of a hook that returned an error, panicked or took too long.
func (rt *Runtime) hookFailed(ds declarations, name, rule string, err error) Diagnostic {
	d := Diagnostic{File: ds.file, Line: 1, Column: 1, Rule: rule, Message: err.Error()}
	if decl := ds.byName[name]; decl != nil {
		d = decl.diagnostic(rule, name+": "+d.Message, "")
	}
	var p *PanicError
	if errors.As(err, &p) && len(p.Stack) > 0 {
		d.File, d.Line, d.Column, d.End = p.Stack[0].File, p.Stack[0].Line, p.Stack[0].Column, 0
	}
	return d
}

// call runs code of the module apart from visits, and waits for it until a limit. What has not ended then goes on, but
// nobody waits for it any more.
func (v *Version) call(ctx context.Context, limit time.Duration, setting string, f func(context.Context) error) error {
	done := make(chan error, 1)
	go func() {
		var err error
		defer func() {
			if r := recover(); r != nil {
				value, stack := v.instance.Panic(r)
				err = &PanicError{Value: value, Stack: stack}
			}
			done <- err
		}()
		err = f(ctx)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("did not return within %v (%s); longer work belongs into a goroutine", limit, setting)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// errRetired is why the context of a version ends.
var errRetired = errors.New("the version is retired")

// startVersion runs OnStart. The context that it gets ends when the version is retired.
func (rt *Runtime) startVersion(v *Version) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	v.cancel = cancel
	err := v.call(context.Background(), rt.cfg.StartTimeout, "Config.StartTimeout", func(context.Context) error {
		return v.hooks.start(ctx)
	})
	if err != nil {
		cancel(err)
		return err
	}
	v.started.Store(true)
	return nil
}

// stopVersion ends what a version has started: its context, then OnStop, then its instance. Nobody uses it any more.
func (rt *Runtime) stopVersion(v *Version, state VersionState, done func()) {
	if v.cancel != nil {
		v.cancel(errRetired)
	}
	finish := func() {
		rt.release(v)
		v.state.Store(int32(state))
		if done != nil {
			done()
		}
	}
	if v.hooks.stop == nil || v.hooks.start != nil && !v.started.Load() {
		finish()
		return
	}
	rt.stopping.Go(func() { // a visit that ends, or a commit, must not wait for it
		err := v.call(context.Background(), rt.cfg.StopTimeout, "Config.StopTimeout", func(context.Context) error {
			v.hooks.stop()
			return nil
		})
		if err != nil {
			rt.log(slog.LevelError, EventNotice, "OnStop failed", "module", v.module, "version", v.number, "err", err)
			rt.emit(Event{Kind: EventNotice, Module: v.module, Version: v.number, Hash: v.hash, Mode: v.mode, Err: err,
				Message: "OnStop: " + err.Error()})
		}
		finish()
	})
}
