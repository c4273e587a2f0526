package reload_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func atSafePoint(c *reload.Config) { c.CommitOn = reload.SafePoint }

// two modules that share a library, and one that does not
func three() tree {
	return tree{
		"a/a.go":     "package a\nimport \"x/scripts/lib\"\nfunc F(n int) int { return lib.Times(n) }\n",
		"b/b.go":     "package b\nimport \"x/scripts/lib\"\nfunc F(n int) int { return lib.Times(n) + 1 }\n",
		"c/c.go":     "package c\nfunc F(n int) int { return n }\n",
		"lib/lib.go": "package lib\nfunc Times(n int) int { return n * 2 }\n",
	}
}

func TestSafePoint(t *testing.T) {
	rt := newRuntime(t, atSafePoint)
	table := bind[calc](t, rt, "c")
	r := apply(t, rt, three())
	assert.Equal(t, reload.OutcomeReady, outcomes(r)["c"])
	assert.Equal(t, uint64(0), rt.Generation().Number())
	require.Nil(t, table.Version())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, r.Wait(ctx), context.Canceled)
	require.NoError(t, rt.Commit())
	require.NoError(t, r.Wait(context.Background()))
	assert.Equal(t, uint64(1), rt.Generation().Number())
	assert.Equal(t, 5, table.Load().F(5))
	require.NoError(t, rt.Commit(), "nothing to do")
	assert.Equal(t, uint64(1), rt.Generation().Number())

	// Two edits before the next safe point: the newer one overtakes, the other module's is not lost.
	apply(t, rt, three().with("c/c.go", "package c\nfunc F(n int) int { return n + 10 }\n"))
	second := three().with("c/c.go", "package c\nfunc F(n int) int { return n + 20 }\n",
		"a/a.go", "package a\nfunc F(n int) int { return -n }\n")
	apply(t, rt, second)
	assert.Equal(t, 5, table.Load().F(5))
	require.NoError(t, rt.Commit())
	assert.Equal(t, 25, table.Load().F(5))
	assert.Equal(t, uint64(2), rt.Generation().Number())
	assert.Equal(t, 3, state(t, rt, "c").Version)
}

func TestStartCommitsAtOnce(t *testing.T) {
	rt := newRuntime(t, atSafePoint, func(c *reload.Config) { c.Source = reload.FS(three().fs()) })
	table := bind[calc](t, rt, "a")
	require.NoError(t, rt.Start(context.Background()))
	assert.Equal(t, 8, table.Load().F(4))
	require.Error(t, rt.Start(context.Background()), "once")
}

func TestLibraryEditReloadsItsImportersTogether(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, three())
	r := apply(t, rt, three().with("lib/lib.go", "package lib\nfunc Times(n int) int { return n * 3 }\n"))
	assert.Equal(t, map[string]reload.Outcome{"a": reload.OutcomeLive, "b": reload.OutcomeLive}, outcomes(r))
	assert.Equal(t, []string{"lib"}, r.Modules[0].Because)
	assert.Equal(t, uint64(2), r.Generation)
	g, mods := rt.Modules()
	assert.Equal(t, uint64(2), g.Number())
	require.Len(t, mods, 3, "a library is no module")
	assert.Equal(t, []int{2, 2, 1}, []int{mods[0].Version, mods[1].Version, mods[2].Version})
	assert.Equal(t, []string{"lib"}, mods[0].Libraries)
}

func TestNoOp(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, three())
	r := apply(t, rt, three())
	assert.Empty(t, r.Modules)
	assert.Equal(t, uint64(1), rt.Generation().Number())
	r = apply(t, rt, three().with("c/c_test.go", "package c\nthis is not looked at\n",
		"c/other.go", "//go:build ignore\n\npackage other\n", "c/c_windows.go", "package c\nfunc X() {}\n",
		"c/notes.txt", "data", "c/_draft.go", "nonsense", "c/.hidden.go", "nonsense"))
	assert.Empty(t, r.Modules)
}

