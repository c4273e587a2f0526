package reload_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func TestWaitDrained(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	pin := table.Pin()
	require.ErrorContains(t, rt.WaitDrained(t.Context(), "m", 1), "it serves")
	apply(t, rt, tree{"m/m.go": constant("m", 2)})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	err := rt.WaitDrained(ctx, "m", 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "a pin made at ")
	require.ErrorContains(t, err, "drain_test.go:")
	done := make(chan error, 1)
	go func() { done <- rt.WaitDrained(context.Background(), "m", 1) }()
	require.NoError(t, pin.Close())
	require.NoError(t, <-done)
	require.NoError(t, rt.WaitDrained(t.Context(), "m", 1))
}

func TestReleaseForcesHolders(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	pin, view := table.Pin(), rt.View()
	defer pin.Close()
	defer view.Close()
	assert.Zero(t, rt.Release("m", 1), "it serves")
	apply(t, rt, tree{"m/m.go": constant("m", 2)})
	nothing := func(*calc) error { return nil }
	require.NoError(t, table.In(view).Do(t.Context(), nothing))
	require.NoError(t, pin.Do(t.Context(), func(c *calc) error {
		assert.Equal(t, 2, rt.Release("m", 1))
		assert.Equal(t, reload.Draining, rt.Versions("m")[1].State, "this visit is still inside")
		return nil
	}))
	assert.Equal(t, reload.Retired, rt.Versions("m")[1].State)
	require.ErrorIs(t, pin.Do(t.Context(), nothing), reload.ErrReleased)
	require.ErrorIs(t, table.In(view).Do(t.Context(), nothing), reload.ErrReleased)
	assert.True(t, view.Refresh())
	require.NoError(t, table.In(view).Do(t.Context(), func(c *calc) error {
		assert.Equal(t, 2, c.F(0))
		return nil
	}))
	require.NoError(t, view.Close())
	assert.False(t, view.Refresh())
	require.ErrorIs(t, table.In(view).Do(t.Context(), nothing), reload.ErrClosed)
}

func TestReleasedViewIsClosedForGood(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	view := rt.View()
	apply(t, rt, tree{"m/m.go": constant("m", 2)})
	assert.Equal(t, 1, rt.Release("m", 1))
	require.NoError(t, view.Close())
	assert.False(t, view.Refresh())
}

func TestCancelCommit(t *testing.T) {
	rt := newRuntime(t, atSafePoint)
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	require.NoError(t, rt.Commit())
	assert.Empty(t, rt.CancelCommit())
	report := apply(t, rt, tree{"m/m.go": constant("m", 2), "n/n.go": constant("n", 1)})
	assert.Equal(t, []string{"m", "n"}, rt.CancelCommit())
	require.ErrorIs(t, report.Wait(t.Context()), reload.ErrCancelled)
	require.NoError(t, rt.Commit())
	assert.Equal(t, 1, table.Load().F(0))
	now := state(t, rt, "m")
	assert.Equal(t, reload.StateQuarantined, now.State)
	assert.Contains(t, now.Diagnostics[0].Message, "cancelled")
	assert.Empty(t, apply(t, rt, tree{"m/m.go": constant("m", 2), "n/n.go": constant("n", 1)}).Modules, "not tried again")
	apply(t, rt, tree{"m/m.go": constant("m", 3), "n/n.go": constant("n", 2)})
	require.NoError(t, rt.Commit())
	assert.Equal(t, 3, table.Load().F(0))
}

func TestOldVersionsAreLimited(t *testing.T) {
	rt := newRuntime(t, func(c *reload.Config) { c.MaxDraining = 2 })
	table := bind[calc](t, rt, "m")
	var pins []*reload.Pin[calc]
	for i := range 3 {
		apply(t, rt, tree{"m/m.go": constant("m", i)})
		pins = append(pins, table.Pin())
	}
	_, err := refuse(t, rt, tree{"m/m.go": constant("m", 3)})
	require.ErrorContains(t, err, "2 replaced versions of m are still held")
	require.ErrorContains(t, err, "the oldest is version 1, held by a pin made at ")
	for _, p := range pins {
		require.NoError(t, p.Close())
	}
	apply(t, rt, tree{"m/m.go": constant("m", 3)})
	assert.Equal(t, 3, table.Load().F(0))
}
