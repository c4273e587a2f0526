package main

import (
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestImportPathOf(t *testing.T) {
	abs := func(dir string) string { return filepath.FromSlash(dir) }
	m := goModule{abs("/home/me/arena"), "example.com/arena"}
	for dir, want := range map[string]string{
		"/home/me/arena":         "example.com/arena",
		"/home/me/arena/scripts": "example.com/arena/scripts",
		"/home/me/arena/a/b":     "example.com/arena/a/b",
		"/home/me":               "example.com", // the Go module is the midair module
		"/home/other":            "other",
	} {
		assert.Equal(t, want, m.importPathOf(abs(dir)), dir)
	}
	assert.Equal(t, "scripts", goModule{}.importPathOf(abs("/home/scripts")))
	assert.Equal(t, "scripts", goModule{}.importPathOf(abs("/")))
	assert.Equal(t, "me", goModule{abs("/home/me/x"), "x"}.importPathOf(abs("/home/me")))
}

func TestFindTrees(t *testing.T) {
	m := goModuleOf(t, "example.com/arena", map[string]string{
		"scripts/combat/combat.go":      "package combat",
		"scripts/combat/combat_test.go": "package combat",
		"scripts/lib/sums/sums.go":      "package sums",
		"scripts/lib/testdata/x.go":     "package x",
		"notes/notes_test.go":           "package notes",
	})
	t.Chdir(m.dir)
	for _, c := range []struct {
		path, dir, importPath string
		wantDir, wantImport   string
		only                  []string
	}{
		{"scripts", "", "", "scripts", "example.com/arena/scripts", nil},
		{"./scripts/...", "", "", "scripts", "example.com/arena/scripts", nil},
		{"scripts/combat", "", "", "scripts", "example.com/arena/scripts", []string{"combat"}},
		{"scripts/combat/combat.go", "", "", "scripts", "example.com/arena/scripts", []string{"combat"}},
		{"scripts/lib", "", "", "scripts/lib", "example.com/arena/scripts/lib", nil},
		{"scripts/lib/sums", "", "", "scripts/lib", "example.com/arena/scripts/lib", []string{"sums"}},
		{"scripts/lib/sums", "scripts", "", "scripts", "example.com/arena/scripts", []string{"lib/sums"}},
		{"scripts/lib", "scripts", "x/y", "scripts", "x/y", []string{"lib/sums"}},
		{"scripts", "scripts", "", "scripts", "example.com/arena/scripts", nil},
		{"notes", "", "", "notes", "example.com/arena/notes", nil},
		{"...", "", "", ".", "example.com/arena", nil},
	} {
		trees, err := findTrees([]string{c.path}, c.dir, c.importPath)
		require.NoError(t, err, c.path)
		require.Len(t, trees, 1, c.path)
		rel, err := filepath.Rel(must(t)(filepath.Abs(".")), trees[0].dir)
		require.NoError(t, err)
		assert.Equal(t, c.wantDir, filepath.ToSlash(rel), c.path)
		assert.Equal(t, c.wantImport, trees[0].importPath, c.path)
		assert.Equal(t, c.only, trees[0].only, c.path)
	}
	_, err := findTrees([]string{"scripts/combat/combat.go/..."}, "", "")
	assert.Error(t, err)
}

func TestScope(t *testing.T) {
	files := fstest.MapFS{
		"combat/combat.go":     {Data: []byte("package combat\nimport \"x/lib/sums\"")},
		"combat/more.go":       {Data: []byte("package combat\nimport \"x/other\"")},
		"combat/balance.csv":   {},
		"lib/sums/sums.go":     {Data: []byte("package sums\nimport \"x/lib/base\"; import \"x/gone\"; import \"x/../up\"")},
		"lib/base/base.go":     {Data: []byte("package base\nimport \"x/lib/sums\"")},
		"lib/unused/unused.go": {},
		"other/other.go":       {},
		"top.go":               {},
	}
	names := func(fsys fs.FS) (names []string) {
		require.NoError(t, fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
			if !e.IsDir() {
				names = append(names, name)
			}
			return err
		}))
		return names
	}
	assert.Equal(t, []string{"combat/balance.csv", "combat/combat.go", "combat/more.go", "lib/base/base.go", "lib/sums/sums.go", "other/other.go"},
		names(newScopedFS(files, "x", []string{"combat"}, "")))
	one := newScopedFS(files, "x", []string{"combat"}, "combat.go")
	assert.Equal(t, []string{"combat/balance.csv", "combat/combat.go", "lib/base/base.go", "lib/sums/sums.go"}, names(one))
	for _, name := range []string{"combat/more.go", "other", "other/other.go", "top.go", "lib/unused"} {
		_, err := one.Open(name)
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = one.Stat(name)
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = one.ReadDir(name)
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
	}
}

func TestAllowed(t *testing.T) {
	a := newAllowed([]string{"midgard/game"}, "os.Exit, net/...,midgard/secret,encoding/json")
	for importPath, want := range map[string]bool{"midgard/game": true, "midgard/secret": true, "midgard/other": false, "os": true,
		"net": true, "net/http": true, "network": false, "os/exec": false} {
		assert.Equal(t, want, a.given(importPath), importPath)
	}
	list := a.list()
	assert.Equal(t, "-all", list[0])
	assert.Subset(t, list, []string{"strings", "math/rand/v2", "midgard/game", "os.Exit", "net/..."})
	assert.NotContains(t, list, "os")
	symbols := a.symbols()
	assert.Contains(t, symbols, "os/os")
	assert.Contains(t, symbols, "encoding/json/json", "what is named comes whole")
	assert.NotContains(t, symbols, "strings/strings", "the curated table serves")

	assert.Equal(t, []string{"all"}, newAllowed(nil, "all").list())
	assert.True(t, newAllowed(nil, "all").given("any/thing"))
}

func TestWantsColor(t *testing.T) {
	assert.True(t, wantsColor(nil, "always"))
	assert.False(t, wantsColor(nil, "never"))
	assert.False(t, wantsColor(nil, "auto"), "no terminal")
}
