package watch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// traces are what editors and tools do to boids/boids.go. do gets the directory of the module.
var traces = map[string]func(t *testing.T, dir string){
	"write": func(t *testing.T, dir string) {
		write(t, filepath.Join(dir, "boids.go"), "package boids\n\nvar x = 1\n")
	},
	"sed -i": func(t *testing.T, dir string) {
		command(t, dir, "sed", "-i", "s/boids/birds/", "boids.go")
	},
	"mv": func(t *testing.T, dir string) {
		write(t, filepath.Join(dir, "new.tmp"), "package boids\n\nvar x = 2\n")
		command(t, dir, "mv", "new.tmp", "boids.go")
	},
	"rename from outside": func(t *testing.T, dir string) {
		file := filepath.Join(filepath.Dir(dir), "..", "outside.go")
		write(t, file, "package boids\n\nvar x = 3\n")
		rename(t, file, filepath.Join(dir, "boids.go"))
	},
	"backup": func(t *testing.T, dir string) {
		file := filepath.Join(dir, "boids.go")
		rename(t, file, file+"~")
		write(t, file, "package boids\n\nvar x = 4\n")
		require.NoError(t, os.Remove(file+"~"))
	},
	"truncate, then write": func(t *testing.T, dir string) {
		file := filepath.Join(dir, "boids.go")
		require.NoError(t, os.Truncate(file, 0))
		write(t, file, "package boids\n\nvar x = 5\n")
	},
	"vim": func(t *testing.T, dir string) {
		file := filepath.Join(dir, "boids.go")
		droppings(t, dir)
		rename(t, file, file+"~")
		write(t, file, "package boids\n\nvar x = 6\n")
		chmod(t, file, 0o644)
		require.NoError(t, os.Remove(file+"~"))
		require.NoError(t, os.Remove(filepath.Join(dir, ".boids.go.swp")))
	},
	"jetbrains": func(t *testing.T, dir string) {
		file := filepath.Join(dir, "boids.go")
		write(t, file+"___jb_tmp___", "package boids\n\nvar x = 7\n")
		rename(t, file, file+"___jb_old___")
		rename(t, file+"___jb_tmp___", file)
		require.NoError(t, os.Remove(file+"___jb_old___"))
	},
	"gofmt -w": func(t *testing.T, dir string) {
		file := filepath.Join(dir, "boids.go")
		write(t, file+".1601112233", "package boids\n")
		write(t, file, "package boids\n\nvar x = 8\n")
		require.NoError(t, os.Remove(file+".1601112233"))
	},
	"remove, and create later": func(t *testing.T, dir string) {
		file := filepath.Join(dir, "boids.go")
		require.NoError(t, os.Remove(file))
		time.Sleep(15 * time.Millisecond) // as git checkout does
		write(t, file, "package boids\n\nvar x = 9\n")
	},
	"touch": func(t *testing.T, dir string) {
		chtimes(t, filepath.Join(dir, "boids.go"), time.Now().Add(-time.Hour))
	},
	"chmod": func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, "boids.go"), 0o600) },
	"data":  func(t *testing.T, dir string) { write(t, filepath.Join(dir, "balance.csv"), "1,2,3\n") },
	"remove": func(t *testing.T, dir string) {
		require.NoError(t, os.Remove(filepath.Join(dir, "boids.go")))
	},
}

// droppings makes what a running vim leaves about.
func droppings(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{".boids.go.swx", ".boids.go.swp", "4913", "boids.go~", "#boids.go#", "x.bak"} {
		write(t, filepath.Join(dir, name), "noise")
	}
	for _, name := range []string{".boids.go.swx", "4913", "boids.go~"} {
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
	}
	link(t, "someone@host.123:456", filepath.Join(dir, ".#boids.go"))
}

func command(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
}

// modes are watching and polling: both have to notice the same.
var modes = map[string]Options{
	"watch": {},
	"poll":  {Poll: 15 * time.Millisecond},
}

func TestTraces(t *testing.T) {
	t.Parallel()
	for mode, o := range modes {
		for name, do := range traces {
			t.Run(mode+"/"+name, func(t *testing.T) {
				t.Parallel()
				o := o
				o.Dir = filepath.Join(temp(t), "scripts")
				module(t, o.Dir, "boids")
				module(t, o.Dir, "other")
				r := start(t, o)
				do(t, filepath.Join(o.Dir, "boids"))
				for _, h := range r.wait(t, "boids") {
					assert.Equal(t, []string{"boids"}, h.Dirs)
					assert.False(t, h.First.IsZero())
				}
				r.edit(t, "other/other.go")
				assert.Empty(t, r.noticed())
			})
		}
	}
}

