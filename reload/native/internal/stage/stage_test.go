package stage_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native/internal/stage"
)

// taker is a backend that keeps what it is to load.
type taker struct{ got map[string]*reload.Checked }

func (taker) Mode() reload.Mode { return reload.ModeNative }

func (t taker) Prepare(_ context.Context, c *reload.Checked, _ reload.Env) (reload.Instance, error) {
	t.got[c.Module] = c
	return nil, os.ErrInvalid
}

var sources = map[string]string{
	"a/a.go":         "package a\n\nimport (\n\t_ \"embed\"\n\t\"example.com/g/scripts/lib\"\n)\n\n//go:embed data/x.txt\nvar x string\n\nfunc F() string { return x + lib.S }\n",
	"a/data/x.txt":   "data",
	"b/b.go":         "package b\n\nimport \"example.com/g/scripts/lib\"\n\nfunc F() string { return lib.S }\n",
	"lib/library.go": "package lib\n\nvar S = \"s\"\n",
}

// checked returns modules as a backend gets them, with some sources replaced.
func checked(t *testing.T, replace ...string) map[string]*reload.Checked {
	fsys := fstest.MapFS{}
	for name, src := range sources {
		fsys[name] = &fstest.MapFile{Data: []byte(src)}
	}
	for i := 0; i < len(replace); i += 2 {
		fsys[replace[i]] = &fstest.MapFile{Data: []byte(replace[i+1])}
	}
	b := taker{map[string]*reload.Checked{}}
	rt, err := reload.New(reload.Config{ImportPath: "example.com/g/scripts", Backends: []reload.Backend{b}})
	require.NoError(t, err)
	defer rt.Close()
	rt.Apply(t.Context(), fsys, reload.Change{})
	require.Len(t, b.got, 2)
	return b.got
}

func root(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("// game\nmodule \"example.com/g\"\n\ngo 1.26\n"), 0o600))
	return dir
}

func TestHash(t *testing.T) {
	dir := root(t)
	of := func(name, salt string, c map[string]*reload.Checked) string {
		return stage.Module{Checked: c[name], Root: dir, Path: "example.com/g", Salt: salt}.Hash()
	}
	base := checked(t)
	a, b := of("a", "", base), of("b", "", base)
	assert.Equal(t, a, of("a", "", checked(t)), "the same content")
	assert.NotEqual(t, a, b, "modules")
	assert.NotEqual(t, a, of("a", "-race", base), "flags")
	embedded := checked(t, "a/data/x.txt", "other")
	assert.NotEqual(t, a, of("a", "", embedded), "an embedded file")
	assert.Equal(t, b, of("b", "", embedded), "another module's file")
	library := checked(t, "lib/library.go", sources["lib/library.go"]+"\n")
	assert.NotEqual(t, a, of("a", "", library), "a library")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), nil, 0o600))
	assert.NotEqual(t, a, of("a", "", base), "go.sum")
}

