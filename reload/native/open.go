//go:build cgo && (linux || freebsd)

package native

import (
	"fmt"
	"plugin"
	"reflect"
)

// pluginsBuiltIn says why plugins cannot be opened at all.
func pluginsBuiltIn() error { return nil }

// openPlugin opens a file that has passed the gate, one at a time. It returns what the package main of a staged module
// declares.
func openPlugin(file string, report func(any)) (*symbols, error) {
	p, err := plugin.Open(file)
	if err != nil {
		return nil, err
	}
	s := &symbols{}
	table, err := lookUp[*map[string]reflect.Value](p, "Symbols")
	if err != nil {
		return nil, err
	}
	s.table = *table
	if s.reset, err = lookUp[func()](p, "Reset"); err != nil {
		return nil, err
	}
	if s.setGo, err = lookUp[func(func(any))](p, "SetGo"); err != nil {
		return nil, err
	}
	vars, err := lookUp[func() map[string]map[string]any](p, "Vars")
	if err != nil {
		return nil, err
	}
	s.vars = vars()
	s.setGo(report)
	return s, nil
}

func lookUp[T any](p *plugin.Plugin, name string) (T, error) {
	var zero T
	s, err := p.Lookup(name)
	if err != nil {
		return zero, err
	}
	v, ok := s.(T)
	if !ok {
		return zero, fmt.Errorf("%s is a %T", name, s)
	}
	return v, nil
}
