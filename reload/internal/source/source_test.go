package source

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func files(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1]), Mode: 0o644}
		if strings.HasSuffix(pairs[i], "/") {
			delete(m, pairs[i])
			m[strings.TrimSuffix(pairs[i], "/")] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
		}
	}
	return m
}

// world has the packages fmt and host/game, and binds what it is told to.
func world(bound ...string) *World {
	return &World{
		ImportPath: "x/scripts",
		Bound:      func(name string) bool { return slices.Contains(bound, name) },
		Available:  func(path string) bool { return path == "fmt" || path == "host/game" },
		Library:    func(string) bool { return false },
	}
}

func read(t *testing.T, fsys fs.FS) *Tree {
	t.Helper()
	tree, _, err := Read(fsys, nil)
	require.NoError(t, err)
	return tree
}

func resolve(t *testing.T, fsys fs.FS, bound ...string) map[string]*Module {
	t.Helper()
	return read(t, fsys).Resolve(world(bound...), Resolution{}).Modules
}

func problems(m *Module) (out []string) {
	for _, p := range m.Problems {
		out = append(out, fmt.Sprintf("%s:%d:%d: %s [%s]", p.Path, p.Line, p.Column, p.Message, p.Rule))
	}
	return out
}

func TestProblems(t *testing.T) {
	cases := []struct {
		name  string
		files fstest.MapFS
		want  []string
	}{
		{"syntax, all of it", files("m/a.go", "package m\nfunc F( {\n", "m/b.go", "package m\nvar = 3\n"),
			[]string{"m/a.go:2:9: expected ')', found '{'", "m/b.go:2:5: expected 'IDENT'"}},
		{"empty file", files("m/a.go", ""), []string{"m/a.go:1:1: expected 'package', found 'EOF' [syntax]"}},
		{"empty folder", files("m/", ""), []string{"m:0:0: no Go files in the folder [source/empty]"}},
		{"nothing but tests", files("m/a_test.go", "package m"),
			[]string{"m:0:0: build constraints leave out all Go files (a_test.go) [source/empty]"}},
		{"nothing but another system's", files("m/a_plan9.go", "package m"),
			[]string{"m:0:0: build constraints leave out all Go files (a_plan9.go) [source/empty]"}},
		{"two packages", files("m/a.go", "package m\n", "m/b.go", "package n\n"),
			[]string{"m/b.go:1:9: found packages m (a.go) and n (b.go) in one folder [source/packages]"}},
		{"main", files("m/a.go", "package main\nfunc main() {}\n"),
			[]string{"m/a.go:1:9: a module cannot be package main [module/main]"}},
		{"not UTF-8", files("m/a.go", "package m\n\n// caf\xe9\n"),
			[]string{"m/a.go:3:7: byte 0xe9 is not UTF-8 [source/utf8]", "m/a.go:3:7: illegal UTF-8 encoding [syntax]"}},
		{"50 MB", files("m/a.go", "package m\n"+strings.Repeat("// 56789\n", 50<<20/9)),
			[]string{"m/a.go:0:0: the file is larger than 4 MiB [source/size]"}},
		{"import of nothing", files("m/a.go", "package m\nimport \"x/scripts/nothing\"\n"),
			[]string{"m/a.go:2:8: there is no package nothing in the module directory [import/missing]"}},
		{"import not given", files("m/a.go", "package m\nimport (\n\t\"fmt\"\n\t\"net/http\"\n)\n"),
			[]string{`m/a.go:4:2: the host gives no package "net/http" to modules [capability/import]`}},
		{"cgo", files("m/a.go", "package m\nimport \"C\"\n"),
			[]string{`m/a.go:2:8: the host gives no package "C" to modules [capability/import]`}},
		{"import of itself", files("m/a.go", "package m\nimport \"x/scripts/m\"\n"),
			[]string{"m/a.go:2:8: import cycle: m imports m [import/cycle]"}},
		{"cycle of libraries", files("m/a.go", "package m\nimport \"x/scripts/p\"\n",
			"p/p.go", "package p\nimport \"x/scripts/q\"\n", "q/q.go", "package q\nimport \"x/scripts/p\"\n"),
			[]string{"q/q.go:2:8: import cycle: p imports q imports p [import/cycle]"}},
		{"a library's trouble", files("m/a.go", "package m\nimport \"x/scripts/p\"\n", "p/p.go", "package p\nvar\n"),
			[]string{"p/p.go:2:5: expected "}},
		{"import of a bound module", files("m/a.go", "package m\nimport \"x/scripts/bound\"\n", "bound/b.go", "package bound\n"),
			[]string{"m/a.go:2:8: bound is a module that the host binds, not a library [import/module]"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := resolve(t, c.files, "bound")["m"]
			require.NotNil(t, m)
			got := problems(m)
			require.Len(t, got, len(c.want), "%q", got)
			for i, w := range c.want {
				assert.True(t, strings.HasPrefix(got[i], w), "%s\nis not\n%s", got[i], w)
			}
		})
	}
}

