package reload_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// hooked is a module with hooks that note what happens in Trace, and a func that calls it from outside.
const hooked = `package m

import (
	"context"
	"errors"
)

var Trace []string
var ctx context.Context

func F(n int) int { Trace = append(Trace, "call"); return n }
func Seen() []string { return Trace }
func Over() bool { return ctx.Err() != nil }
func Fail() error { return errors.New("no") }

func OnValidate() error { Trace = append(Trace, "validate"); return nil }
func OnStart(c context.Context) error { ctx = c; Trace = append(Trace, "start"); return nil }
func OnStop() { Trace = append(Trace, "stop") }
`

type tracer struct {
	F    func(int) int
	Seen func() []string
	Over func() bool
}

func TestHooksRunInTheirOrder(t *testing.T) {
	rt := newRuntime(t)
	table := bind[tracer](t, rt, "m")
	apply(t, rt, tree{"m/m.go": hooked})
	first := table.Load()
	first.F(1)
	assert.Equal(t, []string{"validate", "start", "call"}, first.Seen())
	assert.False(t, first.Over())
	pin := table.Pin()
	apply(t, rt, tree{"m/m.go": hooked + "\nvar more int\n"})
	assert.Equal(t, []string{"validate", "start"}, table.Load().Seen())
	assert.Equal(t, []string{"validate", "start", "call"}, first.Seen(), "it is still held")
	assert.False(t, first.Over())
	require.NoError(t, pin.Close())
	require.NoError(t, rt.WaitDrained(t.Context(), "m", 1))
	require.Eventually(t, func() bool { return rt.Versions("m")[1].State == reload.Retired }, wait, tick)
	assert.Equal(t, []string{"validate", "start", "call", "stop"}, first.Seen())
	assert.True(t, first.Over())
	second := table.Load()
	require.NoError(t, rt.Close())
	assert.Equal(t, []string{"validate", "start", "stop"}, second.Seen())
}

// TestWhatFailingHooksDo is the table in the package's documentation.
func TestWhatFailingHooksDo(t *testing.T) {
	const good = "package m\n\nfunc F(n int) int { return n }\n"
	for name, c := range map[string]struct{ source, rule, text string }{
		"type":            {"func OnStart() {}", "hook/type", "OnStart does not have the type"},
		"stop with error": {"func OnStop() error { return nil }", "hook/type", "want func()"},
		"validate":        {`func OnValidate() error { return errors.New("not today") }`, "hook/validate", "OnValidate: not today"},
		"validate panics": {`func OnValidate() error { panic("oh") }`, "hook/validate", "panic: oh"},
		"start":           {`func OnStart(_ context.Context) error { return errors.New("no port") }`, "hook/start", "OnStart: no port"},
		"start panics":    {`func OnStart(_ context.Context) error { panic("oh") }`, "hook/start", "panic: oh"},
		"start too long":  {"func OnStart(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }", "hook/start", "did not return within 10ms (Config.StartTimeout)"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := time.Minute
			if name == "start too long" {
				limit = 10 * time.Millisecond
			}
			rt := newRuntime(t, func(c *reload.Config) { c.StartTimeout = limit })
			table := bind[calc](t, rt, "m")
			other := bind[calc](t, rt, "n")
			files := tree{"m/m.go": good, "n/n.go": constant("n", 1)}
			apply(t, rt, files)
			bad := "package m\n\nimport (\n\t\"context\"\n\t\"errors\"\n)\n\nvar _ context.Context\nvar _ = errors.New\n\n" +
				"func F(n int) int { return n + 1 }\n" + c.source + "\n"
			report, err := refuse(t, rt, files.with("m/m.go", bad, "n/n.go", constant("n", 2)))
			require.ErrorContains(t, err, c.text)
			assert.Equal(t, reload.OutcomeRefused, report.Modules[0].Outcome)
			now := state(t, rt, "m")
			assert.Equal(t, reload.StateDegraded, now.State)
			require.NotEmpty(t, now.Diagnostics)
			assert.Equal(t, c.rule, now.Diagnostics[0].Rule)
			assert.NotZero(t, now.Diagnostics[0].Line)
			require.NoError(t, table.Do(t.Context(), func(c *calc) error { assert.Equal(t, 1, c.F(1)); return nil }))
			assert.Equal(t, 1, other.Load().F(0), "all or none")
			apply(t, rt, files.with("n/n.go", constant("n", 3)))
			assert.Equal(t, 3, other.Load().F(0))
			assert.Equal(t, reload.StateLive, state(t, rt, "m").State)
		})
	}
}