func TestWrite(t *testing.T) {
	dir, work := root(t), t.TempDir()
	path, err := stage.Find(dir)
	require.NoError(t, err)
	for name, trimmed := range map[string]bool{"folders": false, "import paths": true} {
		t.Run(name, func(t *testing.T) {
			m := stage.Module{Checked: checked(t)["a"], Root: dir, Path: path, Trimpath: trimmed}
			tree, err := stage.Write(work, m, 2)
			require.NoError(t, err)
			assert.Equal(t, m.Hash()+"_2", tree.Hash)
			version := stage.Mark + tree.Hash
			assert.Equal(t, "example.com/g/scripts/a/"+version+"/main", tree.Target)
			var overlay struct{ Replace map[string]string }
			data, err := os.ReadFile(tree.Overlay)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(data, &overlay))
			read := func(name string) string {
				t.Helper()
				file := overlay.Replace[filepath.Join(dir, filepath.FromSlash(strings.Replace(name, "VERSION", version, 1)))]
				data, err := os.ReadFile(file)
				require.NoError(t, err, name)
				return string(data)
			}
			first := "//line " + filepath.Join(dir, "scripts", "a", "a.go") + ":1:1\n"
			if trimmed {
				first = "//line example.com/g/scripts/a/a.go:1:1\n"
			}
			src := read("scripts/a/VERSION/a.go")
			assert.True(t, strings.HasPrefix(src, first), src)
			assert.Contains(t, src, "example.com/g/scripts/lib/"+version)
			assert.Equal(t, "data", read("scripts/a/VERSION/data/x.txt"))
			assert.Contains(t, read("scripts/lib/VERSION/library.go"), "package lib")
			assert.Contains(t, read("scripts/a/VERSION/main/main.go"), "package main")
			staged := map[string]string{}
			for _, p := range tree.Packages {
				for name, file := range p.Files {
					staged[filepath.Join(p.Folder, filepath.FromSlash(name))] = file
				}
			}
			assert.Equal(t, overlay.Replace, staged)
			assert.Equal(t, tree.Target, tree.Packages[len(tree.Packages)-1].ImportPath)
			assert.NoDirExists(t, filepath.Join(dir, "scripts"))
			require.NoError(t, tree.Remove())
		})
	}
	left, err := os.ReadDir(work)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestElsewhere(t *testing.T) {
	m := stage.Module{Checked: checked(t)["a"], Root: root(t), Path: "example.com/other"}
	_, err := stage.Write(t.TempDir(), m, 0)
	assert.ErrorContains(t, err, "package example.com/g/scripts/lib is not below example.com/other")
	_, err = stage.Find(t.TempDir())
	assert.Error(t, err)
}

func TestDiagnostics(t *testing.T) {
	p := stage.NewPlaces(stage.Module{Checked: checked(t)["a"]})
	for name, c := range map[string]struct {
		output string
		want   []string
	}{
		"type error": {"# example.com/g/scripts/lib/_hr_0123456789abcdef\nscripts/lib/library.go:3:9: undefined: x\n",
			[]string{"lib/library.go:3:9: undefined: x [native/build]"}},
		"several lines": {"# example.com/g/scripts/a/_hr_0123456789abcdef\nscripts/a/a.go:3:9: cannot use x\n\thave int\n" +
			"\twant _hr_0.T\nscripts/a/a.go:4:1: no\nscripts/a/a.go:4:1: too many errors\n",
			[]string{"a/a.go:3:9: cannot use x; have int; want 0.T [native/build]", "a/a.go:4:1: no [native/build]"}},
		"import": {"scripts/a/_hr_0123456789abcdef/a.go:4:2: package example.com/g/x/_hr_0123456789abcdef is not in std\n",
			[]string{"a/a.go:4:2: package example.com/g/x is not in std [native/build]"}},
		"no position": {"# example.com/g/game\n../game/game.go:1:1: syntax error\n",
			[]string{"a/a.go:1:1: the native build failed: ../game/game.go:1:1: syntax error [native/build]"}},
		"silence": {"", []string{"a/a.go:1:1: the native build failed:  [native/build]"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range p.Diagnostics(c.output) {
				got = append(got, d.String())
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestFrame(t *testing.T) {
	p := stage.NewPlaces(stage.Module{Checked: checked(t)["a"]})
	hash := "0123456789abcdef"
	for name, c := range map[string]struct {
		function, file string
		want           string
	}{
		"function":        {"example.com/g/scripts/a/_hr_" + hash + ".F", "/x/a.go", "a.F at a/a.go:7"},
		"method":          {"example.com/g/scripts/a/_hr_" + hash + ".(*T).M", "/x/a.go", "a.(*T).M at a/a.go:7"},
		"library":         {"example.com/g/scripts/lib/_hr_" + hash + ".F.func1", "library.go", "lib.F.func1 at lib/library.go:7"},
		"another version": {"example.com/g/scripts/a/_hr_" + hash + "_1.F", "/x/a.go", ""},
		"the host":        {"example.com/g/scripts/a.F", "/x/a.go", ""},
		"unknown file":    {"example.com/g/scripts/a/_hr_" + hash + ".F", "/x/0-hr.go", ""},
	} {
		f, ok := p.Frame(runtime.Frame{Function: c.function, File: c.file, Line: 7}, hash)
		assert.Equal(t, c.want != "", ok, name)
		if ok {
			assert.Equal(t, c.want, f.String(), name)
		}
	}
}