func TestBatchIsAllOrNothing(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, three())
	good := "package a\nfunc F(n int) int { return 100 }\n"
	r, err := refuse(t, rt, three().with("a/a.go", good, "c/c.go", "package c\nfunc F(n int) int { return oops }\n"))
	assert.Equal(t, map[string]reload.Outcome{"a": reload.OutcomeHeld, "c": reload.OutcomeRefused}, outcomes(r))
	require.ErrorIs(t, err, reload.ErrHeld)
	assert.Equal(t, uint64(1), rt.Generation().Number())
	assert.Equal(t, reload.StateDegraded, state(t, rt, "a").State)
	assert.Contains(t, state(t, rt, "a").Diagnostics[0].Message, "c")

	// An unrelated module is not held up by their trouble.
	base := three().with("a/a.go", good)
	r = apply(t, rt, base.with("c/c.go", "package c\nfunc F(n int) int { return oops }\n",
		"b/b.go", "package b\nfunc F(n int) int { return 7 }\n"))
	assert.Equal(t, map[string]reload.Outcome{"b": reload.OutcomeLive}, outcomes(r))

	// The fix brings along what was held.
	r = apply(t, rt, base.with("c/c.go", "package c\nfunc F(n int) int { return 200 }\n",
		"b/b.go", "package b\nfunc F(n int) int { return 7 }\n"))
	assert.Equal(t, map[string]reload.Outcome{"a": reload.OutcomeLive, "c": reload.OutcomeLive}, outcomes(r))
	for _, name := range []string{"a", "b", "c"} {
		assert.Equal(t, reload.StateLive, state(t, rt, name).State)
		assert.Empty(t, state(t, rt, name).Diagnostics)
	}
	assert.Equal(t, uint64(3), rt.Generation().Number())
}

// A deployment that applies the same broken files again is told so again.
func TestApplyAgain(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, three())
	broken := three().with("c/c.go", "package c\nfunc F(")
	refuse(t, rt, broken)
	r, _ := refuse(t, rt, broken)
	assert.Equal(t, map[string]reload.Outcome{"c": reload.OutcomeRefused}, outcomes(r))
}

func TestRevertClearsTheError(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, three())
	refuse(t, rt, three().with("c/c.go", "package c\nfunc F(", "a/a.go", "package a\nfunc F(n int) int { return 1 }\n"))
	r := apply(t, rt, three().with("a/a.go", "package a\nfunc F(n int) int { return 1 }\n"))
	assert.Equal(t, map[string]reload.Outcome{"a": reload.OutcomeLive, "c": reload.OutcomeFixed}, outcomes(r))
	assert.Equal(t, reload.StateLive, state(t, rt, "c").State)
	assert.Equal(t, 1, state(t, rt, "c").Version)
}

func TestFirstLoadOneTypoStopsOneModule(t *testing.T) {
	broken := three().with("c/c.go", "package c\nfunc F(")
	t.Run("degraded", func(t *testing.T) {
		rt := newRuntime(t, func(c *reload.Config) { c.Source, c.Boot = reload.FS(broken.fs()), reload.BootDegraded })
		require.NoError(t, rt.Start(context.Background()))
		assert.Equal(t, reload.StateLive, state(t, rt, "a").State)
		assert.Equal(t, reload.StateFailed, state(t, rt, "c").State)
		assert.Equal(t, 0, state(t, rt, "c").Version)
		apply(t, rt, three())
		assert.Equal(t, reload.StateLive, state(t, rt, "c").State)
	})
	t.Run("strict", func(t *testing.T) {
		rt := newRuntime(t, func(c *reload.Config) { c.Source = reload.FS(broken.fs()) })
		err := rt.Start(context.Background())
		require.ErrorContains(t, err, "c/c.go:2:8")
		assert.Equal(t, uint64(0), rt.Generation().Number())
		require.Error(t, rt.Start(context.Background()), "still broken, tried again")
		r := apply(t, rt, three())
		assert.Len(t, r.Modules, 3)
	})
}