// TestTheLastStartUndoesTheFirst has two modules start together, of which the second one does not.
func TestTheLastStartUndoesTheFirst(t *testing.T) {
	rt := newRuntime(t)
	a := bind[tracer](t, rt, "a")
	source := func(pkg string) string { return "package " + pkg + hooked[len("package m"):] }
	files := tree{"a/a.go": source("a"), "b/b.go": source("b")}
	apply(t, rt, files)
	broken := "package b\n\nimport (\n\t\"context\"\n\t\"errors\"\n)\n\nfunc OnStart(_ context.Context) error { return errors.New(\"no\") }\n"
	before := a.Load()
	_, err := refuse(t, rt, files.with("a/a.go", files["a/a.go"]+"\nvar more int\n", "b/b.go", broken))
	require.ErrorContains(t, err, "OnStart: no")
	assert.Same(t, before, a.Load())
	assert.False(t, before.Over(), "the old version goes on")
	assert.Contains(t, state(t, rt, "a").Diagnostics[0].Message, "goes live together with b")
}

func TestStartOneByOneAtBoot(t *testing.T) {
	broken := "package b\n\nimport (\n\t\"context\"\n\t\"errors\"\n)\n\nfunc OnStart(_ context.Context) error { return errors.New(\"no\") }\n"
	files := tree{"a/a.go": constant("a", 1), "b/b.go": broken}
	for _, boot := range []reload.BootPolicy{reload.BootStrict, reload.BootDegraded} {
		rt := newRuntime(t, func(c *reload.Config) { c.Source, c.Boot = reload.FS(files.fs()), boot })
		err := rt.Start(t.Context())
		if boot == reload.BootStrict {
			require.ErrorContains(t, err, "OnStart: no")
			assert.Empty(t, state(t, rt, "a").Backend)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, reload.StateLive, state(t, rt, "a").State)
		assert.Equal(t, reload.StateFailed, state(t, rt, "b").State)
	}
}

// TestTheDoor has visits wait while a version is started, and a commit wait for visits.
func TestTheDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := newRuntime(t, atSafePoint, func(c *reload.Config) { c.StartTimeout = time.Second })
		table := bind[tracer](t, rt, "m")
		slow := hooked + "\nfunc init() {}\n"
		apply(t, rt, tree{"m/m.go": hooked})
		require.NoError(t, rt.Commit())
		apply(t, rt, tree{"m/m.go": slow})

		inside, leave := make(chan bool), make(chan bool)
		var visits sync.WaitGroup
		visits.Go(func() {
			assert.NoError(t, table.Do(context.Background(), func(*tracer) error {
				inside <- true
				<-leave
				return nil
			}))
		})
		<-inside
		start := time.Now()
		err := rt.Commit()
		require.ErrorIs(t, err, reload.ErrBusy)
		require.ErrorContains(t, err, "1 visits of version 1 are inside")
		assert.Equal(t, 20*time.Millisecond, time.Since(start))
		require.NoError(t, table.Do(context.Background(), func(*tracer) error { return nil }), "the door is open again")

		committed := make(chan error, 1)
		go func() { committed <- rt.Commit() }()
		synctest.Wait()
		var later atomic.Int64
		visits.Go(func() {
			assert.NoError(t, table.Do(context.Background(), func(*tracer) error {
				later.Store(int64(table.Version().Number()))
				return nil
			}))
		})
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, table.Do(ctx, func(*tracer) error { return nil }), context.DeadlineExceeded)
		assert.Zero(t, later.Load(), "it waits")
		leave <- true
		require.NoError(t, <-committed)
		visits.Wait()
		assert.EqualValues(t, 2, later.Load())
	})
}

func TestCommitInsideAVisitIsAnError(t *testing.T) {
	rt := newRuntime(t, atSafePoint)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	require.NoError(t, rt.Commit())
	visit := func(*calc) error { return rt.Commit() }
	require.NoError(t, table.Do(t.Context(), visit), "nothing to publish")
	apply(t, rt, tree{"m/m.go": constant("m", 2)})
	require.ErrorContains(t, table.Do(t.Context(), visit), "a commit inside a visit")
	assert.Equal(t, 1, table.Version().Number())
	require.NoError(t, rt.Commit())
	assert.Equal(t, 2, table.Version().Number())
}

func TestBusyCommitsAreTriedAgain(t *testing.T) {
	rt := newRuntime(t)
	table := bind[tracer](t, rt, "m")
	apply(t, rt, tree{"m/m.go": hooked})
	require.NoError(t, table.Do(t.Context(), func(*tracer) error {
		report := apply(t, rt, tree{"m/m.go": hooked + "\nvar more int\n"})
		assert.Equal(t, reload.OutcomeReady, report.Modules[0].Outcome)
		return nil
	}))
	require.Eventually(t, func() bool { return table.Version().Number() == 2 }, wait, tick)
}

func TestStartUnderLoad(t *testing.T) {
	rt := newRuntime(t)
	table := bind[tracer](t, rt, "m")
	apply(t, rt, tree{"m/m.go": hooked})
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for ctx.Err() == nil {
				err := table.Do(context.Background(), func(c *tracer) error {
					if c.Over() {
						return errors.New("its context has ended")
					}
					return nil
				})
				if !assert.NoError(t, err) {
					return
				}
			}
		})
	}
	for i := range 50 {
		apply(t, rt, tree{"m/m.go": hooked + "\n" + map[bool]string{true: "var more int\n"}[i%2 == 0]})
	}
	cancel()
	callers.Wait()
}