func TestGitCheckout(t *testing.T) {
	t.Parallel()
	top := temp(t)
	dir := filepath.Join(top, "scripts")
	module(t, dir, "boids")
	git := func(args ...string) {
		t.Helper()
		command(t, top, "git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.org"}, args...)...)
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	git("branch", "one")
	module(t, dir, "boids/deep")
	write(t, filepath.Join(dir, "boids", "boids.go"), "package boids\n\nvar x = 1\n")
	git("add", ".")
	git("commit", "-q", "-m", "two")
	git("branch", "two")

	r := start(t, Options{Dir: dir})
	git("checkout", "-q", "one")
	r.wait(t, "boids", "boids/deep")
	r.forget()
	git("checkout", "-q", "two")
	r.wait(t, "boids", "boids/deep")
	r.edit(t, "boids/deep/deep.go")
}

func TestDroppingsAreNoHint(t *testing.T) {
	t.Parallel()
	for mode, o := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			o.Dir = temp(t)
			module(t, o.Dir, "boids")
			module(t, o.Dir, "other")
			r := start(t, o)
			droppings(t, filepath.Join(o.Dir, "boids"))
			write(t, filepath.Join(o.Dir, "other", "other.go"), "package other\n\nvar x = 1\n")
			hints := r.wait(t, "other")
			assert.False(t, tells(hints, "boids"), "%+v", hints)
		})
	}
}

func TestNewDirectories(t *testing.T) {
	t.Parallel()
	for mode, o := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			o.Dir = temp(t)
			module(t, o.Dir, "boids")
			mkdir(t, filepath.Join(o.Dir, ".hidden"))
			r := start(t, o)

			module(t, o.Dir, "boids/sub/deep/deeper")
			r.wait(t, "boids", "boids/sub", "boids/sub/deep", "boids/sub/deep/deeper")
			r.edit(t, "boids/sub/deep/deeper/deeper.go")

			r.forget()
			write(t, filepath.Join(o.Dir, ".hidden", "x.go"), "package x\n")
			rename(t, filepath.Join(o.Dir, "boids", "sub"), filepath.Join(o.Dir, "moved.bak"))
			hints := r.wait(t, ".", "boids", "boids/sub", "boids/sub/deep/deeper", "moved.bak", "moved.bak/deep/deeper")
			assert.False(t, tells(hints, ".hidden"), "%+v", hints)
			r.edit(t, "moved.bak/deep/deeper/deeper.go")
			r.edit(t, "moved.bak/deep/x.go")

			r.forget()
			removeAll(t, filepath.Join(o.Dir, "moved.bak", "deep"))
			r.wait(t, "moved.bak", "moved.bak/deep", "moved.bak/deep/deeper")
			module(t, o.Dir, "moved.bak/deep")
			r.edit(t, "moved.bak/deep/deep.go")
		})
	}
}

func TestThousandDirectories(t *testing.T) {
	t.Parallel()
	dir := temp(t)
	for i := range 1000 {
		module(t, dir, fmt.Sprintf("m%02d/s%02d", i/50, i%50))
	}
	begin := time.Now()
	r := start(t, Options{Dir: dir, Rescan: 100 * time.Millisecond})
	t.Logf("ready in %v", time.Since(begin))
	r.edit(t, "m19/s49/s49.go")
	r.edit(t, "m00/s00/s00.go")
	module(t, dir, "m05/new")
	r.edit(t, "m05/new/new.go")
	removeAll(t, filepath.Join(dir, "m07"))
	r.wait(t, ".", "m07", "m07/s00", "m07/s49")
	assert.Empty(t, r.noticed())
}

// inotify has one watch for a directory whatever its path: one that has moved into a new directory is found there before
// its own rename is handled, and must not lose its watch then.
func TestMovedIntoNewDirectory(t *testing.T) {
	t.Parallel()
	o := Options{Dir: temp(t)}
	module(t, o.Dir, "a/deep")
	r := start(t, o)
	at := "a"
	for i := range 10 {
		next := fmt.Sprintf("new%d", i)
		mkdir(t, filepath.Join(o.Dir, next))
		rename(t, filepath.Join(o.Dir, at), filepath.Join(o.Dir, next, "a"))
		at = next + "/a"
	}
	r.wait(t, at+"/deep")
	r.edit(t, at+"/deep/deep.go")
	r.edit(t, at+"/a.go")
}
