package buildtest_test

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload/native/internal/build"
	"midair/reload/native/internal/derive"
	"midair/reload/native/internal/gate"
)

// workshop builds packages of its own for a host.
type workshop struct {
	*program
	tools *build.Toolchain
}

func newWorkshop(t testing.TB, flags ...string) *workshop {
	p := newProgram(t, flags...)
	info, err := buildinfo.ReadFile(filepath.Join(p.dir, "host"))
	require.NoError(t, err)
	derived, err := derive.From(info, p.dir)
	require.NoError(t, err)
	tools, err := build.NewToolchain(t.Context(), "", derived)
	require.NoError(t, err)
	return &workshop{p, tools}
}

// job stages a package and a program.
func (w *workshop) job(version, source string) build.Job {
	w.t.Helper()
	dir := w.t.TempDir()
	folder := filepath.Join(w.dir, "scripts", "m", "_hr_"+version)
	path := module + "/scripts/m/_hr_" + version
	j := build.Job{Root: w.dir, Overlay: filepath.Join(dir, "overlay.json"), Target: path + "/main", Cache: w.cache,
		Output: filepath.Join(w.cache, version+".so")}
	j.Packages = []build.Package{
		{ImportPath: path, Folder: folder, Files: map[string]string{"m.go": filepath.Join(dir, "0.go")}},
		{ImportPath: j.Target, Folder: filepath.Join(folder, "main"),
			Files: map[string]string{"main.go": filepath.Join(dir, "1.go")}},
	}
	source = "//line " + filepath.Join(w.dir, "scripts", "m", "m.go") + ":1:1\n" + source
	program := "package main\n\nimport \"" + path + "\"\n\nvar Say = m.Say\n\nfunc main() {}\n"
	replace := map[string]string{}
	for i, src := range []string{source, program} {
		for name, file := range j.Packages[i].Files {
			replace[filepath.Join(j.Packages[i].Folder, name)] = file
			require.NoError(w.t, os.WriteFile(file, []byte(src), 0o600))
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(w.t, err)
	require.NoError(w.t, os.WriteFile(j.Overlay, data, 0o600))
	return j
}

const source = `package m

import "fmt"

func Say() string { return fmt.Sprint(1) + few() }

func few() string { return "few" }

type Shape struct{ A, B int }

func (s Shape) Area() int { return s.A * s.B }
`

// Both ways give the same packages.
func TestFingerprints(t *testing.T) {
	for name, flags := range map[string][]string{"plain": nil, "trimpath": {"-trimpath"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t, flags...)
			unique := fmt.Sprintf("%s\nconst Unique = %d\n", source, time.Now().UnixNano()) // nothing is in the go command's cache
			first, again := w.job("0a", unique), w.job("0b", unique)
			direct, err := w.tools.Direct(t.Context(), first)
			require.NoError(t, err)
			require.False(t, direct, "nothing was learned yet")
			require.NoError(t, w.tools.Build(t.Context(), first))
			direct, err = w.tools.Direct(t.Context(), again)
			require.NoError(t, err)
			require.True(t, direct)
			quick, err := gate.Plugin(again.Output)
			require.NoError(t, err)
			said, err := buildinfo.ReadFile(again.Output)
			require.NoError(t, err)
			require.NoError(t, w.tools.Build(t.Context(), again))
			slow, err := gate.Plugin(again.Output)
			require.NoError(t, err)
			host, err := gate.Host(filepath.Join(w.dir, "host"))
			require.NoError(t, err)
			for _, found := range []map[string]string{quick, slow} {
				maps.DeleteFunc(found, func(path, _ string) bool { return path == again.Target }) // nobody imports it
			}
			assert.Equal(t, slow, quick)
			assert.Equal(t, host["fmt"], quick["fmt"])
			assert.NotEmpty(t, quick[again.Packages[0].ImportPath])
			told, err := buildinfo.ReadFile(again.Output)
			require.NoError(t, err)
			assert.Equal(t, told, said)
		})
	}
}

// What is wrong with the source is said in the go command's words, whatever was tried before.
func TestSameErrors(t *testing.T) {
	w := newWorkshop(t)
	require.NoError(t, w.tools.Build(t.Context(), w.job("00", source)))
	for i, bad := range []string{
		"package m\n\nimport \"fmt\"\n\nfunc Say() string { return 1 }\n",
		"package m\n\nfunc Say( {\n",
		"package m\n\nimport \"example.org/none\"\n\nfunc Say() string { return none.X }\n",
	} {
		j := w.job("0"+string(rune('1'+i)), bad)
		direct, err := w.tools.Direct(t.Context(), j)
		require.NoError(t, err)
		require.False(t, direct)
		var got, want *build.Failure
		require.ErrorAs(t, w.tools.Build(t.Context(), j), &got)
		j.Cache = ""
		require.ErrorAs(t, w.tools.Build(t.Context(), j), &want)
		assert.Equal(t, want.Output, got.Output)
		assert.NotContains(t, got.Output, "WORK=")
	}
	direct, err := w.tools.Direct(t.Context(), w.job("0a", source))
	require.NoError(t, err)
	assert.True(t, direct, "errors of the source are no fault of what was learned")
}

// A plugin that did not fit is not built so again; the second time, no other is.
func TestDistrust(t *testing.T) {
	w := newWorkshop(t)
	for i, version := range []string{"0a", "0b", "0c"} {
		j := w.job(version, source)
		direct, err := w.tools.Direct(t.Context(), j)
		require.NoError(t, err)
		require.False(t, direct)
		require.NoError(t, w.tools.Build(t.Context(), j))
		j = w.job(version+"d", source)
		direct, err = w.tools.Direct(t.Context(), j)
		require.NoError(t, err)
		assert.Equal(t, i < 2, direct)
		w.tools.Distrust(j)
	}
}

func TestDirectEndsWithContext(t *testing.T) {
	w := newWorkshop(t)
	require.NoError(t, w.tools.Build(t.Context(), w.job("0a", source)))
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("superseded")
	cancel(stop)
	j := w.job("0b", source)
	direct, err := w.tools.Direct(ctx, j)
	assert.False(t, direct)
	require.ErrorIs(t, err, stop)
	assert.NoFileExists(t, j.Output)
	left, err := filepath.Glob(filepath.Join(w.cache, "build-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}
