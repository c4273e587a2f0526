package reload_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func numbers(list []reload.VersionInfo) (out []int) {
	for _, v := range list {
		out = append(out, v.Number)
	}
	return out
}

func TestVersionsTellTheHistory(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	assert.Empty(t, rt.Versions("m"))
	files := tree{"m/m.go": constant("m", 1), "lib/lib.go": "package lib\n"}
	apply(t, rt, files)
	pin := table.Pin()
	view := rt.View()
	_, err := rt.Apply(t.Context(), files.with("m/m.go", constant("m", 2)).fs(), reload.Change{Author: "ann", Revision: "r2"})
	require.NoError(t, err)
	require.NoError(t, table.Do(t.Context(), func(c *calc) error { c.F(1); return nil }))

	list := rt.Versions("m")
	require.Equal(t, []int{2, 1}, numbers(list))
	now, before := list[0], list[1]
	assert.Equal(t, reload.Live, now.State)
	assert.Equal(t, "ann", now.Change.Author)
	assert.Equal(t, reload.EditBody, now.Edit.Class)
	assert.EqualValues(t, 1, now.Stats.Visits)
	assert.True(t, now.Replaced.IsZero())
	assert.Contains(t, now.Diff, "--- a/m/m.go\n+++ b/m/m.go\n")
	assert.Contains(t, now.Diff, "-func F(n int) int { return n + 1 }\n+func F(n int) int { return n + 2 }\n")
	assert.Empty(t, now.Holders)
	assert.Equal(t, reload.Draining, before.State)
	assert.Equal(t, now.Live, before.Replaced)
	assert.Empty(t, before.Diff)
	require.Len(t, before.Holders, 2)
	for _, h := range before.Holders {
		assert.Contains(t, h.Site, "history_test.go:")
		assert.False(t, h.Since.IsZero())
	}
	require.NoError(t, pin.Close())
	require.NoError(t, view.Close())
	assert.Equal(t, reload.Retired, rt.Versions("m")[1].State)
	require.NoError(t, table.Do(t.Context(), func(*calc) error {
		assert.Equal(t, []reload.Holder{{Kind: reload.HolderVisit, Count: 1}}, rt.Versions("m")[0].Holders)
		return nil
	}))
}

func TestHistoryIsBounded(t *testing.T) {
	rt := newRuntime(t, func(c *reload.Config) { c.History = 3 })
	for i := range 6 {
		apply(t, rt, tree{"m/m.go": constant("m", i)})
	}
	assert.Equal(t, []int{6, 5, 4}, numbers(rt.Versions("m")))
	require.ErrorContains(t, rt.Rollback(t.Context(), "m", 2), "version 2 is not known")
}

func TestRollback(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	require.ErrorIs(t, rt.Rollback(t.Context(), "m", 0), reload.ErrNotLoaded)
	files := func(n int) tree { return tree{"m/m.go": constant("m", n), "other/other.go": constant("other", 1)} }
	apply(t, rt, files(1))
	require.ErrorContains(t, rt.Rollback(t.Context(), "m", 0), "no version with another content")
	apply(t, rt, files(2))
	apply(t, rt, files(3))
	require.NoError(t, rt.Rollback(t.Context(), "m", 0))
	assert.Equal(t, 2, table.Load().F(0))
	now := state(t, rt, "m")
	assert.Equal(t, reload.StateQuarantined, now.State)
	assert.Equal(t, 4, now.Version)
	require.Len(t, now.Diagnostics, 1)
	assert.Contains(t, now.Diagnostics[0].Message, "version 4 has the content of version 2")
	assert.Equal(t, "rollback to version 2", rt.Versions("m")[0].Change.Reason)

	report := apply(t, rt, files(3)) // what was taken back is not tried again
	assert.Empty(t, report.Modules)
	apply(t, rt, files(3).with("other/other.go", constant("other", 2))) // nor with another module's edit
	assert.Equal(t, 2, table.Load().F(0))

	require.NoError(t, rt.Rollback(t.Context(), "m", 1))
	assert.Equal(t, 1, table.Load().F(0))
	require.ErrorContains(t, rt.Rollback(t.Context(), "m", 1), "which serves")
	require.NoError(t, rt.Rollback(t.Context(), "m", 3)) // the content of the files again
	assert.Equal(t, reload.StateLive, state(t, rt, "m").State)
	require.NoError(t, rt.Rollback(t.Context(), "m", 1))
	apply(t, rt, files(4).with("other/other.go", constant("other", 2)))
	assert.Equal(t, 4, table.Load().F(0))
	assert.Equal(t, reload.StateLive, state(t, rt, "m").State)
}

func TestRollbackAcrossModesAndSafePoints(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m), atSafePoint)
	table := bind[calc](t, rt, "m")
	for i := range 3 {
		apply(t, rt, tree{"m/m.go": constant("m", i)})
		require.NoError(t, rt.Commit())
	}
	done := make(chan error, 1)
	go func() { done <- rt.SetMode(context.Background(), "m", reload.ModeNative) }()
	require.Eventually(t, func() bool { _ = rt.Commit(); return len(done) == 1 }, wait, tick)
	require.NoError(t, <-done)
	go func() { done <- rt.Rollback(context.Background(), "m", 1) }()
	require.Eventually(t, func() bool { _ = rt.Commit(); return len(done) == 1 }, wait, tick)
	require.NoError(t, <-done)
	assert.Equal(t, 0, table.Load().F(0))
	assert.Equal(t, reload.ModeNative, state(t, rt, "m").Backend, "the mode stays")
}

func TestRollbackThatFailsChangesNothing(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m))
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	apply(t, rt, tree{"m/m.go": constant("m", 2)})
	_, err := reload.Bind[struct{ G func() }](rt, "m") // neither version has it
	require.NoError(t, err)
	before := state(t, rt, "m")
	require.ErrorContains(t, rt.Rollback(t.Context(), "m", 1), "contract/missing")
	after := state(t, rt, "m")
	assert.Equal(t, before.Version, after.Version)
	assert.Equal(t, before.Diagnostics, after.Diagnostics)
	assert.Equal(t, 2, table.Load().F(0))
}
