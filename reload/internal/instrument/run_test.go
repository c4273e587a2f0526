package instrument

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type frame struct {
	Function, File string
	Line           int
}

type report struct {
	Value string
	Stack []frame
}

// outcome is what the driver in testdata says about a module.
type outcome struct {
	Plain, Staged, Again []string
	Symbols              map[string]string
	Vars                 map[string]map[string]string
	Reports              []report
	Wanted               int
}

// TestRun builds every module of testdata, plain and instrumented, into one program, and runs it.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	modules, program := buildDriver(t)
	var errors bytes.Buffer
	cmd := exec.Command(program)
	cmd.Stderr = &errors
	out, err := cmd.Output()
	require.NoError(t, err, errors.String())
	var outcomes map[string]outcome
	require.NoError(t, json.Unmarshal(out, &outcomes))

	for _, m := range modules {
		t.Run(m.name, func(t *testing.T) {
			o := outcomes[m.name]
			for _, p := range m.result.Packages {
				assert.Empty(t, p.Unguarded)
			}
			if m.name != "early" {
				require.Len(t, o.Plain, 2)
				for i := range o.Plain {
					assert.Equal(t, o.Plain[i], o.Staged[i], "instrumented, run %d", i+1)
					assert.Equal(t, o.Plain[i], o.Again[i], "reset, run %d", i+1)
				}
			}
			assert.Len(t, o.Reports, o.Wanted)
		})
	}
	t.Run("panics are reported", func(t *testing.T) { testReports(t, modules, outcomes["panics"]) })
	t.Run("early panics are reported", func(t *testing.T) {
		assert.Equal(t, []report{{Value: "early"}}, outcomes["early"].Reports)
	})
	t.Run("symbols", func(t *testing.T) { testSymbols(t, outcomes["symbols"]) })
	t.Run("variables", func(t *testing.T) {
		assert.Equal(t, map[string]map[string]string{
			"example.com/t/packages/m":                 {"kept": "*map[string]int map[run:2]", "thing": "*odd.Thing {2}"},
			"example.com/t/packages/lib/internal/deep": {"secret": "*string sss"},
		}, outcomes["packages"].Vars)
	})
	t.Run("without a hook the process ends", func(t *testing.T) {
		out, err := exec.Command(program, "panics").CombinedOutput()
		require.Error(t, err)
		assert.Contains(t, string(out), "panic: ")
		assert.Contains(t, string(out), "/user/panics/m/m.go:")
	})
}

// used are the packages that the modules of testdata and their generated files import.
var used = []string{"context", "embed", "errors", "fmt", "io", "log/slog", "math", "runtime", "slices", "strconv", "strings", "sync",
	"sync/atomic", "time"}

// buildDriver writes a Go module with all modules of testdata and builds it.
func buildDriver(t *testing.T) ([]*module, string) {
	std := newStandard(t, used...)
	files, err := filepath.Glob("testdata/cases/*.txtar")
	require.NoError(t, err)
	root := t.TempDir()
	var modules []*module
	var imports, list strings.Builder
	for i, file := range files {
		report := Symbol{}
		if strings.HasSuffix(file, "early.txtar") {
			report = Symbol{"example.com/t/host", "Report"}
		}
		m := loadModule(t, std, file, report)
		m.write(t, root)
		modules = append(modules, m)
		plain := "nil"
		if m.name != "early" {
			plain = fmt.Sprintf("func() any { return plain%d.Run() }", i)
			fmt.Fprintf(&imports, "\tplain%d \"example.com/t/%s/m\"\n", i, m.name)
		}
		fmt.Fprintf(&imports, "\tshim%d \"example.com/t/%s/m%s/shim\"\n", i, m.name, staged)
		fmt.Fprintf(&list, "\t{%q, %s, shim%[3]d.Symbols, shim%[3]d.Reset, shim%[3]d.Vars, shim%[3]d.SetGo},\n", m.name, plain, i)
	}
	driver, err := os.ReadFile("testdata/driver/main.txt")
	require.NoError(t, err)
	write(t, filepath.Join(root, "main.go"), driver)
	write(t, filepath.Join(root, "list.go"), fmt.Appendf(nil, "package main\n\nimport (\n%s)\n\nvar shims = []shim{\n%s}\n", &imports, &list))
	write(t, filepath.Join(root, "host", "host.go"), []byte("package host\n\nvar Reports = make(chan any, 10)\n\nfunc Report(v any) { Reports <- v }\n"))
	write(t, filepath.Join(root, "go.mod"), []byte("module example.com/t\n\ngo 1.26\n"))
	program := filepath.Join(root, "driver.exe")
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return modules, program
}

