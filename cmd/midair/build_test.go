package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The exit status tells a wrong call from a bundle that cannot be built.
func TestBuildStatus(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, src := range map[string]string{"go.mod": "module example.org/x\n", "host": "no program",
		"scripts/m/m.go": "package m\n\nfunc F() {}\n", "wrong/m/m.go": "package m\n\nfunc F() { f() }\n"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, []byte(src), 0o600))
	}
	for _, c := range []struct {
		want int
		args []string
	}{
		{exitUsage, nil},
		{exitUsage, []string{"-host", "host"}},
		{exitUsage, []string{"-host", "host", "-o", "out", "-dir", "nowhere"}},
		{exitUsage, []string{"-nonsense"}},
		{exitOK, []string{"-h"}},
		{exitOK, []string{"-genkey", "key"}},
		{exitFail, []string{"-genkey", "key"}},
		{exitFail, []string{"-host", "host", "-o", "out", "-sign", "key"}},
		{exitFail, []string{"-host", "host", "-o", "out", "-dir", "wrong"}},
	} {
		assert.Equal(t, c.want, run(append([]string{"build"}, c.args...), io.Discard, io.Discard), "%v", c.args)
	}
	info, err := os.Stat("key")
	require.NoError(t, err)
	assert.Zero(t, info.Mode().Perm()&0o077, "others cannot read the key")
}
