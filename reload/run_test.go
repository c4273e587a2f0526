package reload_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// watched is a runtime that watches a real directory.
func watched(t testing.TB, files tree, change ...func(*reload.Config)) (*reload.Runtime, string) {
	t.Helper()
	dir := t.TempDir()
	for name, src := range files {
		write(t, filepath.Join(dir, name), src)
	}
	change = append([]func(*reload.Config){func(c *reload.Config) {
		c.Source = reload.Dir(dir)
		c.Boot = reload.BootDegraded
		c.Settle = 10 * time.Millisecond
	}}, change...)
	rt := newRuntime(t, change...)
	require.NoError(t, rt.Start(context.Background()))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- rt.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return rt, dir
}

func write(t testing.TB, name, src string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(src), 0o644))
}

func TestRunFollowsTheDirectory(t *testing.T) {
	for _, mode := range []string{"events", "poll"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			rt, dir := watched(t, three(), func(c *reload.Config) {
				if mode == "poll" {
					c.Poll = 20 * time.Millisecond
				}
			})
			table := bind[calc](t, rt, "a")
			require.Equal(t, 4, table.Load().F(2))

			write(t, filepath.Join(dir, "lib/lib.go"), "package lib\nfunc Times(n int) int { return n * 10 }\n")
			eventually(t, func() bool { return table.Load().F(2) == 20 }, "the library edit is live")
			eventually(t, func() bool { return state(t, rt, "b").Version == 2 }, "in both importers")
			assert.Equal(t, 1, state(t, rt, "c").Version)

			write(t, filepath.Join(dir, "a/a.go"), "package a\nfunc F(n int) int { return typo }\n")
			eventually(t, func() bool { return state(t, rt, "a").State == reload.StateDegraded }, "the typo shows")
			assert.Equal(t, 20, table.Load().F(2), "last good stays")
			d := state(t, rt, "a").Diagnostics
			require.Len(t, d, 1)
			assert.Equal(t, "a/a.go:2:28", fmt.Sprintf("%s:%d:%d", d[0].File, d[0].Line, d[0].Column))

			write(t, filepath.Join(dir, "a/a.go"), "package a\nfunc F(n int) int { return n }\n")
			eventually(t, func() bool { return table.Load().F(2) == 2 }, "the fix is live")
			assert.Contains(t, state(t, rt, "a").Stages, reload.StageSettle)

			write(t, filepath.Join(dir, "new/deep/d.go"), "package deep\n")
			eventually(t, func() bool { m, _ := rt.Module("new/deep"); return m.State == reload.StateLive }, "a module appears")
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "new")))
			eventually(t, func() bool { _, ok := rt.Module("new/deep"); return !ok }, "and goes")
		})
	}
}

// What changes between Start and Run has made no event, and is not lost.
func TestRunClosesTheGap(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "m/m.go"), calcSource(2))
	rt := newRuntime(t, func(c *reload.Config) { c.Source = reload.Dir(dir) })
	table := bind[calc](t, rt, "m")
	require.NoError(t, rt.Start(context.Background()))
	write(t, filepath.Join(dir, "m/m.go"), calcSource(3))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- rt.Run(ctx) }()
	eventually(t, func() bool { return table.Load().F(1) == 3 }, "the edit is found")
	cancel()
	require.NoError(t, <-done)
}

func TestRunNeedsStart(t *testing.T) {
	rt := newRuntime(t)
	require.ErrorContains(t, rt.Run(context.Background()), "Run before Start")
	require.NoError(t, rt.Start(context.Background()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, rt.Run(ctx), "nothing to watch")
}

func TestStartWithoutItsDirectory(t *testing.T) {
	rt := newRuntime(t, func(c *reload.Config) {
		c.Source, c.Boot = reload.Dir(filepath.Join(t.TempDir(), "none")), reload.BootDegraded
	})
	require.ErrorContains(t, rt.Start(context.Background()), "none")
}

// A file that an editor has truncated and not written yet is not taken for an edit.
func TestHalfWrittenFile(t *testing.T) {
	rt, dir := watched(t, tree{"m/m.go": calcSource(2)}, func(c *reload.Config) { c.MaxSettle = 5 * time.Second })
	table := bind[calc](t, rt, "m")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := rt.Events(ctx)
	name := filepath.Join(dir, "m/m.go")
	require.NoError(t, os.WriteFile(name, nil, 0o644))
	time.Sleep(50 * time.Millisecond) // several settle times: the file stays empty for long
	require.NoError(t, os.WriteFile(name, []byte(calcSource(3)), 0o644))
	for e := range events {
		require.NotEqual(t, reload.EventRefused, e.Kind, "%v", e.Err)
		if e.Kind == reload.EventLive {
			break
		}
	}
	assert.Equal(t, 3, table.Load().F(1))
}

func TestImportPathDefault(t *testing.T) {
	rt, err := reload.New(reload.Config{Source: reload.Dir("some/where/mods"), Backends: config().Backends})
	require.NoError(t, err)
	files := fstest.MapFS{
		"a/a.go":     {Data: []byte("package a\nimport \"midair/mods/lib\"\nconst X = lib.X\n")},
		"lib/lib.go": {Data: []byte("package lib\nconst X = 1\n")},
	}
	_, err = rt.Apply(context.Background(), files, reload.Change{})
	require.NoError(t, err)
}

// Kubernetes mounts a volume as links into a folder that it swaps whole.
func TestRunFollowsSwappedMounts(t *testing.T) {
	for name, scripts := range map[string]string{"the mount": ".", "a folder of it": "scripts"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mount := t.TempDir()
			fill := func(stamp string, factor int) {
				write(t, filepath.Join(mount, "..2026_"+stamp, scripts, "m/m.go"), calcSource(factor))
				require.NoError(t, os.Symlink("..2026_"+stamp, filepath.Join(mount, "..data_tmp")))
				require.NoError(t, os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data")))
			}
			fill("1", 2)
			dir, link := filepath.Join(mount, "m"), "..data/m"
			if scripts != "." {
				dir, link = filepath.Join(mount, "scripts"), "..data/scripts"
			}
			require.NoError(t, os.Symlink(link, dir))
			if scripts == "." {
				dir = mount
			}
			rt := newRuntime(t, func(c *reload.Config) { c.Source = reload.Dir(dir) })
			table := bind[calc](t, rt, "m")
			require.NoError(t, rt.Start(context.Background()))
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- rt.Run(ctx) }()
			require.Equal(t, 2, table.Load().F(1))
			for i := 3; i < 6; i++ {
				fill(fmt.Sprint(i), i)
				require.NoError(t, os.RemoveAll(filepath.Join(mount, fmt.Sprintf("..2026_%d", i-1))))
				eventually(t, func() bool { return table.Load().F(1) == i }, "swap %d", i)
			}
			cancel()
			require.NoError(t, <-done)
		})
	}
}

// What Apply brings from elsewhere stays until the directory changes; then the directory counts, all of it.
func TestApplyBesideRun(t *testing.T) {
	rt, dir := watched(t, three())
	table := bind[calc](t, rt, "c")
	apply(t, rt, three().with("c/c.go", "package c\nfunc F(n int) int { return 77 }\n"))
	write(t, filepath.Join(dir, "a/a.go"), "package a\nfunc F(n int) int { return 0 }\n")
	eventually(t, func() bool { return state(t, rt, "a").Version == 2 }, "the edit is live")
	assert.Equal(t, 1, table.Load().F(1), "c is what the directory says")
}