// A module that takes the module directory for another path is told so.
func TestImportPathMistaken(t *testing.T) {
	m := resolve(t, files("m/a.go", "package m\nimport \"y/cmd/scripts/lib/deep\"\n", "lib/deep/d.go", "package deep\n"))["m"]
	require.Len(t, m.Problems, 1)
	assert.Contains(t, m.Problems[0].Hint, "have the host set Config.ImportPath to y/cmd/scripts")
}

func TestCycleWithoutARoot(t *testing.T) {
	m := resolve(t, files("p/p.go", "package p\nimport \"x/scripts/q\"\n", "q/q.go", "package q\nimport \"x/scripts/p\"\n"))
	require.Len(t, m, 1)
	assert.Equal(t, []string{"q/q.go:2:8: import cycle: p imports q imports p [import/cycle]"}, problems(m["p"]))
}

func TestModulesAndLibraries(t *testing.T) {
	fsys := files(
		"doc.go", "package scripts\n",
		"a/a.go", "package a\nimport (\n\"fmt\"\n\"x/scripts/lib/deep\"\n)\n", "a/b.go", "package a\n", "a/data/x.csv", "1",
		"b/b.go", "package b\nimport \"x/scripts/lib\"\n",
		"lib/lib.go", "package lib\n", "lib/deep/d.go", "package deep\nimport \"x/scripts/lib\"\n",
		"testdata/t.go", "package t\n", ".git/x.go", "package x\n", "_old/x.go", "package x\n", "vendor/v/v.go", "package v\n",
		"group/one/o.go", "package one\n")
	m := resolve(t, fsys, "lib")
	assert.Len(t, m, 4)
	assert.Contains(t, m, "group/one")
	assert.NotEmpty(t, m["a"].Problems, "it imports a bound module")
	m = resolve(t, fsys)
	assert.Len(t, m, 3)
	libs := func(m *Module) (dirs []string) {
		for _, l := range m.Libraries {
			dirs = append(dirs, l.Dir)
		}
		return dirs
	}
	assert.Equal(t, []string{"lib", "lib/deep"}, libs(m["a"]), "each after those it imports")
	assert.Equal(t, []string{"lib"}, libs(m["b"]))
	assert.Len(t, m["a"].Package.Files, 2)
}

func TestHash(t *testing.T) {
	base := files("a/a.go", "package a\nimport \"x/scripts/lib\"\n", "lib/lib.go", "package lib\n")
	same := files("a/a.go", "package a\nimport \"x/scripts/lib\"\n", "lib/lib.go", "package lib\n", "a/a_test.go", "x", "a/notes", "y")
	lib := files("a/a.go", "package a\nimport \"x/scripts/lib\"\n", "lib/lib.go", "package lib\nvar X int\n")
	renamed := files("a/b.go", "package a\nimport \"x/scripts/lib\"\n", "lib/lib.go", "package lib\n")
	h := func(f fs.FS) Hash { return resolve(t, f)["a"].Hash }
	assert.Equal(t, h(base), h(same))
	assert.NotEqual(t, h(base), h(lib))
	assert.NotEqual(t, h(base), h(renamed))
	assert.Len(t, h(base).String(), 12)
}

