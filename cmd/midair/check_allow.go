package main

import (
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"midair/interp/stdlib"
	"midair/interp/stdlib/all"
	"midair/reload"
)

// allowed is what modules may import in a check: the curated part of the standard library and the packages with tables,
// as in a host that was given just these, and what -allow adds.
type allowed struct {
	tables []string // import paths
	more   []string // entries of -allow
}

func newAllowed(tables []string, list string) allowed {
	return allowed{tables, strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })}
}

// everything says whether -allow has "all".
func (a allowed) everything() bool { return slices.Contains(a.more, "all") }

// list is for reload.Config.Allow.
func (a allowed) list() []string {
	if a.everything() {
		return a.more
	}
	list := []string{"-all"}
	for _, key := range slices.Sorted(maps.Keys(stdlib.Symbols)) {
		list = append(list, path.Dir(key))
	}
	return slices.Concat(list, a.tables, a.more)
}

// symbols are the tables of the standard library: the curated ones as every host has them, the others and what -allow
// names whole. The host's own packages have nil tables: the host has them, this program does not.
func (a allowed) symbols() reload.Symbols {
	out := maps.Clone(all.Symbols)
	maps.DeleteFunc(out, func(key string, _ map[string]reflect.Value) bool {
		return stdlib.Symbols[key] != nil && !a.named(path.Dir(key))
	})
	for _, p := range a.tables {
		out[p+"/"+path.Base(p)] = nil
	}
	return out
}

// given says whether a host gives modules a package of its own.
func (a allowed) given(importPath string) bool {
	return slices.Contains(a.tables, importPath) || a.named(importPath)
}

// named says whether -allow has a package, one of its symbols, or a pattern that it is in.
func (a allowed) named(importPath string) bool {
	return slices.ContainsFunc(a.more, func(entry string) bool {
		if entry == "all" || entry == importPath {
			return true
		}
		if dir, ok := strings.CutSuffix(entry, "/..."); ok {
			return importPath == dir || strings.HasPrefix(importPath, dir+"/")
		}
		symbol, ok := strings.CutPrefix(entry, importPath+".")
		return ok && !strings.Contains(symbol, "/")
	})
}
