package reload_test

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// What the compiler makes of the same directives.
var (
	//go:embed testdata/embed
	compiledFolder embed.FS
	//go:embed all:testdata/embed
	compiledAll embed.FS
	//go:embed testdata/embed/*.txt testdata/embed/sub
	//go:embed testdata/embed/hello.txt
	compiledSome embed.FS
)

// embedder is a module that embeds the test's own data.
const embedder = `package m

import (
	"embed"
	"io/fs"
	"strings"
)

// a comment
//go:embed testdata/embed

// and another one
var folder embed.FS

var (
	//go:embed all:testdata/embed
	all embed.FS

	//go:embed testdata/embed/*.txt testdata/embed/sub
	//go:embed "testdata/embed/hello.txt"
	some embed.FS // behind it
)

func Folder() fs.FS { return folder }
func All() fs.FS    { return all }
func Some() fs.FS   { return some }

func Dump() string {
	var out strings.Builder
	err := fs.WalkDir(folder, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		out.WriteString(p)
		if d.IsDir() {
			out.WriteString("/\n")
			return nil
		}
		data, err := folder.ReadFile(p)
		out.WriteString("=" + string(data) + "\n")
		return err
	})
	if err != nil {
		return err.Error()
	}
	return out.String()
}

func Names() string {
	entries, err := some.ReadDir("testdata/embed")
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	matched, _ := fs.Glob(all, "testdata/embed/*/*.txt")
	return strings.Join(append(names, matched...), " ")
}

func Missing() string {
	_, err := folder.Open("testdata/embed/.dot.txt")
	return err.Error()
}
`

type embedding struct {
	Folder, All, Some    func() fs.FS
	Dump, Names, Missing func() string
}

// dataOf is the test's own data below a folder of a module directory.
func dataOf(t *testing.T, below string) tree {
	t.Helper()
	out := tree{}
	require.NoError(t, filepath.WalkDir("testdata/embed", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		out[below+"/"+filepath.ToSlash(p)] = string(data)
		return err
	}))
	return out
}

// dump is what a file system holds, with all that can be asked of it.
func dump(t *testing.T, fsys fs.FS) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		var data []byte
		if !d.IsDir() {
			data, err = fs.ReadFile(fsys, p)
			require.NoError(t, err)
		}
		fmt.Fprintf(&out, "%s %s %d %v %v %q\n", p, info.Name(), info.Size(), info.Mode(), info.ModTime(), data)
		return nil
	}))
	return out.String()
}

func TestEmbeddedFilesAreTheCompilers(t *testing.T) {
	rt := newRuntime(t)
	m := bind[embedding](t, rt, "m")
	apply(t, rt, dataOf(t, "m").with("m/m.go", embedder))
	for name, c := range map[string]struct {
		module   fs.FS
		compiled embed.FS
	}{
		"folder": {m.Load().Folder(), compiledFolder},
		"all":    {m.Load().All(), compiledAll},
		"some":   {m.Load().Some(), compiledSome},
	} {
		assert.IsType(t, c.compiled, c.module, name)
		assert.Equal(t, dump(t, c.compiled), dump(t, c.module), name)
	}
	require.NoError(t, fstest.TestFS(m.Load().All(), "testdata/embed/sub/deep/er.txt"))
	assert.Equal(t, ". testdata testdata/embed", strings.Join(strings.Fields(strings.ReplaceAll(m.Load().Dump(), "/\n", "\n"))[:3], " "))
	assert.Contains(t, m.Load().Dump(), "testdata/embed/sub/deep/er.txt=deep\n")
	assert.Equal(t, ".dot.txt empty.txt hello.txt sub testdata/embed/.hidden/h.txt testdata/embed/_draft/d.txt "+
		"testdata/embed/sub/a b é.txt testdata/embed/sub.d/x.txt", m.Load().Names())
	_, err := compiledFolder.Open("testdata/embed/.dot.txt")
	assert.Equal(t, err.Error(), m.Load().Missing())
}

type stringer struct{ F func() string }

