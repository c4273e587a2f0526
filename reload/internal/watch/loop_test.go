package watch

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fake is a backend whose events come from the test.
type fake struct {
	events chan fsnotify.Event
	errs   chan error
	refuse func(dir string) error

	mu     sync.Mutex
	set    map[string]int // how often each was added; 0 after Remove
	adds   int
	closed bool
}

func newFake() *fake {
	return &fake{events: make(chan fsnotify.Event), errs: make(chan error), set: map[string]int{}}
}

// limit has Add fail from now on.
func (f *fake) limit(refuse func(dir string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = refuse
}

func (f *fake) Add(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		if err := f.refuse(dir); err != nil {
			return err
		}
	}
	f.adds++
	f.set[dir]++
	return nil
}

func (f *fake) Remove(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.set[dir] == 0 {
		return fsnotify.ErrNonExistentWatch
	}
	delete(f.set, dir)
	return nil
}

func (f *fake) List() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.set))
}

func (f *fake) Events() <-chan fsnotify.Event { return f.events }
func (f *fake) Errors() <-chan error          { return f.errs }

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.closed = true
		close(f.events)
		close(f.errs)
	}
	return nil
}

// bench is a Run in a bubble: fake time, fake events, real files.
type bench struct {
	t     *testing.T
	dir   string
	apply func(context.Context, Hint) bool // after it was recorded; may be nil
	open  func() (backend, error)

	mu      sync.Mutex // orders what the loop's goroutines write after what the test has read
	fakes   []*fake
	hints   []Hint
	at      []time.Duration // when they came
	notices []Notice
	begin   time.Time
	cancel  context.CancelCauseFunc
	ended   chan error
	ready   bool
}

// inBubble makes modules a and b and runs test.
func inBubble(t *testing.T, test func(b *bench)) {
	t.Helper()
	dir := temp(t)
	module(t, dir, "a")
	module(t, dir, "b")
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, dir: dir, ended: make(chan error, 1)}
		b.open = func() (backend, error) { return b.add(newFake()), nil }
		test(b)
		b.cancel(nil)
		<-b.ended
	})
}

func (b *bench) add(f *fake) *fake {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fakes = append(b.fakes, f)
	return f
}

// fake is the backend that is in use.
func (b *bench) fake() *fake { return b.fakes[len(b.fakes)-1] }

func (b *bench) run(o Options) {
	o.Dir = b.dir
	o.Notice = func(n Notice) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.notices = append(b.notices, n)
	}
	o.Ready = func() { b.ready = true }
	var ctx context.Context
	ctx, b.cancel = context.WithCancelCause(context.Background())
	b.begin = time.Now()
	go func() { b.ended <- run(ctx, o, b.call, func() (backend, error) { return b.open() }) }()
	synctest.Wait()
	require.True(b.t, b.ready)
}

func (b *bench) call(ctx context.Context, h Hint) bool {
	b.mu.Lock()
	b.hints, b.at = append(b.hints, h), append(b.at, time.Since(b.begin))
	b.mu.Unlock()
	return b.apply != nil && b.apply(ctx, h)
}

// send has the watcher report that something happened to a name below the directory.
func (b *bench) send(op fsnotify.Op, name string) {
	b.fake().events <- fsnotify.Event{Name: filepath.Join(b.dir, name), Op: op}
	synctest.Wait()
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	b.mu.Unlock() //lint:ignore SA2001 see mu
	time.Sleep(d)
	synctest.Wait()
}

const ms = time.Millisecond

func TestLoopSettles(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.run(Options{Rescan: -1})
		b.send(fsnotify.Write, "a/a.go")
		b.pass(30 * ms)
		b.send(fsnotify.Write, "a/a.go")
		b.send(fsnotify.Chmod, "b/b.csv")
		b.pass(49 * ms)
		assert.Empty(t, b.hints)
		b.send(fsnotify.Create, "b/4913") // does not make it wait longer
		b.send(fsnotify.Write, "../unrelated")
		b.pass(ms)
		require.Len(t, b.hints, 1)
		assert.Equal(t, Hint{Dirs: []string{"a", "b"}, First: b.begin}, b.hints[0])
		b.pass(time.Hour)
		assert.Len(t, b.hints, 1)
	})
}

