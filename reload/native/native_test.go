package native

import (
	"context"
	"errors"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native/internal/gate"
)

func TestCandidates(t *testing.T) {
	none := coverage{}
	assert.Nil(t, none.arguments())
	assert.Equal(t, []coverage{{"set", []string{"a", "b"}}, {"atomic", []string{"a", "b"}}, {"count", []string{"a", "b"}}},
		none.candidates([]string{"b", "a"}, false))
	assert.Equal(t, []coverage{{"atomic", []string{"a"}}}, none.candidates([]string{"a"}, true), "-race asks for atomic")
	known := coverage{"count", []string{"a"}}
	assert.Equal(t, []coverage{{"count", []string{"a", "c"}}}, known.candidates([]string{"c"}, false))
	assert.Equal(t, []string{"-cover", "-covermode=count", "-coverpkg=a"}, known.arguments())
}

func TestWarmSource(t *testing.T) {
	prints := map[string]string{"fmt": "", "net/http": "", "internal/abi": "", "crypto/internal/fips140": "", "main": "",
		"vendor/golang.org/x/net/idna": "", "runtime/cgo": "", "host/game": "", "dep": "", "example.com/x": ""}
	info := &debug.BuildInfo{Main: debug.Module{Path: "host"}, Deps: []*debug.Module{{Path: "dep"}}}
	f, err := parser.ParseFile(token.NewFileSet(), "", warmSource(prints, info), 0)
	require.NoError(t, err)
	var paths []string
	for _, spec := range f.Imports {
		paths = append(paths, spec.Path.Value)
	}
	assert.Equal(t, []string{`"reflect"`, `"fmt"`, `"net/http"`}, paths)
}

// checked is a module of one file.
func checked(t *testing.T) *reload.Checked {
	const src = "package m\n\nimport \"host/game\"\n\nvar _ game.X\n\nfunc init() {}\n"
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "m/m.go", src, parser.ParseComments)
	require.NoError(t, err)
	return &reload.Checked{Module: "m", Package: reload.Package{FileSet: fset,
		Files: []reload.File{{Path: "m/m.go", Source: []byte(src), Syntax: f}}}}
}

func TestExplain(t *testing.T) {
	panicked := &initPanic{value: "no arrows", stack: []reload.Frame{{Function: "m.init", File: "m/m.go", Line: 5}}}
	for name, c := range map[string]struct {
		err        error
		want, hint string
	}{
		"misfit": {&misfitError{&gate.Misfit{Packages: []string{"host/game"}, Own: "host"}},
			"m/m.go:3:8: the native build does not fit the running host: package host/game differs from the host's [native/fit]", "source has changed"},
		"panic":   {panicked, "m/m.go:5: panic while the package was initialised: no arrows [prepare/panic]", ""},
		"again":   {&againError{panicked}, "m/m.go:5: this content has failed before: panic while the package was initialised: no arrows [native/again]", "change it"},
		"timeout": {&timeoutError{errors.New("too long")}, "m/m.go:7:1: too long [prepare/timeout]", "init functions"},
		"stopped": {&unfinishedError{context.Canceled}, "m/m.go:1:1: the native build was not ready in time or was stopped [native/build]", "first build"},
		"other":   {errors.New("no space left"), "m/m.go:1:1: no space left [native]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var e *reload.Error
			require.ErrorAs(t, explain(checked(t), c.err), &e)
			require.Len(t, e.Diagnostics, 1)
			assert.Equal(t, c.want, e.Diagnostics[0].String())
			assert.Contains(t, e.Diagnostics[0].Hint, c.hint)
		})
	}
}

func TestNewer(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	for name, age := range map[string]time.Duration{"a.go": time.Hour, "a_test.go": 0, "notes.txt": 0} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		require.NoError(t, os.Chtimes(file, now, now.Add(-age)))
	}
	assert.False(t, newer(dir, now.Add(-time.Minute)))
	assert.True(t, newer(dir, now.Add(-2*time.Hour)))
	assert.False(t, newer(filepath.Join(dir, "missing"), now))
}

func TestTouched(t *testing.T) {
	e := &initPanic{all: []runtime.Frame{{Function: "a/b.init.0"}, {Function: "c.init"}, {Function: "d.initialise"}}}
	for path, want := range map[string]bool{"a/b": true, "c": true, "d": false, "e": false} {
		assert.Equal(t, want, e.touched(path), path)
	}
}

// A process where nothing is native says so, in diagnostics.
func TestUnsupportedModule(t *testing.T) {
	b := New(Config{Dir: t.TempDir(), GoCommand: filepath.Join(t.TempDir(), "go")})
	assert.Equal(t, reload.ModeNative, b.Mode())
	assert.Error(t, b.Supported(t.TempDir()))
	_, err := b.Prepare(t.Context(), checked(t), reload.Env{})
	var e *reload.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, RuleUnsupported, e.Diagnostics[0].Rule)
	assert.Contains(t, e.Diagnostics[0].Message, "native mode is off: ")
	assert.Empty(t, b.Check(checked(t)))
}
