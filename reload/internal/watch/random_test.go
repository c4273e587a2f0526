package watch

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRandomChanges makes, moves, links and removes directories at random while they are watched. Afterwards an edit in
// every directory that is there has to be noticed, by the watches alone.
func TestRandomChanges(t *testing.T) {
	t.Parallel()
	for range 4 {
		seed := rand.Uint64()
		t.Run("", func(t *testing.T) {
			t.Parallel()
			t.Logf("seed %d", seed)
			rnd := rand.New(rand.NewPCG(seed, 1))
			top := temp(t)
			dir := filepath.Join(top, "scripts")
			module(t, dir, "a")
			r := start(t, Options{Dir: dir})
			for range 300 {
				shuffle(rnd, dir)
			}
			r.forget()
			var dirs []string
			require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil || !d.IsDir() {
					return err
				}
				rel, err := filepath.Rel(dir, path)
				dirs = append(dirs, filepath.ToSlash(rel))
				return err
			}))
			for _, d := range dirs {
				write(t, filepath.Join(dir, d, "edited.go"), "package x\n")
			}
			r.wait(t, dirs...)
		})
	}
}

// shuffle does something to the directories below dir. Much of it fails, as it should.
func shuffle(rnd *rand.Rand, dir string) {
	path := func() string {
		names := make([]string, 1+rnd.IntN(4))
		for i := range names {
			names[i] = string(rune('a' + rnd.IntN(4)))
		}
		return filepath.Join(dir, strings.Join(names, string(filepath.Separator)))
	}
	switch rnd.IntN(10) {
	case 0, 1, 2:
		_ = os.MkdirAll(path(), 0o755)
	case 3, 4, 5:
		_ = os.Rename(path(), path())
	case 6:
		_ = os.RemoveAll(path())
	case 7:
		_ = os.Symlink(path(), path())
	case 8:
		_ = os.WriteFile(filepath.Join(path(), "x.go"), []byte("package x\n"), 0o644)
	default:
		time.Sleep(time.Duration(rnd.IntN(3)) * time.Millisecond)
	}
}
