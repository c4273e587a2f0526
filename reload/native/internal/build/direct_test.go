//go:build unix

package build

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeJob is a job whose compiler is a shell script.
func fakeJob(t *testing.T, script string) (*Toolchain, Job, string) {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs a POSIX shell: ", err)
	}
	dir := t.TempDir()
	tool, src := filepath.Join(dir, "compile"), filepath.Join(dir, "m.go")
	require.NoError(t, os.WriteFile(tool, []byte("#!"+shell+"\n"+script), 0o700))
	require.NoError(t, os.WriteFile(src, []byte("package m\n"), 0o600))
	tc := &Toolchain{env: os.Environ()}
	p := Package{ImportPath: "ex/m", Files: map[string]string{"m.go": src}}
	j := Job{Root: dir, Cache: dir, Target: "ex/m/main", Output: filepath.Join(dir, "out.so"), Packages: []Package{p, p}}
	one := template{Args: []string{tool, "-o", markOut, "-pack"}}
	tc.keep(dir, tc.key(j), &recipe{Package: one, Main: one, Link: one, Archives: map[string]archive{}})
	return tc, j, dir
}

// A cancelled build ends with all that it started.
func TestCancelDirect(t *testing.T) {
	tc, j, dir := fakeJob(t, "(echo started >fifo; exec sleep 600)\n")
	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, exec.Command("mkfifo", fifo).Run())
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("superseded")
	go func() {
		os.ReadFile(fifo) // returns when the inner shell goes on to sleep
		cancel(stop)
	}()
	start := time.Now()
	direct, err := tc.Direct(ctx, j)
	assert.False(t, direct)
	require.ErrorIs(t, err, stop)
	assert.Less(t, time.Since(start), 4*time.Second, "somebody still held the pipes")
	assert.Empty(t, tc.doubts, "it is no fault of the recipe's")
}

// What cannot be used is not tried.
func TestUnusable(t *testing.T) {
	for name, change := range map[string]func(tc *Toolchain, j *Job, r *recipe){
		"flags":           func(_ *Toolchain, j *Job, _ *recipe) { j.Extra = []string{"-x"} },
		"coverage":        func(tc *Toolchain, _ *Job, _ *recipe) { tc.flags.Cover = true },
		"nowhere to look": func(_ *Toolchain, j *Job, _ *recipe) { j.Cache = "" },
		"debugging":       func(_ *Toolchain, j *Job, _ *recipe) { j.Debug = true },
		"other go.mod": func(_ *Toolchain, j *Job, _ *recipe) {
			require.NoError(t, os.WriteFile(filepath.Join(j.Root, "go.mod"), []byte("module ex"), 0o600))
		},
		"unknown import": func(_ *Toolchain, j *Job, _ *recipe) {
			require.NoError(t, os.WriteFile(j.Packages[0].Files["m.go"], []byte("package m\nimport \"fmt\"\n"), 0o600))
		},
		"C": func(_ *Toolchain, j *Job, _ *recipe) {
			require.NoError(t, os.WriteFile(j.Packages[0].Files["m.go"], []byte("package m\nimport \"C\"\n"), 0o600))
		},
		"unknown embedding": func(_ *Toolchain, j *Job, _ *recipe) {
			src := "package m\n//go:embed x\nvar x string\n"
			require.NoError(t, os.WriteFile(j.Packages[0].Files["m.go"], []byte(src), 0o600))
		},
		"missing archive": func(_ *Toolchain, _ *Job, r *recipe) { r.Archives["fmt"] = archive{"nowhere", 1} },
		"changed folder":  func(_ *Toolchain, j *Job, r *recipe) { r.Stamps = map[string]string{j.Root: "x"} },
		"missing driver":  func(_ *Toolchain, _ *Job, r *recipe) { r.Driver = "nowhere" },
		"distrust": func(tc *Toolchain, j *Job, _ *recipe) {
			tc.Distrust(*j)
			tc.Distrust(*j)
		},
	} {
		t.Run(name, func(t *testing.T) {
			tc, j, dir := fakeJob(t, "echo x >ran; exit 1\n")
			change(tc, &j, tc.recipe(dir, tc.key(j)))
			direct, err := tc.Direct(t.Context(), j)
			require.NoError(t, err)
			assert.False(t, direct)
			assert.NoFileExists(t, filepath.Join(dir, "ran"))
		})
	}
	tc, j, dir := fakeJob(t, "echo x >ran; exit 1\n")
	direct, err := tc.Direct(t.Context(), j)
	require.NoError(t, err)
	assert.False(t, direct, "the tool fails")
	assert.FileExists(t, filepath.Join(dir, "ran"))
}