func TestLoopCheckout(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.run(Options{})
		file := filepath.Join(b.dir, "a", "a.go")
		require.NoError(t, os.Remove(file))
		b.send(fsnotify.Remove, "a/a.go")
		b.pass(15 * ms)
		write(t, file, "package a\n\nvar x = 1\n")
		b.send(fsnotify.Create, "a/a.go")
		b.send(fsnotify.Write, "a/a.go")
		b.pass(time.Minute)
		assert.Len(t, b.hints, 1)
		assert.Equal(t, []time.Duration{65 * ms}, b.at)
	})
}

func TestLoopChattyWriter(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.run(Options{Rescan: -1})
		for range 99 {
			b.send(fsnotify.Write, "a/a.go")
			b.pass(10 * ms)
		}
		require.Len(t, b.hints, 1)
		assert.Equal(t, []time.Duration{500 * ms}, b.at)
		assert.True(t, b.hints[0].Final)
	})
}

func TestLoopOffersUnsettledAgain(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.apply = func(context.Context, Hint) bool { return true }
		b.run(Options{Settle: 200 * ms})
		b.send(fsnotify.Write, "a/a.go")
		b.pass(time.Minute)
		assert.Equal(t, []time.Duration{200 * ms, 400 * ms, 500 * ms}, b.at)
		require.Len(t, b.hints, 3)
		for i, h := range b.hints {
			assert.Equal(t, Hint{Dirs: []string{"a"}, First: b.begin, Final: i == 2}, h)
		}
	})
}

func TestLoopCollectsWhileApplyRuns(t *testing.T) {
	inBubble(t, func(b *bench) {
		running := 0
		b.apply = func(context.Context, Hint) bool {
			running++
			assert.Equal(t, 1, running)
			time.Sleep(3 * time.Second)
			running--
			return false
		}
		b.run(Options{Rescan: -1})
		b.send(fsnotify.Write, "a/a.go")
		b.pass(time.Second)
		b.send(fsnotify.Write, "b/b.go")
		b.send(fsnotify.Remove, "gone.go")
		b.pass(time.Minute)
		require.Len(t, b.hints, 2)
		assert.Equal(t, []string{".", "b"}, b.hints[1].Dirs)
		assert.Equal(t, []time.Duration{50 * ms, 3050 * ms}, b.at)
		assert.False(t, b.hints[1].Final)
	})
}

func TestLoopOverflow(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.run(Options{})
		b.fake().errs <- fsnotify.ErrEventOverflow
		module(t, b.dir, "c") // its event is lost
		b.pass(50 * ms)
		require.Len(t, b.hints, 1)
		assert.True(t, b.hints[0].Full)
		assert.Nil(t, b.hints[0].Dirs)
		require.Len(t, b.notices, 1)
		assert.Equal(t, Overflow, b.notices[0].Kind)
		require.Len(t, b.fakes, 2)
		assert.True(t, b.fakes[0].closed)
		assert.Contains(t, b.fake().List(), filepath.Join(b.dir, "c"))
		b.send(fsnotify.Write, "c/c.go")
		b.pass(50 * ms)
		require.Len(t, b.hints, 2)
		assert.Equal(t, []string{"c"}, b.hints[1].Dirs)
	})
}

