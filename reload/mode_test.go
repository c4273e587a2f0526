package reload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp"
	"midair/reload"
)

// maker is a backend that makes versions ahead as a native one does, but whose versions are interpreted. Its builds wait
// for the test.
type maker struct {
	*interp.Backend
	mode  reload.Mode
	off   error                         // why it is not available
	hold  chan struct{}                 // builds wait until it is closed
	build func(c *reload.Checked) error // what comes of a build
	load  func(c *reload.Checked) error // what comes of loading
	check func(*reload.Checked) []reload.Diagnostic

	mu      sync.Mutex
	built   map[string]bool // by module and hash
	begun   []string        // modules whose builds began
	stopped []string        // those whose builds were stopped
	running int
	most    int // builds at once
}

func newMaker() *maker {
	m := &maker{Backend: interp.New(interp.Config{}), mode: reload.ModeNative, hold: make(chan struct{}), built: map[string]bool{}}
	close(m.hold)
	return m
}

func (m *maker) Mode() reload.Mode      { return m.mode }
func (m *maker) Available(string) error { return m.off }

func (m *maker) Check(c *reload.Checked) []reload.Diagnostic {
	if m.check == nil {
		return nil
	}
	return m.check(c)
}

func (m *maker) Built(c *reload.Checked) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.built[c.Module+c.Hash]
}

func (m *maker) Build(ctx context.Context, c *reload.Checked) error {
	m.mu.Lock()
	m.begun = append(m.begun, c.Module)
	m.running++
	m.most = max(m.most, m.running)
	hold, build := m.hold, m.build
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.running--
	}()
	select {
	case <-hold:
	case <-ctx.Done():
		m.mu.Lock()
		defer m.mu.Unlock()
		m.stopped = append(m.stopped, c.Module)
		return context.Cause(ctx)
	}
	if build != nil {
		if err := build(c); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.built[c.Module+c.Hash] = true
	return nil
}

func (m *maker) Prepare(ctx context.Context, c *reload.Checked, env reload.Env) (reload.Instance, error) {
	if m.load != nil {
		if err := m.load(c); err != nil {
			return nil, err
		}
	}
	return m.Backend.Prepare(ctx, c, env)
}

func (m *maker) holdBuilds() (release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hold = make(chan struct{})
	return sync.OnceFunc(func() { close(m.hold) })
}

func (m *maker) begins() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.begun)
}

// choosy is an interpreter that refuses modules with a word in them.
type choosy struct{ *interp.Backend }

func (choosy) Check(c *reload.Checked) (ds []reload.Diagnostic) {
	for _, f := range c.Package.Files {
		if bytes.Contains(f.Source, []byte("unfaithful")) {
			ds = append(ds, reload.Diagnostic{File: f.Path, Line: 1, Column: 1, Rule: "fidelity/test", Message: "it cannot"})
		}
	}
	return ds
}

// withBackends gives a runtime an interpreter and a maker.
func withBackends(m *maker) func(*reload.Config) {
	return func(c *reload.Config) {
		c.Backends = []reload.Backend{choosy{interp.New(interp.Config{})}, m}
	}
}

