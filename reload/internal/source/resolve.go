package source

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// World is what imports are resolved against.
type World struct {
	ImportPath string                 // import path of the module directory
	Bound      func(name string) bool // whether the host binds a contract to the module
	Available  func(path string) bool // whether the host gives the package to modules
	Library    func(dir string) bool  // whether the package has served as a library before
}

// Module is a package that the host may call, with everything of the module directory that it is made of.
type Module struct {
	Name      string
	Package   *Package
	Libraries []*Package // all, directly imported or not, each after those it imports
	Hash      Hash       // of the package and its libraries
	Problems  []Problem  // its own, its libraries' and those of their imports
}

// ImportPathOf returns the import path of a directory.
func (w *World) ImportPathOf(dir string) string { return path.Join(w.ImportPath, dir) }

// DirOf returns the directory of an import path below the module directory.
func (w *World) DirOf(importPath string) (dir string, ok bool) {
	if w.ImportPath == "" {
		return importPath, !w.Available(importPath)
	}
	return strings.CutPrefix(importPath, w.ImportPath+"/")
}

// Resolution is what a tree resolves to.
type Resolution struct {
	Modules map[string]*Module

	tree *identity
}

// Resolve finds the modules of a tree: every package that nothing imports, and every package that the host binds.
// The others are libraries. What has served as a library stays one, so that an edit which drops its last import, by a typo
// perhaps, does not turn it into a module. before is an earlier result, or empty: what did not change keeps its identity,
// and when the tree was updated from that result's tree, only what changed is looked at.
func (t *Tree) Resolve(w *World, before Resolution) Resolution {
	if t.sameShape(w, before) {
		return t.patch(w, before)
	}
	imported := t.imported(w)
	modules := make(map[string]*Module, len(t.Packages))
	reached := make(map[string]bool, len(t.Packages))
	add := func(dir string) {
		m := t.module(w, t.Packages[dir], before.Modules[dir])
		modules[dir] = m
		reached[dir] = true
		for _, lib := range m.Libraries {
			reached[lib.Dir] = true
		}
	}
	for dir := range t.Packages {
		if w.Bound(dir) || !imported[dir] && !w.Library(dir) {
			add(dir)
		}
	}
	for _, dir := range t.rootless(w, reached, before.Modules) {
		if !reached[dir] {
			add(dir)
		}
	}
	return Resolution{modules, t.id}
}

// sameShape says whether nothing can have changed but what is in the modules: the packages that differ are modules in
// both trees, and import what they did.
func (t *Tree) sameShape(w *World, before Resolution) bool {
	if t.base == nil || t.base != before.tree {
		return false
	}
	for _, dir := range t.delta {
		old, now := before.Modules[dir], t.Packages[dir]
		if old == nil || now == nil || !slices.EqualFunc(old.Package.Imports, now.Imports, samePath) {
			return false
		}
	}
	return true
}

func samePath(a, b Import) bool { return a.Path == b.Path }

func (t *Tree) patch(w *World, before Resolution) Resolution {
	modules := maps.Clone(before.Modules)
	for _, dir := range t.delta {
		modules[dir] = t.module(w, t.Packages[dir], nil)
	}
	return Resolution{modules, t.id}
}

