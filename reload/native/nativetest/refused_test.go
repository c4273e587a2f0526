package nativetest_test

import (
	"context"
	"errors"
	"os"
	"path"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native"
	"midair/reload/native/nativetest/world"
)

// The check knows the host's packages from symbol tables. Here these promise a function that the source does not have,
// which only the compiler can find.
func TestCompileErrorHasTheUsersPosition(t *testing.T) {
	s := start(t, func(c *reload.Config, _ *native.Config) {
		c.Symbols[path.Dir(importPath)+"/world/world"]["Heal"] = reflect.ValueOf(func(int) int { return 0 })
	})
	found := s.refuse(tree{
		"m/m.go": "package m\n\nimport \"SCRIPTS/lib/deep/x\"\n\nfunc F() int { return x.X() }\n",
		"lib/deep/x/x.go": `package x

import "HOST/world"

func X() int {
	go func() {}()
	return 1 + world.Heal(2)
}
`})
	require.Len(t, found, 1)
	d := found[0]
	assert.Equal(t, "lib/deep/x/x.go:7:19", d.String()[:len("lib/deep/x/x.go:7:19")])
	assert.Equal(t, "undefined: world.Heal", d.Message)
	assert.Equal(t, "native/build", d.Rule)
}

type value struct{ Get func() int }

func TestPanicInInit(t *testing.T) {
	s := start(t)
	table := bind[value](s, "m")
	good := tree{"m/m.go": "package m\n\nfunc Get() int { return 1 }\n"}
	bad := tree{"m/m.go": `package m

import "SCRIPTS/lib/broken"

func Get() int { return broken.N }
`, "lib/broken/b.go": `package broken

var N = compute(nil)

func compute(p *int) int {
	return *p
}
`}
	s.apply(good)
	found := s.refuse(bad)
	assert.Equal(t, "prepare/panic", found[0].Rule)
	assert.Equal(t, "lib/broken/b.go", found[0].File)
	assert.Equal(t, 6, found[0].Line)
	assert.Contains(t, found[0].Message, "nil pointer")
	visit(t, table, func(v *value) { assert.Equal(t, 1, v.Get(), "the last good version stays") })

	// The same again is refused without being opened: that would never return.
	began := time.Now()
	_, err := s.Apply(context.Background(), bad.with("m/m.go", "SCRIPTS/lib/broken\"", "SCRIPTS/lib/broken\" ").fs(), reload.Change{})
	require.Error(t, err)
	assert.Less(t, time.Since(began), time.Minute)

	// Another module with the same library has a copy of its own, which may fail on its own.
	other := bad.with("m/m.go", "", "")
	other["o/o.go"] = "package o\n\nimport \"SCRIPTS/lib/broken\"\n\nfunc Get() int { return broken.N }\n"
	_, err = s.Apply(context.Background(), other.fs(), reload.Change{})
	require.Error(t, err)

	// An edit mends it.
	s.apply(bad.with("lib/broken/b.go", "compute(nil)", "compute(new(int))"))
	visit(t, table, func(v *value) { assert.Equal(t, 0, v.Get()) })
}

func TestInitThatDoesNotEnd(t *testing.T) {
	s := start(t)
	table := bind[value](s, "m")
	s.apply(tree{"m/m.go": "package m\n\nfunc Get() int { return 2 }\n"})

	stop := errors.New("too long")
	ctx, cancel := context.WithCancelCause(context.Background())
	release, ended := make(chan struct{}), make(chan struct{})
	world.Hook = func() { cancel(stop); <-release; close(ended) }
	defer func() { world.Hook = func() {} }()
	stuck := tree{"m/m.go": "package m\n\nimport \"HOST/world\"\n\nfunc Get() int { return 3 }\n\nfunc init() { world.Call() }\n"}
	_, err := s.Apply(ctx, stuck.fs(), reload.Change{})
	require.Error(t, err)
	visit(t, table, func(v *value) { assert.Equal(t, 2, v.Get(), "the last good version stays") })

	// Others load while it still waits.
	s.apply(tree{"m/m.go": "package m\n\nfunc Get() int { return 4 }\n"})
	visit(t, table, func(v *value) { assert.Equal(t, 4, v.Get()) })
	close(release)
	<-ended
}

// A build that takes too long is stopped, and says so; it is no fault of the module's.
func TestTooLittleTime(t *testing.T) {
	s := start(t, func(c *reload.Config, _ *native.Config) { c.BuildTimeout = time.Millisecond })
	bind[value](s, "m")
	m := tree{"m/m.go": "package m\n\nfunc Get() int { return 5 }\n"}
	for range 2 {
		found := s.refuse(m)
		assert.Equal(t, "native/build", found[0].Rule)
		assert.Equal(t, "the native build was not ready in time or was stopped", found[0].Message)
		m = m.with("m/m.go", "5", "6") // an edit, so that it is tried again
	}
}

// A build with other flags than the host's is told from it before anything is opened.
func TestOtherFlags(t *testing.T) {
	s := start(t, func(_ *reload.Config, c *native.Config) {
		c.BuildFlags = []string{"-gcflags=" + path.Dir(importPath) + "/...=-N -l"}
	})
	bind[value](s, "m")
	before := native.Loaded()
	found := s.refuse(tree{"m/m.go": "package m\n\nimport \"HOST/world\"\n\nfunc Get() int { e := world.Entity{}; world.Hit(&e, 1); return e.HP }\n"})
	assert.Equal(t, "native/fit", found[0].Rule)
	assert.Contains(t, found[0].Message, "package "+path.Dir(importPath)+"/world differs from the host's")
	assert.Contains(t, found[0].Hint, "-gcflags is not set in the host and ")
	assert.Equal(t, "m/m.go:3:8", found[0].String()[:len("m/m.go:3:8")], "where the package is imported")
	assert.Equal(t, before, native.Loaded())
}

func TestUnsupported(t *testing.T) {
	needs(t)
	root, err := moduleRoot()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		config native.Config
		root   string
		says   string
	}{
		"no go command":      {native.Config{Race: true, Dir: cache, GoCommand: "/nowhere/go"}, root, "there is no go command"},
		"another version":    {native.Config{Race: true, Dir: cache, GoCommand: otherGo(t)}, root, "is go1.2.3, and the host was built by go"},
		"no module":          {native.Config{Race: true, Dir: cache}, "", "no go.mod was found"},
		"no go.mod":          {native.Config{Race: true, Dir: cache}, t.TempDir(), "there is no go.mod in"},
		"everything is here": {native.Config{Race: true, Dir: cache}, root, ""},
	} {
		err := native.New(c.config).Supported(c.root)
		if c.says == "" {
			assert.NoError(t, err, name)
		} else {
			assert.ErrorContains(t, err, c.says, name)
		}
	}
}

// otherGo is a go command of another version.
func otherGo(t *testing.T) string {
	file := path.Join(t.TempDir(), "go")
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n[ \"$2\" = GOVERSION ] && echo go1.2.3 || echo '{}'\n"), 0o700))
	return file
}

func TestWarm(t *testing.T) {
	needs(t)
	root, err := moduleRoot()
	require.NoError(t, err)
	b := native.New(native.Config{Race: true, Dir: t.TempDir()})
	began := time.Now()
	require.NoError(t, b.Warm(t.Context(), root))
	t.Logf("warm after %v", time.Since(began).Round(time.Millisecond))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, b.Warm(ctx, root), context.Canceled)
}
