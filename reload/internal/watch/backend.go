package watch

import "github.com/fsnotify/fsnotify"

// backend is what is needed of a watcher of directories. Both channels are closed by Close, before or after it returns.
type backend interface {
	Add(dir string) error
	Remove(dir string) error
	List() []string
	Events() <-chan fsnotify.Event
	Errors() <-chan error
	Close() error
}

// notifier is fsnotify as a backend.
type notifier struct{ w *fsnotify.Watcher }

func newFSNotify() (backend, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return notifier{w}, nil
}

func (n notifier) Add(dir string) error          { return n.w.Add(dir) }
func (n notifier) Remove(dir string) error       { return n.w.Remove(dir) }
func (n notifier) List() []string                { return n.w.WatchList() }
func (n notifier) Events() <-chan fsnotify.Event { return n.w.Events }
func (n notifier) Errors() <-chan error          { return n.w.Errors }
func (n notifier) Close() error                  { return n.w.Close() }
