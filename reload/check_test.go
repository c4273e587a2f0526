package reload_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// check returns one line for each diagnostic.
func checkLines(t *testing.T, f tree, change ...func(*reload.CheckConfig)) (lines []string, all []reload.Diagnostic) {
	t.Helper()
	cfg := reload.CheckConfig{Config: config()}
	for _, c := range change {
		c(&cfg)
	}
	report, err := reload.Check(context.Background(), f.fs(), cfg)
	require.NoError(t, err)
	for _, m := range report.Modules {
		all = append(all, m.Diagnostics...)
	}
	for _, d := range all {
		lines = append(lines, d.String())
	}
	return lines, all
}

// One look shows everything: all errors of all files of all modules and their libraries, in order, once.
func TestCheckShowsEverything(t *testing.T) {
	lines, _ := checkLines(t, tree{
		"a/a.go": "package a\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"strings\"\n)\n",
		"b/b1.go": "package b\n\nimport (\n\t\"strings\"\n\n\t\"host/game\"\n\t\"x/scripts/lib\"\n)\n\nfunc F(w *game.World) int {\n\tvar unused int\n\tw.Nope()\n" +
			"\tw.N = \"x\"\n\treturn lib.Half(3.5)\n}\n",
		"b/b2.go":    "package b\n\nfunc G() string { return undefinedName }\n\nfunc F() {}\n\nfunc H() int {\n}\n",
		"c/c.go":     "package c\n\nfunc F() {\n\tx := \n}\n\nfunc G() { y := }\n",
		"lib/lib.go": "package lib\n\nfunc Half(n int) int { return n / 2 + s }\n",
		"d/d.go":     "package d\n\nimport \"x/scripts/lib\"\n\nvar X = lib.Half(1)\n",
	})
	assert.Equal(t, []string{
		`a/a.go:4:2: "fmt" imported and not used [type]`,
		`a/a.go:5:2: the host gives no package "os" to modules [capability/import]`,
		`a/a.go:6:2: "strings" imported and not used [type]`,
		"b/b1.go:4:2: \"strings\" imported and not used [type]",
		"b/b1.go:11:6: declared and not used: unused [type]",
		"b/b1.go:12:4: w.Nope undefined (type *game.World has no field or method Nope) [type]",
		"b/b1.go:13:8: cannot use \"x\" (untyped string constant) as int value in assignment [type]",
		"b/b1.go:14:18: cannot use 3.5 (untyped float constant) as int value in argument to lib.Half (truncated) [type]",
		"b/b2.go:3:26: undefined: undefinedName [type]",
		"b/b2.go:5:6: F redeclared in this block; other declaration of F at b/b1.go:10:6 [type]",
		"b/b2.go:8:1: missing return [type]",
		"lib/lib.go:3:39: undefined: s [type]",
		"c/c.go:5:1: expected operand, found '}' [syntax]",
		"c/c.go:7:19: expected '}', found 'EOF' [syntax]",
		"lib/lib.go:3:39: undefined: s [type]",
	}, lines)
}

// A diagnostic carries its line, what of it is meant, and advice, and survives JSON.
func TestDiagnosticsAreComplete(t *testing.T) {
	_, all := checkLines(t, tree{"m/m.go": "package m\n\nfunc Length() int { return 1 }\n\nvar x = lenght()\n"})
	require.Len(t, all, 1)
	assert.Equal(t, reload.Diagnostic{File: "m/m.go", Line: 5, Column: 9, End: 15, Rule: "type", Message: "undefined: lenght",
		Hint: "did you mean Length?", Text: "var x = lenght()"}, all[0])
	b, err := json.Marshal(all[0])
	require.NoError(t, err)
	assert.Contains(t, string(b), `"severity":"error"`)
	var back reload.Diagnostic
	require.NoError(t, json.Unmarshal(b, &back))
	assert.Equal(t, all[0], back)
}

// The rules of a mode apply in that mode only; everything else is said in both, in the same words.
func TestCheckByMode(t *testing.T) {
	files := tree{
		"m/m.go": "package m\n\nfunc F() (n int) {\n\tfor i := range 3 {\n\t\tn += i\n\t}\n\treturn\n}\n",
		"n/n.go": "package n\n\nfunc F() { nope }\n",
	}
	interpreted, _ := checkLines(t, files)
	native, _ := checkLines(t, files, func(c *reload.CheckConfig) { c.Mode = reload.ModeNative })
	require.Len(t, interpreted, 2)
	assert.Contains(t, interpreted[0], "[fidelity/")
	assert.Equal(t, interpreted[1:], native)
}

// Warnings are reported and logged, and the module loads.
func TestWarnings(t *testing.T) {
	var log strings.Builder
	rt := newRuntime(t, func(c *reload.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	events := rt.Events(t.Context())
	report := apply(t, rt, tree{"m/m.go": "package m\n\nfunc F() {\n\tgo func() {\n\t\tfor {\n\t\t}\n\t}()\n}\n"})
	require.Len(t, report.Modules[0].Diagnostics, 1)
	d := report.Modules[0].Diagnostics[0]
	assert.Equal(t, reload.SeverityWarning, d.Severity)
	assert.Equal(t, reload.OutcomeLive, report.Modules[0].Outcome)
	m := state(t, rt, "m")
	assert.Equal(t, reload.StateLive, m.State)
	assert.Empty(t, m.Diagnostics)
	assert.Equal(t, []reload.Diagnostic{d}, m.Warnings)
	assert.Contains(t, log.String(), "event=warning")
	for e := range events {
		assert.Equal(t, reload.EventLive, e.Kind)
		assert.Equal(t, []reload.Diagnostic{d}, e.Diagnostics)
		break
	}
}
