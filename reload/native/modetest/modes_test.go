// Package modetest_test has tests of modes with real plugins. It is a folder of its own, because a package that plugins
// import must not have tests inside it.
package modetest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp"
	"midair/reload"
	"midair/reload/native"
	"midair/reload/native/nativetest/world"
)

// importPath is where the modules of these tests would be. The folder does not exist.
var importPath = path.Join(path.Dir(path.Dir(reflect.TypeFor[world.Entity]().PkgPath())), "modetest", "scripts")

var cache string

func TestMain(m *testing.M) {
	var err error
	if cache, err = os.MkdirTemp("", "modetest"); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(cache)
	os.Exit(status)
}

// start makes a runtime with both backends.
func start(t testing.TB, change ...func(*reload.Config)) *reload.Runtime {
	t.Helper()
	if testing.Short() {
		t.Skip("builds plugins")
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Skip("needs the go command: ", err)
	}
	b := native.New(native.Config{Dir: cache})
	if err := b.Supported(string(bytes.TrimSpace(out))); err != nil {
		t.Skip("native mode is off: ", err)
	}
	worldPath := reflect.TypeFor[world.Entity]().PkgPath()
	cfg := reload.Config{
		ImportPath: importPath,
		Symbols: reload.Symbols{worldPath + "/world": {
			"Entity": reflect.ValueOf((*world.Entity)(nil)), "Hit": reflect.ValueOf(world.Hit),
		}},
		Backends: []reload.Backend{interp.New(interp.Config{}), b},
	}
	for _, c := range change {
		c(&cfg)
	}
	rt, err := reload.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, rt.Close()) })
	return rt
}

// run runs a runtime in the background.
func run(t testing.TB, rt *reload.Runtime) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	require.NoError(t, rt.Start(ctx))
	done := make(chan error, 1)
	go func() { done <- rt.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

func source(edition int) string {
	return fmt.Sprintf(`package pair

import "%s"

const edition = %d

var calls int

func First() int  { return edition }
func Second() int { return edition }
func Calls() int  { calls++; return calls }
func Hurt(e *world.Entity) int { e.HP -= edition; return e.HP }
func Sum(n int) (s int) {
	for i := 0; i < n; i++ {
		s += i
	}
	return s
}
`, reflect.TypeFor[world.Entity]().PkgPath(), edition)
}

func files(edition int) fstest.MapFS {
	return fstest.MapFS{"pair/pair.go": {Data: []byte(source(edition))}}
}

type pair struct {
	First, Second, Calls func() int
	Hurt                 func(*world.Entity) int
	Sum                  func(int) int
}

// TestSavePromoteToggle goes from a save over the promotion to switches and back to an older content.
func TestSavePromoteToggle(t *testing.T) {
	dir := t.TempDir()
	save := func(edition int) {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "pair"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "pair", "pair.go"), []byte(source(edition)), 0o644))
	}
	save(1)
	rt := start(t, func(c *reload.Config) { c.Source = reload.Dir(dir) })
	table, err := reload.Bind[pair](rt, "pair")
	require.NoError(t, err)
	run(t, rt)
	reaches := func(edition int, mode reload.Mode) reload.Module {
		t.Helper()
		require.Eventually(t, func() bool {
			m, _ := rt.Module("pair")
			require.Empty(t, m.NotNative)
			return m.Backend == mode && table.Load().First() == edition
		}, 3*time.Minute, 5*time.Millisecond)
		m, _ := rt.Module("pair")
		return m
	}
	first := reaches(1, reload.ModeNative)
	assert.Equal(t, reload.ModeAuto, first.Mode)
	save(2)
	second := reaches(2, reload.ModeNative)
	save(1)
	again := reaches(1, reload.ModeNative)
	assert.Equal(t, second.Version+1, again.Version, "no build and no interpreted version: the plugin is there")
	assert.NotContains(t, again.Stages, reload.StageBuild)
	assert.Equal(t, 1, table.Load().Calls(), "package variables begin anew")

	require.NoError(t, rt.SetMode(t.Context(), "pair", reload.ModeInterpreted))
	assert.Equal(t, reload.ModeInterpreted, reaches(1, reload.ModeInterpreted).Backend)
	e := &world.Entity{HP: 10}
	assert.Equal(t, 9, table.Load().Hurt(e))
	require.NoError(t, rt.SetMode(t.Context(), "pair", reload.ModeNative))
	assert.Equal(t, 8, table.Load().Hurt(e))
	assert.Equal(t, 1, table.Load().Calls())
}

// TestToggleLosesNoCall switches a module 500 times while others call it.
func TestToggleLosesNoCall(t *testing.T) {
	rt := start(t, func(c *reload.Config) { c.Mode = reload.ModeInterpreted })
	table, err := reload.Bind[pair](rt, "pair")
	require.NoError(t, err)
	_, err = rt.Apply(t.Context(), files(1), reload.Change{})
	require.NoError(t, err)
	require.NoError(t, rt.SetMode(t.Context(), "pair", reload.ModeNative))
	loaded := native.Loaded()

	var calls, interpreted atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for ctx.Err() == nil {
				err := table.Do(context.Background(), func(p *pair) error {
					if a, b := p.First(), p.Second(); a != 1 || b != 1 {
						return fmt.Errorf("torn: %d and %d", a, b)
					}
					if sum := p.Sum(10); sum != 45 {
						return fmt.Errorf("wrong: %d", sum)
					}
					return nil
				})
				if !assert.NoError(t, err) {
					return
				}
				calls.Add(1)
				if table.Version().Mode() == reload.ModeInterpreted {
					interpreted.Add(1)
				}
			}
		})
	}
	rounds := 500
	if raceEnabled {
		rounds = 60
	}
	began := time.Now()
	for i := range rounds {
		mode := reload.ModeNative
		if i%2 == 0 {
			mode = reload.ModeInterpreted
		}
		require.NoError(t, rt.SetMode(t.Context(), "pair", mode))
		require.Equal(t, mode, table.Version().Mode())
	}
	took := time.Since(began)
	cancel()
	callers.Wait()
	t.Logf("%d switches in %v (%v each), %d calls, %d of them interpreted", rounds, took, took/time.Duration(rounds),
		calls.Load(), interpreted.Load())
	assert.Positive(t, interpreted.Load())
	assert.Equal(t, loaded, native.Loaded(), "plugins are used again")
	m, _ := rt.Module("pair")
	assert.Equal(t, rounds+2, m.Version)
}
