package reload

import (
	"fmt"
	"maps"
	"path"
	"reflect"

	"midair/interp/stdlib"
)

// symbolTable is everything that modules may import, by import path.
type symbolTable struct {
	all    Symbols
	byPath map[string]string // import path to key
}

// newSymbolTable joins the curated standard library with what the host adds. A package is what the tables say it is:
// whether it belongs to the standard library plays no part.
func newSymbolTable(host Symbols) (symbolTable, error) {
	t := symbolTable{all: maps.Clone(Symbols(stdlib.Symbols)), byPath: map[string]string{}}
	for key := range t.all {
		t.byPath[path.Dir(key)] = key
	}
	own := reflect.TypeFor[State]().PkgPath()
	t.byPath[own] = own + "/" + path.Base(own)
	t.all[t.byPath[own]] = map[string]reflect.Value{ // what hooks get
		"State":    reflect.ValueOf((*State)(nil)),
		AcceptsKey: reflect.ValueOf([]string{"State", "State.Decode"}),
	}
	for key, symbols := range host {
		importPath := path.Dir(key)
		if importPath == "." {
			return t, &Error{Stage: StageBind, Err: fmt.Errorf(
				"Config.Symbols: key %q has no package name; write %q", key, key+"/"+key)}
		}
		if old, ok := t.byPath[importPath]; ok {
			delete(t.all, old)
		}
		t.all[key], t.byPath[importPath] = symbols, key
	}
	return t, nil
}

func (t symbolTable) available(importPath string) bool {
	_, ok := t.byPath[importPath]
	return ok
}
