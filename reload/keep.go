package reload

import (
	"context"
	"fmt"
	"go/types"
	"log/slog"
	"maps"
	"path"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"

	"midair/reload/internal/carry"
)

// State is what the version before has kept, as OnMigrate gets it.
type State interface {
	// Names returns the kept variables of the version before, sorted: "hits", or "lib.hits" for one of a library.
	Names() []string

	// Decode copies a kept variable of the version before into what a pointer points to: a variable of any type that it can
	// be converted to, field by field. It is an error if there is no such variable, or if something of it finds no place.
	// Nothing that it copies is shared with the version before, but for values of the host.
	Decode(name string, into any) error
}

// ruleKeep is on warnings about what was not carried.
const ruleKeep = "keep/lost"

// keeps says whether a version has kept variables.
func (v *Version) keeps() bool {
	return v.source.given != nil && (len(v.source.given.Package.Kept) > 0 ||
		slices.ContainsFunc(v.source.given.Libraries, func(p Package) bool { return len(p.Kept) > 0 }))
}

// kept returns the kept variables of a version. An error is about the backend.
func (v *Version) kept() ([]carry.Variable, error) {
	var list []carry.Variable
	c := v.source.given
	for _, pkg := range append(slices.Clip(c.Libraries), c.Package) {
		for _, name := range pkg.Kept {
			object, ok := pkg.Types.Scope().Lookup(name).(*types.Var)
			if !ok {
				continue // the blank identifier
			}
			keeper, ok := v.instance.(Keeper)
			if !ok {
				return nil, fmt.Errorf("the %s backend cannot keep variables", v.mode)
			}
			value, ok := keeper.Variable(pkg.ImportPath, name)
			if !ok || !value.CanSet() {
				return nil, fmt.Errorf("internal error of the %s backend: it does not find the kept variable %s", v.mode, name)
			}
			if pkg.Dir != c.Package.Dir {
				name = path.Join(pkg.Dir) + "." + name
			}
			list = append(list, carry.Variable{Name: name, Type: object.Type(), Value: value})
		}
	}
	return list, nil
}

// carryState copies what one version has kept to the next, and lets that migrate the rest. Nobody is inside either.
func (rt *Runtime) carryState(from, to *Version) (differences []carry.Difference, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: kept state cannot be carried: %v\n%s", r, debug.Stack())
		}
	}()
	old, err := from.kept()
	if err != nil {
		return nil, err
	}
	now, err := to.kept()
	if err != nil {
		return nil, err
	}
	own := func(p *types.Package) bool { return rt.isModulePath(p.Path()) }
	differences = carry.New(own).Carry(old, now)
	if to.hooks.migrate == nil || maps.Equal(from.facts.Kept, to.facts.Kept) {
		return differences, nil
	}
	return differences, to.call(context.Background(), rt.cfg.StartTimeout, "Config.StartTimeout", func(context.Context) error {
		return to.hooks.migrate(&state{rt: rt, old: old, now: now, own: own})
	})
}

// state implements State.
type state struct {
	rt       *Runtime
	old, now []carry.Variable
	own      func(*types.Package) bool
}

func (s *state) Names() (names []string) {
	for _, v := range s.old {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return names
}

func (s *state) Decode(name string, into any) error {
	i := slices.IndexFunc(s.old, func(v carry.Variable) bool { return v.Name == name })
	if i < 0 {
		return fmt.Errorf("the version before has kept no %s, but %s", name, strings.Join(s.Names(), ", "))
	}
	p := reflect.ValueOf(into)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("Decode needs a pointer to a variable, and got a %T", into)
	}
	to := carry.Variable{Name: name, Type: s.typeOf(p), Value: p.Elem()}
	var lost []string
	for _, d := range carry.New(s.own).Carry([]carry.Variable{s.old[i]}, []carry.Variable{to}) {
		if d.Kind == carry.Lost {
			lost = append(lost, d.Path+": "+d.Text)
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("decoding %s: %s", name, strings.Join(lost, "; "))
	}
	return nil
}

// typeOf returns the type in the source of what a module's pointer points to: known for kept variables, told by reflection for
// others.
func (s *state) typeOf(p reflect.Value) types.Type {
	for _, v := range s.now {
		if v.Value.CanAddr() && v.Value.Addr().UnsafePointer() == p.UnsafePointer() && v.Value.Type() == p.Type().Elem() {
			return v.Type
		}
	}
	return carry.TypeOf(p.Type().Elem(), s.rt.isModulePath, s.rt.importer.TypeOf)
}

// tellCarried tells what was not carried, by name.
func (rt *Runtime) tellCarried(v *Version, differences []carry.Difference) (warnings []Diagnostic) {
	if len(differences) == 0 {
		return nil
	}
	var told []string
	for _, d := range differences {
		told = append(told, fmt.Sprintf("%s %s (%s)", d.Kind, d.Path, d.Text))
		if d.Kind == carry.Added {
			continue
		}
		w := Diagnostic{File: v.declared.file, Line: 1, Column: 1, Rule: ruleKeep, Severity: SeverityWarning,
			Message: fmt.Sprintf("%s was not carried to version %d: %s", d.Path, v.number, d.Text),
			Hint:    "declare func OnMigrate(old reload.State) error to convert it, if it is still of use"}
		if decl := v.declared.byName[strings.FieldsFunc(d.Path, func(r rune) bool { return r == '.' || r == '[' })[0]]; decl != nil {
			w.File, w.Line, w.Column = decl.pos.Filename, decl.pos.Line, decl.pos.Column
		}
		warnings = append(warnings, w)
	}
	rt.log(slog.LevelInfo, EventCarried, "kept state: "+strings.Join(told, "; "), "module", v.module, "version", v.number)
	rt.emit(Event{Kind: EventCarried, Module: v.module, Version: v.number, Hash: v.hash, Mode: v.mode, Message: strings.Join(told, "; "),
		Diagnostics: warnings})
	return warnings
}
