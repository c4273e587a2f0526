package reload

import (
	"fmt"
	"maps"
	"strings"

	"midair/reload/internal/edit"
	"midair/reload/internal/source"
)

// EditClass says what a change of a module's source can affect. An edit of several kinds has the class that comes last
// here.
type EditClass string

const (
	EditMode       EditClass = "mode"       // none: the same source in another mode
	EditBack       EditClass = "back"       // none: an earlier version serves again
	EditFirst      EditClass = "first"      // no version serves that it could be compared with
	EditNone       EditClass = "no-op"      // formatting and comments: nothing is loaded
	EditBody       EditClass = "body"       // what the code does, and names that nobody outside the module sees
	EditAdditive   EditClass = "additive"   // exported names were added
	EditContract   EditClass = "contract"   // the type of something that a contract takes changed, or it came or went
	EditState      EditClass = "state"      // the kept variables changed, or their types
	EditCapability EditClass = "capability" // the module imports packages of the host that it did not import before
)

// Edit compares the source of a module with the version that serves.
type Edit struct {
	Class       EditClass `json:"class"`
	Details     []string  `json:"details,omitempty"` // what came, went or changed: names, or import paths
	Consequence string    `json:"consequence"`       // what will happen, in words
}

// sameTokens says whether the module differs from a version in formatting and comments at most.
func (p *part) sameTokens(v *Version) bool {
	return p.tokens != nil && maps.Equal(p.tokens, v.tokens)
}

// tokensOf identifies the packages of a module without their formatting. Those that a version has too are not read again.
func tokensOf(m *source.Module, v *Version) map[string]source.Hash {
	tokens := map[string]source.Hash{}
	add := func(pkg *source.Package) {
		if v != nil && v.packages[pkg.Dir] == pkg.Hash {
			tokens[pkg.Dir] = v.tokens[pkg.Dir]
			return
		}
		tokens[pkg.Dir] = edit.Tokens(pkg)
	}
	add(m.Package)
	for _, lib := range m.Libraries {
		add(lib)
	}
	return tokens
}

// classify names the edit of a checked module. rt.mu is held.
func (rt *Runtime) classify(p *part) {
	live := rt.next(p.name)
	p.facts = edit.Of(p.checked, rt.isModulePath)
	e := edit.Edit{Class: edit.First}
	if live != nil {
		e = edit.Compare(live.facts, p.facts, func(name string) bool { return rt.taken(p.name, name) })
	}
	p.edit = Edit{Class: EditClass(e.Class), Details: e.Details}
	p.edit.Consequence = p.edit.consequence(live)
}

// taken says whether a contract takes a name of the module. rt.mu is held.
func (rt *Runtime) taken(module, name string) bool {
	for _, c := range rt.contracts {
		for _, f := range c.fields {
			if c.module == module && (f.name == name && f.kind != prefixField || f.kind == prefixField && hasPrefix(name, f.prefix)) {
				return true
			}
		}
	}
	return false
}

func (e Edit) consequence(live *Version) string {
	names := strings.Join(e.Details, ", ")
	switch e.Class {
	case EditFirst:
		return "it is loaded for the first time"
	case EditNone:
		return fmt.Sprintf("nothing is loaded, version %d goes on", live.number)
	case EditAdditive:
		return "a new version replaces it, with " + names + " besides"
	case EditContract:
		return "a new version replaces it, and the function table changes: " + names
	case EditState:
		return "a new version replaces it, and kept variables are not what they were: " + names
	case EditCapability:
		return "a new version replaces it, which also imports " + names
	}
	if names != "" {
		return "a new version replaces it; no contract takes what changed its type, or came or went: " + names
	}
	return "a new version replaces it, with the same exported names and types"
}