func TestLoopRescan(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.run(Options{})
		write(t, filepath.Join(b.dir, "a", "a.go"), "package a // no event\n")
		module(t, b.dir, "b/new") // none either
		b.pass(4 * time.Second)
		assert.Empty(t, b.hints)
		b.pass(2 * time.Second)
		require.Len(t, b.hints, 1)
		assert.Equal(t, []string{"a", "b", "b/new"}, b.hints[0].Dirs)
		assert.Equal(t, []time.Duration{5050 * ms}, b.at)
		assert.Contains(t, b.fake().List(), filepath.Join(b.dir, "b", "new"))

		write(t, filepath.Join(b.dir, "a", "a.go"), "package a // with an event\n")
		b.send(fsnotify.Write, "a/a.go")
		b.pass(time.Hour)
		assert.Len(t, b.hints, 2, "what was an event is no news for the rescan")

		require.NoError(t, os.RemoveAll(filepath.Join(b.dir, "b")))
		b.pass(time.Minute)
		require.Len(t, b.hints, 3)
		assert.Equal(t, []string{".", "b", "b/new"}, b.hints[2].Dirs)
		assert.NotContains(t, b.fake().List(), filepath.Join(b.dir, "b"))
	})
}

// A watch that the backend has lost without a word is set again.
func TestLoopRescanSetsLostWatches(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.run(Options{})
		a := filepath.Join(b.dir, "a")
		require.NoError(t, b.fake().Remove(a))
		b.pass(time.Minute)
		assert.Contains(t, b.fake().List(), a)
		assert.Empty(t, b.hints)
	})
}

func TestLoopLooksAtNothingElse(t *testing.T) {
	inBubble(t, func(b *bench) {
		for _, name := range []string{"m/1", "m/2", "m/3"} {
			module(t, b.dir, name)
		}
		b.run(Options{Rescan: -1})
		adds := b.fake().adds
		b.send(fsnotify.Write, "m/1/1.go")
		b.send(fsnotify.Create, "m/1/1.go")
		b.send(fsnotify.Chmod, "m")
		b.pass(time.Second)
		assert.Equal(t, adds, b.fake().adds)
		module(t, b.dir, "m/4")
		b.send(fsnotify.Create, "m/4")
		b.pass(time.Second)
		assert.Equal(t, adds+1, b.fake().adds)
		assert.Equal(t, []string{"m", "m/4"}, b.hints[len(b.hints)-1].Dirs)
	})
}

func TestLoopFallsBack(t *testing.T) {
	full := os.NewSyscallError("inotify_add_watch", syscall.ENOSPC)
	for name, c := range map[string]struct {
		prepare func(b *bench) // before Run
		provoke func(b *bench) // after it
		says    string
	}{
		"no watcher": {
			prepare: func(b *bench) { b.open = func() (backend, error) { return nil, syscall.EMFILE } },
			says:    "max_user_instances",
		},
		"limit at the start": {
			prepare: func(b *bench) {
				b.open = func() (backend, error) {
					f := b.add(newFake())
					f.limit(func(dir string) error {
						if filepath.Base(dir) == "b" {
							return full
						}
						return nil
					})
					return f, nil
				}
			},
			says: "max_user_watches",
		},
		"limit later": {
			provoke: func(b *bench) {
				b.fake().limit(func(string) error { return full })
				module(b.t, b.dir, "c")
				b.send(fsnotify.Create, "c")
			},
			says: "max_user_watches",
		},
		"limit at the rescan": {
			provoke: func(b *bench) {
				b.fake().limit(func(string) error { return full })
				module(b.t, b.dir, "c")
				b.pass(5 * time.Second)
			},
			says: "max_user_watches",
		},
		"no second watcher after an overflow": {
			provoke: func(b *bench) {
				b.open = func() (backend, error) { return nil, errors.New("out of order") }
				b.fake().errs <- fsnotify.ErrEventOverflow
				b.pass(50 * ms)
			},
			says: "out of order",
		},
		"error of the watcher": {
			provoke: func(b *bench) { b.fake().errs <- syscall.EBADF },
			says:    syscall.EBADF.Error(),
		},
		"end of the watcher": {
			provoke: func(b *bench) { assert.NoError(b.t, b.fake().Close()) },
			says:    errWatcherGone.Error(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				if c.prepare != nil {
					c.prepare(b)
				}
				b.run(Options{})
				if c.provoke != nil {
					c.provoke(b)
				}
				b.pass(time.Second)
				last := b.notices[len(b.notices)-1]
				assert.Equal(t, Polling, last.Kind)
				assert.Contains(t, last.Text, c.says)
				assert.Contains(t, last.Text, "every 500ms")
				for _, f := range b.fakes {
					assert.True(t, f.closed)
				}
				b.hints = nil
				write(t, filepath.Join(b.dir, "a", "a.go"), "package a // polled\n")
				b.pass(time.Second)
				require.Len(t, b.hints, 1)
				assert.Equal(t, []string{"a"}, b.hints[0].Dirs)
				assert.NotEmpty(t, b.notices)
			})
		})
	}
}