// running runs a runtime in the background.
func running(t *testing.T, rt *reload.Runtime) {
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

func constant(name string, n int) string {
	return fmt.Sprintf("package %s\n\nfunc F(n int) int { return n + %d }\n", name, n)
}

// serves waits until a module serves in a mode as a version.
func serves(t *testing.T, rt *reload.Runtime, module string, mode reload.Mode, version int) reload.Module {
	t.Helper()
	require.Eventually(t, func() bool {
		m, _ := rt.Module(module)
		return m.Backend == mode && m.Version == version
	}, 10*time.Second, time.Millisecond, "%s v%d %s", module, version, mode)
	return state(t, rt, module)
}

func TestAutoPromotes(t *testing.T) {
	m := newMaker()
	release := m.holdBuilds()
	rt := newRuntime(t, withBackends(m))
	table := bind[calc](t, rt, "m")
	running(t, rt)
	events := rt.Events(t.Context())
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	now := state(t, rt, "m")
	assert.Equal(t, reload.ModeAuto, now.Mode)
	assert.Equal(t, reload.ModeInterpreted, now.Backend)
	assert.True(t, now.Building)
	assert.Equal(t, 3, table.Load().F(2))
	release()
	after := serves(t, rt, "m", reload.ModeNative, 2)
	assert.Equal(t, now.Hash, after.Hash, "the same content")
	assert.Contains(t, after.Stages, reload.StageBuild)
	assert.Equal(t, 3, table.Load().F(2))
	var kinds []reload.EventKind
	for e := range events {
		kinds = append(kinds, e.Kind)
		if e.Kind == reload.EventLive && e.Mode == reload.ModeNative {
			assert.Equal(t, "native build", e.Change.Reason)
			assert.Equal(t, reload.EditMode, e.Edit.Class)
			break
		}
	}
	assert.Equal(t, []reload.EventKind{reload.EventLive, reload.EventBuild, reload.EventLive}, kinds)
	apply(t, rt, tree{"m/m.go": constant("m", 1)}) // nothing changed: nothing is made again
	assert.Equal(t, 2, state(t, rt, "m").Version)
	assert.Equal(t, []string{"m"}, m.begins())
}

func TestAutoStaysInterpretedWhenTheBuildFails(t *testing.T) {
	for name, fail := range map[string]func(*maker, error){
		"build": func(m *maker, err error) { m.build = func(*reload.Checked) error { return err } },
		"load":  func(m *maker, err error) { m.load = func(*reload.Checked) error { return err } },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMaker()
			fail(m, &reload.Error{Diagnostics: []reload.Diagnostic{{File: "m/m.go", Line: 3, Column: 1, Rule: "native/fit",
				Message: "package x differs"}}})
			rt := newRuntime(t, withBackends(m))
			running(t, rt)
			events := rt.Events(t.Context())
			apply(t, rt, tree{"m/m.go": constant("m", 1)})
			for e := range events {
				if e.Kind == reload.EventNotNative {
					require.Len(t, e.Diagnostics, 1)
					break
				}
			}
			now := state(t, rt, "m")
			assert.Equal(t, reload.StateLive, now.State)
			assert.Equal(t, reload.ModeInterpreted, now.Backend)
			assert.Empty(t, now.Diagnostics)
			require.Len(t, now.NotNative, 1)
			assert.Equal(t, "package x differs", now.NotNative[0].Message)

			m.mu.Lock()
			m.build, m.load = nil, nil
			m.mu.Unlock()
			apply(t, rt, tree{"m/m.go": constant("m", 2)})
			require.Eventually(t, func() bool { return state(t, rt, "m").Backend == reload.ModeNative }, 10*time.Second, time.Millisecond)
			assert.Empty(t, state(t, rt, "m").NotNative)
		})
	}
}

func TestNewerEditsSupersedeBuilds(t *testing.T) {
	m := newMaker()
	release := m.holdBuilds()
	rt := newRuntime(t, withBackends(m))
	running(t, rt)
	files := tree{"a/a.go": constant("a", 1), "b/b.go": constant("b", 1), "c/c.go": constant("c", 1)}
	apply(t, rt, files)
	require.Eventually(t, func() bool { return len(m.begins()) == 1 }, 10*time.Second, time.Millisecond)
	first := m.begins()[0]
	for i := 2; i < 5; i++ {
		files = files.with(first+"/"+first+".go", constant(first, i))
		apply(t, rt, files)
	}
	release()
	for name := range map[string]bool{"a": true, "b": true, "c": true} {
		require.Eventually(t, func() bool { return state(t, rt, name).Backend == reload.ModeNative }, 10*time.Second, time.Millisecond)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	assert.Contains(t, m.stopped, first)
	assert.Equal(t, 1, m.most, "one build at once")
	assert.LessOrEqual(t, len(m.begun), 6)
}

func TestBuildsTakeTheNewestFirst(t *testing.T) {
	m := newMaker()
	release := m.holdBuilds()
	rt := newRuntime(t, withBackends(m))
	running(t, rt)
	files := tree{"a/a.go": constant("a", 1)}
	apply(t, rt, files)
	require.Eventually(t, func() bool { return len(m.begins()) == 1 }, 10*time.Second, time.Millisecond)
	for _, name := range []string{"b", "c", "d"} {
		files = files.with(name+"/"+name+".go", constant(name, 1))
		apply(t, rt, files)
	}
	release()
	require.Eventually(t, func() bool { return state(t, rt, "b").Backend == reload.ModeNative }, 10*time.Second, time.Millisecond)
	assert.Equal(t, []string{"a", "d", "c", "b"}, m.begins())
}

func TestWhatMayNotBeInterpretedGoesNative(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m))
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": "package m // unfaithful\n\nfunc F(n int) int { return n }\n"})
	now := state(t, rt, "m")
	assert.Equal(t, reload.ModeNative, now.Backend)
	assert.Equal(t, 1, now.Version)
	require.Len(t, now.Warnings, 1)
	assert.Equal(t, "fidelity/test", now.Warnings[0].Rule)
	assert.Equal(t, 7, table.Load().F(7))

	m.mu.Lock()
	m.build = func(*reload.Checked) error { return errors.New("no compiler") }
	m.mu.Unlock()
	_, err := refuse(t, rt, tree{"m/m.go": "package m // unfaithful\n\nfunc F(n int) int { return n + 1 }\n"})
	require.ErrorContains(t, err, "no compiler")
	assert.Equal(t, reload.StateDegraded, state(t, rt, "m").State)
	assert.Equal(t, 7, table.Load().F(7))
}