func TestUnchangedPackagesKeepTheirIdentity(t *testing.T) {
	fsys := files("a/a.go", "package a\nimport \"x/scripts/lib\"\n", "b/b.go", "package b\n", "lib/lib.go", "package lib\n")
	one := read(t, fsys)
	r1 := one.Resolve(world(), Resolution{})
	fsys["b/b.go"] = &fstest.MapFile{Data: []byte("package b\nvar X int\n")}
	two, unsettled, err := Read(fsys, one)
	require.NoError(t, err)
	assert.False(t, unsettled)
	assert.Same(t, one.Packages["a"], two.Packages["a"])
	assert.NotSame(t, one.Packages["b"], two.Packages["b"])
	r2 := two.Resolve(world(), r1)
	assert.Same(t, r1.Modules["a"], r2.Modules["a"])
	assert.NotSame(t, r1.Modules["b"], r2.Modules["b"])
}

func TestUnsettled(t *testing.T) {
	fsys := files("a/a.go", "package a\n", "b/b.go", "package b\n", "b/c.go", "package b\n")
	one := read(t, fsys)
	check := func(want bool, name, src string) {
		t.Helper()
		saved := fsys[name]
		if src == "gone" {
			delete(fsys, name)
		} else {
			fsys[name] = &fstest.MapFile{Data: []byte(src)}
		}
		for _, how := range []string{"read", "update"} {
			var unsettled bool
			var err error
			if how == "read" {
				_, unsettled, err = Read(fsys, one)
			} else {
				_, unsettled, err = one.Update(fsys, []string{filepath.Dir(name), "."})
			}
			require.NoError(t, err)
			assert.Equal(t, want, unsettled, "%s %q %s", name, src, how)
		}
		fsys[name] = saved
	}
	check(true, "a/a.go", "")
	check(true, "a/a.go", "gone")
	check(false, "b/c.go", "gone")
	check(false, "a/a.go", "package a\nvar X int\n")
	check(false, "new/n.go", "")
}

func TestRootMustBeADirectory(t *testing.T) {
	dir := t.TempDir()
	_, _, err := Read(os.DirFS(filepath.Join(dir, "none")), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o644))
	_, _, err = Read(os.DirFS(filepath.Join(dir, "file")), nil)
	require.Error(t, err)
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	mk := func(name, src string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(src), 0o644))
	}
	link := func(to, name string) { require.NoError(t, os.Symlink(to, filepath.Join(dir, name))) }
	mk("..2026_01/boids/boids.go", "package boids\n")
	mk("..2026_01/one.go", "package hunter\n")
	mk("hunter/b.go", "package hunter\n")
	link("..2026_01", "..data")
	link("..data/boids", "boids")
	link("../..data/one.go", "hunter/one.go")
	link("..", "hunter/loop")
	link("loop", "loop")
	m := resolve(t, os.DirFS(dir))
	assert.Len(t, m, 2)
	assert.Empty(t, m["boids"].Problems)
	assert.Len(t, m["hunter"].Package.Files, 2)
	link("nowhere.go", "hunter/dangling.go")
	m = resolve(t, os.DirFS(dir))
	assert.Contains(t, problems(m["hunter"])[0], "hunter/dangling.go:0:0: cannot read the file")
}

// denied is a file system in which some files may not be read: root may read everything, so permissions do not do.
type denied struct {
	fs.FS
	name string
}

func (d denied) Open(name string) (fs.File, error) {
	if name == d.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return d.FS.Open(name)
}

