// Package fidelity finds what the interpreter would run otherwise than the compiler does.
//
// The interpreter computes something else in silence for quite ordinary Go, so every class of that is a rule here, and a
// module that breaks one is refused in interpreted mode. The rules are sound before they are complete: where a rule
// cannot tell, it refuses. A rule goes away when the construct is rewritten before the interpreter meets it.
//
// A rule is a [reload.Rule] with a function that walks one type-checked package and reports. Rules keep no state between
// packages and run in any order; everything is safe for concurrent use.
package fidelity

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"slices"

	"midair/reload"
)

// rule is one class of what runs otherwise.
type rule struct {
	reload.Rule
	check func(*pass)
}

// all are the rules of every file of this package. Each file has a variable of its own, listed here.
var all = slices.Concat(valueRules, flowRules)

// Rules documents the rules, sorted as they are declared.
func Rules() []reload.Rule {
	out := make([]reload.Rule, len(all))
	for i, r := range all {
		out[i] = r.Rule
		out[i].Mode = reload.ModeInterpreted
	}
	return out
}

// Check returns a diagnostic for everything in the module and its libraries that breaks a rule, in no particular order.
func Check(c *reload.Checked) []reload.Diagnostic {
	var ds []reload.Diagnostic
	for _, p := range newModule(c).passes {
		for _, r := range all {
			p.rule = r.Rule
			r.check(p)
		}
		ds = append(ds, p.found...)
	}
	return ds
}

// module is what the passes over a module's packages share.
type module struct {
	passes []*pass      // one for each package, the module's own last
	held   []types.Type // see pass.held
	known  bool         // held is worked out
}

func newModule(c *reload.Checked) *module {
	m := &module{}
	for _, pkg := range append(slices.Clip(c.Libraries), c.Package) {
		m.passes = append(m.passes, &pass{checked: c, pkg: pkg, info: pkg.Info, whole: m})
	}
	return m
}

// pass is one package on its way through the rules.
type pass struct {
	checked *reload.Checked
	pkg     reload.Package
	info    *types.Info
	whole   *module
	nodes   []node                 // made by the first walk
	kinds   map[reflect.Type][]int // indexes into nodes, by their type

	rule  reload.Rule // the one that runs
	found []reload.Diagnostic
}

// report adds a diagnostic of the running rule at a node. The message says what the interpreter would do.
func (p *pass) report(n ast.Node, format string, args ...any) {
	pos, end := p.pkg.FileSet.PositionFor(n.Pos(), false), p.pkg.FileSet.PositionFor(n.End(), false)
	d := reload.Diagnostic{File: pos.Filename, Line: pos.Line, Column: pos.Column, Rule: p.rule.ID, Severity: p.rule.Severity,
		Message: fmt.Sprintf(format, args...), Hint: p.rule.Hint}
	if end.Line == pos.Line {
		d.End = end.Column
	}
	p.found = append(p.found, d)
}

// node is one node of the package's files in the order of [ast.Inspect].
type node struct {
	ast.Node
	depth  int // how many nodes are around it
	parent int // index of the one right around it, -1 for a file
	end    int // index of the first node that is not in it
}

// flatten lists the nodes of the package once, so that every rule can go through them without another recursion.
func flatten(files []reload.File) (nodes []node) {
	size := 0
	for _, f := range files {
		size += len(f.Source)
	}
	nodes = make([]node, 0, size/6)
	var open []int
	for _, f := range files {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if n == nil {
				last := len(open) - 1
				nodes[open[last]].end = len(nodes)
				open = open[:last]
				return true
			}
			switch n.(type) {
			case *ast.Comment, *ast.CommentGroup:
				return false
			}
			parent := -1
			if len(open) > 0 {
				parent = open[len(open)-1]
			}
			nodes = append(nodes, node{n, len(open), parent, 0})
			open = append(open, len(nodes)-1)
			return true
		})
	}
	return nodes
}

// walk visits every node of the package with the nodes around it, outermost first; visit says whether to go deeper.
// Comments are left out. What is around a node is valid until visit returns.
func (p *pass) walk(visit func(n ast.Node, around []ast.Node) bool) {
	p.list()
	var around []ast.Node
	for i := 0; i < len(p.nodes); {
		n := &p.nodes[i]
		around = around[:n.depth]
		if !visit(n.Node, around) {
			i = n.end
			continue
		}
		around = append(around, n.Node)
		i++
	}
}

// list makes the list of nodes, once.
func (p *pass) list() {
	if p.nodes != nil {
		return
	}
	p.nodes = flatten(p.pkg.Files)
	p.kinds = map[reflect.Type][]int{}
	for i := range p.nodes {
		t := reflect.TypeOf(p.nodes[i].Node)
		p.kinds[t] = append(p.kinds[t], i)
	}
}

// only is walk for the nodes of one type.
func only[T ast.Node](p *pass, visit func(n ast.Node, around []ast.Node) bool) {
	p.list()
	var around []ast.Node
	after := 0 // nodes before this one are in one that was not to be entered
	for _, i := range p.kinds[reflect.TypeFor[T]()] {
		if i < after {
			continue
		}
		n := &p.nodes[i]
		around = slices.Grow(around[:0], n.depth)[:n.depth]
		for up, depth := n.parent, n.depth-1; up >= 0; up, depth = p.nodes[up].parent, depth-1 {
			around[depth] = p.nodes[up].Node
		}
		if !visit(n.Node, around) {
			after = n.end
		}
	}
}

// typeOf returns the type of an expression, or types.Typ[types.Invalid].
func (p *pass) typeOf(e ast.Expr) types.Type {
	if t := p.info.TypeOf(e); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}

// isModuleType says whether a type is declared by the module or one of its libraries.
func (p *pass) isModuleType(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && p.isModuleObject(n.Obj())
}

// isModuleObject says whether an object is declared by the module or one of its libraries.
func (p *pass) isModuleObject(o types.Object) bool {
	if o.Pkg() == nil {
		return false
	}
	path := o.Pkg().Path()
	return path == p.checked.Package.ImportPath ||
		slices.ContainsFunc(p.checked.Libraries, func(l reload.Package) bool { return l.ImportPath == path })
}