func TestWithoutNativeAutoMeansInterpreted(t *testing.T) {
	m := newMaker()
	m.off = errors.New("there is no go command")
	rt := newRuntime(t, withBackends(m), func(c *reload.Config) { c.Modes = map[string]reload.Mode{"b": reload.ModeAuto} })
	running(t, rt)
	apply(t, rt, tree{"a/a.go": constant("a", 1), "b/b.go": constant("b", 1)})
	assert.Equal(t, reload.ModeInterpreted, state(t, rt, "a").Mode)
	assert.Equal(t, reload.ModeAuto, state(t, rt, "b").Mode)
	assert.Equal(t, reload.ModeInterpreted, state(t, rt, "b").Backend)
	assert.False(t, state(t, rt, "b").Building)
	err := rt.SetMode(t.Context(), "a", reload.ModeNative)
	require.ErrorContains(t, err, "there is no go command [native/unsupported]")
	assert.Equal(t, reload.ModeInterpreted, state(t, rt, "a").Mode)
	_, err = refuse(t, rt, tree{"b/b.go": "package b // unfaithful\n"})
	require.ErrorContains(t, err, "fidelity/test")
}

func TestModesOfConfig(t *testing.T) {
	for mode, want := range map[reload.Mode]string{
		reload.ModeStatic: "ask for auto", "fast": `"fast" is no mode`, reload.ModeNative: "no backend of Config.Backends serves the mode native",
	} {
		_, err := reload.New(config(func(c *reload.Config) { c.Mode = mode }))
		require.ErrorContains(t, err, want)
		_, err = reload.New(config(func(c *reload.Config) { c.Modes = map[string]reload.Mode{"m": mode} }))
		require.ErrorContains(t, err, want)
	}
	m := newMaker()
	rt := newRuntime(t, withBackends(m), func(c *reload.Config) {
		c.Mode, c.Modes = reload.ModeInterpreted, map[string]reload.Mode{"b": reload.ModeNative}
	})
	apply(t, rt, tree{"a/a.go": constant("a", 1), "b/b.go": constant("b", 1)})
	assert.Equal(t, reload.ModeInterpreted, state(t, rt, "a").Backend)
	assert.Equal(t, reload.ModeNative, state(t, rt, "b").Backend)
	assert.Equal(t, []string{"b"}, m.begins())
}

func TestBuiltAheadGoesNativeAtOnce(t *testing.T) {
	m := newMaker()
	files := tree{"m/m.go": constant("m", 1)}
	first := newRuntime(t, withBackends(m))
	apply(t, first, files)
	require.NoError(t, first.SetMode(t.Context(), "m", reload.ModeNative))
	rt := newRuntime(t, withBackends(m)) // as after a restart
	apply(t, rt, files)
	assert.Equal(t, reload.ModeNative, state(t, rt, "m").Backend)
	assert.Equal(t, 1, state(t, rt, "m").Version)
	assert.Len(t, m.begins(), 1)

	m.load = func(*reload.Checked) error { return errors.New("does not fit") }
	rt = newRuntime(t, withBackends(m))
	apply(t, rt, files)
	assert.Equal(t, reload.ModeInterpreted, state(t, rt, "m").Backend)
	require.Len(t, state(t, rt, "m").NotNative, 1)
}

