package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// volume is a Kubernetes volume: ..data leads to the current version.
type volume struct {
	dir     string
	version int
}

// publish makes a new version, turns ..data to it and removes the old one, as the kubelet does.
func (v *volume) publish(t *testing.T) {
	t.Helper()
	old := filepath.Join(v.dir, fmt.Sprintf("..2026_%d", v.version))
	v.version++
	next := fmt.Sprintf("..2026_%d", v.version)
	module(t, filepath.Join(v.dir, next), "boids")
	write(t, filepath.Join(v.dir, next, "rules.go"), fmt.Sprintf("package rules\n\nvar version = %d\n", v.version))
	link(t, next, filepath.Join(v.dir, "..data_tmp"))
	rename(t, filepath.Join(v.dir, "..data_tmp"), filepath.Join(v.dir, "..data"))
	removeAll(t, old)
}

func newVolume(t *testing.T) *volume {
	t.Helper()
	v := &volume{dir: filepath.Join(temp(t), "mount")}
	mkdir(t, v.dir)
	v.publish(t)
	link(t, filepath.Join("..data", "boids"), filepath.Join(v.dir, "boids"))
	link(t, filepath.Join("..data", "rules.go"), filepath.Join(v.dir, "rules.go"))
	return v
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	for form, at := range map[string]struct {
		dir  func(t *testing.T, v *volume) string
		file string
	}{
		"mount": {func(_ *testing.T, v *volume) string { return v.dir }, "boids/boids.go"},
		"link in the mount": {
			func(_ *testing.T, v *volume) string { return filepath.Join(v.dir, "boids") }, "boids.go",
		},
		"link from elsewhere": {func(t *testing.T, v *volume) string {
			dir := filepath.Join(temp(t), "scripts")
			link(t, filepath.Join(v.dir, "..data", "boids"), dir)
			return dir
		}, "boids.go"},
		"below the current version": {
			func(_ *testing.T, v *volume) string { return filepath.Join(v.dir, "..data", "boids") }, "boids.go",
		},
	} {
		for mode, o := range modes {
			t.Run(form+"/"+mode, func(t *testing.T) {
				t.Parallel()
				o := o
				v := newVolume(t)
				o.Dir = at.dir(t, v)
				r := start(t, o)
				for range 3 {
					r.forget()
					v.publish(t)
					r.waitFull(t)
					r.edit(t, at.file)
				}
			})
		}
	}
}

// A swap is told although nothing of what it turned is watched but the link.
func TestSwapIsFull(t *testing.T) {
	t.Parallel()
	v := newVolume(t)
	r := start(t, Options{Dir: v.dir})
	v.publish(t)
	r.waitFull(t)
	r.mu.Lock()
	defer r.mu.Unlock()
	assert.True(t, r.hints[len(r.hints)-1].Full)
	assert.Nil(t, r.hints[len(r.hints)-1].Dirs)
}

func TestLinkedDirectories(t *testing.T) {
	t.Parallel()
	for mode, o := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			top := temp(t)
			o.Dir = filepath.Join(top, "scripts")
			module(t, top, "releases/1/boids")
			module(t, top, "releases/2/boids")
			module(t, o.Dir, "own")
			link(t, filepath.Join("releases", "1"), filepath.Join(top, "current"))
			link(t, filepath.Join("..", "current", "boids"), filepath.Join(o.Dir, "boids"))
			link(t, "own", filepath.Join(o.Dir, "alias"))
			link(t, filepath.Join("..", "later", "x"), filepath.Join(o.Dir, "later"))
			r := start(t, o)
			r.edit(t, "boids/boids.go")
			r.wait(t, "boids")

			// By both its names.
			r.edit(t, "own/own.go")
			r.wait(t, "own", "alias")

			// A link in the middle of the way, replaced in two steps.
			r.forget()
			require.NoError(t, os.Remove(filepath.Join(top, "current")))
			r.wait(t, "boids")
			r.forget()
			link(t, filepath.Join("releases", "2"), filepath.Join(top, "current"))
			r.wait(t, "boids")
			r.edit(t, "boids/boids.go")
			removeAll(t, filepath.Join(top, "releases", "1"))
			r.edit(t, "boids/boids.go")

			// The link itself turns to another directory, and becomes a directory.
			r.forget()
			require.NoError(t, os.Remove(filepath.Join(o.Dir, "alias")))
			link(t, filepath.Join("..", "releases", "2", "boids"), filepath.Join(o.Dir, "alias"))
			r.wait(t, "alias", ".")
			r.edit(t, "alias/boids.go")
			r.edit(t, "own/own.go")
			require.NoError(t, os.Remove(filepath.Join(o.Dir, "alias")))
			module(t, o.Dir, "alias")
			r.edit(t, "alias/alias.go")

			// What a link to nowhere leads to comes later.
			r.forget()
			module(t, top, "later/x")
			r.wait(t, "later")
			r.edit(t, "later/x.go")
		})
	}
}

func TestLinkLoops(t *testing.T) {
	t.Parallel()
	for mode, o := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			o.Dir = filepath.Join(temp(t), "up", "scripts")
			module(t, o.Dir, "a")
			module(t, o.Dir, "b")
			for name, target := range map[string]string{
				"self": ".", "a/root": "..", "a/up": "../..", "a/b": "../b", "b/a": "../a",
				"a/eye": "eye", "x": "y", "y": "x", "a/top": "/",
			} {
				link(t, target, filepath.Join(o.Dir, filepath.FromSlash(name)))
			}
			r := start(t, o)
			r.edit(t, "a/a.go")
			r.wait(t, "a", "b/a")
			r.edit(t, "b/b.go")
			r.wait(t, "b", "a/b")
		})
	}
}

// Twenty levels of two links each would be a million names.
func TestCrowdedDirectories(t *testing.T) {
	t.Parallel()
	for mode, o := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			o.Dir = temp(t)
			for i := range 20 {
				name := fmt.Sprintf("d%02d", i)
				module(t, o.Dir, name)
				for _, l := range []string{"l", "m"} {
					link(t, fmt.Sprintf("../d%02d", i+1), filepath.Join(o.Dir, name, l))
				}
			}
			r := start(t, o)
			r.edit(t, "d00/d00.go")
			write(t, filepath.Join(o.Dir, "d19", "d19.go"), "package d19\n\nvar x = 1\n")
			r.waitFull(t)
		})
	}
}

// A root that is reached through a directory of its own.
func TestRootThroughItself(t *testing.T) {
	t.Parallel()
	for mode, o := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			top := temp(t)
			module(t, top, "tree/way")
			module(t, top, "other")
			link(t, "..", filepath.Join(top, "tree", "way", "back"))
			o.Dir = filepath.Join(top, "scripts")
			link(t, filepath.Join("tree", "way", "back"), o.Dir)
			r := start(t, o)
			r.edit(t, "way/way.go")
			removeAll(t, filepath.Join(top, "tree", "way"))
			r.waitFull(t)
			r.forget()
			mkdir(t, filepath.Join(top, "tree", "way"))
			link(t, filepath.Join("..", "..", "other"), filepath.Join(top, "tree", "way", "back"))
			r.waitFull(t)
			r.edit(t, "other.go")
			r.wait(t, ".")
		})
	}
}
