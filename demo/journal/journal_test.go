package journal

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func newJournal(t *testing.T) (*Journal, *[]Entry) {
	rt, err := reload.New(reload.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { rt.Close() })
	var told []Entry
	return New(rt, func(e Entry) { told = append(told, e) }), &told
}

func TestSaveToLiveOfABatch(t *testing.T) {
	j, told := newJournal(t)
	start := time.Now()
	stages := func(prepare time.Duration) reload.Stages {
		return reload.Stages{reload.StageSettle: 50 * time.Millisecond, reload.StageSnapshot: time.Millisecond,
			reload.StagePrepare: prepare}
	}
	for i, m := range []string{"boids", "hunter"} {
		j.take(reload.Event{Kind: reload.EventReady, Time: start, Module: m, Stages: stages(time.Duration(i+1) * time.Millisecond)})
	}
	for i, m := range []string{"boids", "hunter"} {
		j.take(reload.Event{Kind: reload.EventLive, Time: start.Add(10 * time.Millisecond), Module: m,
			Stages: stages(time.Duration(i+1) * time.Millisecond)})
	}
	require.Len(t, *told, 2)
	for _, e := range *told {
		assert.InDelta(t, 50+1+3+10, e.SaveToLive, 0.01, "each module waits for the whole batch")
	}
	assert.Len(t, j.Since(1), 1)
}

func TestAPanicIsToldOfOnce(t *testing.T) {
	j, told := newJournal(t)
	now := time.Now()
	for i := range 100 {
		j.take(reload.Event{Kind: reload.EventPanic, Time: now.Add(time.Duration(i) * 16 * time.Millisecond),
			Module: "boids", Version: 3, Err: errors.New("panic: no"),
			Diagnostics: []reload.Diagnostic{{File: "boids/boids.go", Line: 7, Column: 2, Message: "one\n\ttwo"}}})
	}
	require.Len(t, *told, 1)
	assert.Equal(t, "boids/boids.go:7:2", (*told)[0].Where())
	assert.Equal(t, "one; two", (*told)[0].What())
	j.take(reload.Event{Kind: reload.EventPanic, Time: now.Add(panicAgain + time.Second), Module: "boids", Version: 3,
		Diagnostics: []reload.Diagnostic{{File: "boids/boids.go", Line: 7}}})
	assert.Len(t, *told, 2)
}

// The time of a native version counts from the save that it follows, or from when its mode was asked for.
func TestAfter(t *testing.T) {
	j, told := newJournal(t)
	start := time.Now()
	after := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	mode := reload.Edit{Class: reload.EditMode}
	take := func(e reload.Event) *Entry {
		e.Module = "boids"
		before := len(*told)
		j.take(e)
		if len(*told) == before {
			return nil
		}
		return &(*told)[before]
	}
	build := reload.Stages{reload.StageBuild: 400 * time.Millisecond}

	saved := take(reload.Event{Kind: reload.EventLive, Time: start, Mode: reload.ModeInterpreted,
		Stages: reload.Stages{reload.StageSettle: 50 * time.Millisecond}})
	assert.False(t, saved.SameSource)
	assert.InDelta(t, 50, saved.SaveToLive, 0.01)
	assert.Nil(t, take(reload.Event{Kind: reload.EventBuild, Time: after(10)}), "the page shows it")
	promoted := take(reload.Event{Kind: reload.EventLive, Time: after(450), Mode: reload.ModeNative, Edit: mode, Stages: build})
	assert.True(t, promoted.SameSource)
	assert.InDelta(t, 500, promoted.After, 0.01, "from the save")
	assert.InDelta(t, 400, promoted.Build, 0.01)

	assert.Nil(t, take(reload.Event{Kind: reload.EventMode, Time: after(1000), Mode: reload.ModeInterpreted}))
	switched := take(reload.Event{Kind: reload.EventLive, Time: after(1020), Mode: reload.ModeInterpreted, Edit: mode})
	assert.InDelta(t, 20, switched.After, 0.01, "from the switch")

	parked := take(reload.Event{Kind: reload.EventLive, Time: after(3000), Mode: reload.ModeNative, Stages: build})
	assert.False(t, parked.SameSource)
	assert.InDelta(t, 400, parked.SaveToLive, 0.01, "a save that waits for its build")
}

func TestSwitchFailed(t *testing.T) {
	j, told := newJournal(t)
	j.SwitchFailed("boids", reload.ModeNative, "no compiler", nil)
	require.Len(t, *told, 1)
	e := (*told)[0]
	assert.Equal(t, KindSwitchFailed, e.Kind)
	assert.Equal(t, reload.ModeNative, e.Mode)
	assert.Equal(t, "no compiler", e.What())
	assert.NotNil(t, e.Diagnostics)
	assert.Equal(t, *told, j.Since(0))
}