func TestStaticComesFirst(t *testing.T) {
	linked, m := newMaker(), newMaker()
	linked.mode = reload.ModeStatic
	rt := newRuntime(t, func(c *reload.Config) {
		c.Backends = []reload.Backend{interp.New(interp.Config{}), m, linked}
	})
	first := tree{"m/m.go": constant("m", 1)}
	report := apply(t, newRuntime(t), first)
	linked.built["m"+report.Modules[0].Hash] = true
	apply(t, rt, first)
	assert.Equal(t, reload.ModeStatic, state(t, rt, "m").Backend)
	apply(t, rt, tree{"m/m.go": constant("m", 2)})
	assert.Equal(t, reload.ModeInterpreted, state(t, rt, "m").Backend)
	apply(t, rt, first)
	assert.Equal(t, reload.ModeStatic, state(t, rt, "m").Backend)
	require.NoError(t, rt.SetMode(t.Context(), "m", reload.ModeInterpreted))
	assert.Equal(t, reload.ModeInterpreted, state(t, rt, "m").Backend)
}

func TestSetMode(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m))
	table := bind[calc](t, rt, "m")
	ctx := t.Context()
	require.ErrorContains(t, rt.SetMode(ctx, "none", reload.ModeNative), "there is no such module")
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	require.ErrorContains(t, rt.SetMode(ctx, "m", reload.ModeStatic), "ask for auto")
	require.ErrorContains(t, rt.SetMode(ctx, "m", ""), "no mode was named")
	for i, mode := range []reload.Mode{reload.ModeNative, reload.ModeInterpreted, reload.ModeNative, reload.ModeNative} {
		require.NoError(t, rt.SetMode(ctx, "m", mode))
		now := state(t, rt, "m")
		assert.Equal(t, mode, now.Mode)
		assert.Equal(t, mode, now.Backend)
		assert.Equal(t, min(i, 2)+2, now.Version)
		assert.Equal(t, 3, table.Load().F(2))
	}
	require.NoError(t, rt.SetMode(ctx, "m", reload.ModeAuto))
	assert.Equal(t, 4, state(t, rt, "m").Version)
	assert.Len(t, m.begins(), 1)
	require.NoError(t, rt.Close())
	require.ErrorIs(t, rt.SetMode(ctx, "m", reload.ModeNative), reload.ErrClosed)
}

func TestSetModeThatFailsChangesNothing(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m))
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	m.build = func(*reload.Checked) error { return errors.New("no compiler") }
	require.ErrorContains(t, rt.SetMode(t.Context(), "m", reload.ModeNative), "no compiler")
	assert.Equal(t, reload.ModeAuto, state(t, rt, "m").Mode)
	m.build, m.load = nil, func(*reload.Checked) error { return errors.New("does not fit") }
	require.ErrorContains(t, rt.SetMode(t.Context(), "m", reload.ModeNative), "does not fit")
	now := state(t, rt, "m")
	assert.Equal(t, reload.ModeAuto, now.Mode)
	assert.Equal(t, 1, now.Version)
	assert.Empty(t, now.Diagnostics)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m.load = nil
	require.ErrorIs(t, rt.SetMode(ctx, "m", reload.ModeNative), context.Canceled)
	require.NoError(t, rt.SetMode(t.Context(), "m", reload.ModeNative))
}

