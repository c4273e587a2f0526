package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload/native/internal/derive"
)

func TestCacheKeepsWhatWasUsedLast(t *testing.T) {
	c := &Cache{Dir: t.TempDir(), Limit: 2}
	old := time.Now().Add(-48 * time.Hour)
	var files []string
	for i := range 5 {
		file := c.File("lib/m", fmt.Sprint(i))
		files = append(files, file)
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		require.NoError(t, seal(file))
		require.NoError(t, os.Chtimes(file, old, old.Add(time.Duration(i)*time.Second)))
	}
	dead := filepath.Join(c.Dir, "build-1")
	require.NoError(t, os.Mkdir(dead, 0o700))
	require.NoError(t, os.Chtimes(dead, old, old))
	require.NoError(t, os.Mkdir(filepath.Join(c.Dir, "stage-2"), 0o700))
	assert.True(t, c.Use(files[1]))
	assert.False(t, c.Use(c.File("m", "missing")))
	c.Keep(files[0])
	c.Trim()
	for i, stays := range []bool{true, true, false, false, true} {
		assert.Equal(t, stays, c.Use(files[i]), "file %d", i)
	}
	assert.NoDirExists(t, dead)
	assert.DirExists(t, filepath.Join(c.Dir, "stage-2"))
}

func TestArguments(t *testing.T) {
	tc := &Toolchain{flags: derive.Flags{Args: []string{"-race=true"}}}
	assert.Equal(t, []string{"build", "-o", "f", "-buildmode=plugin", "-buildvcs=false", "-overlay", "o", "-ldflags=-s -w",
		"-race=true", "-x", "t"}, tc.Arguments(Job{Overlay: "o", Target: "t", Extra: []string{"-x"}}, "f"))
	assert.NotContains(t, tc.Arguments(Job{Debug: true, Target: "t"}, "f"), "-ldflags=-s -w")
}

func TestNoGoCommand(t *testing.T) {
	_, err := NewToolchain(t.Context(), filepath.Join(t.TempDir(), "go"), derive.Flags{})
	assert.ErrorContains(t, err, "there is no go command")
}

func TestToolchain(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: ", err)
	}
	tc, err := NewToolchain(t.Context(), "", derive.Flags{Env: []string{"GOENV=off", "GOTOOLCHAIN=local"}})
	require.NoError(t, err)
	assert.Contains(t, runtime.Version(), tc.Version)

	out := filepath.Join(t.TempDir(), "x.so")
	err = tc.Build(t.Context(), Job{Root: ".", Target: "./missing", Output: out})
	var failure *Failure
	require.ErrorAs(t, err, &failure)
	assert.Contains(t, failure.Output, "missing")
	assert.NoFileExists(t, out)
	left, err := os.ReadDir(filepath.Dir(out))
	require.NoError(t, err)
	assert.Empty(t, left, "nothing is left of a failed build")
}

// A cancelled build ends with all that it started: the go command here is a shell that waits for another.
func TestCancel(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell")
	}
	dir := t.TempDir()
	fifo, script := filepath.Join(dir, "fifo"), filepath.Join(dir, "go")
	require.NoError(t, exec.Command("mkfifo", fifo).Run())
	require.NoError(t, os.WriteFile(script, []byte("#!"+shell+"\n(echo started >"+fifo+"; exec sleep 600)\n"), 0o700))
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("superseded")
	go func() {
		os.ReadFile(fifo) // returns when the inner shell goes on to sleep
		cancel(stop)
	}()
	tc := &Toolchain{Command: script}
	start := time.Now()
	assert.ErrorIs(t, tc.Build(ctx, Job{Target: "t", Output: filepath.Join(dir, "x.so")}), stop)
	assert.Less(t, time.Since(start), 4*time.Second, "somebody still held the pipes")
}
