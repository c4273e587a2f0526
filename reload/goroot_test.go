package reload_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp/stdlib/all"
	"midair/reload"
)

// No file of Go's own tests, right or wrong, takes the check down.
func TestCheckSurvivesGoTests(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("checks some 5,000 files")
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "test")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the Go installation has no test directory: ", err)
	}
	files := 0
	require.NoError(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		src = []byte(strings.Replace(string(src), "package main\n", "package m\n", 1))
		cfg := reload.CheckConfig{Config: config(func(c *reload.Config) { c.Symbols, c.Allow = all.Symbols, []string{"all"} })}
		report, err := reload.Check(t.Context(), tree{"m/m.go": string(src)}.fs(), cfg)
		require.NoError(t, err)
		for _, m := range report.Modules {
			for _, d := range m.Diagnostics {
				assert.NotEqual(t, "internal", d.Rule, "%s: %v", name, d)
				assert.NotEqual(t, "limit/time", d.Rule, "%s: %v", name, d)
			}
		}
		files++
		return nil
	}))
	t.Logf("%d files", files)
}
