package arena

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// newRoomOn is a room on a copy of the modules. It ticks when the test says so.
func newRoomOn(t *testing.T) (r *Room, rt *reload.Runtime, dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(scriptsDir)))
	rt, tab := newRuntime(t, dir)
	r = newRoom("test", 1, tab, rt.View(), slog.New(slog.DiscardHandler), nil)
	r.ctx = t.Context()
	t.Cleanup(func() { r.view.Close() })
	return r, rt, dir
}

func edit(t *testing.T, rt *reload.Runtime, dir, path, old, now string) {
	t.Helper()
	path = filepath.Join(dir, path)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(b), old)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(b), old, now, 1)), 0o644))
	_, err = rt.Apply(context.Background(), os.DirFS(dir), reload.Change{Reason: "test"})
	require.NoError(t, err)
}

func TestAFailingVisitDoesNotStopATick(t *testing.T) {
	r, rt, dir := newRoomOn(t)
	for range 6 {
		r.tick()
	}
	assert.Zero(t, r.Status().Errors)
	edit(t, rt, dir, "boids/boids.go", "var ax, ay float64", "var ax, ay float64\n\t\tb = b.Mates[999]")
	for range 12 {
		r.tick()
	}
	s := r.Status()
	assert.Equal(t, 18, s.Tick)
	assert.EqualValues(t, 12, s.Errors)
	assert.Equal(t, Visits{Asked: 18, Ran: 6, Failed: 12}, s.Visits["boids"])
	assert.Equal(t, Visits{Asked: 18, Ran: 18}, s.Visits["hunter"])
	require.Len(t, s.Faults, 1)
	assert.Equal(t, "boids/boids.go", s.Faults[0].File)
	assert.Positive(t, s.Faults[0].Line)
	assert.Equal(t, 2, s.Faults[0].Version)
	assert.EqualValues(t, 12, s.Faults[0].Count)
	edit(t, rt, dir, "boids/boids.go", "b = b.Mates[999]", "")
	r.tick()
	assert.Empty(t, r.Status().Faults, "the first visit that does not fail ends it")
}

// A room runs the code that it adopted until its own safe point, whatever was committed meanwhile.
func TestARoomAdoptsBetweenTicks(t *testing.T) {
	r, rt, dir := newRoomOn(t)
	r.tick()
	edit(t, rt, dir, "balance/balance.go", `"Catch":   5`, `"Catch":   500`)
	assert.EqualValues(t, 1, r.view.Generation().Number())
	assert.Equal(t, 5, r.world.settings.Points["Catch"])
	r.tick()
	assert.EqualValues(t, 2, r.view.Generation().Number())
	assert.Equal(t, 500, r.world.settings.Points["Catch"])
}

func TestClock(t *testing.T) {
	r, _, _ := newRoomOn(t)
	for range 30 {
		r.tick()
	}
	c := r.clock.status()
	assert.Positive(t, c.P50)
	assert.GreaterOrEqual(t, c.P99, c.P50)
	assert.GreaterOrEqual(t, c.MaxGap, c.P50)
}
