package watch

import (
	"io/fs"
	"os"
	"sync"
)

// watches is a backend, what was set on it, and the queue of what it reported. Only the queue is safe for concurrent
// use.
type watches struct {
	backend backend
	set     map[string]fs.FileInfo // real path → the directory that was there
	inodes  map[inode]string       // the reverse, on systems that have it
	queue   queue
	pumping sync.WaitGroup
}

func newWatches(open func() (backend, error)) (*watches, error) {
	b, err := open()
	if err != nil {
		return nil, err
	}
	w := &watches{
		backend: b, set: map[string]fs.FileInfo{}, inodes: map[inode]string{},
		queue: queue{wake: make(chan struct{}, 1)},
	}
	w.pumping.Go(func() { w.queue.pump(b) })
	return w, nil
}

// close ends the backend and waits until the queue's goroutine has ended.
func (w *watches) close() {
	_ = w.backend.Close()
	w.pumping.Wait()
}

// add sets a watch, if there is none on the directory that is there now. That it cannot be watched is no error, that
// nothing more can be watched is one.
func (w *watches) add(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		w.drop(dir)
		return nil
	}
	if old, ok := w.set[dir]; ok {
		if os.SameFile(old, info) {
			return nil
		}
		w.drop(dir) // the watch stayed with the directory that was here
	}
	w.claim(dir, info)
	if err := w.backend.Add(dir); err != nil {
		if harmless(err) {
			return nil
		}
		return err
	}
	w.set[dir] = info
	if id, ok := inodeOf(info); ok {
		w.inodes[id] = dir
	}
	return nil
}

// claim takes away the watch that a directory that has moved here has from its old path. inotify has one watch for one
// directory: to add it again under its new path would do nothing, and to drop the old path later would end it.
func (w *watches) claim(dir string, info fs.FileInfo) {
	id, _ := inodeOf(info)
	old, ok := w.inodes[id]
	if !ok || old == dir {
		return
	}
	if there, err := os.Stat(old); err == nil && os.SameFile(there, info) {
		return // a bind mount: it is in both places, and reported as being in the first
	}
	w.drop(old)
}

func (w *watches) has(dir string) bool {
	_, ok := w.set[dir]
	return ok
}

// drop takes a watch away. It may be gone already: the kernel ends it with its directory.
func (w *watches) drop(dir string) {
	if w.has(dir) {
		w.lose(dir)
		_ = w.backend.Remove(dir)
	}
}

// lose forgets a watch that the backend has no longer.
func (w *watches) lose(dir string) {
	if id, ok := inodeOf(w.set[dir]); ok && w.inodes[id] == dir {
		delete(w.inodes, id)
	}
	delete(w.set, dir)
}

// trim leaves only the watches that are wanted, and sets again those that the backend has lost.
func (w *watches) trim(wants func(string) bool) error {
	for dir := range w.set {
		if !wants(dir) {
			w.drop(dir)
		}
	}
	have := set{}
	for _, dir := range w.backend.List() {
		have[dir] = struct{}{}
	}
	for dir := range w.set {
		if _, ok := have[dir]; ok {
			continue
		}
		w.lose(dir)
		if err := w.add(dir); err != nil {
			return err
		}
	}
	return nil
}
