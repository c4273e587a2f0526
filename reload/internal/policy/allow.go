package policy

import (
	"fmt"
	"go/token"
	"slices"
	"strings"
)

// Allowances say which packages and symbols modules may use. They are immutable and safe for concurrent use.
//
// The most specific entry decides: a symbol before its type, its package, the longest path pattern, and "all"; of two
// that are alike, the one that takes away. Where no entry speaks, the base decides. What is dangerous is refused unless an
// entry names it, or says "all".
type Allowances struct {
	base     map[string]bool
	every    bool            // the base is every package
	exact    map[string]bool // packages and symbols by what the list says of them; true allows
	patterns []pattern       // longest first
	all      verdict
	parts    map[string]bool // packages of which the list allows single symbols
}

type verdict int8

const (
	unsaid verdict = iota
	allowed
	denied
)

type pattern struct {
	prefix string // without "/..."
	allow  bool
}

// allowEverySafe is what applies where the host says nothing.
var allowEverySafe = &Allowances{every: true}

// ParseAllow reads a list of allowances. An entry is an import path ("os"), a path pattern ("net/..."), a symbol
// ("os.Exit", "log.Logger.Fatal" for a method), or "all"; a leading "-" takes it away. base are the import paths of the
// packages that are given anyway.
func ParseAllow(list []string, base []string) (*Allowances, error) {
	a := &Allowances{base: map[string]bool{}, exact: map[string]bool{}, parts: map[string]bool{}}
	for _, p := range base {
		a.base[p] = true
	}
	for _, entry := range list {
		if err := a.add(strings.TrimSpace(entry)); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(a.patterns, func(x, y pattern) int { return len(y.prefix) - len(x.prefix) })
	return a, nil
}

func (a *Allowances) add(entry string) error {
	name, taken := strings.CutPrefix(entry, "-")
	switch {
	case name == "" || strings.ContainsAny(name, " \t\"\\*,") || strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/"):
		return fmt.Errorf("allow list: %q is no import path, path pattern or symbol", entry)
	case name == "all":
		if a.all != denied {
			a.all = allowed
			if taken {
				a.all = denied
			}
		}
	case strings.HasSuffix(name, "/..."):
		a.addPattern(pattern{strings.TrimSuffix(name, "/..."), !taken})
	case strings.Contains(name, "..."):
		return fmt.Errorf("allow list: %q: ... may stand only at the end, after a slash", entry)
	default:
		before, listed := a.exact[name]
		a.exact[name] = !taken && (!listed || before)
		if path, _, ok := splitSymbol(name); ok && !taken {
			a.parts[path] = true
		}
	}
	return nil
}

func (a *Allowances) addPattern(p pattern) {
	if i := slices.IndexFunc(a.patterns, func(o pattern) bool { return o.prefix == p.prefix }); i >= 0 {
		a.patterns[i].allow = a.patterns[i].allow && p.allow
		return
	}
	a.patterns = append(a.patterns, p)
}

// splitSymbol splits "log.Logger.Fatal" into the import path and the symbol. The elements of a symbol are exported, so a
// dot in an import path is none of its: "gopkg.in/yaml.v3".
func splitSymbol(entry string) (path, symbol string, ok bool) {
	start := strings.LastIndexByte(entry, '/') + 1
	for i := start; i < len(entry); i++ {
		if entry[i] == '.' && i > start && token.IsExported(entry[i+1:]) {
			return entry[:i], entry[i+1:], true
		}
	}
	return "", "", false
}

// Package says whether modules may import a package. It may be that only some of its symbols are allowed.
func (a *Allowances) Package(path string) bool {
	return a.whole(path) || a.parts[path]
}

// whole says whether all of a package that is not dangerous is allowed.
func (a *Allowances) whole(path string) bool {
	if v, ok := a.exact[path]; ok {
		return v
	}
	danger := dangerousPackage(path)
	for _, p := range a.patterns {
		if within(path, p.prefix) && (!p.allow || danger == "" || dangerousPackage(p.prefix) != "") {
			return p.allow
		}
	}
	switch {
	case a.all == allowed:
		return true
	case a.all == denied:
		return false
	}
	return danger == "" && (a.every || a.base[path])
}

// Symbol says whether modules may use a symbol of a package: a function, variable, constant or type ("Exit"), a method or
// field ("Logger.Fatal").
func (a *Allowances) Symbol(path, name string) bool {
	typeName, _, member := strings.Cut(name, ".")
	if v, ok := a.exact[path+"."+name]; ok {
		return v
	}
	if v, ok := a.exact[path+"."+typeName]; ok && (!v || member && dangerousSymbols[path][name] == "") {
		return v
	}
	if dangerousSymbols[path][name] != "" {
		return a.all == allowed
	}
	return member || a.whole(path)
}

// named says whether the list itself allows a symbol, by its name.
func (a *Allowances) named(path, name string) bool { return a.exact[path+"."+name] }

// deniesMethod says whether the list takes away a method of this name from some type.
func (a *Allowances) deniesMethod(name string) bool {
	for entry, allow := range a.exact {
		if _, symbol, ok := splitSymbol(entry); ok && !allow && strings.HasSuffix(symbol, "."+name) {
			return true
		}
	}
	return false
}

func within(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}
