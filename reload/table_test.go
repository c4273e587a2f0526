package reload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

type calc struct {
	F func(int) int
}

func calcSource(factor int) string {
	return fmt.Sprintf("package m\n\nfunc F(n int) int { return n * %d }\n", factor)
}

func TestNothingLive(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	visited := false
	err := table.Do(context.Background(), func(*calc) error { visited = true; return nil })
	require.ErrorIs(t, err, reload.ErrNotLoaded)
	assert.False(t, visited)
	require.Nil(t, table.Version())
	defer func() {
		e, ok := recover().(*reload.Error)
		require.True(t, ok, "the panic is a *reload.Error")
		assert.Equal(t, "m", e.Module)
	}()
	table.Load().F(1)
}

func TestUnavailableSaysWhy(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	refuse(t, rt, tree{"m/m.go": "package m\nfunc F(n int) int { return undefinedThing }\n"})
	err := table.Do(context.Background(), func(*calc) error { return nil })
	assert.ErrorContains(t, err, "m/m.go:2:")
	assert.ErrorContains(t, err, "undefinedThing")
}

func TestBindBeforeAfterTwice(t *testing.T) {
	rt := newRuntime(t)
	before := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	again := bind[calc](t, rt, "m")
	type other struct {
		G func(int) int `midair:"F"`
	}
	after := bind[other](t, rt, "m")
	assert.Equal(t, 6, before.Load().F(3))
	assert.Equal(t, 6, again.Load().F(3))
	assert.Equal(t, 6, after.Load().G(3))
	apply(t, rt, tree{"m/m.go": calcSource(5)})
	assert.Equal(t, []int{15, 15, 15}, []int{before.Load().F(3), again.Load().F(3), after.Load().G(3)})
}

// A contract that the live version does not fulfil is the module's error, not the binding's.
func TestBindLateMismatch(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	type more struct{ F, G func(int) int }
	table := bind[more](t, rt, "m")
	err := table.Do(context.Background(), func(*more) error { return nil })
	require.ErrorContains(t, err, "function G is missing")
	assert.Equal(t, reload.StateDegraded, state(t, rt, "m").State)
	apply(t, rt, tree{"m/m.go": calcSource(2) + "func G(n int) int { return -n }\n"})
	assert.Equal(t, -3, table.Load().G(3))
	assert.Equal(t, reload.StateLive, state(t, rt, "m").State)
}

func TestTwoRuntimes(t *testing.T) {
	a, b := newRuntime(t), newRuntime(t)
	ta, tb := bind[calc](t, a, "m"), bind[calc](t, b, "m")
	apply(t, a, tree{"m/m.go": calcSource(2)})
	apply(t, b, tree{"m/m.go": calcSource(3)})
	assert.Equal(t, 2, ta.Load().F(1))
	assert.Equal(t, 3, tb.Load().F(1))
	assert.Equal(t, uint64(1), a.Generation().Number())
}

