package watch

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// maxNames is by how many names a real directory is walked. Links can give one directory more names than can be counted;
// an event in a directory of more names makes a full hint.
const maxNames = 16

// node is a directory below the root by one of its names, or a link that leads nowhere (real is "").
type node struct {
	real  string
	print print
	subs  []string // names of the nodes below it
}

// snapshot is what the tree looked like: directories by name and by real path, and the places of the links that lead to
// them. Not safe for concurrent use.
type snapshot struct {
	root   string // absolute
	parent string // real path of the root's parent; "" when that is missing
	enter  func(real string) error

	nodes   map[string]*node          // by slash path relative to the root, "." is the root
	names   map[string]set            // real path → its names in nodes
	via     map[string][]place        // name → places it depends on
	stops   map[string]map[string]set // the reverse: directory of the place → its name → what depends on it
	crowded set                       // real paths of more than maxNames names
}

type set map[string]struct{}

// newSnapshot walks the whole tree. enter is called with every directory before it is looked at; an error of it ends
// the walk.
func newSnapshot(ctx context.Context, root string, enter func(string) error) (*snapshot, error) {
	s := &snapshot{
		root: root, enter: enter,
		nodes: map[string]*node{}, names: map[string]set{},
		via: map[string][]place{}, stops: map[string]map[string]set{}, crowded: set{},
	}
	return s, s.walk(ctx, ".")
}

// present says that the root is a directory.
func (s *snapshot) present() bool { n := s.nodes["."]; return n != nil && n.real != "" }

// walk adds the directory of this name, if there is one, and all directories below it. Its parent is in the snapshot, it
// is not.
func (s *snapshot) walk(ctx context.Context, name string) error {
	if name == "." {
		real, err := s.findRoot()
		if err != nil {
			return err
		}
		return s.add(ctx, name, real)
	}
	dir, base := path.Split(name)
	dir = path.Clean(dir)
	n := s.nodes[dir]
	if n == nil || n.real == "" || hidden(base) {
		return nil
	}
	info, err := os.Lstat(filepath.Join(n.real, base))
	if err != nil {
		return nil
	}
	if sub, ok := listSub(n.real, fs.FileInfoToDirEntry(info)); ok {
		return s.addSub(ctx, dir, n, sub)
	}
	return nil
}

// findRoot finds the root. The place of its own name counts even if no link is there.
func (s *snapshot) findRoot() (string, error) {
	s.parent = ""
	up := filepath.Dir(s.root)
	if up == s.root {
		return s.root, nil
	}
	parent, err := s.follow(".", "", split(up))
	if parent == "" || err != nil {
		return "", err
	}
	if err := s.enter(parent); err != nil {
		return "", err
	}
	s.parent = parent
	base := filepath.Base(s.root)
	s.depend(".", place{parent, base})
	return s.follow(".", parent, []string{base})
}

// follow resolves names below dir (below the file system's root if dir is "") for the directory called name.
func (s *snapshot) follow(name, dir string, names []string) (string, error) {
	var failed error
	r := resolver{enter: func(real string) error { failed = s.enter(real); return failed }}
	if dir == "" {
		dir = filepath.VolumeName(s.root) + string(filepath.Separator)
	}
	real, err := r.walk(dir, names)
	s.depend(name, r.via...)
	if failed != nil {
		return "", failed
	}
	if err != nil {
		return "", nil
	}
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return "", nil
	}
	return real, nil
}

func (s *snapshot) depend(name string, on ...place) {
	s.via[name] = append(s.via[name], on...)
	for _, p := range on {
		if s.stops[p.dir] == nil {
			s.stops[p.dir] = map[string]set{}
		}
		insert(s.stops[p.dir], p.name, name)
	}
}

// add adds a directory and what is below it.
func (s *snapshot) add(ctx context.Context, name, real string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if real == "" {
		s.nodes[name] = &node{}
		return nil
	}
	if err := s.enter(real); err != nil { // before looking, so that nothing is missed in between
		return err
	}
	l := list(real)
	n := &node{real: real, print: l.print}
	s.nodes[name] = n
	insert(s.names, real, name)
	for _, sub := range l.subs {
		if err := s.addSub(ctx, name, n, sub); err != nil {
			return err
		}
	}
	return nil
}

