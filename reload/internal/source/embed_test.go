package source

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// embedWorld gives modules package embed too.
func embedWorld() *World {
	w := world()
	w.Available = func(path string) bool { return path == "fmt" || path == "embed" }
	return w
}

// data is a package's folder with something of everything.
func data(src string) fstest.MapFS {
	fsys := files("m/m.go", src, "m/a.txt", "A", "m/b.txt", "B", "m/none.txt", "",
		"m/sub/x.csv", "1", "m/sub/deep/y.csv", "2", "m/sub/.dot", "3", "m/sub/_low", "4",
		"m/other/go.mod", "module other", "m/other/z.txt", "5", "m/hidden/.only", "6", "m/testdata/t.txt", "7",
		"m/.git/config", "8", "m/sub/with:colon", "", "m/[odd]/q.txt", "9", "m/two words.txt", "10")
	delete(fsys, "m/sub/with:colon")
	fsys["m/link.txt"] = &fstest.MapFile{Data: []byte("a.txt"), Mode: fs.ModeSymlink | 0o777}
	fsys["m/dangling"] = &fstest.MapFile{Data: []byte("nowhere"), Mode: fs.ModeSymlink | 0o777}
	fsys["m/linked"] = &fstest.MapFile{Data: []byte("sub"), Mode: fs.ModeSymlink | 0o777}
	return fsys
}

// head begins a file that may embed.
const head = "package m\nimport _ \"embed\"\n"

