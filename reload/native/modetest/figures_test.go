package modetest_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native/nativetest/world"
)

// hurt is what the module has, compiled into the host.
//
//go:noinline
func hurt(e *world.Entity) int { e.HP--; return e.HP }

// TestNativeCallIsCheap compares a call through the table with one of a compiled function through an atomic pointer.
func TestNativeCallIsCheap(t *testing.T) {
	rt := start(t, func(c *reload.Config) { c.Mode = reload.ModeNative })
	table, err := reload.Bind[pair](rt, "pair")
	require.NoError(t, err)
	_, err = rt.Apply(t.Context(), files(1), reload.Change{})
	require.NoError(t, err)
	require.Equal(t, reload.ModeNative, table.Version().Mode())

	var plain atomic.Pointer[pair]
	plain.Store(&pair{Hurt: hurt})
	e := &world.Entity{}
	native := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			table.Load().Hurt(e)
		}
	}
	compiled := func(b *testing.B) {
		for b.Loop() {
			plain.Load().Hurt(e)
		}
	}
	var ratios []float64
	for range 5 {
		c, n := testing.Benchmark(compiled), testing.Benchmark(native)
		assert.Zero(t, n.AllocsPerOp())
		ratios = append(ratios, float64(n.T.Nanoseconds())/float64(n.N)/(float64(c.T.Nanoseconds())/float64(c.N)))
	}
	best := ratios[0]
	for _, r := range ratios {
		best = min(best, r)
	}
	t.Logf("native call through the table against a compiled one: %.2f times at best, all: %.2f", best, ratios)
	if !raceEnabled {
		assert.LessOrEqual(t, best, 1.8)
	}
}
