package reload_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func readAudit(t *testing.T, name string) (lines []reload.AuditLine) {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var l reload.AuditLine
		require.NoError(t, json.Unmarshal(s.Bytes(), &l), s.Text())
		assert.False(t, l.Time.IsZero())
		l.Time = time.Time{}
		lines = append(lines, l)
	}
	return lines
}

func TestAuditTellsEveryChange(t *testing.T) {
	name := filepath.Join(t.TempDir(), "audit.jsonl")
	file, err := reload.OpenAudit(name)
	require.NoError(t, err)
	defer file.Close()
	m := newMaker()
	rt := newRuntime(t, withBackends(m), func(c *reload.Config) {
		c.Audit, c.Mode, c.Probation = file, reload.ModeInterpreted, reload.Probation{For: time.Hour}
	})
	table := bind[calc](t, rt, "m")
	_, err = rt.Apply(t.Context(), tree{"m/m.go": constant("m", 1)}.fs(), reload.Change{Author: "ann", Revision: "r1", Reason: "balance"})
	require.NoError(t, err)
	hash := table.Version().Hash()
	apply(t, rt, tree{"m/m.go": constant("m", 1), "n/n.go": "package n\n"})
	_, err = refuse(t, rt, tree{"m/m.go": "package m\n\nfunc F(n int) int { return x }\n", "n/n.go": "package n // changed\nvar v int\n"})
	require.Error(t, err)
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	require.NoError(t, rt.SetMode(t.Context(), "m", reload.ModeNative))
	apply(t, rt, tree{"m/m.go": panics})
	require.Error(t, table.Do(context.Background(), func(c *calc) error { c.F(1); return nil }))

	lines := readAudit(t, name)
	var outcomes []reload.Outcome
	for _, l := range lines {
		outcomes = append(outcomes, l.Outcome)
	}
	live, refused, back := reload.OutcomeLive, reload.OutcomeRefused, reload.OutcomeTakenBack
	assert.Equal(t, []reload.Outcome{live, live, refused, live, live, live, back, live}, outcomes)
	assert.Equal(t, reload.AuditLine{Generation: 1, Outcome: live, Author: "ann", Revision: "r1", Reason: "balance",
		Modules: []reload.AuditModule{{Module: "m", Outcome: live, Version: 1, Hash: hash, Mode: reload.ModeInterpreted,
			Class: reload.EditFirst}}}, lines[0])
	require.Len(t, lines[2].Modules, 2)
	assert.Equal(t, []string{"type"}, lines[2].Modules[0].Rules)
	assert.Contains(t, lines[2].Modules[0].Message, "undefined: x")
	assert.Equal(t, reload.OutcomeHeld, lines[2].Modules[1].Outcome)
	assert.Equal(t, reload.OutcomeRemoved, lines[3].Modules[0].Outcome)
	assert.Equal(t, "mode native", lines[4].Reason)
	assert.Contains(t, lines[6].Modules[0].Message, "was taken back")
	assert.Equal(t, reload.EditBack, lines[7].Modules[0].Class)
}

type deaf struct{}

func (deaf) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAuditThatCannotBeWrittenStopsNothing(t *testing.T) {
	rt := newRuntime(t, func(c *reload.Config) { c.Audit = deaf{} })
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	assert.Equal(t, reload.StateLive, state(t, rt, "m").State)
}
