package reload_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// checkBytes runs the whole check, the interpreter's rules included, on one file. It must come back soon, and every
// diagnostic must say where and why.
func checkBytes(t *testing.T, src []byte) *reload.CheckReport {
	t.Helper()
	start := time.Now()
	report, err := reload.Check(context.Background(), fstest.MapFS{"m/m.go": {Data: src}}, reload.CheckConfig{Config: config()})
	require.NoError(t, err)
	assert.Less(t, time.Since(start), 10*time.Second)
	for _, m := range report.Modules {
		for _, d := range m.Diagnostics {
			assert.NotEmpty(t, d.Rule, d.String())
			assert.NotEmpty(t, d.Message, d.String())
			assert.NotEmpty(t, d.File, d.String())
			assert.NotEqual(t, "internal", d.Rule, d.Message)
		}
	}
	return report
}

// hard are programs that take checkers down or hold them up.
func hard() map[string]string {
	return map[string]string{
		"parentheses":      "package m\nvar x = " + strings.Repeat("(", 50_000) + "1" + strings.Repeat(")", 50_000) + "\n",
		"sum":              "package m\nvar x = 1" + strings.Repeat(" + 1", 90_000) + "\n",
		"pointers":         "package m\nvar x " + strings.Repeat("*", 50_000) + "int\n",
		"functions":        "package m\nvar x " + strings.Repeat("func() ", 50_000) + "int\n",
		"blocks":           "package m\nfunc f() " + strings.Repeat("{ if true ", 20_000) + strings.Repeat("}", 20_000) + "\n",
		"squarings":        "package m\nconst c0 = 1<<500 - 1\nconst c1 = c0*c0\nconst c2 = c1*c1\nconst c3 = c2*c2\nvar x = c3\n",
		"floats":           "package m\nconst c0 = 1e1000000000\nconst c1 = c0*c0\nvar x float64 = c1/c0/c0\n",
		"fractions":        "package m\nconst c = 1.0/3.0" + strings.Repeat("*1.0000001/3.0000007", 400) + "\nvar x = c\n",
		"strings":          "package m\nconst c0 = \"0123456789\"\n" + doublings(80) + "var X = len(c80)\n",
		"shift":            "package m\nconst c = 1 << 1000000000\n",
		"array":            "package m\nvar x [1 << 62]byte\n",
		"array of arrays":  "package m\nvar x " + strings.Repeat("[1000]", 100) + "byte\n",
		"struct of arrays": "package m\ntype t0 struct{ a, b [1 << 30]byte }\ntype t1 struct{ a, b [1 << 30]t0 }\ntype t2 struct{ a, b [1 << 30]t1 }\nvar x t2\n",
		"recursive":        "package m\ntype t struct{ a [2]t }\nvar x t\n",
		"generic":          "package m\ntype t[P any] struct{ f *t[t[P]] }\nvar x t[int]\n",
		"generic function": "package m\nfunc f[P any]() { f[*P]() }\nfunc g() { f[int]() }\n",
		"constraint":       "package m\ntype c[P any] interface{ ~[]P | c[[]P] }\nfunc f[P c[int]]() {}\n",
		"doubling type":    doublingTypes(40),
		"doubling value":   doublingValues(60),
		"interfaces":       "package m\ntype a interface{ b }\ntype b interface{ a }\nvar x a\n",
		"cycle of values":  "package m\nvar a, b = b, a\n",
		"many lines":       "package m\n" + strings.Repeat("\n", 1_000_000),
		"many variables":   "package m\nfunc f() {\n" + strings.Repeat("\tvar x int\n", 100_000) + "}\n",
		"many errors":      "package m\nfunc f() {\n" + strings.Repeat("\tx = y\n", 100_000) + "}\n",
		"long name":        "package m\nvar " + strings.Repeat("x", 1_000_000) + " int\n",
		"long string":      "package m\nvar x int = \"" + strings.Repeat("x", 1_000_000) + "\"\n",
		"long case list":   "package m\nfunc f(x int) {\n\tswitch x {\n\tcase 1" + strings.Repeat(", 1", 50_000) + ":\n\t}\n}\n",
		"generated map":    "package m\nvar x = map[int]int{\n" + strings.Repeat("\t1: 1,\n", 50_000) + "}\n",
		"not UTF-8":        "package m\nvar x = \"\xff\xfe\"\n",
		"NUL":              "package m\x00\n",
		"cgo":              "package m\n\n// int f() { return 1; }\nimport \"C\"\n\nfunc F() int { return int(C.f()) }\n",
	}
}

// doublingTypes declares types of which each holds the one before twice.
func doublingTypes(n int) string {
	var b strings.Builder
	b.WriteString("package m\ntype t0 struct{ x int }\n")
	for i := range n {
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll("type tN struct{ a, b tO }\n", "N", strconv.Itoa(i+1)), "O", strconv.Itoa(i)))
	}
	b.WriteString("var x *t" + strconv.Itoa(n) + "\nfunc f(p *t" + strconv.Itoa(n) + ") bool { return *p == *x }\n")
	return b.String()
}

// doublingValues wraps a value in pairs of pairs.
func doublingValues(n int) string {
	var b strings.Builder
	b.WriteString("package m\n\ntype Pair[A, B any] struct {\n\ta A\n\tb B\n}\n\nfunc P[A, B any](a A, b B) Pair[A, B] { return Pair[A, B]{a, b} }\n\nfunc f() {\n\tx0 := 1\n")
	for i := range n {
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll("\txN := P(xO, xO)\n", "N", strconv.Itoa(i+1)), "O", strconv.Itoa(i)))
	}
	return b.String() + "}\n"
}

// TestHardPrograms checks what is meant to take a checker down.
func TestHardPrograms(t *testing.T) {
	for name, src := range hard() {
		t.Run(name, func(t *testing.T) { checkBytes(t, []byte(src)) })
	}
}

// FuzzCheckFile takes any bytes for a module's file.
func FuzzCheckFile(f *testing.F) {
	for _, src := range hard() {
		if len(src) < 1<<16 {
			f.Add([]byte(src))
		}
	}
	for _, src := range valid(f) {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) { checkBytes(t, src) })
}

// FuzzCheckMutation changes words of valid modules.
func FuzzCheckMutation(f *testing.F) {
	for i := range uint64(20) {
		f.Add(i, uint8(i))
	}
	sources := valid(f)
	f.Fuzz(func(t *testing.T, seed uint64, changes uint8) {
		checkBytes(t, []byte(mutate(sources[seed%uint64(len(sources))], seed, int(changes%16)+1)))
	})
}

// valid are the sources of the arena's modules.
func valid(t testing.TB) (sources []string) {
	files, err := filepath.Glob(filepath.Join("..", "scripts", "*", "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		src, err := os.ReadFile(name)
		require.NoError(t, err)
		sources = append(sources, string(src))
	}
	require.NotEmpty(t, sources)
	return sources
}

// mutate moves, doubles, drops and replaces words.
func mutate(src string, seed uint64, changes int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	words := strings.SplitAfter(src, " ")
	for range changes {
		i, j := r.IntN(len(words)), r.IntN(len(words))
		switch r.IntN(5) {
		case 0:
			words[i], words[j] = words[j], words[i]
		case 1:
			words[i] = words[j]
		case 2:
			words[i] = ""
		case 3:
			words[i] += words[j]
		case 4:
			extra := []string{"func", "[]", "*", "(", "}", "1<<63", "nil", "any", "range", "defer", "go", "struct{}", "[T any]", "<-"}
			words[i] = extra[r.IntN(len(extra))] + " "
		}
	}
	return strings.Join(words, "")
}