// rootless returns the packages that only import each other, so that an import cycle is reported and not lost. What
// was a module before comes first and stays one.
func (t *Tree) rootless(w *World, reached map[string]bool, before map[string]*Module) []string {
	var left []string
	for dir := range t.Packages {
		if !reached[dir] && !w.Library(dir) {
			left = append(left, dir)
		}
	}
	slices.SortFunc(left, func(a, b string) int {
		if was, is := before[a] != nil, before[b] != nil; was != is {
			if was {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return left
}

// imported returns the directories that some package imports.
func (t *Tree) imported(w *World) map[string]bool {
	imported := map[string]bool{}
	for _, pkg := range t.Packages {
		for _, imp := range pkg.Imports {
			if dir, ok := w.DirOf(imp.Path); ok && dir != pkg.Dir {
				imported[dir] = true
			}
		}
	}
	return imported
}

// same says whether resolving the module again would give what it is already.
func (t *Tree) same(w *World, m *Module) bool {
	if len(m.Problems) > 0 || t.Packages[m.Name] != m.Package {
		return false
	}
	for _, lib := range m.Libraries {
		if t.Packages[lib.Dir] != lib || w.Bound(lib.Dir) {
			return false
		}
	}
	return true
}

// resolver follows the imports of one module.
type resolver struct {
	tree  *Tree
	world *World
	m     *Module
	done  map[string]bool
	stack []string
}

func (t *Tree) module(w *World, pkg *Package, old *Module) *Module {
	if old != nil && t.same(w, old) {
		return old
	}
	r := resolver{tree: t, world: w, m: &Module{Name: pkg.Dir, Package: pkg}, done: map[string]bool{}}
	r.visit(pkg)
	r.m.Problems = SortProblems(r.m.Problems)
	h := sha256.New()
	h.Write(pkg.Hash[:])
	for _, lib := range slices.SortedFunc(slices.Values(r.m.Libraries), byDir) {
		fmt.Fprintf(h, "%q", lib.Dir)
		h.Write(lib.Hash[:])
	}
	for _, p := range r.m.Problems {
		fmt.Fprintf(h, "%q", p.Message)
	}
	h.Sum(r.m.Hash[:0])
	return r.m
}

func byDir(a, b *Package) int { return strings.Compare(a.Dir, b.Dir) }

func (r *resolver) visit(pkg *Package) {
	r.done[pkg.Dir] = true
	r.stack = append(r.stack, pkg.Dir)
	r.m.Problems = append(r.m.Problems, pkg.Problems...)
	for _, imp := range pkg.Imports {
		r.follow(pkg, imp)
	}
	r.stack = r.stack[:len(r.stack)-1]
	if pkg != r.m.Package {
		r.m.Libraries = append(r.m.Libraries, pkg)
	}
}

func (r *resolver) follow(from *Package, imp Import) {
	dir, local := r.world.DirOf(imp.Path)
	switch {
	case !local && r.world.Available(imp.Path):
	case !local:
		r.problem(imp, "capability/import", fmt.Sprintf("the host gives no package %q to modules", imp.Path),
			r.unavailable(imp.Path))
	case slices.Contains(r.stack, dir):
		cycle := append(slices.Clone(r.stack[slices.Index(r.stack, dir):]), dir)
		r.problem(imp, "import/cycle", "import cycle: "+strings.Join(cycle, " imports "),
			"move what both need to a library of its own")
	case r.world.Bound(dir):
		r.problem(imp, "import/module", fmt.Sprintf("%s is a module that the host binds, not a library", dir),
			"modules meet through what the host passes on; move shared code to a library")
	case r.done[dir]:
	case r.tree.Packages[dir] == nil:
		r.problem(imp, "import/missing", fmt.Sprintf("there is no package %s in the module directory", dir),
			r.nearest(dir))
	default:
		r.visit(r.tree.Packages[dir])
	}
}

// unavailable says what to do about an import that leads nowhere. If a folder of the module directory is what it ends in,
// it is most likely the import path of the module directory that is not what the module thinks.
func (r *resolver) unavailable(importPath string) string {
	for dir := range r.tree.Packages {
		if strings.HasSuffix(importPath, "/"+dir) {
			return fmt.Sprintf("the module directory has a folder %s, but is imported as %s: if it is that one, "+
				"have the host set Config.ImportPath to %s", dir, r.world.ImportPath, strings.TrimSuffix(importPath, "/"+dir))
		}
	}
	return "use another package, or have the host add its symbol table to Config.Symbols (midair symbols makes one)"
}

func (r *resolver) problem(imp Import, rule, message, hint string) {
	r.m.Problems = append(r.m.Problems, Problem{imp.Pos.Filename, imp.Pos.Line, imp.Pos.Column, rule, message, hint})
}

// nearest names the packages that a misspelt import may have meant: those in another folder with the same name, else
// all that there are.
func (r *resolver) nearest(dir string) string {
	var near []string
	for d := range r.tree.Packages {
		if strings.EqualFold(path.Base(d), path.Base(dir)) {
			near = append(near, r.world.ImportPathOf(d))
		}
	}
	if len(near) == 0 {
		return fmt.Sprintf("create the folder %s, or correct the import", dir)
	}
	slices.Sort(near)
	return "did you mean " + strings.Join(near, " or ") + "?"
}
