package watch

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience is how long a real file system may take. Nothing waits for it that succeeds.
const patience = 20 * time.Second

// recorder collects what Run says.
type recorder struct {
	dir string

	mu      sync.Mutex
	hints   []Hint
	notices []Notice
	came    chan struct{}
}

// start runs the watcher on dir until the test ends, and returns when it is ready. There is no rescan unless o says so:
// it would hide what the watches miss.
func start(t *testing.T, o Options) *recorder {
	t.Helper()
	if o.Settle == 0 {
		o.Settle, o.MaxSettle = 10*time.Millisecond, 200*time.Millisecond
	}
	if o.Rescan == 0 {
		o.Rescan = -1
	}
	r := &recorder{dir: o.Dir, came: make(chan struct{}, 1)}
	ready := make(chan struct{})
	o.Ready = func() { close(ready) }
	o.Notice = func(n Notice) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.notices = append(r.notices, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o, r.apply) }()
	t.Cleanup(func() {
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
	})
	select {
	case <-ready:
	case <-time.After(patience):
		require.Fail(t, "never ready")
	}
	return r
}

func (r *recorder) apply(_ context.Context, h Hint) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hints = append(r.hints, h)
	select {
	case r.came <- struct{}{}:
	default:
	}
	return false
}

// forget waits until nothing more comes and forgets what came.
func (r *recorder) forget() {
	for {
		r.mu.Lock()
		n := len(r.hints)
		r.hints = nil
		r.mu.Unlock()
		if n == 0 {
			return
		}
		time.Sleep(40 * time.Millisecond)
	}
}

// wait waits until hints since the last forget have told of all dirs, and returns all hints since then.
func (r *recorder) wait(t *testing.T, dirs ...string) []Hint {
	t.Helper()
	deadline := time.After(patience)
	for {
		r.mu.Lock()
		hints := slices.Clone(r.hints)
		r.mu.Unlock()
		if !slices.ContainsFunc(dirs, func(d string) bool { return !tells(hints, d) }) {
			return hints
		}
		select {
		case <-r.came:
		case <-deadline:
			require.Failf(t, "no hint", "want %v, came %+v", dirs, hints)
		}
	}
}

// waitFull waits for a full hint.
func (r *recorder) waitFull(t *testing.T) { t.Helper(); r.wait(t, "full") }

func tells(hints []Hint, dir string) bool {
	return slices.ContainsFunc(hints, func(h Hint) bool {
		return h.Full || slices.Contains(h.Dirs, dir)
	})
}

// edit changes a file below Dir and waits for the hint, which has to be about the file's directory.
func (r *recorder) edit(t *testing.T, file string) {
	t.Helper()
	r.forget()
	write(t, filepath.Join(r.dir, file), "edited "+time.Now().String())
	r.wait(t, filepath.ToSlash(filepath.Dir(file)))
}

func (r *recorder) noticed() []Notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.notices)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

func mkdir(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, os.Rename(from, to))
}

func link(t *testing.T, target, name string) {
	t.Helper()
	require.NoError(t, os.Symlink(target, name))
}

var modules atomic.Int32

// module makes dir/name/name.go. No two are alike, not even in size: times are too coarse to tell what a test makes in
// one go.
func module(t *testing.T, dir, name string) {
	t.Helper()
	mkdir(t, filepath.Join(dir, name))
	text := "package " + filepath.Base(name) + "\n\n//" + strings.Repeat("-", int(modules.Add(1))%4096) + "\n"
	write(t, filepath.Join(dir, name, filepath.Base(name)+".go"), text)
}

// temp is a temporary directory by its real path.
func temp(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	return dir
}

func chtimes(t *testing.T, file string, at time.Time) {
	t.Helper()
	require.NoError(t, os.Chtimes(file, at, at))
}

func chmod(t *testing.T, file string, mode fs.FileMode) {
	t.Helper()
	require.NoError(t, os.Chmod(file, mode))
}

func removeAll(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.RemoveAll(path))
}
