// Package policy checks what types alone do not say and what holds in every mode: what a module may use (capability),
// what it may leave behind in the host (escape), and the form of a module.
//
//  1. [ParseAllow] reads what the host allows.
//  2. [Check] looks at a module and its libraries, which are free of type errors.
//  3. [All] documents every rule that a user can meet, those that other packages report included.
//
// All functions are safe for concurrent use and keep nothing of what they are given.
package policy

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// A Package is one type-checked package of a module.
type Package struct {
	Dir, ImportPath, Name string
	FileSet               *token.FileSet
	Files                 []File
	Types                 *types.Package
	Info                  *types.Info
}

// A File is one Go file of a package.
type File struct {
	Path   string
	Source []byte
	Syntax *ast.File // with comments
}

// A Module is what is checked: a package and the libraries that it is made of.
type Module struct {
	Name       string
	Package    *Package
	Libraries  []*Package // each after those it imports
	Bound      bool       // whether the host has bound a contract; if not, every exported function may be one's
	Contracted []string   // exported functions and variables that a contract takes
}

// packages returns the libraries and the module's own package, each after those it imports.
func (m *Module) packages() []*Package {
	return append(m.Libraries[:len(m.Libraries):len(m.Libraries)], m.Package)
}

// A Host is what a module is checked against.
type Host struct {
	Allow *Allowances // nil allows every package, and nothing dangerous in it

	// Accepts are the things marked //midair:accepts, by import path: "Type", "Func", "Type.Method", "Type.Field". They
	// may be given a module's values and functions.
	Accepts map[string][]string

	SharedLibraries map[string][]string // by directory: the modules that import the library
}

// A Finding is one place where a rule is broken.
type Finding struct {
	Pos, End      token.Pos // in the FileSet of Pkg
	Pkg           *Package
	Rule          string
	Message, Hint string
	Warning       bool
}

// Capabilities applies the rules about what a module may use, which also work where types are missing.
func Capabilities(m *Module, h *Host) []Finding {
	c := newChecker(m, h)
	c.capabilities()
	return c.sorted()
}

func (c *checker) capabilities() {
	for _, p := range c.pkgs {
		c.enter(p)
		c.imports()
		c.directives()
		c.symbols()
	}
}

// Check applies every rule of this package to a module without type errors. Findings are sorted: libraries first, then by
// place.
func Check(m *Module, h *Host) []Finding {
	c := newChecker(m, h)
	c.capabilities()
	for _, p := range c.pkgs {
		c.enter(p)
		c.form()
	}
	if !slices.ContainsFunc(c.found, func(f Finding) bool { return f.Rule == "capability/cgo" }) { // C has no types here
		c.flow()
	}
	return c.sorted()
}

// checker is one run of Check.
type checker struct {
	m      *Module
	h      *Host
	allow  *Allowances
	pkgs   []*Package
	script map[*types.Package]bool // the module's packages
	found  []Finding

	*Package // the one being looked at

	kinds       map[types.Type]bits       // see mask
	scriptTypes map[types.Type]bool       // see mentionsScript
	filled      map[*types.TypeParam]bool // instantiated with a type of the module
}

func newChecker(m *Module, h *Host) *checker {
	if h == nil {
		h = &Host{}
	}
	c := &checker{m: m, h: h, allow: h.Allow, pkgs: m.packages(), script: map[*types.Package]bool{},
		kinds: map[types.Type]bits{}, scriptTypes: map[types.Type]bool{}, filled: map[*types.TypeParam]bool{}}
	if c.allow == nil {
		c.allow = allowEverySafe
	}
	for _, p := range c.pkgs {
		c.script[p.Types] = true
	}
	return c
}

func (c *checker) enter(p *Package) { c.Package = p }

// report notes a finding in the package being looked at.
func (c *checker) report(at ast.Node, rule, message, hint string) {
	c.found = append(c.found, Finding{Pos: at.Pos(), End: at.End(), Pkg: c.Package, Rule: rule, Message: message,
		Hint: hint, Warning: warnings[rule]})
}

// sorted orders the findings and keeps one of each rule and place.
func (c *checker) sorted() []Finding {
	order := make(map[*Package]int, len(c.pkgs))
	for i, p := range c.pkgs {
		order[p] = i
	}
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(order[a.Pkg], order[b.Pkg]), cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(c.found, func(a, b Finding) bool {
		return a.Pkg == b.Pkg && a.Pos == b.Pos && a.Rule == b.Rule
	})
}