func TestPanicIsContained(t *testing.T) {
	var log bytes.Buffer
	rt := newRuntime(t, func(c *reload.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	type contract struct {
		Index, Explicit, Recovered func(int) int
		Typed                      func() error
	}
	table := bind[contract](t, rt, "m")
	apply(t, rt, tree{"m/m.go": `package m

import "errors"

func Index(n int) int {
	var a []int
	return pick(a, n)
}

func pick(a []int, n int) int {
	return a[n]
}

var ErrBad = errors.New("bad")

func Explicit(n int) int { panic(ErrBad) }

func Recovered(n int) int {
	quiet(n)
	panic("later")
}

func quiet(n int) {
	defer func() { recover() }()
	pick(nil, n)
}

func Typed() error { return ErrBad }
`})
	do := func(f func(*contract)) *reload.PanicError {
		t.Helper()
		err := table.Do(context.Background(), func(c *contract) error { f(c); return nil })
		var e *reload.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, "m", e.Module)
		assert.Equal(t, 1, e.Version)
		assert.Equal(t, uint64(1), e.Generation)
		var p *reload.PanicError
		require.ErrorAs(t, err, &p)
		return p
	}
	p := do(func(c *contract) { c.Index(3) })
	require.Len(t, p.Stack, 2)
	assert.Equal(t, "m.pick at m/m.go:11", p.Stack[0].String(), "the function that panicked")
	assert.Equal(t, "m.Index", p.Stack[1].Function)

	err := table.Do(context.Background(), func(c *contract) error { c.Explicit(1); return nil })
	assert.ErrorContains(t, err, "bad (m.Explicit at m/m.go:16)")

	p = do(func(c *contract) { c.Recovered(3) })
	assert.Equal(t, "later", p.Value)
	require.Len(t, p.Stack, 1, "what was recovered before is no part of it: %v", p.Stack)
	assert.Equal(t, "m.Recovered", p.Stack[0].Function)

	p = do(func(*contract) { panic(errors.New("the host's own")) })
	assert.Empty(t, p.Stack)

	stats := table.Version().Stats()
	assert.Equal(t, int64(4), stats.Visits)
	assert.Equal(t, int64(4), stats.Panics)
	assert.Equal(t, int64(0), stats.Inside)
	assert.Contains(t, log.String(), "m/m.go:11")
	assert.Equal(t, reload.StateLive, state(t, rt, "m").State, "a panic is the visit's, the version serves on")
}

func TestDoReturnsTheVisitsError(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	mine := errors.New("mine")
	assert.Equal(t, mine, table.Do(context.Background(), func(*calc) error { return mine }))
	assert.Equal(t, int64(1), table.Version().Stats().Errors)
}

func TestDoSetsLabels(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	profile := func() string {
		var b bytes.Buffer
		require.NoError(t, pprof.Lookup("goroutine").WriteTo(&b, 1))
		return b.String()
	}
	ctx := pprof.WithLabels(context.Background(), pprof.Labels("room", "seven"))
	pprof.SetGoroutineLabels(ctx)
	defer pprof.SetGoroutineLabels(context.Background())
	require.NoError(t, table.Do(ctx, func(*calc) error {
		p := profile()
		for _, want := range []string{`"module":"m"`, `"version":"1"`, `"generation":"1"`, `"mode":"interpreted"`, `"room":"seven"`} {
			assert.Contains(t, p, want)
		}
		return nil
	}))
	assert.Contains(t, profile(), `{"room":"seven"}`)
	require.NoError(t, table.Do(context.Background(), func(*calc) error {
		assert.Contains(t, profile(), `"module":"m"`)
		return nil
	}))
	assert.NotContains(t, profile(), `"module"`)
}

func TestFuncRunsWhatIsLive(t *testing.T) {
	rt := newRuntime(t)
	type contract struct {
		F func(int) int
		E func(ctx context.Context, s string, more ...int) (int, error)
	}
	table := bind[contract](t, rt, "m")
	f := reload.Func(table, func(c *contract) func(int) int { return c.F })
	e := reload.Func(table, func(c *contract) func(context.Context, string, ...int) (int, error) { return c.E })
	src := func(n string) string {
		return "package m\nimport \"context\"\nfunc F(i int) int { if i < 0 { panic(\"neg\") }; return i + " + n +
			" }\nfunc E(ctx context.Context, s string, more ...int) (int, error) { return len(s) + len(more) + more[0], nil }\n"
	}
	_, err := e(context.Background(), "x", 1)
	require.ErrorIs(t, err, reload.ErrNotLoaded)
	assert.Panics(t, func() { f(1) })
	apply(t, rt, tree{"m/m.go": src("1")})
	assert.Equal(t, 2, f(1))
	apply(t, rt, tree{"m/m.go": src("10")})
	assert.Equal(t, 11, f(1))
	n, err := e(context.Background(), "abc", 5, 6)
	require.NoError(t, err)
	assert.Equal(t, 10, n)
	_, err = e(context.Background(), "abc")
	var p *reload.PanicError
	require.ErrorAs(t, err, &p)
	func() {
		defer func() { assert.ErrorContains(t, recover().(error), "neg") }()
		f(-1)
	}()
	assert.Equal(t, int64(0), table.Version().Stats().Inside)
}

func TestScriptOutputGoesToTheLogger(t *testing.T) {
	var log bytes.Buffer
	rt := newRuntime(t, func(c *reload.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": `package m

import (
	"fmt"
	"log/slog"
)

func F(n int) int {
	fmt.Println("line", n)
	fmt.Printf("half")
	fmt.Print(" and half\n")
	println("builtin")
	slog.Info("structured", "n", n)
	return n
}
`})
	log.Reset()
	table.Load().F(7)
	for _, want := range []string{`msg="line 7"`, `msg="half and half"`, "msg=builtin", "msg=structured", "n=7"} {
		assert.Contains(t, log.String(), want)
	}
	for line := range strings.Lines(log.String()) {
		assert.Contains(t, line, "module=m version=1")
		assert.Contains(t, line, "generation=1")
	}
}

func TestClose(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	require.NoError(t, rt.Close())
	require.NoError(t, rt.Close())
	require.ErrorIs(t, table.Do(context.Background(), func(*calc) error { return nil }), reload.ErrClosed)
	_, err := rt.Apply(context.Background(), tree{"m/m.go": calcSource(3)}.fs(), reload.Change{})
	require.ErrorIs(t, err, reload.ErrClosed)
	require.ErrorIs(t, rt.Start(context.Background()), reload.ErrClosed)
	require.ErrorIs(t, rt.Run(context.Background()), reload.ErrClosed)
}

// Two runtimes share nothing that would have to be guarded.
func TestTwoRuntimesAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for r := range 2 {
		rt := newRuntime(t)
		table := bind[full](t, rt, "m")
		wg.Go(func() {
			for i := range 20 {
				_, err := rt.Apply(context.Background(), tree{"m/m.go": fullSource + fmt.Sprintf("\nconst N = %d\n", i*2+r)}.fs(), reload.Change{})
				assert.NoError(t, err)
				assert.Equal(t, 3, table.Load().Varargs("", 1, 2, 3))
			}
		})
	}
	wg.Wait()
}
