package modetest_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// TestAnAbandonedSwitchPoisonsNothing gives up on a switch while its package initialisation goes on.
func TestAnAbandonedSwitchPoisonsNothing(t *testing.T) {
	rt := start(t, func(c *reload.Config) { c.Mode = reload.ModeInterpreted })
	table, err := reload.Bind[struct{ F func() int }](rt, "slow")
	require.NoError(t, err)
	run(t, rt)
	slow := "package slow\n\nimport \"time\"\n\nvar t = wait()\n\nfunc wait() int { time.Sleep(300 * time.Millisecond); return 7 }\n\nfunc F() int { return t }\n"
	_, err = rt.Apply(t.Context(), fstest.MapFS{"slow/slow.go": {Data: []byte(slow)}}, reload.Change{})
	require.NoError(t, err)
	for _, mode := range []reload.Mode{reload.ModeNative, reload.ModeInterpreted} {
		require.NoError(t, rt.SetMode(t.Context(), "slow", mode))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, rt.SetMode(ctx, "slow", reload.ModeNative), context.DeadlineExceeded)
	require.NoError(t, rt.SetMode(t.Context(), "slow", reload.ModeAuto))
	require.Eventually(t, func() bool {
		m, _ := rt.Module("slow")
		require.Empty(t, m.NotNative)
		return m.Backend == reload.ModeNative
	}, 20*time.Second, 5*time.Millisecond)
	assert.Equal(t, 7, table.Load().F())
}
