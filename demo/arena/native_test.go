package arena

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/demo/gamesym"
	"midair/interp"
	"midair/reload"
	"midair/reload/native"
)

// nativeRoom is a room whose modules all run natively. It ticks when the test says so.
func nativeRoom(t *testing.T, seed uint64) *Room {
	t.Helper()
	if testing.Short() {
		t.Skip("builds plugins")
	}
	backend := native.New(native.Config{Dir: t.TempDir()})
	if err := backend.Available("../.."); err != nil {
		t.Skip("native mode is off: ", err)
	}
	rt, err := reload.New(reload.Config{Source: reload.Dir(scriptsDir), ImportPath: "midair/scripts", Symbols: gamesym.Symbols,
		Backends: []reload.Backend{interp.New(interp.Config{}), backend}, Mode: reload.ModeNative})
	require.NoError(t, err)
	t.Cleanup(func() { rt.Close() })
	tab, err := bind(rt)
	require.NoError(t, err)
	require.NoError(t, rt.Start(context.Background()))
	for v := range rt.Generation().Versions() {
		require.Equal(t, reload.ModeNative, v.Mode(), v.Module())
	}
	r := newRoom("test", seed, tab, rt.View(), slog.New(slog.DiscardHandler), nil)
	r.ctx = t.Context()
	t.Cleanup(func() { r.view.Close() })
	return r
}

// linkedRoom is a world that does what a room's tick does, with the modules linked in.
type linkedRoom struct {
	world *World
	mind  mind
	clock *clock
}

func newLinkedRoom(seed uint64) *linkedRoom {
	w := NewWorld("test", seed)
	w.Tune(settings())
	return &linkedRoom{w, compiledMind(), newClock()}
}

func (r *linkedRoom) tick() {
	start := time.Now()
	r.world.Step(r.mind)
	r.clock.tick(start, time.Since(start))
}

// A room with native modules goes exactly where a world goes whose modules are linked in, in nearly the same time.
func TestNativeTick(t *testing.T) {
	const bar = 1.25
	room, linked := nativeRoom(t, 7), newLinkedRoom(7)
	times(room.tick, 120)
	times(linked.tick, 120)
	best := compare(t, room, linked)
	for range 2 { // a busy machine may spoil one attempt
		if best > bar && !raceEnabled {
			best = min(best, compare(t, room, linked))
		}
	}
	room.publish()
	assert.Zero(t, room.Status().Errors)
	if !raceEnabled {
		assert.LessOrEqual(t, best, bar)
	}
}

// compare returns how many times as long a tick takes with native modules: the median of interleaved pairs.
func compare(t *testing.T, room *Room, linked *linkedRoom) float64 {
	t.Helper()
	pairs, ticks := 15, 240
	if raceEnabled {
		pairs = 1 // nothing is measured then
	}
	var natives, statics, ratios []float64
	for pair := range pairs {
		var n, s time.Duration
		if pair%2 == 0 {
			n, s = times(room.tick, ticks), times(linked.tick, ticks)
		} else {
			s, n = times(linked.tick, ticks), times(room.tick, ticks)
		}
		natives, statics = append(natives, ms(n)/float64(ticks)), append(statics, ms(s)/float64(ticks))
		ratios = append(ratios, float64(n)/float64(s))
		require.Equal(t, linked.world.Hash(), room.world.Hash(), "the worlds are the same, bit by bit")
	}
	slices.Sort(natives)
	slices.Sort(statics)
	slices.Sort(ratios)
	t.Logf("tick with all modules native %.3f ms, linked in %.3f ms: %.2f times (medians of %d interleaved pairs; all: %.2f)",
		natives[pairs/2], statics[pairs/2], ratios[pairs/2], pairs, ratios)
	return ratios[pairs/2]
}

func times(tick func(), n int) time.Duration {
	start := time.Now()
	for range n {
		tick()
	}
	return time.Since(start)
}