// addSub adds a directory below n, called name. What leads round in circles is added as if it led nowhere.
func (s *snapshot) addSub(ctx context.Context, name string, n *node, sub entry) error {
	child, real := path.Join(name, sub.name), filepath.Join(n.real, sub.name)
	if sub.link {
		var err error
		if real, err = s.follow(child, n.real, []string{sub.name}); err != nil {
			return err
		}
		if s.circular(name, real) {
			real = ""
		}
	}
	if len(s.names[real]) >= maxNames {
		s.crowded[real] = struct{}{}
		real = ""
	}
	n.subs = append(n.subs, sub.name)
	return s.add(ctx, child, real)
}

// circular says that real, reached by a link in the directory called name, holds a directory on the way to that link.
func (s *snapshot) circular(name, real string) bool {
	if real == "" {
		return false
	}
	for {
		if n := s.nodes[name]; n != nil && holds(real, n.real) {
			return true
		}
		if name == "." {
			return false
		}
		name = path.Dir(name)
	}
}

// forget takes out the directory of this name and all below it. It returns their names and real paths.
func (s *snapshot) forget(name string) (names, reals []string) {
	for _, p := range s.via[name] {
		if stops := s.stops[p.dir]; stops != nil {
			remove(stops, p.name, name)
			if len(stops) == 0 {
				delete(s.stops, p.dir)
			}
		}
	}
	delete(s.via, name)
	n := s.nodes[name]
	if n == nil {
		return nil, nil
	}
	delete(s.nodes, name)
	if up := s.nodes[path.Dir(name)]; up != nil {
		base := path.Base(name)
		up.subs = slices.DeleteFunc(up.subs, func(sub string) bool { return sub == base })
	}
	if n.real != "" {
		remove(s.names, n.real, name)
		names, reals = append(names, name), append(reals, n.real)
	}
	for _, sub := range n.subs {
		a, b := s.forget(path.Join(name, sub))
		names, reals = append(names, a...), append(reals, b...)
	}
	return names, reals
}

// below gives the names of the directory and of all directories below it.
func (s *snapshot) below(name string) []string {
	n := s.nodes[name]
	if n == nil || n.real == "" {
		return nil
	}
	names := []string{name}
	for _, sub := range n.subs {
		names = append(names, s.below(path.Join(name, sub))...)
	}
	return names
}

// wants says that a watch on this real directory is needed.
func (s *snapshot) wants(real string) bool {
	return len(s.names[real]) > 0 || len(s.stops[real]) > 0 || real == s.parent && real != ""
}

// reprint looks at one directory again, for its print alone.
func (s *snapshot) reprint(name string) {
	if n := s.nodes[name]; n != nil && n.real != "" {
		n.print = list(n.real).print
	}
}

// diff says what differs from s in next.
func (s *snapshot) diff(next *snapshot) change {
	a, b := s.nodes["."], next.nodes["."]
	if s.present() != next.present() || s.present() && (a.real != b.real || a.print.swaps != b.print.swaps) {
		return change{full: true}
	}
	var c change
	for name, n := range s.nodes {
		m := next.nodes[name]
		switch {
		case m == nil || m.real != n.real:
			c.add(path.Dir(name))
			c.addNode(name, n)
		case n.print.swaps != m.print.swaps:
			return change{full: true}
		case n.print != m.print:
			c.add(name)
		}
	}
	for name, m := range next.nodes {
		if n := s.nodes[name]; n == nil || m.real != n.real {
			c.add(path.Dir(name))
			c.addNode(name, m)
		}
	}
	c.full = slices.ContainsFunc(c.dirs, next.many)
	return c
}

// many says that a directory has names that are not in the snapshot.
func (s *snapshot) many(name string) bool {
	n := s.nodes[name]
	if n == nil {
		return false
	}
	_, ok := s.crowded[n.real]
	return ok
}

// change is what a look at the tree, or an event, has to say.
type change struct {
	full bool
	dirs []string
}

func (c *change) add(dirs ...string) { c.dirs = append(c.dirs, dirs...) }

func (c *change) addNode(name string, n *node) {
	if n.real != "" {
		c.add(name)
	}
}

func insert[K comparable](m map[K]set, k K, v string) {
	if m[k] == nil {
		m[k] = set{}
	}
	m[k][v] = struct{}{}
}

func remove[K comparable](m map[K]set, k K, v string) {
	delete(m[k], v)
	if len(m[k]) == 0 {
		delete(m, k)
	}
}