// testReports compares the reported stacks with the comments in the source.
func testReports(t *testing.T, modules []*module, o outcome) {
	i := slices.IndexFunc(modules, func(m *module) bool { return m.name == "panics" })
	lines := strings.Split(string(modules[i].packages[0].Files[0].Source), "\n")
	line := func(comment string) int {
		return 1 + slices.IndexFunc(lines, func(l string) bool { return strings.HasSuffix(l, "// "+comment) })
	}
	const m = "example.com/t/panics/m."
	want := map[string]frame{
		"value 1":          {m + "T.Value", "", line("Value")},
		"pointer a":        {m + "(*T).Pointer", "", line("Pointer")},
		"generic":          {m + "generic[...]", "", line("generic")},
		"8":                {m + "generic[...]", "", line("generic")},
		"failure":          {m + "Panics.func", "", line("panic")},
		"at package level": {m + "init.func1", "", line("literal")},
		"in a group":       {m + "Panics.", "", line("group")},
		"timer":            {m + "Panics.", "", line("timer")},
		"nested":           {m + "Panics.", "", line("nested")},
	}
	seen := map[string]int{}
	for _, r := range o.Reports {
		seen[r.Value]++
		var user []frame
		for _, f := range r.Stack {
			if !Generated(f.Function) && strings.Contains(f.Function, "/panics/") {
				user = append(user, frame{CleanName(f.Function), f.File, f.Line})
				assert.Equal(t, "/user/panics/m/m.go", f.File)
			}
			assert.NotContains(t, CleanName(f.Function), "_hr_")
		}
		if w, ok := want[r.Value]; ok && assert.NotEmpty(t, user, r.Value) {
			assert.True(t, strings.HasPrefix(user[0].Function, w.Function), "%s: %s", r.Value, user[0].Function)
			assert.Equal(t, w.Line, user[0].Line, r.Value)
		}
		if r.Value == "close of closed channel" {
			require.NotEmpty(t, user)
			assert.Contains(t, []int{line("close"), line("again")}, user[0].Line)
		}
	}
	for value := range want {
		assert.Equal(t, 1, seen[value], value)
	}
	assert.Equal(t, 2, seen["close of closed channel"])
	assert.Equal(t, 1, seen["runtime error: invalid memory address or nil pointer dereference"])
}

func testSymbols(t *testing.T, o outcome) {
	assert.Equal(t, map[string]string{
		"Int":      "constant.intVal false 1267650600228229401496703205376",
		"Negative": "constant.int64Val false -7",
		"Rune":     "constant.int64Val false 120",
		"Float":    "constant.ratVal false 1",
		"Third":    "constant.ratVal false -0.333333",
		"Huge":     "constant.ratVal false 1.79769e+608",
		"Tiny":     "constant.ratVal false 4.94066e-324",
		"Complex":  "constant.complexVal false (1.5 + -2i)",
		"Text":     "*constant.stringVal false \"a\\\"`\\n\\xff\"",
		"Yes":      "constant.boolVal false true",
		"Typed":    "uint8 false 200",
		"Timeout":  "time.Duration false 3s",
		"Kind":     "m.kind false k",
		"Value":    "int true 3",
		"Opaque":   "struct { m.kind } true {}",
		"Func":     "func(m.kind) int",
		"Run":      "func() string",
	}, o.Symbols)
}
