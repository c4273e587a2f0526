package watch

import (
	"context"
	"path"
	"path/filepath"
	"slices"

	"github.com/fsnotify/fsnotify"
)

// tree keeps the snapshot and the watches in step. Its errors are those of a backend that cannot go on, or of ctx. Not
// safe for concurrent use.
type tree struct {
	root string
	open func() (backend, error)

	snap  *snapshot
	w     *watches // nil: no watcher
	stale bool     // the watches may be on the wrong directories: restart before the next look
}

// start opens the watcher and takes the first snapshot.
func (t *tree) start(ctx context.Context) error {
	w, err := newWatches(t.open)
	if err != nil {
		return err
	}
	t.w, t.stale = w, false
	s, err := newSnapshot(ctx, t.root, w.add)
	if err != nil {
		return err
	}
	t.snap = s
	return nil
}

// restart begins anew with a new watcher: cheaper, and surer, than to take away watches that are on unknown directories.
func (t *tree) restart(ctx context.Context) error {
	t.stop()
	return t.start(ctx)
}

// stop closes the watcher.
func (t *tree) stop() {
	if t.w != nil {
		t.w.close()
		t.w = nil
	}
}

// rescan looks at everything, says what differs from the last look, and puts the watches right.
func (t *tree) rescan(ctx context.Context) (change, error) {
	enter := func(string) error { return nil }
	if t.w != nil {
		enter = t.w.add
	}
	next, err := newSnapshot(ctx, t.root, enter)
	if err != nil {
		return change{}, err
	}
	c := change{full: true}
	if t.snap != nil {
		c = t.snap.diff(next)
	}
	t.snap = next
	if t.w != nil {
		err = t.w.trim(next.wants)
	}
	return c, err
}

// note looks at the directories of a hint that is about to be given. What changes from now on differs for the rescan.
func (t *tree) note(ctx context.Context, h Hint) error {
	switch {
	case h.Full && t.stale && t.w != nil:
		return t.restart(ctx)
	case h.Full:
		_, err := t.rescan(ctx)
		return err
	}
	for _, name := range h.Dirs {
		t.snap.reprint(name)
	}
	return nil
}

// handle says what an event means, and sets or takes away watches. The path of an event is a watched path, or a name in
// one.
func (t *tree) handle(ctx context.Context, ev fsnotify.Event) (change, error) {
	dir, name := filepath.Dir(ev.Name), filepath.Base(ev.Name)
	var c change
	switch {
	case t.turned(dir, name), t.cutOff(ev):
		t.stale = true
		return change{full: true}, nil
	case gone(ev) && !t.snap.wants(ev.Name):
		t.w.drop(ev.Name) // the watch is gone as well, if there was one
	}
	if t.stale { // a full hint is coming, and all watches are set anew before it
		c.full = len(t.snap.names[dir]) > 0 && !dropping(name)
		return c, nil
	}
	for _, below := range keys(t.snap.stops[dir][name]) {
		c.add(path.Dir(below)) // a link to a file is not below anything
		if err := t.resync(ctx, below, &c); err != nil {
			return c, err
		}
	}
	for _, in := range keys(t.snap.names[dir]) {
		if err := t.handleIn(ctx, in, name, ev, &c); err != nil {
			return c, err
		}
	}
	return c, t.handleSelf(ctx, ev, &c)
}

// turned says that an event on this name may have changed the whole tree.
func (t *tree) turned(dir, name string) bool {
	if _, root := t.snap.stops[dir][name]["."]; root {
		return true
	}
	if _, many := t.snap.crowded[dir]; many {
		return !dropping(name)
	}
	return swapped(name) && (dir == t.snap.parent || len(t.snap.names[dir]) > 0)
}

// cutOff says that the event is the end of the watch on the root, or on a directory on the way to the tree.
func (t *tree) cutOff(ev fsnotify.Event) bool {
	names := t.snap.names[ev.Name]
	_, root := names["."]
	return gone(ev) && (root || len(names) == 0 && t.snap.wants(ev.Name))
}

// handleIn handles an event on a name in the directory called in.
func (t *tree) handleIn(ctx context.Context, in, name string, ev fsnotify.Event, c *change) error {
	child := path.Join(in, name)
	_, known := t.snap.nodes[child]
	switch {
	case known && ev.Op&^fsnotify.Write == fsnotify.Chmod && t.intact(child):
		c.add(child)
	case known && ev.Op != fsnotify.Write, ev.Has(fsnotify.Create) && !hidden(name):
		// It came, went, was renamed, or may be readable now. A watch may have gone with it: set them all anew.
		before := len(c.dirs)
		if err := t.resync(ctx, child, c); err != nil {
			return err
		}
		known = known || len(c.dirs) > before
	}
	if known || !dropping(name) {
		c.add(in)
	}
	return nil
}

// intact says that a directory is watched and holds the directories that it held.
func (t *tree) intact(name string) bool {
	n := t.snap.nodes[name]
	if n.real == "" || !t.w.has(n.real) {
		return false
	}
	subs := list(n.real).subs
	return len(subs) == len(n.subs) && !slices.ContainsFunc(subs, func(e entry) bool {
		return !slices.Contains(n.subs, e.name)
	})
}

// handleSelf handles an event on a watched directory itself: those of the root and of a link's target have no parent
// that is watched.
func (t *tree) handleSelf(ctx context.Context, ev fsnotify.Event, c *change) error {
	for _, name := range keys(t.snap.names[ev.Name]) {
		c.add(name)
		if gone(ev) {
			if err := t.resync(ctx, name, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func gone(ev fsnotify.Event) bool { return ev.Has(fsnotify.Remove) || ev.Has(fsnotify.Rename) }

// resync forgets a directory and all below it, with their watches, and looks again. So it does with the other names of
// these directories, and with the links that lead through them: nobody sees what happens between two watches on one
// directory but who looks after the second was set. All that were there and all that are there are part of the change.
func (t *tree) resync(ctx context.Context, name string, c *change) error {
	again, reals := t.uproot(name, c)
	for _, real := range reals {
		t.w.drop(real)
	}
	for _, name := range again {
		if _, done := t.snap.nodes[name]; done {
			continue // found again on the way to another one
		}
		if err := t.snap.walk(ctx, name); err != nil {
			return err
		}
	}
	for _, real := range reals {
		if !t.snap.wants(real) {
			continue
		}
		if err := t.w.add(real); err != nil { // no directory of the tree any more, but it has a link to one
			return err
		}
	}
	for _, name := range again {
		c.add(t.snap.below(name)...)
	}
	return nil
}

// uproot forgets a directory and all that goes with it. It returns the names to look at again, parents first, and the
// real paths.
func (t *tree) uproot(name string, c *change) (again, reals []string) {
	seen := set{}
	for todo := []string{name}; len(todo) > 0; {
		name, todo = todo[0], todo[1:]
		if _, ok := seen[name]; ok {
			continue
		}
		seen[name] = struct{}{}
		if name == "." { // it leads through a directory of its own: begin anew
			t.stale, c.full = true, true
			continue
		}
		names, dirs := t.snap.forget(name)
		c.add(names...)
		reals = append(reals, dirs...)
		for _, real := range dirs {
			todo = append(todo, keys(t.snap.names[real])...)
			for _, through := range t.snap.stops[real] {
				todo = append(todo, keys(through)...)
			}
		}
	}
	return keys(seen), reals
}

func keys(s set) []string {
	all := make([]string, 0, len(s))
	for k := range s {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
