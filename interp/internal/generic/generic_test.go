package generic

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/traefik/yaegi/interp"

	"midair/interp/stdlib"
)

// interpreter makes one that finds the generic packages and another one as the backend lays them out.
func interpreter(t testing.TB, probe string) *interp.Interpreter {
	t.Helper()
	files := fstest.MapFS{"src/probe/probe.go": &fstest.MapFile{Data: []byte(probe)}}
	for _, importPath := range []string{"cmp", "maps", "slices"} {
		src, ok := Source(importPath)
		require.True(t, ok)
		files["src/"+importPath+"/"+importPath+".go"] = &fstest.MapFile{Data: []byte(src)}
	}
	i := interp.New(interp.Options{SourcecodeFilesystem: files, Stderr: &bytes.Buffer{}})
	require.NoError(t, i.Use(interp.Exports{
		"fmt//fmt":         stdlib.Symbols["fmt/fmt"],
		"math//math":       stdlib.Symbols["math/math"],
		"strings//strings": stdlib.Symbols["strings/strings"],
	}))
	return i
}

const importProbe = "import (\n_ \"cmp\"\n_ \"maps\"\n_ \"slices\"\n\"probe\"\n)"

func interpreted(t *testing.T, src string) (lines []string) {
	t.Helper()
	i := interpreter(t, src)
	_, err := i.Eval(importProbe)
	require.NoError(t, err)
	run, err := i.Eval("probe.Run")
	require.NoError(t, err)
	run.Interface().(func(func(string)))(func(line string) { lines = append(lines, line) })
	return lines
}

func compiled(t *testing.T, src string) []string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: ", err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module compare\n\ngo 1.26\n",
		"probe/probe.go": src,
		"main.go": "package main\n\nimport (\n\t\"fmt\"\n\n\t\"compare/probe\"\n)\n\n" +
			"func main() { probe.Run(func(s string) { fmt.Println(s) }) }\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s", stderr.String())
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// TestLikeTheRealPackages runs one program that calls every function with random values of several types, compiled with
// the standard library and interpreted with the sources here.
func TestLikeTheRealPackages(t *testing.T) {
	type element struct {
		N, T    string
		Ordered bool
	}
	probe := template.Must(template.ParseFiles("testdata/probe.go.tmpl"))
	var src bytes.Buffer
	seed := rand.Uint32()
	t.Logf("seed %d", seed)
	require.NoError(t, probe.Execute(&src, map[string]any{"Seed": seed, "Rounds": 8, "Types": []element{
		{"Int", "int", true}, {"Int64", "int64", true}, {"Uint8", "uint8", true}, {"Float64", "float64", true},
		{"String", "string", true}, {"E", "E", true}, {"S", "S", false},
	}}))
	want, got := compiled(t, src.String()), interpreted(t, src.String())
	require.Len(t, got, len(want))
	for i := range want {
		require.Equal(t, want[i], got[i], "line %d, after %q", i, want[max(0, i-1)])
	}
	for importPath, l := range libraries() {
		for name := range l.functions {
			if !regexp.MustCompile(`\b` + importPath + `\.` + name + `\b`).Match(src.Bytes()) {
				t.Errorf("%s.%s is not compared", importPath, name)
			}
		}
	}
}

// What cannot work is refused when the module is loaded; it never gives wrong results.
func TestRefused(t *testing.T) {
	for body, want := range map[string]string{
		`slices.Concat([]int{1})`:                                  "undefined",
		`maps.Keys(map[int]int{})`:                                 "undefined",
		`func() { x := 2.5; _ = cmp.Compare(3, x) }()`:             "cannot use type float64",
		`slices.SortFunc([]int{1}, cmp.Compare)`:                   "cannot use type func",
		`slices.Insert([]int{1}, 0)`:                               "index out of range",
		`slices.Sort([]struct{}{})`:                                "operator < not defined",
		`func() { type L []int; _ = slices.Sorted(L{}) }()`:        "undefined",
		`func() { _ = slices.Index([]string{"a"}, 1) }()`:          "cannot convert 1 to string",
		`func() { var n []int64; _ = slices.Insert(n, 0, "x") }()`: "cannot convert",
	} {
		i := interpreter(t, "package probe\n\nimport (\n\"cmp\"\n\"maps\"\n\"slices\"\n)\n\nfunc Run() { "+body+" }\n")
		var err error
		func() {
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("%v", r)
				}
			}()
			_, err = i.Eval(importProbe)
		}()
		if assert.Error(t, err, body) {
			assert.Contains(t, err.Error(), want, body)
		}
	}
}

func TestPick(t *testing.T) {
	src, ok := Pick("slices", []string{"SortFunc", "Contains", "Collect"})
	require.True(t, ok)
	names := regexp.MustCompile(`(?m)^func (\w+)`).FindAllStringSubmatch(src, -1)
	var got []string
	for _, m := range names {
		got = append(got, m[1])
	}
	assert.ElementsMatch(t, []string{"SortFunc", "SortStableFunc", "Contains"}, got)
	assert.Contains(t, src, "package slices\n")
	_, ok = Pick("sort", nil)
	assert.False(t, ok)
	for importPath, l := range libraries() {
		for name := range l.functions {
			src, _ := Pick(importPath, []string{name})
			_, err := interp.New(interp.Options{}).Eval(src)
			assert.NoError(t, err, "%s.%s alone", importPath, name)
		}
	}
}

func TestSource(t *testing.T) {
	_, ok := Source("sort")
	assert.False(t, ok)
	assert.True(t, Provides("slices", "Sort"))
	assert.True(t, Provides("cmp", "Ordered"))
	assert.False(t, Provides("slices", "Collect"))
	assert.False(t, Provides("slices", "ordered"))
}

// BenchmarkImport measures what the packages add to the loading of a module.
func BenchmarkImport(b *testing.B) {
	slices, _ := Source("slices")
	picked, _ := Pick("slices", []string{"SortFunc", "Contains"})
	maps, _ := Source("maps")
	for name, src := range map[string]string{"none": "package none", "maps": maps, "slices": slices, "picked": picked} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				files := fstest.MapFS{"src/lib/lib.go": &fstest.MapFile{Data: []byte(src)}}
				i := interp.New(interp.Options{SourcecodeFilesystem: files})
				if _, err := i.Eval(`import _ "lib"`); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
