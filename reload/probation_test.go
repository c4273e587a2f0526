package reload_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func onProbation(p reload.Probation) func(*reload.Config) {
	return func(c *reload.Config) { c.Probation = p }
}

const panics = "package m\n\nfunc F(n int) int { panic(\"new\") }\n"

func TestPanicsTakeAVersionBack(t *testing.T) {
	rt := newRuntime(t, onProbation(reload.Probation{For: time.Minute, Panics: 2}))
	events := rt.Events(t.Context())
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	apply(t, rt, tree{"m/m.go": panics})
	visit := func() error { return table.Do(t.Context(), func(c *calc) error { c.F(1); return nil }) }
	for range 3 {
		assert.Equal(t, 2, table.Version().Number())
		require.Error(t, visit())
	}
	require.NoError(t, visit())
	assert.Equal(t, 1, table.Version().Number(), "the very version from before, not a copy")
	now := state(t, rt, "m")
	assert.Equal(t, reload.StateQuarantined, now.State)
	assert.Equal(t, "version 2 was taken back: 3 of 3 visits panicked, and 2 may; version 1 serves again", now.Diagnostics[0].Message)
	assert.Equal(t, reload.Quarantined, rt.Versions("m")[1].State)
	assert.Equal(t, reload.EditBack, rt.Versions("m")[0].Edit.Class)
	for e := range events {
		if e.Kind == reload.EventTakenBack {
			assert.Equal(t, 2, e.Version)
			break
		}
	}
	assert.Empty(t, apply(t, rt, tree{"m/m.go": panics}).Modules, "not tried again")
	apply(t, rt, tree{"m/m.go": constant("m", 3)})
	require.NoError(t, visit())
	assert.Equal(t, reload.StateLive, state(t, rt, "m").State)
	assert.Equal(t, 3, table.Version().Number())
}

func TestBudgets(t *testing.T) {
	fails := errors.New("no")
	for name, c := range map[string]struct {
		rules  reload.Probation
		visit  func(c *calc) error
		visits int // until it is taken back
		text   string
	}{
		"errors":  {reload.Probation{Visits: 100, Errors: 0.5}, func(*calc) error { return fails }, 10, "10 of 10 visits returned an error"},
		"latency": {reload.Probation{Visits: 100, Latency: time.Millisecond}, func(*calc) error { time.Sleep(time.Second); return nil }, 10, "visits take 1s on average"},
		"stood":   {reload.Probation{Visits: 5}, func(*calc) error { return fails }, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rt := newRuntime(t, onProbation(c.rules))
				table := bind[calc](t, rt, "m")
				apply(t, rt, tree{"m/m.go": constant("m", 1)})
				apply(t, rt, tree{"m/m.go": constant("m", 2)})
				n := 0
				for range 50 {
					if table.Version().Number() == 1 {
						break
					}
					_ = table.Do(context.Background(), c.visit)
					n++
				}
				if c.visits == 0 {
					assert.Equal(t, 50, n)
					assert.Equal(t, reload.Retired, rt.Versions("m")[1].State)
					return
				}
				assert.Equal(t, c.visits, n)
				assert.Contains(t, state(t, rt, "m").Diagnostics[0].Message, c.text)
			})
		})
	}
}

func TestProbationEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rt := newRuntime(t, onProbation(reload.Probation{For: time.Minute}))
		table := bind[calc](t, rt, "m")
		apply(t, rt, tree{"m/m.go": constant("m", 1)})
		apply(t, rt, tree{"m/m.go": panics})
		assert.Equal(t, reload.Draining, rt.Versions("m")[1].State, "it may have to serve again")
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		assert.Equal(t, reload.Retired, rt.Versions("m")[1].State)
		require.Error(t, table.Do(context.Background(), func(c *calc) error { c.F(1); return nil }))
		assert.Equal(t, 2, table.Version().Number())
	})
}

func TestDecideHasTheLastWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		verdict, asked := reload.Prolong, 0
		rt := newRuntime(t, func(c *reload.Config) {
			c.Probations = map[string]reload.Probation{"m": {For: time.Minute, Decide: func(b reload.Breach) reload.Verdict {
				asked++
				assert.Equal(t, 2, b.Version.Number())
				assert.Equal(t, 1, b.Previous.Number())
				assert.EqualValues(t, 1, b.Stats.Panics)
				return verdict
			}}}
		})
		table := bind[calc](t, rt, "m")
		apply(t, rt, tree{"m/m.go": constant("m", 1)})
		apply(t, rt, tree{"m/m.go": panics})
		crash := func() { _ = table.Do(context.Background(), func(c *calc) error { c.F(1); return nil }) }
		time.Sleep(50 * time.Second)
		crash()
		time.Sleep(50 * time.Second)
		crash()
		assert.Equal(t, 2, asked)
		assert.Equal(t, 2, table.Version().Number())
		verdict = reload.Keep
		crash()
		crash()
		assert.Equal(t, 3, asked, "kept for good")
		assert.Equal(t, 2, table.Version().Number())
	})
}

func TestProbationAcrossModes(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m), onProbation(reload.Probation{For: time.Minute}))
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	apply(t, rt, tree{"m/m.go": panics})
	require.NoError(t, rt.SetMode(t.Context(), "m", reload.ModeNative)) // the same content goes on with its probation
	require.Error(t, table.Do(t.Context(), func(c *calc) error { c.F(1); return nil }))
	assert.Equal(t, 1, table.Version().Number())
	assert.Equal(t, reload.StateQuarantined, state(t, rt, "m").State)
}

func TestTakenBackAtTheSafePoint(t *testing.T) {
	rt := newRuntime(t, onProbation(reload.Probation{For: time.Minute}), atSafePoint)
	table := bind[calc](t, rt, "m")
	for _, src := range []string{constant("m", 1), panics} {
		apply(t, rt, tree{"m/m.go": src})
		require.NoError(t, rt.Commit())
	}
	require.Error(t, table.Do(t.Context(), func(c *calc) error { c.F(1); return nil }))
	assert.Equal(t, 2, table.Version().Number())
	require.NoError(t, rt.Commit())
	assert.Equal(t, 1, table.Version().Number())
}