func TestUnreadable(t *testing.T) {
	fsys := files("m/m.go", "package m\n", "m/n.go", "package m\n", "o/o.go", "package o\n")
	m := resolve(t, denied{fsys, "m/n.go"})
	assert.Equal(t, []string{"m/n.go:0:0: cannot read the file: permission denied [source/unreadable]"}, problems(m["m"]))
	one := read(t, denied{fsys, "m/n.go"})
	two, _, err := Read(fsys, one)
	require.NoError(t, err)
	assert.Empty(t, two.Packages["m"].Problems, "readable again")
	m = resolve(t, denied{fsys, "o"})
	assert.Equal(t, []string{"o:0:0: cannot list the directory: permission denied [source/unreadable]"}, problems(m["o"]))
}

// Whatever happens to the files, updating the folders that changed gives what reading everything gives.
func TestUpdateEqualsRead(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	dirs := []string{"a", "b", "a/c", "a/c/d", "lib", "lib/e"}
	fsys := files("a/a.go", "package a\n")
	tree := read(t, fsys)
	res := tree.Resolve(world(), Resolution{})
	for step := range 2000 {
		dir := dirs[rnd.IntN(len(dirs))]
		touched := []string{dir, filepath.Dir(dir)}
		switch rnd.IntN(4) {
		case 0:
			for name := range fsys {
				if strings.HasPrefix(name, dir+"/") {
					delete(fsys, name)
				}
			}
			touched = append(touched, dirs...)
		default:
			src := fmt.Sprintf("package %s\nvar V%d int\n", filepath.Base(dir), rnd.IntN(3))
			if rnd.IntN(2) == 0 {
				src = fmt.Sprintf("package %s\nimport \"x/scripts/%s\"\n", filepath.Base(dir), dirs[rnd.IntN(len(dirs))])
			}
			fsys[fmt.Sprintf("%s/f%d.go", dir, rnd.IntN(2))] = &fstest.MapFile{Data: []byte(src)}
			for d := dir; d != "."; d = filepath.Dir(d) {
				touched = append(touched, filepath.Dir(d))
			}
		}
		var err error
		tree, _, err = tree.Update(fsys, touched)
		require.NoError(t, err)
		res = tree.Resolve(world(), res)
		whole := read(t, fsys)
		want := whole.Resolve(world(), Resolution{}).Modules
		require.Len(t, tree.Packages, len(whole.Packages), "step %d", step)
		if cyclic(want) {
			continue // which package of a cycle stands for it depends on what was a module before
		}
		require.Len(t, res.Modules, len(want), "step %d", step)
		for name, w := range want {
			require.Contains(t, res.Modules, name, "step %d", step)
			require.Equal(t, w.Hash, res.Modules[name].Hash, "step %d module %s", step, name)
		}
	}
}

func cyclic(modules map[string]*Module) bool {
	for _, m := range modules {
		if slices.ContainsFunc(m.Problems, func(p Problem) bool { return p.Rule == "import/cycle" }) {
			return true
		}
	}
	return false
}

func FuzzRead(f *testing.F) {
	f.Add("package m\nimport \"x/scripts/lib\"\nfunc F() {}\n", "package lib\n")
	f.Add("package m // \xff\n", "//go:build ignore\npackage lib")
	f.Add("", "package main")
	f.Add("package m\nimport _ \"embed\"\n//go:embed a.go *.go\nvar x string", "package lib\nfunc F() {\n//go:embed all:b.go \"\\x\"\nvar x []byte }")
	f.Add("package m\nimport \"\\x\"\nimport `x/scripts/m`", "package lib\nimport \"x/scripts/m\"")
	f.Fuzz(func(t *testing.T, a, b string) {
		fsys := files("m/a.go", a, "lib/b.go", b)
		for _, m := range resolve(t, fsys) {
			for _, p := range m.Problems {
				if p.Path == "" || p.Message == "" || p.Rule == "" {
					t.Errorf("incomplete problem %+v", p)
				}
			}
			if len(m.Problems) == 0 && (m.Package.Name == "" || len(m.Package.Files) == 0) {
				t.Errorf("module without a name or files and no problem: %q %q", a, b)
			}
		}
	})
}
