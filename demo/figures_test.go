package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/demo/gamesym"
	"midair/interp"
	"midair/reload"
)

// TestShareOfTheCheck measures how much of the way from a save to live, without the settling, the check takes for the
// arena's modules.
func TestShareOfTheCheck(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("measures")
	}
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(os.DirFS("../scripts"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := os.ReadFile(path.Join("../scripts", name))
		files[name] = &fstest.MapFile{Data: src}
		return err
	}))
	rt, err := reload.New(reload.Config{ImportPath: "midair/scripts", Symbols: gamesym.Symbols,
		Backends: []reload.Backend{interp.New(interp.Config{})}})
	require.NoError(t, err)
	defer rt.Close()
	_, err = rt.Apply(t.Context(), files, reload.Change{})
	require.NoError(t, err)
	var shares []float64
	var checks, totals time.Duration
	for round := range 30 {
		for _, name := range []string{"boids/boids.go", "hunter/hunter.go", "rules/rules.go", "palette/palette.go", "balance/balance.go"} {
			edited := maps.Clone(files)
			edited[name] = &fstest.MapFile{Data: fmt.Appendf(slices.Clip(files[name].Data), "\nvar edited = %d\n\nfunc last() int { return edited }\n", round)}
			report, err := rt.Apply(t.Context(), edited, reload.Change{})
			require.NoError(t, err)
			for _, m := range report.Modules {
				if m.Module != path.Dir(name) {
					continue
				}
				total := time.Duration(0)
				for _, d := range m.Stages {
					total += d
				}
				shares = append(shares, float64(m.Stages[reload.StageCheck])/float64(total))
				checks, totals = checks+m.Stages[reload.StageCheck], totals+total
			}
		}
	}
	slices.Sort(shares)
	median := shares[len(shares)/2]
	fmt.Printf("check: %.0f %% of save to live without the settle for the arena's modules (median of %d edits, %v of %v each)\n",
		median*100, len(shares), (checks / time.Duration(len(shares))).Round(10*time.Microsecond),
		(totals / time.Duration(len(shares))).Round(10*time.Microsecond))
	assert.LessOrEqual(t, median, 0.4)
}