func TestEmbeddedVariables(t *testing.T) {
	for name, c := range map[string]struct{ declare, want string }{
		"string":               {"//go:embed a.txt\nvar v string\nfunc F() string { return v }", "one"},
		"[]byte":               {"//go:embed a.txt\nvar v []byte\nfunc F() string { return string(v) }", "one"},
		"[]uint8":              {"//go:embed a.txt\nvar v []uint8\nfunc F() string { return string(v[1:]) }", "ne"},
		"capacity":             {"//go:embed a.txt\nvar v []byte\nfunc F() string { w := append(v[:cap(v)], 'x'); w[0] = 'X'; return string(v) + string(w) }", "oneXnex"},
		"named string":         {"type text string\n//go:embed a.txt\nvar v text\nfunc F() string { return string(v) }", "one"},
		"named bytes":          {"type data []byte\n//go:embed a.txt\nvar v data\nfunc F() string { return string(v) }", "one"},
		"bytes of an own type": {"type b byte\n//go:embed a.txt\nvar v []b\nfunc F() string { return string(v) }", "one"},
		"alias":                {"type text = string\n//go:embed a.txt\nvar v text\nfunc F() string { return v }", "one"},
		"in a group":           {"var (\n\tx = 1\n\t//go:embed a.txt\n\tv string\n\ty = 2\n)\nfunc F() string { return v }", "one"},
		"same line":            {"//go:embed a.txt\nvar v string; var w = v + \"!\"\nfunc F() string { return w }", "one!"},
		"exported":             {"//go:embed a.txt\nvar V string\nfunc F() string { return V }", "one"},
		"blank":                {"//go:embed a.txt\nvar _ string\n//go:embed sub/b.txt\nvar v string\nfunc F() string { return v }", "two"},
		"empty file":           {"//go:embed none.txt\nvar v string\n//go:embed none.txt\nvar b []byte\nfunc F() string { if b == nil { return \"nil\" }; return v }", ""},
		"quoted":               {"//go:embed \"sub/b.txt\"\nvar v string\nfunc F() string { return v }", "two"},
		"glob":                 {"//go:embed sub/?.txt\nvar v string\nfunc F() string { return v }", "two"},
		"a folder of one file": {"//go:embed sub\nvar v string\nfunc F() string { return v }", "two"},
		"initialisers":         {"var n = len(v)\nvar w = v + \"?\"\n//go:embed a.txt\nvar v string\nvar i string\nfunc init() { i = v }\nfunc F() string { if n != 3 { return \"late\" }; return w + i }", "one?one"},
		"embed.FS by value":    {"//go:embed sub\nvar v embed.FS\nfunc read(f embed.FS) string { b, _ := f.ReadFile(\"sub/b.txt\"); return string(b) }\nfunc F() string { w := v; return read(w) }", "two"},
		"alias of embed.FS":    {"type FS = embed.FS\n//go:embed sub\nvar v FS\nfunc F() string { b, _ := v.ReadFile(\"sub/b.txt\"); return string(b) }", "two"},
		"io from a file":       {"//go:embed sub\nvar v embed.FS\nfunc F() string { f, err := v.Open(\"sub/b.txt\"); if err != nil { return err.Error() }; defer f.Close(); b := make([]byte, 2); n, _ := f.Read(b); return string(b[:n]) }", "tw"},
	} {
		t.Run(name, func(t *testing.T) {
			rt := newRuntime(t)
			m := bind[stringer](t, rt, "m")
			use := "var _ embed.FS\n"
			apply(t, rt, tree{"m/m.go": "package m // the package\n\nimport \"embed\"\n\n" + use + c.declare + "\n",
				"m/a.txt": "one", "m/sub/b.txt": "two", "m/none.txt": ""})
			assert.Equal(t, c.want, m.Load().F())
		})
	}
}

// Every file has imports of its own, and its own name for package embed.
func TestEmbedsOfSeveralFiles(t *testing.T) {
	rt := newRuntime(t)
	m := bind[stringer](t, rt, "m")
	apply(t, rt, tree{
		"m/a.go":  "package m\nimport . \"embed\"\n//go:embed a.txt\nvar a FS\n",
		"m/b.go":  "package m\nimport e \"embed\"\n//go:embed a.txt\nvar b e.FS\n",
		"m/c.go":  "package m /* c */ ; import _ \"embed\"\n//go:embed a.txt\nvar c string\n",
		"m/m.go":  "package m\nfunc F() string { x, _ := a.ReadFile(\"a.txt\"); y, _ := b.ReadFile(\"a.txt\"); return string(x) + string(y) + c }\n",
		"m/a.txt": "x",
	})
	assert.Equal(t, "xxx", m.Load().F())
}

// A library embeds too, under the same names as the module or others, and is edited by its data.
func TestLibraryEmbeds(t *testing.T) {
	rt := newRuntime(t)
	m := bind[stringer](t, rt, "m")
	files := tree{
		"m/m.go": "package m\nimport (\n\t_ \"embed\"\n\t\"x/scripts/lib\"\n)\n\n//go:embed a.txt\nvar v string\n\n" +
			"func F() string { return v + lib.Text + string(lib.Bytes()) }\n",
		"m/a.txt":   "mine ",
		"lib/l.go":  "package lib\nimport _ \"embed\"\n//go:embed a.txt\nvar Text string\n//go:embed a.txt\nvar v []byte\nfunc Bytes() []byte { return v }\n",
		"lib/a.txt": "its",
	}
	apply(t, rt, files)
	assert.Equal(t, "mine itsits", m.Load().F())
}