// A directory that came while the limit was reached is in a hint.
func TestLoopLimitLosesNothing(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.run(Options{Rescan: -1})
		b.fake().limit(func(string) error { return syscall.ENOSPC })
		module(t, b.dir, "c/deep")
		b.send(fsnotify.Create, "c")
		b.pass(time.Second)
		require.NotEmpty(t, b.hints)
		assert.Equal(t, []string{".", "c", "c/deep"}, b.hints[0].Dirs)
	})
}

func TestLoopPolls(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.open = func() (backend, error) { require.Fail(t, "no watcher was asked for"); return nil, nil }
		b.run(Options{Poll: time.Second})
		file := filepath.Join(b.dir, "a", "a.go")
		write(t, file, "1")
		b.pass(time.Second)
		assert.Empty(t, b.hints)
		write(t, file, "12") // still being written when the hint is due
		b.pass(50 * ms)
		assert.Empty(t, b.hints)
		b.pass(50 * ms)
		require.Len(t, b.hints, 1)
		assert.Equal(t, []string{"a"}, b.hints[0].Dirs)
		for i := range 40 { // never quiet: not put off for ever
			write(t, file, "123"[:i%3])
			b.pass(50 * ms)
		}
		assert.NotEmpty(t, b.hints[1:])
		assert.Empty(t, b.notices)
	})
}

func TestLoopFindsAbsentRoot(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.dir = filepath.Join(b.dir, "not", "yet")
		b.run(Options{Rescan: -1})
		module(t, b.dir, "a") // no event
		b.pass(time.Second)
		require.Len(t, b.hints, 1)
		assert.True(t, b.hints[0].Full)
		b.send(fsnotify.Write, "a/a.go")
		b.pass(time.Second)
		assert.Len(t, b.hints, 2)
	})
}

func TestRunWaitsForApply(t *testing.T) {
	inBubble(t, func(b *bench) {
		finished := false // read after Run has returned
		b.apply = func(ctx context.Context, _ Hint) bool {
			<-ctx.Done()
			time.Sleep(time.Second)
			finished = true
			return true
		}
		b.run(Options{})
		b.send(fsnotify.Write, "a/a.go")
		b.pass(time.Second)
		require.Len(t, b.hints, 1)
		enough := errors.New("enough")
		b.cancel(enough)
		assert.Equal(t, enough, <-b.ended)
		assert.True(t, finished)
		assert.True(t, b.fake().closed)
		b.ended <- nil
	})
}

func TestRunEndedBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	o := Options{Dir: t.TempDir(), Ready: func() { assert.Fail(t, "not ready") }}
	apply := func(context.Context, Hint) bool { return false }
	assert.ErrorIs(t, Run(ctx, o, apply), context.Canceled)
	o.Poll = time.Second
	assert.ErrorIs(t, Run(ctx, o, apply), context.Canceled)
}

func TestRunRefuses(t *testing.T) {
	apply := func(context.Context, Hint) bool { return false }
	assert.ErrorContains(t, Run(t.Context(), Options{}, apply), "Dir is empty")
	assert.ErrorContains(t, Run(t.Context(), Options{Dir: "."}, nil), "apply is nil")
}