func TestSetModeWaitsForTheSafePoint(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m), atSafePoint)
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	require.NoError(t, rt.Commit())
	done := make(chan error, 1)
	go func() { done <- rt.SetMode(t.Context(), "m", reload.ModeNative) }()
	for {
		require.NoError(t, rt.Commit())
		select {
		case err := <-done:
			require.NoError(t, err)
			assert.Equal(t, reload.ModeNative, state(t, rt, "m").Backend)
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestSetModeTriesAgainWhatWasRefused(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m), func(c *reload.Config) { c.Mode = reload.ModeInterpreted })
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	_, err := refuse(t, rt, tree{"m/m.go": constant("m", 2) + "// unfaithful\n"})
	require.Error(t, err)
	require.NoError(t, rt.SetMode(t.Context(), "m", reload.ModeNative))
	now := state(t, rt, "m")
	assert.Equal(t, reload.StateLive, now.State)
	assert.Equal(t, reload.ModeNative, now.Backend)
	err = rt.SetMode(t.Context(), "m", reload.ModeInterpreted)
	require.ErrorContains(t, err, "fidelity/test")
	assert.Equal(t, reload.ModeNative, state(t, rt, "m").Mode)
}

func TestBatchesWaitForTheirBuildsAlone(t *testing.T) {
	m := newMaker()
	rt, dir := watched(t, tree{"a/a.go": constant("a", 1), "b/b.go": constant("b", 1)}, withBackends(m), func(c *reload.Config) {
		c.Mode, c.Modes = reload.ModeInterpreted, map[string]reload.Mode{"a": reload.ModeNative}
	})
	a := bind[calc](t, rt, "a")
	b := bind[calc](t, rt, "b")
	release := m.holdBuilds()
	write(t, filepath.Join(dir, "a/a.go"), constant("a", 2))
	require.Eventually(t, func() bool { return state(t, rt, "a").Building }, 10*time.Second, time.Millisecond)
	write(t, filepath.Join(dir, "b/b.go"), constant("b", 2))
	require.Eventually(t, func() bool { return b.Load().F(0) == 2 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, 1, a.Load().F(0))
	write(t, filepath.Join(dir, "a/a.go"), constant("a", 3)) // takes the place of the build
	require.Eventually(t, func() bool { return len(m.begins()) == 3 }, 10*time.Second, time.Millisecond)
	release()
	require.Eventually(t, func() bool { return a.Load().F(0) == 3 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, reload.ModeNative, state(t, rt, "a").Backend)
	assert.Equal(t, 2, state(t, rt, "a").Version, "the superseded content never became a version")
	for _, stage := range []string{reload.StageSettle, reload.StageBuild, reload.StagePrepare} {
		assert.Contains(t, state(t, rt, "a").Stages, stage)
	}

	release = m.holdBuilds()
	write(t, filepath.Join(dir, "a/a.go"), constant("a", 4))
	require.Eventually(t, func() bool { return len(m.begins()) == 4 }, 10*time.Second, time.Millisecond)
	write(t, filepath.Join(dir, "a/a.go"), constant("a", 3)) // back to what is live
	require.Eventually(t, func() bool { return !state(t, rt, "a").Building }, 10*time.Second, time.Millisecond)
	release()
	assert.Equal(t, 2, state(t, rt, "a").Version)

	m.mu.Lock()
	m.build = func(*reload.Checked) error { return errors.New("no compiler") }
	m.mu.Unlock()
	write(t, filepath.Join(dir, "a/a.go"), constant("a", 5))
	require.Eventually(t, func() bool { return state(t, rt, "a").State == reload.StateDegraded }, 10*time.Second, time.Millisecond)
	assert.Contains(t, state(t, rt, "a").Diagnostics[0].Message, "no compiler")
	assert.Equal(t, 3, a.Load().F(0))
}

func TestToggleUnderLoad(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m))
	table := bind[calc](t, rt, "m")
	running(t, rt)
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for ctx.Err() == nil {
				assert.NoError(t, table.Do(context.Background(), func(c *calc) error {
					assert.Equal(t, 3, c.F(2))
					return nil
				}))
			}
		})
	}
	for i := range 60 {
		mode := []reload.Mode{reload.ModeNative, reload.ModeInterpreted, reload.ModeAuto}[i%3]
		require.NoError(t, rt.SetMode(ctx, "m", mode))
	}
	cancel()
	callers.Wait()
}

