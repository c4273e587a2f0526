package watch

import (
	"path/filepath"
	"testing"
	"time"
)

// Each step does something to the root at dir, below top, and is followed by an edit of boids/boids.go, which has to
// be noticed. elsewhere is a directory like it.
func TestRoot(t *testing.T) {
	t.Parallel()
	type step func(t *testing.T, r *recorder, top, dir string)
	recreate := func(t *testing.T, r *recorder, top, dir string) {
		removeAll(t, dir)
		r.wait(t, ".", "boids")
		module(t, dir, "boids")
	}
	for name, c := range map[string]struct {
		absent, link bool
		unseen       bool // by a poller: the same is there again
		step         step
	}{
		"created later": {absent: true, step: func(t *testing.T, _ *recorder, _, dir string) { module(t, dir, "boids") }},
		"linked later": {absent: true, step: func(t *testing.T, _ *recorder, top, dir string) {
			module(t, top, "elsewhere/boids")
			mkdir(t, filepath.Dir(dir))
			link(t, filepath.Join(top, "elsewhere"), dir)
		}},
		"recreated": {step: recreate},
		"recreated at once": {step: func(t *testing.T, _ *recorder, _, dir string) {
			removeAll(t, dir)
			module(t, dir, "boids")
		}},
		"away and back": {step: func(t *testing.T, r *recorder, top, dir string) {
			rename(t, dir, filepath.Join(top, "away"))
			r.waitFull(t)
			rename(t, filepath.Join(top, "away"), dir)
		}},
		"away and back at once": {unseen: true, step: func(t *testing.T, _ *recorder, top, dir string) {
			rename(t, dir, filepath.Join(top, "away"))
			rename(t, filepath.Join(top, "away"), dir)
		}},
		"another renamed onto its place": {step: func(t *testing.T, _ *recorder, top, dir string) {
			module(t, top, "new/boids")
			rename(t, dir, filepath.Join(top, "old"))
			rename(t, filepath.Join(top, "new"), dir)
		}},
		"link swapped": {link: true, step: func(t *testing.T, _ *recorder, top, dir string) {
			module(t, top, "new/boids")
			link(t, filepath.Join(top, "new"), filepath.Join(top, "tmp"))
			rename(t, filepath.Join(top, "tmp"), dir)
		}},
		"target recreated": {link: true, step: func(t *testing.T, r *recorder, top, dir string) {
			recreate(t, r, top, filepath.Join(top, "target"))
		}},
		"replaced by a link": {step: func(t *testing.T, _ *recorder, top, dir string) {
			module(t, top, "new/boids")
			removeAll(t, dir)
			link(t, filepath.Join(top, "new"), dir)
		}},
		"parent recreated": {step: func(t *testing.T, r *recorder, top, dir string) {
			recreate(t, r, top, filepath.Dir(dir))
			module(t, dir, "boids")
		}},
		"parent replaced": {step: func(t *testing.T, r *recorder, top, dir string) {
			module(t, top, "new/scripts/boids")
			rename(t, filepath.Dir(dir), filepath.Join(top, "old"))
			rename(t, filepath.Join(top, "new"), filepath.Dir(dir))
		}},
	} {
		for mode, o := range modes {
			t.Run(name+"/"+mode, func(t *testing.T) {
				t.Parallel()
				o := o
				top := temp(t)
				o.Dir = filepath.Join(top, "parent", "scripts")
				switch {
				case c.link:
					module(t, top, "target/boids")
					mkdir(t, filepath.Dir(o.Dir))
					link(t, filepath.Join(top, "target"), o.Dir)
				case !c.absent:
					module(t, o.Dir, "boids")
				}
				r := start(t, o)
				c.step(t, r, top, o.Dir)
				if !c.unseen || o.Poll == 0 {
					r.wait(t, "boids")
				}
				r.edit(t, "boids/boids.go")
				module(t, o.Dir, "more")
				r.edit(t, "more/more.go")
			})
		}
	}
}

// What no watch can see, a directory far above that is replaced, is seen by the rescan.
func TestRescanSeesReplacedAncestor(t *testing.T) {
	t.Parallel()
	top := temp(t)
	r := start(t, Options{Dir: filepath.Join(top, "a", "b", "c", "scripts"), Rescan: 50 * time.Millisecond})
	module(t, r.dir, "boids")
	r.wait(t, "boids")
	module(t, filepath.Join(top, "new", "b", "c", "scripts"), "boids")
	r.forget()
	rename(t, filepath.Join(top, "a"), filepath.Join(top, "old"))
	rename(t, filepath.Join(top, "new"), filepath.Join(top, "a"))
	r.wait(t, "boids")
	r.edit(t, "boids/boids.go")
}
