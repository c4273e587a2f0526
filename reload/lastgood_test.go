package reload_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func TestTheLastGoodVersionsServeAfterARestart(t *testing.T) {
	dir := t.TempDir()
	start := func(files tree) (*reload.Runtime, *reload.Table[calc]) {
		rt := newRuntime(t, func(c *reload.Config) {
			c.Source, c.Boot, c.LastGood = reload.FS(files.fs()), reload.BootDegraded, filepath.Join(dir, "good")
		})
		table := bind[calc](t, rt, "m")
		require.NoError(t, rt.Start(t.Context()))
		return rt, table
	}
	files := tree{"m/m.go": "package m\n\nimport (\n\t_ \"embed\"\n\n\t\"x/scripts/lib\"\n)\n\n//go:embed data/n.txt\nvar text string\n\n" +
		"func F(n int) int { return lib.Add(n) + len(text) }\n",
		"m/data/n.txt": "12345", "lib/lib.go": "package lib\n\nfunc Add(n int) int { return n + 10 }\n", "n/n.go": "package n\n"}
	rt, table := start(files)
	assert.Equal(t, 16, table.Load().F(1))
	apply(t, rt, files.with("n/n.go", "package n\n\nvar more int\n"))
	require.NoError(t, rt.Close())

	rt, table = start(files.with("lib/lib.go", "package lib\n\nfunc Add(n int) int { return n + }\n"))
	assert.Equal(t, 16, table.Load().F(1))
	now := state(t, rt, "m")
	assert.Equal(t, reload.StateDegraded, now.State)
	assert.NotEmpty(t, now.Diagnostics)
	assert.Equal(t, "last good", rt.Versions("m")[0].Change.Reason)
	apply(t, rt, files)
	assert.Equal(t, reload.StateLive, state(t, rt, "m").State)
	require.NoError(t, rt.Close())

	folders, err := filepath.Glob(filepath.Join(dir, "good", "m-*"))
	require.NoError(t, err)
	require.Len(t, folders, 1)
	require.NoError(t, os.WriteFile(filepath.Join(folders[0], "lib", "lib.go"), []byte("package lib\n\nfunc Add(n int) int { return 0 }\n"), 0o600))
	rt, _ = start(files.with("lib/lib.go", "package lib\n\nfunc Add(n int) int { return n + }\n"))
	assert.Equal(t, reload.StateFailed, state(t, rt, "m").State, "what was changed behind our back is not trusted")
}