func TestModulesComeAndGo(t *testing.T) {
	rt := newRuntime(t)
	bind[calc](t, rt, "a")
	apply(t, rt, three())
	r := apply(t, rt, three().with("d/d.go", "package d\nfunc F(n int) int { return 4 }\n"))
	assert.Equal(t, map[string]reload.Outcome{"d": reload.OutcomeLive}, outcomes(r))
	r = apply(t, rt, three().with("c/c.go", ""))
	assert.Equal(t, map[string]reload.Outcome{"c": reload.OutcomeRemoved, "d": reload.OutcomeRemoved}, outcomes(r))
	_, ok := rt.Module("d")
	assert.False(t, ok)
	assert.Nil(t, rt.Generation().Version("c"))

	// A module that the host binds serves on.
	refuse(t, rt, three().with("a/a.go", ""))
	m := state(t, rt, "a")
	assert.Equal(t, reload.StateDegraded, m.State)
	assert.Contains(t, m.Diagnostics[0].Message, "version 1 still serves")
	apply(t, rt, three())
	assert.Equal(t, reload.StateLive, state(t, rt, "a").State)
	assert.Equal(t, 1, state(t, rt, "a").Version, "the same content is the same version")
}

func TestBoundModuleWithoutFolder(t *testing.T) {
	rt := newRuntime(t, func(c *reload.Config) { c.Source = reload.FS(three().fs()) })
	bind[calc](t, rt, "nowhere")
	require.ErrorContains(t, rt.Start(context.Background()), "no package nowhere")
	assert.Equal(t, reload.StateFailed, state(t, rt, "nowhere").State)
}

func TestDroppedImportDoesNotMakeAModule(t *testing.T) {
	rt := newRuntime(t)
	files := tree{"a/a.go": three()["a/a.go"], "lib/lib.go": three()["lib/lib.go"]}
	apply(t, rt, files)
	r, _ := refuse(t, rt, files.with("a/a.go", "package a\nfunc F(n int) int { return undefined }\n"))
	assert.Len(t, r.Modules, 1)
	r = apply(t, rt, files.with("a/a.go", "package a\nfunc F(n int) int { return 1 }\n"))
	assert.Len(t, r.Modules, 1)
	r = apply(t, rt, files.with("a/a.go", "package a\nfunc F(n int) int { return 2 }\n"))
	assert.Len(t, r.Modules, 1)
}

func TestPlanChangesNothing(t *testing.T) {
	rt := newRuntime(t)
	bind[calc](t, rt, "a")
	apply(t, rt, three())
	next := three().with("lib/lib.go", "package lib\nfunc Times(n int) int { return 9 }\n", "b/b.go", "package b\nfunc F(",
		"c/c.go", "", "d/d.go", "package d\n")
	r, err := rt.Plan(context.Background(), next.fs())
	require.NoError(t, err)
	assert.Equal(t, map[string]reload.Outcome{"a": reload.OutcomeReload, "b": reload.OutcomeRefused,
		"c": reload.OutcomeRemoved, "d": reload.OutcomeLoad}, outcomes(r))
	assert.Equal(t, uint64(1), rt.Generation().Number())
	r = apply(t, rt, three())
	assert.Empty(t, r.Modules)
}

func TestApplyCancelled(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, three())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := rt.Apply(ctx, three().with("c/c.go", "package c\n").fs(), reload.Change{})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, reload.StateLive, state(t, rt, "c").State)
	r := apply(t, rt, three().with("c/c.go", "package c\n"))
	assert.Equal(t, reload.OutcomeLive, outcomes(r)["c"], "tried again")
}

func TestInitFailures(t *testing.T) {
	rt := newRuntime(t, func(c *reload.Config) { c.PrepareTimeout = 100 * time.Millisecond })
	apply(t, rt, three())
	for name, c := range map[string]struct{ src, want string }{
		"panic":   {"package c\n\nfunc init() { panic(\"boo\") }\n", "c/c.go:3:15: panic while the package was initialised: boo"},
		"var":     {"package c\n\nvar x = f()\n\nfunc f() int { var p *int; return *p }\n", "c/c.go:5"},
		"endless": {"package c\n\nfunc init() { for {} }\n", "c/c.go:3:1: package initialisation did not end within 100ms"},
		"blocked": {"package c\n\nfunc init() { select {} }\n", "did not end within 100ms"},
	} {
		_, err := refuse(t, rt, three().with("c/c.go", c.src))
		require.ErrorContains(t, err, c.want, name)
		assert.Equal(t, reload.StateDegraded, state(t, rt, "c").State, name)
		assert.Equal(t, 1, state(t, rt, "c").Version, name)
	}
	apply(t, rt, three())
	assert.Equal(t, reload.StateLive, state(t, rt, "c").State)
}