// What a version writes into its bytes is its own.
func TestEmbeddedBytesAreTheVersions(t *testing.T) {
	rt := newRuntime(t)
	m := bind[stringer](t, rt, "m")
	src := "package m\nimport _ \"embed\"\n//go:embed a.txt\nvar v []byte\nfunc F() string { v[0]++; return string(v) }\n"
	files := tree{"m/m.go": src, "m/a.txt": "abc"}
	apply(t, rt, files)
	assert.Equal(t, "bbc", m.Load().F())
	assert.Equal(t, "cbc", m.Load().F())
	apply(t, rt, files.with("m/m.go", src+"func G() {}\n"))
	assert.Equal(t, "bbc", m.Load().F())
}

// What the compiler refuses never runs, and the version before stays.
func TestBadEmbedsAreRefused(t *testing.T) {
	rt := newRuntime(t)
	m := bind[stringer](t, rt, "m")
	head := "package m\nimport \"embed\"\nvar _ embed.FS\nfunc F() string { return v }\n"
	files := tree{"m/m.go": head + "//go:embed a.txt\nvar v string\n", "m/a.txt": "a", "m/b.txt": "b"}
	apply(t, rt, files)
	for _, bad := range []string{
		"//go:embed c.txt\nvar v string\n",
		"//go:embed ../m/a.txt\nvar v string\n",
		"//go:embed a.txt b.txt\nvar v string\n",
		"//go:embed *.txt\nvar v string\n",
		"//go:embed a.txt\nvar v, w string\n",
		"//go:embed a.txt\nvar v string = \"x\"\n",
		"var v string\n//go:embed a.txt\nvar w int\n",
		"var v string\n//go:embed a.txt\nvar W embed.FS\n//go:embed a.txt\nvar w map[string]string\n",
		"var v string\ntype files embed.FS\n//go:embed a.txt\nvar w files\n",
	} {
		_, err := refuse(t, rt, files.with("m/m.go", head+bad))
		require.Error(t, err, bad)
		require.Len(t, state(t, rt, "m").Diagnostics, 1, bad)
		assert.Equal(t, "a", m.Load().F(), "last good stays")
	}
}

func TestEditOfAnEmbeddedFile(t *testing.T) {
	rt := newRuntime(t)
	m := bind[stringer](t, rt, "m")
	files := tree{
		"m/m.go": "package m\nimport \"embed\"\n//go:embed data/*.txt\nvar v embed.FS\n" +
			"func F() string { out := \"\"; all, _ := v.ReadDir(\"data\"); for _, e := range all { b, _ := v.ReadFile(\"data/\" + e.Name()); out += string(b) }; return out }\n",
		"m/data/a.txt": "one", "m/data/note": "", "n/n.go": "package n\n",
	}
	apply(t, rt, files)
	require.Equal(t, "one", m.Load().F())
	files = files.with("m/data/a.txt", "ONE")
	r := apply(t, rt, files)
	assert.Equal(t, map[string]reload.Outcome{"m": reload.OutcomeLive}, outcomes(r))
	assert.Equal(t, "ONE", m.Load().F())
	files = files.with("m/data/b.txt", "+two")
	apply(t, rt, files)
	assert.Equal(t, "ONE+two", m.Load().F(), "a file more that the pattern matches")
	files = files.with("m/data/note", "not embedded")
	assert.Empty(t, outcomes(apply(t, rt, files)), "no pattern matches it")
	_, err := refuse(t, rt, files.with("m/data/a.txt", "", "m/data/b.txt", ""))
	assert.ErrorContains(t, err, "pattern data/*.txt: no matching files found")
	assert.Equal(t, "ONE+two", m.Load().F(), "last good stays")
	d := state(t, rt, "m").Diagnostics
	require.Len(t, d, 1)
	assert.Equal(t, "m/m.go:3:12 embed/pattern", fmt.Sprintf("%s:%d:%d %s", d[0].File, d[0].Line, d[0].Column, d[0].Rule))
	apply(t, rt, files.with("m/data/a.txt", ""))
	assert.Equal(t, "+two", m.Load().F(), "fixed")
}

func TestRunFollowsEmbeddedFiles(t *testing.T) {
	rt, dir := watched(t, tree{
		"m/m.go":                "package m\nimport _ \"embed\"\n//go:embed testdata/deep/a.txt\nvar v string\nfunc F() string { return v }\n",
		"m/testdata/deep/a.txt": "one",
	})
	m := bind[stringer](t, rt, "m")
	require.Equal(t, "one", m.Load().F())
	write(t, filepath.Join(dir, "m/testdata/deep/a.txt"), "two")
	eventually(t, func() bool { return m.Load().F() == "two" }, "the data is live")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "m/testdata/deep/a.new"), []byte("three"), 0o644))
	require.NoError(t, os.Rename(filepath.Join(dir, "m/testdata/deep/a.new"), filepath.Join(dir, "m/testdata/deep/a.txt")))
	eventually(t, func() bool { return m.Load().F() == "three" }, "so is what an editor renames onto it")
}