// embedMistakes are what the go command and the compiler refuse, and how.
var embedMistakes = []struct{ name, src, want string }{
	{"no match", head + "//go:embed c.txt\nvar v string", "m/m.go:3:12: pattern c.txt: no matching files found [embed/pattern]"},
	{"no match by a glob", head + "//go:embed a.txt  *.png\nvar v string", "m/m.go:3:19: pattern *.png: no matching files found [embed/pattern]"},
	{"above the folder", head + "//go:embed ../x\nvar v string", "m/m.go:3:12: pattern ../x: invalid pattern syntax [embed/pattern]"},
	{"absolute", head + "//go:embed /etc/passwd\nvar v string", "m/m.go:3:12: pattern /etc/passwd: invalid pattern syntax [embed/pattern]"},
	{"the folder itself", head + "//go:embed .\nvar v string", "m/m.go:3:12: pattern .: invalid pattern syntax [embed/pattern]"},
	{"dot", head + "//go:embed ./a.txt\nvar v string", "m/m.go:3:12: pattern ./a.txt: invalid pattern syntax [embed/pattern]"},
	{"bad glob", head + "//go:embed a[\nvar v string", "m/m.go:3:12: pattern a[: invalid pattern syntax [embed/pattern]"},
	{"empty pattern", head + "//go:embed \"\"\nvar v string", "m/m.go:3:12: pattern : invalid pattern syntax [embed/pattern]"},
	{"link", head + "//go:embed link.txt\nvar v string", "m/m.go:3:12: pattern link.txt: cannot embed irregular file link.txt [embed/file]"},
	{"dangling link", head + "//go:embed dangling\nvar v string", "m/m.go:3:12: pattern dangling: cannot embed irregular file dangling [embed/file]"},
	{"below a file", head + "//go:embed a.txt/b\nvar v string", "m/m.go:3:12: pattern a.txt/b: no matching files found [embed/pattern]"},
	{"link to a folder", head + "//go:embed linked\nvar v string", "m/m.go:3:12: pattern linked: cannot embed irregular file linked [embed/file]"},
	{"through a link", head + "//go:embed linked/x.csv\nvar v string", "m/m.go:3:12: pattern linked/x.csv: cannot embed file linked/x.csv: in non-directory linked [embed/file]"},
	{"another Go module", head + "//go:embed other\nvar v string", "m/m.go:3:12: pattern other: cannot embed directory other: in different module [embed/file]"},
	{"in another Go module", head + "//go:embed other/z.txt\nvar v string", "m/m.go:3:12: pattern other/z.txt: cannot embed file other/z.txt: in different module [embed/file]"},
	{"a folder of hidden files", head + "//go:embed hidden\nvar v string", "m/m.go:3:12: pattern hidden: cannot embed directory hidden: contains no embeddable files [embed/file]"},
	{"version control", head + "//go:embed .git/config\nvar v string", "m/m.go:3:12: pattern .git/config: cannot embed file .git/config: in invalid directory .git [embed/file]"},
	{"no pattern", head + "//go:embed\nvar v string", "m/m.go:3:3: usage: //go:embed pattern... [embed/directive]"},
	{"no pattern but a space", head + "//go:embed \nvar v string", "m/m.go:3:3: usage: //go:embed pattern... [embed/directive]"},
	{"open quote", head + "//go:embed a.txt \"b\nvar v string", "m/m.go:3:3: invalid quoted string in //go:embed: \"b [embed/directive]"},
	{"no space behind a quote", head + "//go:embed a.txt `b`c\nvar v string", "m/m.go:3:3: invalid quoted string in //go:embed: c [embed/directive]"},
	{"bad escape", head + "//go:embed a.txt \"\\q\"\nvar v string", "m/m.go:3:3: invalid quoted string in //go:embed: \"\\q\" [embed/directive]"},
	{"no import", "package m\n//go:embed a.txt\nvar v string", `m/m.go:2:3: go:embed requires import "embed" (or import _ "embed", if package is not used) [embed/variable]`},
	{"two variables", head + "//go:embed a.txt\nvar v, w string", "m/m.go:3:3: go:embed cannot apply to multiple vars [embed/variable]"},
	{"initialiser", head + "//go:embed a.txt\nvar v string = \"x\"", "m/m.go:3:3: go:embed cannot apply to var with initializer [embed/variable]"},
	{"in a function", head + "func F() {\n\t//go:embed a.txt\n\tvar v string\n\t_ = v\n}", "m/m.go:4:4: go:embed cannot apply to var inside func [embed/variable]"},
	{"in a closure", head + "var f = func() {\n\t//go:embed a.txt\n\tvar v string\n\t_ = v\n}", "m/m.go:4:4: go:embed cannot apply to var inside func [embed/variable]"},
	{"above a group", head + "//go:embed a.txt\nvar (\n\tv string\n)", "m/m.go:3:3: misplaced go:embed directive [embed/directive]"},
	{"above a type", head + "//go:embed a.txt\ntype T int\nvar v string", "m/m.go:3:3: misplaced go:embed directive [embed/directive]"},
	{"above a function", head + "//go:embed a.txt\nfunc F() {}", "m/m.go:3:3: misplaced go:embed directive [embed/directive]"},
	{"above a constant", head + "//go:embed a.txt\nconst c = 1", "m/m.go:3:3: misplaced go:embed directive [embed/directive]"},
	{"above the package", "//go:embed a.txt\npackage m\nimport _ \"embed\"\nvar v string", "m/m.go:1:3: misplaced go:embed directive [embed/directive]"},
	{"above an import", "package m\n//go:embed a.txt\nimport _ \"embed\"\nvar v string", "m/m.go:2:3: misplaced go:embed directive [embed/directive]"},
	{"at the end", head + "var v string\n//go:embed a.txt\n", "m/m.go:4:3: misplaced go:embed directive [embed/directive]"},
	{"at the end of a function", head + "func F() {\n//go:embed a.txt\n}\nvar v string", "m/m.go:4:3: misplaced go:embed directive [embed/directive]"},
	{"behind the variable", head + "var v string //go:embed a.txt\nvar w string", "m/m.go:3:16: misplaced compiler directive [embed/directive]"},
}

func TestEmbedMistakes(t *testing.T) {
	for _, c := range embedMistakes {
		t.Run(c.name, func(t *testing.T) {
			m := read(t, data(c.src)).Resolve(embedWorld(), Resolution{}).Modules["m"]
			assert.Equal(t, []string{c.want}, problems(m))
			for _, p := range m.Problems {
				assert.NotEmpty(t, p.Hint)
			}
		})
	}
}

