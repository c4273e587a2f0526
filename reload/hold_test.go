package reload_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func TestViewsAdoptAtTheirOwnSafePoint(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	one, two := rt.View(), rt.View()
	apply(t, rt, tree{"m/m.go": calcSource(3)})
	assert.Equal(t, 2, table.In(one).Load().F(1))
	assert.True(t, one.Refresh())
	assert.False(t, one.Refresh())
	assert.Equal(t, 3, table.In(one).Load().F(1))
	assert.Equal(t, 2, table.In(two).Load().F(1))
	require.NoError(t, table.In(two).Do(context.Background(), func(c *calc) error {
		assert.Equal(t, 2, c.F(1))
		return nil
	}))
	old := two.Generation().Version("m")
	assert.Equal(t, reload.Draining, old.State())
	require.NoError(t, two.Close())
	require.NoError(t, two.Close())
	assert.Equal(t, reload.Retired, old.State())
	require.ErrorIs(t, table.In(two).Do(context.Background(), func(*calc) error { return nil }), reload.ErrClosed)
	require.NoError(t, one.Close())
	assert.Equal(t, reload.Live, table.Version().State())
}

func TestRefreshDoesNotPublish(t *testing.T) {
	rt := newRuntime(t, atSafePoint)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	view := rt.View()
	defer view.Close()
	assert.False(t, view.Refresh())
	require.ErrorIs(t, table.In(view).Do(context.Background(), func(*calc) error { return nil }), reload.ErrNotLoaded)
	require.NoError(t, rt.Commit())
	assert.True(t, view.Refresh())
	assert.Equal(t, 2, table.In(view).Load().F(1))
}

// A contract bound while a view holds an older generation is filled from that generation's version.
func TestViewOlderThanTheContract(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	view := rt.View()
	defer view.Close()
	apply(t, rt, tree{"m/m.go": calcSource(3)})
	table := bind[calc](t, rt, "m")
	assert.Equal(t, 3, table.Load().F(1))
	assert.Equal(t, 2, table.In(view).Load().F(1))
	require.NoError(t, table.In(view).Do(context.Background(), func(c *calc) error {
		assert.Equal(t, 2, c.F(1))
		return nil
	}))
	none := bind[calc](t, rt, "other")
	require.ErrorIs(t, none.In(view).Do(context.Background(), func(*calc) error { return nil }), reload.ErrNotLoaded)
}

func TestPin(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	empty := table.Pin()
	assert.Nil(t, empty.Version())
	assert.Panics(t, func() { empty.Load().F(1) })
	require.NoError(t, empty.Close())
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	pin := table.Pin()
	apply(t, rt, tree{"m/m.go": calcSource(3)})
	assert.Equal(t, 2, pin.Load().F(1))
	assert.Equal(t, reload.Draining, pin.Version().State())
	require.NoError(t, pin.Do(context.Background(), func(c *calc) error {
		assert.Equal(t, 2, c.F(1))
		return nil
	}))
	require.NoError(t, pin.Close())
	require.NoError(t, pin.Close())
	assert.Equal(t, reload.Retired, pin.Version().State())
	require.ErrorIs(t, pin.Do(context.Background(), func(*calc) error { return nil }), reload.ErrClosed)
	assert.Equal(t, reload.Live, table.Version().State())
}

func TestDrainWaitsForTheVisit(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	old := table.Version()
	require.NoError(t, table.Do(context.Background(), func(c *calc) error {
		apply(t, rt, tree{"m/m.go": calcSource(3)})
		assert.Equal(t, reload.Draining, old.State())
		assert.Equal(t, int64(1), old.Stats().Inside)
		assert.Equal(t, 2, c.F(1))
		assert.Equal(t, 3, table.Load().F(1))
		return nil
	}))
	assert.Equal(t, reload.Retired, old.State())
}

// A visit that leaves its goroutine lets go of its version all the same.
func TestGoexitInAVisit(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	done := make(chan struct{})
	go func() {
		defer close(done)
		table.Do(context.Background(), func(*calc) error { runtime.Goexit(); return nil })
	}()
	<-done
	assert.Equal(t, int64(0), table.Version().Stats().Inside)
}

func TestUnclosedHoldersAreReleasedAndReported(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	old := table.Version()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	events := rt.Events(ctx)
	func() {
		table.Pin()
		rt.View()
	}()
	apply(t, rt, tree{"m/m.go": calcSource(3)})
	assert.Equal(t, reload.Draining, old.State())
	go func() {
		for ctx.Err() == nil {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	}()
	var leaks []string
	for e := range events {
		if e.Kind == reload.EventLeak {
			leaks = append(leaks, e.Message)
		}
		if e.Kind == reload.EventRetired {
			break
		}
	}
	require.Len(t, leaks, 2)
	all := strings.Join(leaks, "\n")
	assert.Contains(t, all, "a View of generation 1 made at ")
	assert.Contains(t, all, "a Pin of m v1")
	assert.Equal(t, 2, strings.Count(all, "reload/hold_test.go:"))
	assert.Equal(t, reload.Retired, old.State())
}
