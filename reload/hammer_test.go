package reload_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// hammered has three ways to ask which version runs; in one visit they must agree, across two modules and a library.
type hammered struct {
	First, Second func() int
	Stamp         int
	H             map[string]func() int `midair:"prefix=On"`
}

func hammerFiles(i int) tree {
	module := func(name string) string {
		return fmt.Sprintf(`package %s

import "x/scripts/lib"

const Stamp = %d

func First() int  { return %d }
func Second() int { return lib.Stamp() }
func OnThird() int { return Stamp }
`, name, i, i)
	}
	return tree{
		"a/a.go":     module("a"),
		"b/b.go":     module("b"),
		"lib/lib.go": fmt.Sprintf("package lib\n\nfunc Stamp() int { return %d }\n", i),
	}
}

func (h *hammered) read() (int, error) {
	stamp := h.Stamp
	for _, n := range []int{h.First(), h.Second(), h.H["Third"]()} {
		if n != stamp {
			return stamp, fmt.Errorf("torn: %d and %d in one version", stamp, n)
		}
	}
	return stamp, nil
}

// Eight callers and 1,000 reloads: every result belongs wholly to one version, time goes only forward, no call is lost.
func TestHammer(t *testing.T) {
	reloads := 1000
	if testing.Short() {
		reloads = 100
	}
	for _, policy := range []reload.CommitPolicy{reload.Ready, reload.SafePoint} {
		t.Run([]string{"ready", "safe point"}[policy], func(t *testing.T) {
			rt := newRuntime(t, func(c *reload.Config) { c.CommitOn = policy })
			hammer(t, rt, reloads/2)
		})
	}
}

func hammer(t *testing.T, rt *reload.Runtime, reloads int) {
	a, b := bind[hammered](t, rt, "a"), bind[hammered](t, rt, "b")
	apply(t, rt, hammerFiles(0))
	require.NoError(t, rt.Commit())
	var stop atomic.Bool
	var calls, done atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { byDo(t, a, b, &stop, &calls, &done) })
		wg.Go(func() { byDo(t, b, a, &stop, &calls, &done) })
		wg.Go(func() { byView(t, rt, a, b, &stop, &calls, &done) })
		wg.Go(func() { byPin(t, a, &stop, &calls, &done) })
		wg.Go(func() {
			for !stop.Load() {
				rt.Commit()
				rt.Modules()
				pace()
			}
		})
	}
	for i := 1; i <= reloads; i++ {
		files := hammerFiles(i)
		if i%10 == 0 { // now and then one that must not get anywhere
			files["b/b.go"] += "func broken() { return undefined }\n"
			_, err := rt.Apply(context.Background(), files.fs(), reload.Change{})
			assert.Error(t, err)
			continue
		}
		apply(t, rt, files)
	}
	stop.Store(true)
	wg.Wait()
	require.NoError(t, rt.Commit())
	assert.Equal(t, calls.Load(), done.Load(), "calls begun and calls ended")
	assert.Positive(t, done.Load())
	for v := range rt.Generation().Versions() {
		assert.Equal(t, int64(0), v.Stats().Inside)
	}
}

// pace keeps the callers from starving the reloads of the processor: it is the interleaving that is tested.
func pace() { time.Sleep(50 * time.Microsecond) }

func byDo(t *testing.T, a, b *reload.Table[hammered], stop *atomic.Bool, calls, done *atomic.Int64) {
	last := 0
	for !stop.Load() {
		calls.Add(1)
		err := a.Do(context.Background(), func(h *hammered) error {
			stamp, err := h.read()
			if err == nil && stamp < last {
				err = fmt.Errorf("back from %d to %d", last, stamp)
			}
			last = stamp
			return errors.Join(err, b.Do(context.Background(), func(h *hammered) error { _, err := h.read(); return err }))
		})
		done.Add(1)
		assert.NoError(t, err)
		pace()
	}
}

// A view sees both modules of one generation, and they were committed together.
func byView(t *testing.T, rt *reload.Runtime, a, b *reload.Table[hammered], stop *atomic.Bool, calls, done *atomic.Int64) {
	view := rt.View()
	defer view.Close()
	for !stop.Load() {
		view.Refresh()
		calls.Add(1)
		err := a.In(view).Do(context.Background(), func(x *hammered) error {
			return b.In(view).Do(context.Background(), func(y *hammered) error {
				if x.Stamp != y.Stamp {
					return fmt.Errorf("half a commit: %d and %d in one generation", x.Stamp, y.Stamp)
				}
				_, err := x.read()
				_, err2 := y.read()
				return errors.Join(err, err2)
			})
		})
		done.Add(1)
		assert.NoError(t, err)
		pace()
	}
}

func byPin(t *testing.T, a *reload.Table[hammered], stop *atomic.Bool, calls, done *atomic.Int64) {
	for !stop.Load() {
		pin := a.Pin()
		stamp := pin.Load().Stamp
		for range 3 {
			calls.Add(1)
			n, err := pin.Load().read()
			done.Add(1)
			assert.NoError(t, err)
			assert.Equal(t, stamp, n)
			assert.NotEqual(t, reload.Retired, pin.Version().State())
		}
		pin.Close()
		pace()
	}
}
