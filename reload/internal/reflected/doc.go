// Package reflected makes go/types packages from reflected symbol tables, so that Go source can be type-checked against
// compiled packages where there is no toolchain, no source and no export data.
//
//  1. [New] takes the tables; nothing is built yet.
//  2. [Importer.Import] builds one package, with the types it needs of others, and keeps it.
//  3. What reflection cannot express (generic declarations, constraints, rune constants) is in the table's stub, Go source
//     without function bodies, which is type-checked into the package.
//
// Types are the real ones as far as a program can tell: methods and their receivers, embedded fields, sealed interfaces,
// recursion, aliases. Unexported fields keep their names, sizes and comparability, but not their types; parameters of
// functions have no names.
//
// An Importer is safe for concurrent use. What it returned is complete and never changes.
package reflected

import (
	"fmt"
	"go/types"
	"path"
	"reflect"
	"sync"
)

// Keys of a table that are not symbols.
const (
	StubKey    = "_stub"    // Go source of what reflection cannot express
	AcceptsKey = "_accepts" // what is marked to take a module's own values
)

// Importer makes packages from symbol tables. It implements [types.Importer].
type Importer struct {
	mu       sync.Mutex
	tables   map[string]table // by import path
	fallback types.Importer   // for what the tables do not have; may be nil

	packages map[string]*types.Package // also those that only hold types which others need
	complete map[string]bool           // those whose scope is filled
	types    map[reflect.Type]types.Type
	sealed   map[string][]reflect.Type
	building int      // how deep building types is nested
	pending  []func() // methods to add once that is over
	context  *types.Context
}

// table is one package's symbols.
type table struct {
	name    string
	symbols map[string]reflect.Value
}

// New makes an importer for tables by "import/path/name". What they do not have, or have a nil table of, is asked of the
// importer that fallback makes, if it is not nil; that one is given the new importer and may use it only while it imports.
func New(tables map[string]map[string]reflect.Value, fallback func(types.Importer) types.Importer) *Importer {
	im := &Importer{
		tables:   make(map[string]table, len(tables)),
		packages: map[string]*types.Package{}, complete: map[string]bool{},
		types: map[reflect.Type]types.Type{}, sealed: map[string][]reflect.Type{}, context: types.NewContext(),
	}
	for key, symbols := range tables {
		im.tables[path.Dir(key)] = table{path.Base(key), symbols}
	}
	if fallback != nil {
		im.fallback = fallback(unlocked{im})
	}
	return im
}

// Import implements [types.Importer].
func (im *Importer) Import(importPath string) (*types.Package, error) {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.load(importPath)
}

// TypeOf returns the go/types form of a compiled type.
func (im *Importer) TypeOf(t reflect.Type) types.Type {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.typ(t)
}

// Has says whether the package can be imported.
func (im *Importer) Has(importPath string) bool {
	t, ok := im.tables[importPath]
	if t.symbols != nil || importPath == "unsafe" {
		return true
	}
	if im.fallback == nil {
		return ok
	}
	_, err := im.Import(importPath)
	return err == nil
}

// pkg returns the package of an import path, which may not be filled.
func (im *Importer) pkg(importPath string) *types.Package {
	if p := im.packages[importPath]; p != nil {
		return p
	}
	name := path.Base(importPath)
	if t, ok := im.tables[importPath]; ok {
		name = t.name
	}
	p := types.NewPackage(importPath, name)
	im.packages[importPath] = p
	return p
}

// load fills the package of an import path.
func (im *Importer) load(importPath string) (*types.Package, error) {
	if importPath == "unsafe" {
		return types.Unsafe, nil
	}
	if im.complete[importPath] {
		return im.packages[importPath], nil
	}
	t, ok := im.tables[importPath]
	if t.symbols == nil && im.fallback != nil {
		return im.fallback.Import(importPath)
	}
	if !ok {
		return nil, fmt.Errorf("package %s is not available to modules", importPath)
	}
	im.complete[importPath] = true // before its parts: packages may need each other
	p := im.pkg(importPath)
	if stub, ok := t.symbols[StubKey]; ok {
		if err := im.addStub(p, stub.String()); err != nil {
			return nil, err
		}
	}
	im.declare(p, t.symbols)
	p.MarkComplete()
	return p, nil
}
