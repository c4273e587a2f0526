//go:build unix

package source

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStrangeFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "m"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "m/m.go"), []byte("package m\n"), 0o644))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "m/pipe.go"), 0o644))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "m/dir.go"), 0o755))
	m := resolve(t, os.DirFS(dir))
	assert.Contains(t, problems(m["m"])[0], "m/pipe.go:0:0: cannot read the file: not a regular file")
}