// TestPlanDisturbsNothing plans while a build is under way.
func TestPlanDisturbsNothing(t *testing.T) {
	m := newMaker()
	release := m.holdBuilds()
	rt := newRuntime(t, withBackends(m))
	running(t, rt)
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	require.Eventually(t, func() bool { return len(m.begins()) == 1 }, wait, tick)
	report, err := rt.Plan(t.Context(), tree{"m/m.go": constant("m", 2)}.fs())
	require.NoError(t, err)
	assert.Equal(t, reload.OutcomeReload, report.Modules[0].Outcome)
	release()
	serves(t, rt, "m", reload.ModeNative, 2)
	assert.Len(t, m.begins(), 1)
}

// TestCloseEndsBuilds closes while a switch waits for its build.
func TestCloseEndsBuilds(t *testing.T) {
	m := newMaker()
	defer m.holdBuilds()()
	rt := newRuntime(t, withBackends(m), func(c *reload.Config) { c.Mode = reload.ModeInterpreted })
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	done := make(chan error, 1)
	go func() { done <- rt.SetMode(context.Background(), "m", reload.ModeNative) }()
	require.Eventually(t, func() bool { return len(m.begins()) == 1 }, wait, tick)
	require.NoError(t, rt.Close())
	require.ErrorContains(t, <-done, "closed")
}

// TestPromotionsWarn shows what the native backend warns of, also when it comes second.
func TestPromotionsWarn(t *testing.T) {
	m := newMaker()
	m.check = func(c *reload.Checked) []reload.Diagnostic {
		return []reload.Diagnostic{{File: "m/m.go", Line: 1, Column: 1, Rule: "native/stale-host", Severity: reload.SeverityWarning, Message: "old"}}
	}
	rt := newRuntime(t, withBackends(m))
	running(t, rt)
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	serves(t, rt, "m", reload.ModeNative, 2)
	require.Len(t, state(t, rt, "m").Warnings, 1)
	require.NoError(t, rt.SetMode(t.Context(), "m", reload.ModeInterpreted))
	require.NoError(t, rt.SetMode(t.Context(), "m", reload.ModeNative))
	require.Len(t, state(t, rt, "m").Warnings, 1, "once")
}

// TestSwitchesLoseNoEdit switches while the native build of an edit runs, of the module and of another one of its batch.
func TestSwitchesLoseNoEdit(t *testing.T) {
	library := func(n int) string { return fmt.Sprintf("package lib\n\nfunc N() int { return %d }\n", n) }
	user := func(name string) string {
		return "package " + name + "\n\nimport \"x/scripts/lib\"\n\nfunc F(n int) int { return n + lib.N() }\n"
	}
	for _, mode := range []reload.Mode{reload.ModeNative, reload.ModeInterpreted, reload.ModeAuto} {
		t.Run(string(mode), func(t *testing.T) {
			m := newMaker()
			rt, dir := watched(t, tree{"a/a.go": user("a"), "b/b.go": user("b"), "lib/lib.go": library(1)}, withBackends(m),
				func(c *reload.Config) { c.Mode = reload.ModeNative })
			a, b := bind[calc](t, rt, "a"), bind[calc](t, rt, "b")
			release := m.holdBuilds()
			before := len(m.begins())
			write(t, filepath.Join(dir, "lib/lib.go"), library(2))
			require.Eventually(t, func() bool { return len(m.begins()) > before }, wait, tick)
			require.NoError(t, rt.SetMode(t.Context(), "b", mode))
			assert.Equal(t, mode, state(t, rt, "b").Mode)
			assert.Equal(t, 1, a.Load().F(0))
			assert.Equal(t, 1, b.Load().F(0))
			release()
			require.Eventually(t, func() bool { return a.Load().F(0) == 2 && b.Load().F(0) == 2 }, wait, tick)
			assert.Equal(t, reload.ModeNative, state(t, rt, "a").Backend)
			if mode != reload.ModeAuto {
				assert.Equal(t, mode, state(t, rt, "b").Backend)
			}
			require.Eventually(t, func() bool { return !state(t, rt, "a").Building }, wait, tick)
		})
	}
}

