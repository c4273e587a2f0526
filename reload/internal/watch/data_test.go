package watch

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Files that are not Go source may be embedded: an edit of one makes a hint, wherever below the module it is.
func TestDataFolders(t *testing.T) {
	t.Parallel()
	for mode, o := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			o := o
			o.Dir = filepath.Join(temp(t), "scripts")
			module(t, o.Dir, "boids")
			mkdir(t, filepath.Join(o.Dir, "boids/testdata/maps"))
			mkdir(t, filepath.Join(o.Dir, "boids/_drafts"))
			write(t, filepath.Join(o.Dir, "boids/testdata/maps/one.txt"), "###")
			r := start(t, o)
			r.edit(t, "boids/testdata/maps/one.txt")
			r.edit(t, "boids/_drafts/two.txt")
			mkdir(t, filepath.Join(o.Dir, "boids/data/new"))
			r.edit(t, "boids/data/new/three.json")

			r.forget()
			rename(t, filepath.Join(o.Dir, "boids/data/new/three.json"), filepath.Join(o.Dir, "boids/testdata/maps/three.json"))
			r.wait(t, "boids/data/new", "boids/testdata/maps")

			r.forget()
			droppings(t, filepath.Join(o.Dir, "boids/testdata/maps"))
			write(t, filepath.Join(o.Dir, "boids/boids.go"), "package boids\n\n// edited\n")
			assert.False(t, tells(r.wait(t, "boids"), "boids/testdata/maps"), "an editor's temporary files")
			assert.Empty(t, r.noticed())
		})
	}
}
