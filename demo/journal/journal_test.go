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
