package interp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program is one that is run and compared with what the compiler makes of it.
type program struct {
	name     string // of its suite's folder
	path     string
	dir      string // where it runs
	want     string
	exit     int
	together bool // want is of standard output and standard error
}

// verdict says how a program ended.
type verdict string

const (
	right   verdict = "right"
	refused verdict = "refused"
	wrong   verdict = "wrong"
)

type outcome struct {
	verdict  verdict
	detail   string
	timedOut bool
}

// limit is the time that one program may take.
const limit = 20 * time.Second

// run runs the program in a process of its own.
func (p program) run(exports string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return outcome{verdict: wrong, detail: err.Error()}
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), childProgram+"="+p.path, childExports+"="+exports, "PWD="+p.dir, "GOMEMLIMIT=2GiB")
	cmd.WaitDelay = time.Second
	var stdout, stderr limitedBuffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if p.together {
		cmd.Stderr = &stdout
	}
	err = cmd.Run()
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		code = -1
	}
	return p.judge(stdout.String(), stderr.String(), code, ctx.Err() != nil)
}

func (p program) judge(stdout, stderr string, code int, timedOut bool) outcome {
	got, want := strings.TrimRight(stdout, "\n"), strings.TrimRight(p.want, "\n")
	switch {
	case timedOut:
		return outcome{wrong, "takes too long", true}
	case code == exitRefused:
		return outcome{verdict: refused, detail: lastLine(stdout + stderr)}
	case code != p.exit:
		return outcome{verdict: wrong, detail: fmt.Sprintf("exit status %d: %s", code, firstLine(stderr+stdout))}
	case got != want:
		return outcome{verdict: wrong, detail: difference(got, want)}
	}
	return outcome{verdict: right}
}

// limitedBuffer keeps the first megabyte of what a program prints.
type limitedBuffer struct{ bytes.Buffer }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := 1<<20 - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line[:min(len(line), 200)]
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndex(s, "\n")+1:]
}

// difference tells the first line that two texts do not have in common.
func difference(got, want string) string {
	g, w := append(strings.Split(got, "\n"), "(end)"), append(strings.Split(want, "\n"), "(end)")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: got %.80q, want %.80q", i+1, g[i], w[i])
		}
	}
	return "length"
}

// gorootPrograms are the single-file programs of the Go installation's tests that are to be compiled and run.
func gorootPrograms(t *testing.T) (programs []program) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("needs the go command: ", err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "test")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the Go installation comes without its tests: ", err)
	}
	for _, dir := range []string{".", "ken", "chan", "interface", "syntax", "dwarf", "fixedbugs", "abi", "typeparam",
		"typeparam/mdempsky", "internal/runtime/sys", "arenas", "simd"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			if action(string(src)) != "run" || !buildable(string(src)) || !meaningful(file, src) {
				continue
			}
			want, _ := os.ReadFile(strings.TrimSuffix(file, ".go") + ".out")
			programs = append(programs, program{name: filepath.ToSlash(filepath.Join(dir, filepath.Base(file))), path: file,
				dir: root, want: string(want), together: true})
		}
	}
	return programs
}

// action returns what the first line of a test that is no build constraint says is to be done with it.
func action(src string) string {
	for line := range strings.Lines(src) {
		line = strings.TrimRight(line, "\n")
		if constraint.IsGoBuild(line) || constraint.IsPlusBuild(line) {
			continue
		}
		if a := strings.TrimSpace(strings.TrimPrefix(line, "//")); a != "" {
			return a
		}
	}
	return ""
}

// buildable says whether a test's build constraints hold here.
func buildable(src string) bool {
	header, _, _ := strings.Cut(src, "\npackage")
	for line := range strings.Lines(header) {
		if e, err := constraint.Parse(strings.TrimRight(line, "\n")); err == nil && !e.Eval(func(tag string) bool {
			return slices.Contains(build.Default.ReleaseTags, tag) ||
				slices.Contains([]string{runtime.GOOS, runtime.GOARCH, "gc", "unix", "cgo"}, tag)
		}) {
			return false
		}
	}
	return true
}

// meaningful says whether an interpreter can run a test at all: without the go tool, cgo, linkname and assembly.
func meaningful(file string, src []byte) bool {
	f, err := parser.ParseFile(token.NewFileSet(), file, src, 0)
	if err != nil || f.Name.Name != "main" || bytes.Contains(src, []byte("//go:linkname")) {
		return false
	}
	for _, path := range importsOf(f) {
		if path == "C" || path == "os/exec" || strings.HasPrefix(path, "./") || strings.HasPrefix(path, "internal/") ||
			strings.HasPrefix(path, "cmd/") {
			return false
		}
	}
	return !slices.ContainsFunc(f.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && fn.Body == nil
	})
}

func importsOf(f *ast.File) (paths []string) {
	for _, spec := range f.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// probePrograms are those of a folder with their output beside them.
func probePrograms(t *testing.T, dir string) (programs []program) {
	exits := map[string]int{}
	table, _ := os.ReadFile(filepath.Join(dir, "exit.tsv"))
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) == 2 {
			exits[fields[0]], _ = strconv.Atoi(fields[1])
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		want, err := os.ReadFile(strings.TrimSuffix(file, ".go") + ".out")
		if err != nil {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".go")
		programs = append(programs, program{name: name, path: file, dir: dir, want: string(want), exit: exits[name]})
	}
	return programs
}

// exportList writes a file that says where the export data of every package is that the programs import.
func exportList(t *testing.T, programs []program) string {
	args := []string{"list", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}\t{{.Export}}{{end}}"}
	seen := map[string]bool{"unsafe": true}
	for _, p := range programs {
		f, err := parser.ParseFile(token.NewFileSet(), p.path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, path := range importsOf(f) {
			if !seen[path] {
				seen[path] = true
				args = append(args, path)
			}
		}
	}
	out, err := exec.Command("go", args...).Output()
	require.NoError(t, err)
	list := filepath.Join(t.TempDir(), "exports")
	require.NoError(t, os.WriteFile(list, out, 0o644))
	return list
}