// TestRollbackOfWhatIsBeingBuilt is the last word about one module, and leaves the rest of its batch alone.
func TestRollbackOfWhatIsBeingBuilt(t *testing.T) {
	library := func(n int) string { return fmt.Sprintf("package lib\n\nfunc N() int { return %d }\n", n) }
	user := func(name string) string {
		return "package " + name + "\n\nimport \"x/scripts/lib\"\n\nfunc F(n int) int { return n + lib.N() }\n"
	}
	m := newMaker()
	rt, dir := watched(t, tree{"a/a.go": user("a"), "b/b.go": user("b"), "lib/lib.go": library(1)}, withBackends(m),
		func(c *reload.Config) { c.Mode = reload.ModeNative })
	a, b := bind[calc](t, rt, "a"), bind[calc](t, rt, "b")
	write(t, filepath.Join(dir, "lib/lib.go"), library(2))
	require.Eventually(t, func() bool { return b.Load().F(0) == 2 }, wait, tick)
	release := m.holdBuilds()
	before := len(m.begins())
	write(t, filepath.Join(dir, "lib/lib.go"), library(3))
	require.Eventually(t, func() bool { return len(m.begins()) > before }, wait, tick)
	require.NoError(t, rt.Rollback(t.Context(), "b", 1))
	assert.Equal(t, 1, b.Load().F(0))
	release()
	require.Eventually(t, func() bool { return a.Load().F(0) == 3 }, wait, tick)
	assert.Equal(t, 1, b.Load().F(0))
	assert.Equal(t, reload.StateQuarantined, state(t, rt, "b").State)
	write(t, filepath.Join(dir, "lib/lib.go"), library(4))
	require.Eventually(t, func() bool { return a.Load().F(0) == 4 && b.Load().F(0) == 4 }, wait, tick)
}

// TestFailedSwitchesKeepPromotions gives up on a switch in auto mode.
func TestFailedSwitchesKeepPromotions(t *testing.T) {
	m := newMaker()
	release := m.holdBuilds()
	rt := newRuntime(t, withBackends(m))
	running(t, rt)
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.Error(t, rt.SetMode(ctx, "m", reload.ModeNative))
	assert.Equal(t, reload.ModeAuto, state(t, rt, "m").Mode)
	release()
	serves(t, rt, "m", reload.ModeNative, 2)
}

// TestModesOvertake has one switch wait for its build while another one comes.
func TestModesOvertake(t *testing.T) {
	m := newMaker()
	release := m.holdBuilds()
	rt := newRuntime(t, withBackends(m), func(c *reload.Config) { c.Mode = reload.ModeInterpreted })
	apply(t, rt, tree{"m/m.go": constant("m", 1)})
	done := make(chan error, 1)
	go func() { done <- rt.SetMode(context.Background(), "m", reload.ModeNative) }()
	require.Eventually(t, func() bool { return len(m.begins()) == 1 }, wait, tick)
	require.NoError(t, rt.SetMode(t.Context(), "m", reload.ModeInterpreted))
	release()
	require.ErrorIs(t, <-done, reload.ErrOvertaken)
	assert.Equal(t, reload.ModeInterpreted, state(t, rt, "m").Backend)
	assert.Equal(t, reload.ModeInterpreted, state(t, rt, "m").Mode)
}

// TestModesUnderEdits edits, switches and calls at once, and ends with what was asked for last.
func TestModesUnderEdits(t *testing.T) {
	m := newMaker()
	rt := newRuntime(t, withBackends(m))
	table := bind[calc](t, rt, "m")
	running(t, rt)
	apply(t, rt, tree{"m/m.go": constant("m", 0)})
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	others.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			err := rt.SetMode(ctx, "m", []reload.Mode{reload.ModeNative, reload.ModeInterpreted, reload.ModeAuto}[i%3])
			if err != nil && !errors.Is(err, reload.ErrOvertaken) {
				assert.ErrorIs(t, err, context.Canceled)
			}
		}
	})
	others.Go(func() {
		for ctx.Err() == nil {
			assert.NoError(t, table.Do(context.Background(), func(c *calc) error { c.F(1); return nil }))
		}
	})
	for i := 1; i <= 40; i++ {
		apply(t, rt, tree{"m/m.go": constant("m", i)})
		assert.Equal(t, i, table.Load().F(0))
	}
	cancel()
	others.Wait()
	require.NoError(t, rt.SetMode(t.Context(), "m", reload.ModeNative))
	assert.Equal(t, reload.ModeNative, state(t, rt, "m").Backend)
	assert.Equal(t, 40, table.Load().F(0))
}
