package build

import (
	"errors"
	"os"
)

// Distrust says that a plugin which Direct built does not fit, though one that Build builds may. Once more, and Direct gives
// up.
func (t *Toolchain) Distrust(j Job) {
	key := t.key(j)
	t.doubt(key)
	t.settle(key, true)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.recipes, key)
	_ = os.Remove(recipeFile(j.Cache, key))
}

// maxStrikes is how often a recipe may be wrong before it is not used any more in this process.
const maxStrikes = 2

// doubt notes that a recipe did not work. It may be for the source's sake.
func (t *Toolchain) doubt(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doubts == nil {
		t.doubts, t.strikes = map[string]bool{}, map[string]int{}
	}
	t.doubts[key] = true
}

// settle says whether the go command could do what a recipe could not.
func (t *Toolchain) settle(key string, could bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doubts[key] && could {
		t.strikes[key]++
	}
	delete(t.doubts, key)
}

func (t *Toolchain) distrusted(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.strikes[key] >= maxStrikes
}

// maxLessons is how often in a row there may be nothing to learn before it is not tried any more: it takes time.
const maxLessons = 3

func (t *Toolchain) learned(key string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lessons == nil {
		t.lessons = map[string]int{}
	}
	switch {
	case err == nil:
		delete(t.lessons, key)
	case !errors.Is(err, errNotCompiled):
		t.lessons[key]++
	}
}

func (t *Toolchain) teachable(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lessons[key] < maxLessons && t.strikes[key] < maxStrikes
}