// The texts and places are those of the go command and the compiler.
func TestEmbedMistakesAreTheCompilers(t *testing.T) {
	if testing.Short() {
		t.Skip("some forty runs of the go command")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command")
	}
	for _, c := range embedMistakes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			onDisk(t, dir, data(c.src))
			onDisk(t, dir, files("go.mod", "module x\n\ngo 1.26\n"))
			cmd := exec.Command("go", "build", "./m")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
			out, err := cmd.CombinedOutput()
			require.Error(t, err)
			want, _, _ := strings.Cut(c.want, " [")
			assert.Contains(t, strings.Split(string(out), "\n"), want)
		})
	}
}

func onDisk(t *testing.T, dir string, fsys fstest.MapFS) {
	t.Helper()
	for name, f := range fsys {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		if f.Mode&fs.ModeSymlink != 0 {
			require.NoError(t, os.Symlink(string(f.Data), name))
			continue
		}
		require.NoError(t, os.WriteFile(name, f.Data, 0o644))
	}
}

func TestEmbeds(t *testing.T) {
	cases := []struct {
		name, src string
		want      []string // variable: files
	}{
		{"a file", head + "//go:embed a.txt\nvar v string", []string{"v: a.txt"}},
		{"a glob", head + "//go:embed ?.txt\nvar v []byte", []string{"v: a.txt b.txt"}},
		{"several patterns", head + "//go:embed b.txt a.txt a*\nvar v []byte", []string{"v: a.txt b.txt"}},
		{"several directives", head + "//go:embed b.txt\n\n// words\n/* more */\n//go:embed a.txt\n\nvar v []byte", []string{"v: a.txt b.txt"}},
		{"quotes", head + "//go:embed \"two words.txt\" `a.txt` \"\\x62.txt\"\nvar v []byte", []string{"v: a.txt b.txt two words.txt"}},
		{"a folder", head + "//go:embed sub\nvar v []byte", []string{"v: sub/x.csv sub/deep/y.csv"}},
		{"all of a folder", head + "//go:embed all:sub\nvar v []byte", []string{"v: sub/.dot sub/_low sub/x.csv sub/deep/y.csv"}},
		{"a glob finds hidden files", head + "//go:embed sub/*\nvar v []byte", []string{"v: sub/.dot sub/_low sub/x.csv sub/deep/y.csv"}},
		{"a hidden folder", head + "//go:embed hidden/.only testdata\nvar v []byte", []string{"v: hidden/.only testdata/t.txt"}},
		{"escaped", head + "//go:embed \\[odd\\]/q.txt\nvar v []byte", []string{"v: [odd]/q.txt"}},
		{"in groups", head + "var (\n//go:embed a.txt\nv string\n\n//go:embed b.txt\nw string // w\nx int\n)", []string{"v: a.txt", "w: b.txt"}},
		{"between var and name", head + "var\n//go:embed a.txt\nv string", []string{"v: a.txt"}},
		{"no directive", head + "// go:embed a.txt\n//go:embedded a.txt\nvar v string\nvar s = `\n//go:embed c.txt\n`", nil},
		{"its Go source", head + "//go:embed m.go\nvar v string", []string{"v: m.go"}},
		{"carriage returns", strings.ReplaceAll(head+"//go:embed a.txt\nvar v string\n", "\n", "\r\n"), []string{"v: a.txt"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fsys := data(c.src)
			m := read(t, fsys).Resolve(embedWorld(), Resolution{}).Modules["m"]
			require.Empty(t, problems(m))
			var got []string
			for _, e := range m.Package.Embeds {
				var names []string
				for _, f := range e.Files {
					names = append(names, f.Name)
					assert.Equal(t, string(fsys["m/"+f.Name].Data), string(f.Data))
				}
				got = append(got, e.Var+": "+strings.Join(names, " "))
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestEmbedSize(t *testing.T) {
	src := "package m\nimport \"embed\"\n//go:embed *.bin\nvar v embed.FS"
	fsys := files("m/m.go", src, "m/a.bin", strings.Repeat("x", MaxEmbeddedFile))
	m := read(t, fsys).Resolve(embedWorld(), Resolution{}).Modules["m"]
	assert.Empty(t, problems(m))
	fsys["m/a.bin"] = &fstest.MapFile{Data: make([]byte, MaxEmbeddedFile+1)}
	m = read(t, fsys).Resolve(embedWorld(), Resolution{}).Modules["m"]
	assert.Equal(t, []string{"m/m.go:3:12: pattern *.bin: cannot embed a.bin: the file is larger than 16 MiB [embed/size]"}, problems(m))
	for i := range 5 {
		fsys[fmt.Sprintf("m/%c.bin", 'a'+i)] = &fstest.MapFile{Data: make([]byte, MaxEmbeddedFile-1)}
	}
	m = read(t, fsys).Resolve(embedWorld(), Resolution{}).Modules["m"]
	assert.Equal(t, []string{"m/m.go:3:12: pattern *.bin: cannot embed e.bin: with it the package embeds more than 64 MiB or 20000 files [embed/size]"}, problems(m))
}

// locked is a file system in which a file or folder can be seen, but not opened.
type locked struct {
	fstest.MapFS
	name string
}

func (l locked) Open(name string) (fs.File, error) { return denied{l.MapFS, l.name}.Open(name) }
func (l locked) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == l.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.ReadDir(name)
}

func TestEmbeddedFileUnreadable(t *testing.T) {
	fsys := data("package m\nimport _ \"embed\"\n//go:embed a.txt\nvar v string")
	m := read(t, locked{fsys, "m/a.txt"}).Resolve(embedWorld(), Resolution{}).Modules["m"]
	assert.Equal(t, []string{"m/m.go:3:12: pattern a.txt: cannot embed a.txt: permission denied [embed/file]"}, problems(m))
	fsys = data("package m\nimport _ \"embed\"\n//go:embed sub\nvar v string")
	m = read(t, locked{fsys, "m/sub"}).Resolve(embedWorld(), Resolution{}).Modules["m"]
	assert.Contains(t, problems(m), "m/m.go:3:12: pattern sub: cannot embed directory sub: permission denied [embed/file]")
}

// A package changes with what it embeds, and with nothing else in its folder; what it shares with the one before is the same.
func TestEmbedIdentity(t *testing.T) {
	fsys := data("package m\nimport \"embed\"\n//go:embed sub *.txt\nvar v embed.FS\n")
	delete(fsys, "m/link.txt")
	fsys["lib/lib.go"] = &fstest.MapFile{Data: []byte("package lib\n")}
	for name, c := range map[string]struct {
		file, now string
		changes   bool
	}{
		"the same":               {"m/a.txt", "A", false},
		"other bytes":            {"m/a.txt", "a", true},
		"other bytes, below":     {"m/sub/deep/y.csv", "two", true},
		"one more":               {"m/c.txt", "C", true},
		"one more, below":        {"m/sub/deep/deeper/z", "", true},
		"one less":               {"m/b.txt", "gone", true},
		"hidden":                 {"m/sub/.other", "x", false},
		"another pattern's":      {"m/other.csv", "x", false},
		"another Go module soon": {"m/sub/deep/go.mod", "module x", true},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := maps.Clone(fsys)
			one := read(t, fsys)
			if fsys[c.file] = (&fstest.MapFile{Data: []byte(c.now)}); c.now == "gone" {
				delete(fsys, c.file)
			}
			two, _, err := one.Update(fsys, []string{path.Dir(c.file)})
			require.NoError(t, err)
			three, _, err := Read(fsys, one)
			require.NoError(t, err)
			for _, next := range []*Tree{two, three} {
				assert.Equal(t, c.changes, next.Packages["m"] != one.Packages["m"])
				assert.Equal(t, c.changes, next.Packages["m"].Hash != one.Packages["m"].Hash)
				assert.Equal(t, c.changes, next.Packages["m"].EmbedHash != one.Packages["m"].EmbedHash)
				assert.Same(t, one.Packages["lib"], next.Packages["lib"])
			}
			assert.Equal(t, two.Packages["m"].Hash, three.Packages["m"].Hash)
		})
	}
}

func TestEmbedUnsettled(t *testing.T) {
	fsys := files("m/m.go", "package m\nimport \"embed\"\n//go:embed d\nvar v embed.FS\n", "m/d/a", "A", "m/d/b", "B")
	one := read(t, fsys)
	for name, c := range map[string]struct {
		change map[string]string
		want   bool
	}{
		"an edit":   {map[string]string{"m/d/a": "AA"}, false},
		"truncated": {map[string]string{"m/d/a": ""}, true},
		"one gone":  {map[string]string{"m/d/a": "gone"}, false},
		"all gone":  {map[string]string{"m/d/a": "gone", "m/d/b": "gone"}, true},
	} {
		fsys := maps.Clone(fsys)
		for file, now := range c.change {
			if fsys[file] = (&fstest.MapFile{Data: []byte(now)}); now == "gone" {
				delete(fsys, file)
			}
		}
		_, unsettled, err := one.Update(fsys, []string{"m/d", "m"})
		require.NoError(t, err)
		assert.Equal(t, c.want, unsettled, name)
	}
}

// Whatever happens to embedded files, updating the folders that changed gives what reading everything gives.
func TestUpdateEqualsReadWithEmbeds(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	dirs := []string{"a", "a/data", "a/data/deep", "a/testdata", "a/testdata/x", "a/.hid", "a/c", "a/c/data"}
	patterns := []string{"data", "all:data", "*.txt", "data/*", "*/*.txt", "testdata", "testdata/x/f0.txt", ".hid", "c", "data/deep/f1.txt"}
	fsys := files("a/a.go", "package a\n", "a/c/c.go", "package c\n")
	tree := read(t, fsys)
	changed := 0
	for step := range 1500 {
		dir := dirs[rnd.IntN(len(dirs))]
		name := fmt.Sprintf("%s/f%d.txt", dir, rnd.IntN(2))
		existed := maps.Clone(fsys)
		switch rnd.IntN(5) {
		case 0:
			dir = []string{"a", "a/c"}[rnd.IntN(2)]
			p := patterns[rnd.IntN(len(patterns))]
			fsys[dir+"/"+path.Base(dir)+".go"] = &fstest.MapFile{Data: fmt.Appendf(nil,
				"package %s\nimport \"embed\"\n//go:embed %s\nvar V embed.FS\n", path.Base(dir), p)}
		case 1:
			delete(fsys, name)
		case 2:
			name = dir + "/go.mod"
			if dir = path.Dir(name); dir == "a" || fsys[name] != nil {
				delete(fsys, name)
			} else {
				fsys[name] = &fstest.MapFile{}
			}
		default:
			fsys[name] = &fstest.MapFile{Data: fmt.Append(nil, rnd.IntN(3))}
		}
		touched := []string{dir}
		for d := dir; d != "."; d = filepath.Dir(d) { // MapFS makes and removes folders with their files
			touched = append(touched, filepath.Dir(d))
		}
		if exists(existed, dir) && exists(fsys, dir) {
			touched = touched[:1] // an edit in a folder that stays tells of that folder alone
		}
		before := tree
		var err error
		tree, _, err = tree.Update(fsys, touched)
		require.NoError(t, err)
		whole := read(t, fsys)
		require.Len(t, tree.Packages, len(whole.Packages), "step %d", step)
		for dir, want := range whole.Packages {
			got := tree.Packages[dir]
			require.Equal(t, want.Hash, got.Hash, "step %d package %s", step, dir)
			require.Equal(t, want.Embeds, got.Embeds, "step %d package %s", step, dir)
			require.Equal(t, want.Problems, got.Problems, "step %d package %s", step, dir)
			if old := before.Packages[dir]; old != nil && old.Hash == got.Hash {
				require.Same(t, old, got, "step %d package %s", step, dir)
			} else {
				changed++
			}
		}
	}
	assert.Greater(t, changed, 200, "the steps do change packages")
}

func exists(fsys fs.FS, name string) bool {
	_, err := fs.Stat(fsys, name)
	return !errors.Is(err, fs.ErrNotExist)
}

// What the directives ask for is found in a real folder as well.
func TestEmbedOnDisk(t *testing.T) {
	dir := t.TempDir()
	onDisk(t, dir, data("package m\nimport \"embed\"\n//go:embed sub \\[odd\\] testdata\nvar v embed.FS\n"))
	require.NoError(t, os.Symlink("../a.txt", filepath.Join(dir, "m/sub/link.txt")))
	m := read(t, os.DirFS(dir)).Resolve(embedWorld(), Resolution{}).Modules["m"]
	require.Empty(t, problems(m))
	names := slices.Sorted(maps.Keys(embeddedIn(m.Package)))
	assert.Equal(t, []string{"[odd]/q.txt", "sub/deep/y.csv", "sub/x.csv", "testdata/t.txt"}, names)
}

func TestEmbedTypes(t *testing.T) {
	const ok = ""
	for declare, want := range map[string]string{
		"//go:embed a.txt\nvar v string":                       ok,
		"//go:embed a.txt\nvar v []byte":                       ok,
		"//go:embed a.txt\nvar v embed.FS":                     ok,
		"type T string\n//go:embed a.txt\nvar v T":             ok,
		"type T = []uint8\n//go:embed a.txt\nvar v T":          ok,
		"type B byte\n//go:embed a.txt\nvar v []B":             ok,
		"type T = embed.FS\n//go:embed a.txt b.txt\nvar v T":   ok,
		"//go:embed a.txt\nvar v Undefined":                    ok,
		"//go:embed a.txt\nvar v int":                          "m/m.go:5:5: go:embed cannot apply to var of type int",
		"//go:embed a.txt\nvar _ *string":                      "m/m.go:5:5: go:embed cannot apply to var of type *string",
		"type T embed.FS\n//go:embed a.txt\nvar v T":           "m/m.go:6:5: go:embed cannot apply to var of type T",
		"//go:embed a.txt\nvar v [1]byte":                      "m/m.go:5:5: go:embed cannot apply to var of type [1]byte",
		"//go:embed a.txt\nvar v []int8":                       "m/m.go:5:5: go:embed cannot apply to var of type []int8",
		"//go:embed a.txt b.txt\nvar v string":                 "m/m.go:5:5: invalid go:embed: multiple files for type string",
		"//go:embed a.txt\n//go:embed b.txt\nvar v []byte":     "m/m.go:6:5: invalid go:embed: multiple files for type []byte",
		"//go:embed a.txt a.txt\n//go:embed a*\nvar v []byte ": ok,
	} {
		pkg := read(t, data("package m\nimport \"embed\"\nvar _ embed.FS\n"+declare+"\n")).Packages["m"]
		require.Empty(t, pkg.Problems, declare)
		var got string
		for _, p := range pkg.EmbedProblems(typesOf(pkg)) {
			got += fmt.Sprintf("%s:%d:%d: %s", p.Path, p.Line, p.Column, p.Message)
		}
		assert.Equal(t, want, got, declare)
	}
}

// typesOf checks a package against a package embed with nothing in it but FS.
func typesOf(pkg *Package) *types.Info {
	embed := types.NewPackage("embed", "embed")
	name := types.NewTypeName(token.NoPos, embed, "FS", nil)
	types.NewNamed(name, types.NewStruct(nil, nil), nil)
	embed.Scope().Insert(name)
	embed.MarkComplete()
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: only{embed}, Error: func(error) {}}
	_, _ = conf.Check("m", pkg.FileSet, []*ast.File{pkg.Files[0].Syntax}, info)
	return info
}

type only struct{ pkg *types.Package }

func (o only) Import(string) (*types.Package, error) { return o.pkg, nil }
