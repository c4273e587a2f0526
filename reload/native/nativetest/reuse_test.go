package nativetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native"
)

// TestReuseWaits: a version that comes while the last one of its content is still held waits for the plugin.
func TestReuseWaits(t *testing.T) {
	s := start(t, func(_ *reload.Config, c *native.Config) { c.ReuseWait = time.Hour })
	table := bind[counter](s, "counter")
	s.apply(counterTree("61"))
	pin := table.Pin()
	s.apply(counterTree("62"))
	loaded := native.Loaded()
	applied := make(chan error)
	go func() {
		_, err := s.Apply(context.Background(), counterTree("61").fs(), reload.Change{})
		applied <- err
	}()
	require.NoError(t, pin.Close()) // whether it waits already or not
	require.NoError(t, <-applied)
	visit(t, table, func(c *counter) { assert.Equal(t, 62, c.Count()) })
	assert.Equal(t, loaded, native.Loaded(), "no twin")

	// It does not wait longer than it is wanted.
	pin = table.Pin()
	defer pin.Close()
	s.apply(counterTree("62"))
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, err := s.Apply(ctx, counterTree("61").fs(), reload.Change{})
		applied <- err
	}()
	cancel()
	require.Error(t, <-applied)
	assert.Equal(t, loaded, native.Loaded(), "no twin")
}

// TestUsage counts twins, and plugins in use.
func TestUsage(t *testing.T) {
	before := native.CurrentUsage()
	s := start(t)
	table := bind[counter](s, "counter")
	s.apply(counterTree("71"))
	pin := table.Pin()
	s.apply(counterTree("72"))
	s.apply(counterTree("71"))
	u := native.CurrentUsage()
	assert.Equal(t, before.Plugins+3, u.Plugins)
	assert.Equal(t, native.Loaded(), u.Plugins)
	assert.Equal(t, before.Twins+1, u.Twins)
	assert.Equal(t, before.Serving+2, u.Serving)
	assert.Greater(t, u.Mapped, before.Mapped+3<<20)
	assert.Greater(t, u.Resident, before.Resident)
	assert.LessOrEqual(t, u.Resident, u.Mapped)
	require.Len(t, u.List, u.Plugins)
	first, second, twin := u.List[len(u.List)-3], u.List[len(u.List)-2], u.List[len(u.List)-1]
	assert.Equal(t, []bool{true, false, true}, []bool{first.InUse, second.InUse, twin.InUse})
	assert.Equal(t, first.Hash, twin.Hash)
	assert.NotEqual(t, first.Hash, second.Hash)
	assert.Equal(t, []int{0, 0, 1}, []int{first.Twin, second.Twin, twin.Twin})
	assert.Equal(t, "counter", twin.Module)
	assert.False(t, twin.Opened.Before(first.Opened))
	require.NoError(t, pin.Close())
	assert.Equal(t, before.Serving+1, native.CurrentUsage().Serving)
	t.Logf("%d plugins: %.1f MB mapped, %.1f MB resident", u.Plugins, float64(u.Mapped)/(1<<20), float64(u.Resident)/(1<<20))
}
