package main

import (
	"context"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"midair/reload"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"midair": func() {
		engine, allRules = testEngine, testRules
		main()
	}})
}

// TestScripts runs the command as people do.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "")
			return nil
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// testEngine always takes as long, and warns of modules named warned.
func testEngine(ctx context.Context, fsys fs.FS, cfg reload.CheckConfig) (*reload.CheckReport, error) {
	report, err := reload.Check(ctx, fsys, cfg)
	if err != nil {
		return nil, err
	}
	report.Took = 1500 * time.Microsecond
	for i, m := range report.Modules {
		if m.Module == "warned" {
			report.Modules[i].Diagnostics = []reload.Diagnostic{{File: "warned/warned.go", Line: 4, Column: 2, End: 6,
				Rule: "test/warning", Message: "a warning", Severity: reload.SeverityWarning}}
		}
	}
	return report, nil
}

func testRules() []reload.Rule {
	return []reload.Rule{
		{ID: "import/denied", Reason: "a module imports what the host gives it", Hint: "ask the host for it",
			Example: "package m\n\nimport \"os/exec\"\n", Instead: "package m\n"},
		{ID: "import/cycle", Reason: "packages cannot import each other", Hint: "move what both need into a third"},
		{ID: "module/goroutine", Severity: reload.SeverityWarning, Reason: "a goroutine outlives its version", Hint: "heed the context",
			Example: "package m\n\nfunc f() {\n\tgo func() {\n\t\tfor {\n\t\t}\n\t}()\n}"},
		{ID: "fidelity/alias", Mode: reload.ModeInterpreted, Reason: "the interpreter aliases it", Hint: "copy it"},
	}
}
