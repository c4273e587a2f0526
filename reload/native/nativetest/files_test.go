package nativetest_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native"
	"midair/reload/native/nativetest/world"
)

// TestFilesVanish removes, replaces and damages the files of loaded plugins. What is loaded goes on, and serves again; what
// is not is built anew.
func TestFilesVanish(t *testing.T) {
	for edition, harm := range []func(file string) error{
		os.Remove,
		replaceByAnother,
		func(file string) error { // empty it, by renaming: to write to a mapped file ends the process, whoever does it
			return errors.Join(os.WriteFile(file+"~", nil, 0o600), os.Rename(file+"~", file))
		},
	} {
		t.Run(fmt.Sprint(edition), func(t *testing.T) {
			contents := func(n int) tree { return counterTree(fmt.Sprintf("%d - %d", 100*(edition+1)+n, 100*(edition+1))) }
			dir := t.TempDir()
			s := start(t, func(_ *reload.Config, c *native.Config) { c.Dir = dir })
			table := bind[counter](s, "counter")
			s.apply(contents(41))
			s.apply(contents(42))
			loaded := native.Loaded()
			files, err := filepath.Glob(filepath.Join(dir, "*.so"))
			require.NoError(t, err)
			require.Len(t, files, 2)
			for _, file := range files {
				require.NoError(t, harm(file))
			}
			visit(t, table, func(c *counter) { assert.Equal(t, 43, c.Count()) })
			s.apply(contents(41))
			visit(t, table, func(c *counter) { assert.Equal(t, 42, c.Count()) })
			assert.Equal(t, loaded, native.Loaded(), "it is loaded still")
			s.apply(contents(43))
			visit(t, table, func(c *counter) { assert.Equal(t, 44, c.Count()) })

			// The only one of a content is in use, so another is built.
			pin := table.Pin()
			defer pin.Close()
			s.apply(contents(42))
			s.apply(contents(43))
			visit(t, table, func(c *counter) { assert.Equal(t, 44, c.Count()) })
			u := native.CurrentUsage()
			assert.Positive(t, u.Resident, "also of files that are gone")
		})
	}
}

// replaceByAnother puts a plugin of another content in a file's place.
func replaceByAnother(file string) error {
	files, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.so"))
	for _, other := range files {
		data, e := os.ReadFile(other)
		err = errors.Join(err, e)
		if other != file && e == nil {
			return errors.Join(os.WriteFile(file+"~", data, 0o600), os.Rename(file+"~", file))
		}
	}
	return err
}

// TestPanicInSharedPackage: a package that the host does not have panics while the first plugin with it is opened. No other
// plugin may bring it again: that would end the process.
func TestPanicInSharedPackage(t *testing.T) {
	s := start(t, func(c *reload.Config, _ *native.Config) {
		c.Symbols[path.Dir(importPath)+"/fragile/fragile"] = map[string]reflect.Value{
			"Get": reflect.ValueOf(func() int { return 0 }), // the type is what counts
		}
	})
	table := bind[value](s, "m")
	good := tree{"m/m.go": "package m\n\nfunc Get() int { return 1 }\n"}
	bad := tree{"m/m.go": "package m\n\nimport \"HOST/fragile\"\n\nfunc Get() int { return fragile.Get() }\n"}
	other := good.with("m/m.go", "", "")
	other["o/o.go"] = "package o\n\nimport \"HOST/fragile\"\n\nfunc Get() int { return fragile.Get() + 1 }\n"
	s.apply(good)
	world.Hook = func() { panic("not today") }
	defer func() { world.Hook = func() {} }()
	found := s.refuse(bad)
	assert.Equal(t, "prepare/panic", found[0].Rule)
	assert.Contains(t, found[0].Message, "not today")
	world.Hook = func() {}
	for range 2 {
		found = s.refuse(other)
		assert.Equal(t, native.RuleAgain, found[0].Rule)
		assert.Contains(t, found[0].Message, "/fragile must not be loaded again: its initialisation panicked")
		assert.Contains(t, found[0].Hint, "restart the host")
		other["o/o.go"] += "\n" // an edit, so that it is tried again
		other["o/p.go"] = "package o\n\nvar x = 1\n"
	}
	s.apply(good.with("m/m.go", "return 1", "return 2"))
	visit(t, table, func(v *value) { assert.Equal(t, 2, v.Get()) })
}

// TestWrongFile puts one plugin in the place of another, which is then asked for.
func TestWrongFile(t *testing.T) {
	dir := t.TempDir()
	s := start(t, func(_ *reload.Config, c *native.Config) { c.Dir = dir })
	table := bind[counter](s, "counter")
	s.apply(counterTree("51"))
	first, err := filepath.Glob(filepath.Join(dir, "*.so"))
	require.NoError(t, err)
	require.Len(t, first, 1)
	s.apply(counterTree("52"))

	// The first one's twin is to be built while the first is in use. Its file is there already, and holds the first.
	s.apply(counterTree("51"))
	pin := table.Pin()
	defer pin.Close()
	s.apply(counterTree("52"))
	data, err := os.ReadFile(first[0])
	require.NoError(t, err)
	twin := strings.TrimSuffix(first[0], ".so") + "_1.so"
	require.NoError(t, os.WriteFile(twin, data, 0o600))
	s.apply(counterTree("51"))
	visit(t, table, func(c *counter) { assert.Equal(t, 52, c.Count()) })
	built, err := os.ReadFile(twin)
	require.NoError(t, err)
	assert.NotEqual(t, sha256.Sum256(data), sha256.Sum256(built), "it was built after all")
}
