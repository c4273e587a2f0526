package modetest_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp"
	"midair/reload"
	"midair/reload/native"
)

// TestPluginsAreLimited reaches the limit: new content is refused, loaded content serves again.
func TestPluginsAreLimited(t *testing.T) {
	var log bytes.Buffer
	now := native.Loaded()
	rt := start(t, func(c *reload.Config) {
		c.Mode = reload.ModeNative
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Backends = []reload.Backend{interp.New(interp.Config{}), native.New(native.Config{Dir: cache, WarnAt: now + 1, Limit: now + 2})}
	})
	for edition := 101; edition < 103; edition++ {
		_, err := rt.Apply(t.Context(), files(edition), reload.Change{})
		require.NoError(t, err)
	}
	assert.Contains(t, log.String(), "many plugins are loaded")
	_, err := rt.Apply(t.Context(), files(103), reload.Change{})
	require.ErrorContains(t, err, "as many as the host allows")
	var e *reload.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, native.RuleLimit, e.Diagnostics[0].Rule)
	assert.Contains(t, e.Diagnostics[0].Hint, "restart the host")
	_, err = rt.Apply(t.Context(), files(101), reload.Change{})
	require.NoError(t, err, "it is loaded already")

	direct, plain := native.Builds()
	_, err = rt.Apply(t.Context(), files(104), reload.Change{})
	require.ErrorContains(t, err, "as many as the host allows")
	d, p := native.Builds()
	assert.Equal(t, direct+plain, d+p, "nothing is built that cannot be opened")

	u := native.CurrentUsage()
	assert.Equal(t, now+2, u.Plugins)
	last := u.List[len(u.List)-1]
	assert.Equal(t, "pair", last.Module)
	assert.Positive(t, last.Mapped)
	assert.Positive(t, u.Resident)
	assert.GreaterOrEqual(t, u.Serving, 1)
	t.Logf("%d plugins: %d MB mapped, %d MB resident", u.Plugins, u.Mapped>>20, u.Resident>>20)
}
