package build

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Cache is a folder of plugins, named after their module and their content. Several processes may share it. Its methods
// may be called from any goroutine.
type Cache struct {
	Dir   string
	Limit int // how many files stay

	mu   sync.Mutex
	keep map[string]bool // files that this process has loaded
}

const suffix = ".so"

// File is where the plugin of a module belongs, whether it is there or not.
func (c *Cache) File(module, hash string) string {
	return filepath.Join(c.Dir, strings.ReplaceAll(module, "/", "-")+"-"+hash+suffix)
}

// Use says whether a file is there and whole, and notes that it was used.
func (c *Cache) Use(file string) bool {
	if !sealed(file) {
		return false
	}
	now := time.Now()
	return os.Chtimes(file, now, now) == nil
}

// Keep says that the process has loaded a file, so that Trim leaves it alone.
func (c *Cache) Keep(file string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keep == nil {
		c.keep = map[string]bool{}
	}
	c.keep[file] = true
}

// Trim removes what has not been used for longest, down to the limit, and what builds that died have left. A file that
// another process has loaded may go too: what is loaded stays with the process.
func (c *Cache) Trim() {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return
	}
	type aged struct {
		file string
		time time.Time
	}
	var files []aged
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue
		}
		file := filepath.Join(c.Dir, e.Name())
		switch {
		case !e.IsDir() && filepath.Ext(file) == suffix:
			files = append(files, aged{file, info.ModTime()})
		case abandoned(e.Name(), info.ModTime()):
			os.RemoveAll(file)
		case !e.IsDir() && helper(e.Name()) && time.Since(info.ModTime()) > 30*24*time.Hour:
			os.Remove(file)
		}
	}
	slices.SortFunc(files, func(a, b aged) int { return cmp.Or(b.time.Compare(a.time), cmp.Compare(a.file, b.file)) })
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, f := range files {
		if i >= c.Limit && !c.keep[f.file] {
			os.Remove(f.file)
		}
	}
}

// abandoned says whether a folder belonged to a build that cannot run any more.
// Files that were being written begin so too.
func abandoned(name string, last time.Time) bool {
	ours := strings.HasPrefix(name, "build-") || strings.HasPrefix(name, "stage-")
	return ours && time.Since(last) > 24*time.Hour
}

// helper says whether a file is one that Direct needs, and may be made again.
func helper(name string) bool {
	return strings.HasPrefix(name, recipePrefix) || strings.HasPrefix(name, driverPrefix)
}