func TestNoBackend(t *testing.T) {
	rt := newRuntime(t, func(c *reload.Config) { c.Backends = nil })
	_, err := refuse(t, rt, three())
	assert.ErrorContains(t, err, "no backend")
}

func TestBadSymbolsKey(t *testing.T) {
	_, err := reload.New(config(func(c *reload.Config) { c.Symbols = reload.Symbols{"game": nil} }))
	assert.ErrorContains(t, err, "game/game")
}

func TestModuleAsJSON(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, three())
	refuse(t, rt, three().with("c/c.go", "package c\nfunc F("))
	_, mods := rt.Modules()
	b, err := json.Marshal(mods)
	require.NoError(t, err)
	var plain []map[string]any
	require.NoError(t, json.Unmarshal(b, &plain))
	c := plain[2]
	assert.Equal(t, []any{"c", 1.0, "interpreted", "interpreted", "degraded"},
		[]any{c["name"], c["version"], c["mode"], c["backend"], c["state"]})
	assert.Equal(t, []any{}, plain[0]["diagnostics"], "empty when all is well, and not null")
	d := c["diagnostics"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"c/c.go", 2.0, 8.0, "syntax", "close what is open: a } is missing somewhere above"},
		[]any{d["file"], d["line"], d["column"], d["rule"], d["hint"]})
	assert.Contains(t, plain[0]["stages"], reload.StagePrepare)
	var back []reload.Module
	require.NoError(t, json.Unmarshal(b, &back))
	for s, v := range mods[0].Stages {
		assert.Equal(t, v.Truncate(time.Microsecond), back[0].Stages[s])
	}
}

func TestEvents(t *testing.T) {
	rt := newRuntime(t)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	events := rt.Events(ctx)
	apply(t, rt, three())
	refuse(t, rt, three().with("c/c.go", "package c\nfunc F("))
	apply(t, rt, three())
	apply(t, rt, three().with("c/c.go", ""))
	var got []string
	for e := range events {
		got = append(got, fmt.Sprintf("%s %s v%d g%d", e.Kind, e.Module, e.Version, e.Generation))
		if e.Kind == reload.EventRetired {
			break
		}
	}
	assert.Equal(t, []string{"live a v1 g1", "live b v1 g1", "live c v1 g1", "refused c v0 g1", "fixed c v0 g1",
		"removed c v0 g2", "retired c v1 g2"}, got)
}

func TestEventsSayWhatTheyDropped(t *testing.T) {
	rt := newRuntime(t)
	ctx, cancel := context.WithCancel(context.Background())
	events := rt.Events(ctx)
	const n = 400
	for i := range n {
		files := tree{"c/c.go": fmt.Sprintf("package c\nconst X = %d\n", i)}
		if i%2 == 1 {
			files["c/c.go"] = "package c\nfunc F("
		}
		rt.Apply(context.Background(), files.fs(), reload.Change{})
	}
	seen, dropped := 0, 0
	for e := range events {
		if e.Kind == reload.EventDropped {
			dropped = e.Dropped
			break
		}
		if seen++; seen == 100 {
			apply(t, rt, tree{"c/c.go": "package c\nconst Last = 1\n"})
		}
	}
	cancel()
	assert.Equal(t, 256, seen)
	assert.Positive(t, dropped)
}

func TestGenerationIsImmutable(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, three())
	g := rt.Generation()
	before := slices.Collect(g.Versions())
	apply(t, rt, three().with("c/c.go", "package c\n"))
	assert.Equal(t, before, slices.Collect(g.Versions()))
	assert.NotEqual(t, g.Version("c"), rt.Generation().Version("c"))
	assert.Equal(t, g.Version("a"), rt.Generation().Version("a"))
	assert.Equal(t, "c v2 (interpreted, "+rt.Generation().Version("c").Hash()+")", rt.Generation().Version("c").String())
	assert.Equal(t, []string{"a", "b", "c"}, slices.Sorted(maps.Keys(func() map[string]int {
		m := map[string]int{}
		for v := range g.Versions() {
			m[v.Module()] = v.Number()
		}
		return m
	}())))
}
