package reload_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func TestDiagnosticString(t *testing.T) {
	for want, d := range map[string]reload.Diagnostic{
		"a/b.go:12:7: m [type]":          {File: "a/b.go", Line: 12, Column: 7, Rule: "type", Message: "m"},
		"a/b.go:12:7: warning: m [type]": {File: "a/b.go", Line: 12, Column: 7, Rule: "type", Message: "m", Severity: reload.SeverityWarning},
		"b.go:12: m":                     {File: "b.go", Line: 12, Message: "m"},
		"b: m":                           {File: "b", Column: 3, Message: "m"},
		"m [r]":                          {Rule: "r", Message: "m"},
		"b.go:1:1: m; have x; want y":    {File: "b.go", Line: 1, Column: 1, Message: "m\n\thave x\n\twant y\n"},
		"b.go:1:1: m ␛[31m":              {File: "b.go", Line: 1, Column: 1, Message: "m\n\x1b[31m"},
	} {
		assert.Equal(t, want, d.String())
	}
}

// TestProblemMatchers reads the one-line form as editors do.
func TestProblemMatchers(t *testing.T) {
	matchers := []struct {
		name                        string
		pattern                     *regexp.Regexp
		file, line, column, message int
	}{
		{"$go of VS Code", regexp.MustCompile(`^([^:]*: )?((.:)?[^:]*):(\d+)(:(\d+))?: (.*)$`), 2, 4, 6, 7},
		{"%f:%l:%c:%m of Vim", regexp.MustCompile(`^(.+?):(\d+):(\d+):\s*(.*)$`), 1, 2, 3, 4},
	}
	for _, d := range []reload.Diagnostic{
		{File: "scripts/combat/combat.go", Line: 12, Column: 7, Rule: "type", Message: "undefined: x"},
		{File: "combat.go", Line: 1, Column: 1, Rule: "module/goroutine", Message: "goroutine: never ends", Severity: reload.SeverityWarning},
		{File: "combat.go", Line: 9, Column: 120, Rule: "type", Message: "not enough arguments in call to f\n\thave (int)\n\twant (int, string)"},
	} {
		for _, m := range matchers {
			found := m.pattern.FindStringSubmatch(d.String())
			require.NotNil(t, found, "%s: %s", m.name, d)
			at := reload.Diagnostic{File: d.File, Line: d.Line, Column: d.Column}
			assert.Equal(t, at.String(), found[m.file]+":"+found[m.line]+":"+found[m.column]+": ", m.name)
			assert.NotContains(t, found[m.message], "\n")
			assert.Contains(t, found[m.message], "["+d.Rule+"]")
		}
	}
}

func TestDiagnosticJSON(t *testing.T) {
	whole := reload.Diagnostic{File: "a.go", Line: 1, Column: 2, Rule: "r", Message: "m\n\thave x", Hint: "h",
		Severity: reload.SeverityWarning, End: 4, Text: "\tx := \"<日本>\""}
	for _, d := range []reload.Diagnostic{whole, {}} {
		data, err := json.Marshal(d)
		require.NoError(t, err)
		var back reload.Diagnostic
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, d, back)
	}
	data, err := json.Marshal(whole)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(data, &fields))
	assert.Equal(t, map[string]any{"file": "a.go", "line": 1.0, "column": 2.0, "rule": "r", "message": "m\n\thave x", "hint": "h",
		"severity": "warning", "end": 4.0, "text": "\tx := \"<日本>\""}, fields, "other programs rely on these names")
	var d reload.Diagnostic
	assert.Error(t, json.Unmarshal([]byte(`{"severity":"fatal"}`), &d))
}
