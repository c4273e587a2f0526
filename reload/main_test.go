package reload_test

import (
	"context"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"midair/interp"
	"midair/reload"
)

// World is a host type, in the tables as package host/game.
type World struct {
	N    int
	Name string
}

// Ticks is a host type with an underlying type of Go's own.
type Ticks int

func hostSymbols() reload.Symbols {
	return reload.Symbols{"host/game/game": {
		"World": reflect.ValueOf((*World)(nil)),
		"Ticks": reflect.ValueOf((*Ticks)(nil)),
	}}
}

// config is a runtime's configuration for tests: interpreted, import path "x/scripts".
func config(change ...func(*reload.Config)) reload.Config {
	cfg := reload.Config{
		ImportPath: "x/scripts",
		Symbols:    hostSymbols(),
		Backends:   []reload.Backend{interp.New(interp.Config{})},
		Logger:     slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, c := range change {
		c(&cfg)
	}
	return cfg
}

func newRuntime(t testing.TB, change ...func(*reload.Config)) *reload.Runtime {
	t.Helper()
	rt, err := reload.New(config(change...))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, rt.Close()) })
	return rt
}

func bind[T any](t testing.TB, rt *reload.Runtime, module string) *reload.Table[T] {
	t.Helper()
	table, err := reload.Bind[T](rt, module)
	require.NoError(t, err)
	return table
}

// tree is a module directory: file name to source.
type tree map[string]string

func (f tree) fs() fstest.MapFS {
	m := fstest.MapFS{}
	for name, src := range f {
		if strings.HasSuffix(name, "/") {
			m[strings.TrimSuffix(name, "/")] = &fstest.MapFile{Mode: 0o755 | 1<<31}
			continue
		}
		m[name] = &fstest.MapFile{Data: []byte(src), Mode: 0o644}
	}
	return m
}

// with returns a copy with some files changed; an empty source removes one.
func (f tree) with(pairs ...string) tree {
	out := tree{}
	for k, v := range f {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			delete(out, pairs[i])
			continue
		}
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func apply(t testing.TB, rt *reload.Runtime, f tree) *reload.Report {
	t.Helper()
	r, err := rt.Apply(context.Background(), f.fs(), reload.Change{})
	require.NoError(t, err)
	return r
}

func refuse(t testing.TB, rt *reload.Runtime, f tree) (*reload.Report, error) {
	t.Helper()
	r, err := rt.Apply(context.Background(), f.fs(), reload.Change{})
	require.Error(t, err)
	return r, err
}

func outcomes(r *reload.Report) map[string]reload.Outcome {
	m := map[string]reload.Outcome{}
	for _, x := range r.Modules {
		m[x.Module] = x.Outcome
	}
	return m
}

func state(t testing.TB, rt *reload.Runtime, name string) reload.Module {
	t.Helper()
	m, ok := rt.Module(name)
	require.True(t, ok, "no module %s", name)
	return m
}

// eventually waits for something that other goroutines bring about.
func eventually(t testing.TB, cond func() bool, msg string, args ...any) {
	t.Helper()
	require.Eventuallyf(t, cond, 10*time.Second, time.Millisecond, msg, args...)
}

// wait and tick are for require.Eventually.
const (
	wait = 10 * time.Second
	tick = time.Millisecond
)

func replace(src, old, new string) string { return strings.Replace(src, old, new, 1) }

// withReload puts the import path of package reload into a module's source.
func withReload(src string) string {
	return replace(src, "RELOAD", reflect.TypeFor[reload.Runtime]().PkgPath())
}
