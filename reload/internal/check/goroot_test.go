package check

import (
	"bytes"
	"fmt"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp/stdlib"
	"midair/interp/stdlib/all"
	"midair/reload/internal/reflected"
	"midair/reload/internal/source"
)

// TestVerdicts compares the check with the compiler on the programs of the Go installation's own tests.
func TestVerdicts(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the compiler some 2,000 times")
	}
	dir := goTests(t)
	im := newImporter()
	programs := findPrograms(t, dir, im)
	gc := newCompiler(t)
	var mu sync.Mutex
	var agree, falseErrors, missed int
	each(programs, func(p program) {
		problems := p.check(im)
		out, accepted := gc.compile(p)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case accepted == (len(problems) == 0):
			agree++
		case accepted && slices.ContainsFunc(problems, func(p source.Problem) bool { return p.Rule == "type" }):
			falseErrors++
			t.Errorf("%s is refused: %v", p.name, problems[0])
		case accepted:
			t.Logf("%s is beyond our limits: %v", p.name, problems[0])
		default:
			missed++
			t.Logf("%s is accepted, but the compiler says %s", p.name, out)
		}
	})
	t.Logf("%d programs, the verdict agrees on %d (%.2f %%), %d false type errors, %d missed", len(programs), agree,
		100*float64(agree)/float64(len(programs)), falseErrors, missed)
	fmt.Printf("check: %d programs of GOROOT/test, verdict as the compiler's on %.2f %%, %d false type errors\n",
		len(programs), 100*float64(agree)/float64(len(programs)), falseErrors)
	assert.GreaterOrEqual(t, len(programs), 1900)
	assert.GreaterOrEqual(t, agree*1000, len(programs)*990)
	assert.Zero(t, falseErrors)
}

// goTests returns the directory of Go's own tests.
func goTests(t testing.TB) string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "test")
	if _, err := os.Stat(filepath.Join(dir, "run.go")); err != nil {
		if _, err := os.Stat(filepath.Join(dir, "fixedbugs")); err != nil {
			t.Skip("the Go installation has no test directory: ", err)
		}
	}
	return dir
}

func newImporter() *reflected.Importer {
	tables := map[string]map[string]reflect.Value{}
	for key, symbols := range all.Symbols {
		tables[key] = symbols
	}
	for key, symbols := range stdlib.Symbols {
		if tables[key] == nil {
			tables[key] = symbols
		}
	}
	return reflected.New(tables, nil)
}

// program is one test of the Go installation.
type program struct {
	name, path string
	src        []byte
	lang       string // of its own, such as "go1.17"
}

func findPrograms(t testing.TB, dir string, im *reflected.Importer) (out []program) {
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, ".go") {
			return err
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		action, ok := actionOf(string(src))
		if !ok || !available(p, src, im) {
			return nil
		}
		name, _ := filepath.Rel(dir, p)
		one := program{name: name, path: p, src: src}
		for _, word := range strings.Fields(action) {
			if lang, ok := strings.CutPrefix(word, "-lang="); ok {
				one.lang = lang
			}
		}
		out = append(out, one)
		return nil
	}))
	return out
}

// actionOf returns the first comment of a test, which says what it is, if it is a single file that belongs to this system.
func actionOf(src string) (action string, ok bool) {
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		if constraint.IsGoBuild(line) {
			if e, err := constraint.Parse(line); err == nil && !e.Eval(tagged) {
				return "", false
			}
			continue
		}
		if strings.HasPrefix(line, "package ") {
			break
		}
		if text, is := strings.CutPrefix(line, "//"); is && action == "" {
			action = strings.TrimSpace(text)
		}
	}
	first, _, _ := strings.Cut(action, " ")
	return action, slices.Contains([]string{"run", "compile", "build", "errorcheck"}, first)
}

func tagged(tag string) bool {
	return slices.Contains(build.Default.ReleaseTags, tag) ||
		slices.Contains([]string{runtime.GOOS, runtime.GOARCH, "gc", "unix", "cgo"}, tag)
}

func available(path string, src []byte, im *reflected.Importer) bool {
	f, err := parser.ParseFile(token.NewFileSet(), path, src, parser.ImportsOnly)
	if err != nil || f == nil {
		return true // whatever is wrong with it, both should say so
	}
	for _, spec := range f.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil && !im.Has(p) {
			return false
		}
	}
	return true
}

func (p program) check(im *reflected.Importer) (ps []source.Problem) {
	tree, _, err := source.Read(fstest.MapFS{"m/m.go": {Data: p.src}}, nil)
	if err != nil {
		return []source.Problem{{Rule: "read", Message: err.Error()}}
	}
	pkg := tree.Packages["m"]
	for _, problem := range pkg.Problems {
		if problem.Rule != "module/main" {
			ps = append(ps, problem)
		}
	}
	if len(ps) > 0 {
		return ps
	}
	lang := "go1.26"
	if p.lang != "" {
		lang = p.lang
	}
	c := New(Config{Importer: im, GoVersion: lang, Dir: func(string) string { return "" },
		Path: func(string) string { return "main" }})
	return c.Module(&source.Module{Name: "m", Package: pkg}).Problems
}

// compiler is the Go compiler with the export data of the standard library.
type compiler struct{ config, dir string }

func newCompiler(t testing.TB) compiler {
	out, err := exec.Command("go", "list", "-export", "-f", "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}",
		"std").Output()
	require.NoError(t, err)
	c := compiler{dir: t.TempDir()}
	c.config = filepath.Join(c.dir, "importcfg")
	require.NoError(t, os.WriteFile(c.config, out, 0o600))
	return c
}

func (c compiler) compile(p program) (out string, ok bool) {
	lang := "go1.26"
	if p.lang != "" {
		lang = p.lang
	}
	object := filepath.Join(c.dir, strings.ReplaceAll(p.name, "/", "_")+".o")
	defer os.Remove(object)
	cmd := exec.Command("go", "tool", "compile", "-p=main", "-lang="+lang, "-importcfg="+c.config, "-o="+object, p.path)
	b, err := cmd.CombinedOutput()
	return string(bytes.TrimSpace(b)), err == nil
}

// each calls f for every program, as many at a time as there are processors.
func each(programs []program, f func(program)) {
	todo := make(chan program)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for p := range todo {
				f(p)
			}
		})
	}
	for _, p := range programs {
		todo <- p
	}
	close(todo)
	wg.Wait()
}
