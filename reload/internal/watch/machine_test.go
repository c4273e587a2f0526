package watch

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMachine runs scripts of inputs and expected outputs, at milliseconds. Settle is 50, MaxSettle 500.
//
//	10 event a b    something happened in a and b
//	10 overflow
//	60 fire a b     exactly here, and not a millisecond earlier, this hint is due ("full", "final", "first=10" after it)
//	70 settled      apply returns
//	70 unsettled
//	   idle         no deadline
func TestMachine(t *testing.T) {
	for name, script := range map[string]string{
		"one event": `
			0 event a
			50 fire a first=0
			51 settled
			idle`,
		"two writes of one save": `
			0 event a
			1 event a
			51 fire a first=0`,
		"directories are sorted and told once": `
			0 event b a
			1 event c a .
			51 fire . a b c first=0`,
		"checkout removes and creates": `
			0 event .
			15 event .
			16 event .
			66 fire . first=0`,
		"a chatty writer cannot put it off for ever": `
			0 event a
			49 event a
			98 event a
			147 event a
			196 event a
			245 event a
			294 event a
			343 event a
			392 event a
			441 event a
			490 event a
			500 fire a first=0 final
			501 settled
			idle`,
		"overflow is full, directories or not": `
			0 event a
			10 overflow
			20 event b
			70 fire full first=0`,
		"events during apply make the next hint": `
			0 event a
			50 fire a first=0
			60 event b
			idle
			80 settled
			110 fire b first=60
			120 settled
			idle`,
		"what settled during a long apply is due at once": `
			0 event a
			50 fire a first=0
			60 event b
			2000 settled
			2000 fire b first=60`,
		"a long apply does not use up the retries of the next hint": `
			0 event a
			50 fire a first=0
			60 event b
			2000 settled
			2000 fire b first=60
			2001 unsettled
			2051 fire b first=60`,
		"unsettled is offered again, at last as final": `
			0 event a
			50 fire a first=0
			60 unsettled
			110 fire a first=0
			150 unsettled
			200 fire a first=0
			290 unsettled
			340 fire a first=0
			470 unsettled
			500 fire a first=0 final
			501 unsettled
			idle`,
		"unsettled and settled later": `
			0 event a
			50 fire a first=0
			51 unsettled
			101 fire a first=0
			102 settled
			idle`,
		"unsettled takes in what came meanwhile": `
			0 event a
			50 fire a first=0
			52 event b
			55 unsettled
			105 fire a b first=0
			106 settled
			idle`,
		"unsettled waits for an event's settle time": `
			0 event a
			50 fire a first=0
			55 unsettled
			90 event a
			140 fire a first=0`,
		"unsettled and overflow meanwhile": `
			0 event a
			50 fire a first=0
			52 overflow
			55 unsettled
			105 fire full first=0`,
		"unsettled after the time is over: one last time, not at once": `
			0 event a
			50 fire a first=0
			900 unsettled
			950 fire a first=0 final
			951 unsettled
			idle`,
		"events during the last offer are not lost": `
			0 event a
			50 fire a first=0
			470 unsettled
			500 fire a first=0 final
			510 event a
			520 unsettled
			560 fire a first=510`,
		"an event from before apply ended": `
			0 event a
			50 fire a first=0
			60 settled
			59 event b
			109 fire b first=59`,
		"nothing": `
			0 event
			idle`,
	} {
		t.Run(name, func(t *testing.T) { runScript(t, script) })
	}
}

func runScript(t *testing.T, script string) {
	m := &machine{settle: 50 * time.Millisecond, max: 500 * time.Millisecond}
	epoch := time.Unix(1000, 0)
	for line := range strings.Lines(script) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if f[0] == "idle" {
			_, ok := m.deadline()
			require.False(t, ok, "deadline although idle")
			continue
		}
		ms, err := strconv.Atoi(f[0])
		require.NoError(t, err)
		now := epoch.Add(time.Duration(ms) * time.Millisecond)
		switch f[1] {
		case "event":
			m.event(now, f[2:]...)
		case "overflow":
			m.overflow(now)
		case "settled", "unsettled":
			m.applied(now, f[1] == "unsettled")
		case "fire":
			requireFire(t, m, epoch, now, strings.Join(f[2:], " "))
		default:
			require.Fail(t, "bad script", line)
		}
	}
}

func requireFire(t *testing.T, m *machine, epoch, now time.Time, want string) {
	t.Helper()
	at, ok := m.deadline()
	require.True(t, ok, "no deadline before: %s", want)
	require.False(t, now.Before(at), "%s: due only at %v", want, at.Sub(epoch))
	if at.Equal(now) {
		_, early := m.tick(now.Add(-time.Millisecond))
		require.False(t, early, "due too early: %s", want)
	}
	h, ok := m.tick(now)
	require.True(t, ok, "not due: %s", want)
	assert.Equal(t, want, show(h, epoch))
	_, again := m.tick(now)
	assert.False(t, again, "one at a time")
}

func show(h Hint, epoch time.Time) string {
	f := h.Dirs
	if h.Full {
		f = []string{"full"}
	}
	f = append(f, fmt.Sprintf("first=%d", h.First.Sub(epoch).Milliseconds()))
	if h.Final {
		f = append(f, "final")
	}
	return strings.Join(f, " ")
}

func TestMachineCovers(t *testing.T) {
	m := &machine{settle: time.Second, max: time.Minute}
	assert.False(t, m.covers("a"))
	m.event(time.Now(), "a")
	assert.True(t, m.covers("a"))
	assert.False(t, m.covers("b"))
	m.overflow(time.Now())
	assert.True(t, m.covers("b"))
}
