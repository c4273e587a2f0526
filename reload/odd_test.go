package reload_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// Odd input is loaded or refused; it never takes the host down or holds it up. An empty want means that it loads.
func TestOddInput(t *testing.T) {
	for name, c := range map[string]struct{ file, src, want string }{
		"space in the folder":   {"my mod/m.go", "package m\n", ""},
		"unicode in the folder": {"spiel-ü/m.go", "package m\nfunc F() {}\n", ""},
		"folder is a keyword":   {"func/m.go", "package m\nfunc F() {}\n", ""},
		"quote in the folder":   {"a\"b/m.go", "package m\nfunc F() {}\n", ""},
		"byte order mark":       {"m/m.go", "\xef\xbb\xbfpackage m\n", ""},
		"CRLF":                  {"m/m.go", "package m\r\n\r\nfunc F() { nope }\r\n", "m/m.go:3:12: undefined: nope"},
		"NUL":                   {"m/m.go", "package m\n\x00", "m/m.go:2:1: illegal character"},
		"deep parentheses":      {"m/m.go", "package m\nvar x = " + strings.Repeat("(", 20000) + "1" + strings.Repeat(")", 20000) + "\n", "more than 2000 levels of nesting"},
		"deep expression":       {"m/m.go", "package m\nvar x = 1" + strings.Repeat("+1", 100000) + "\n", "exceeded max nesting depth"},
		"deep blocks":           {"m/m.go", "package m\nfunc F() {" + strings.Repeat("{", 9000) + strings.Repeat("}", 9000) + "}\n", "more than 2000 levels of nesting"},
		"doubling string":       {"m/m.go", "package m\nconst c0 = \"0123456789\"\n" + doublings(60) + "var X = len(c60)\n", "a constant string of more than 16 MiB"},
		"huge constant":         {"m/m.go", "package m\nconst x = 1 << 1000000\n", "invalid shift count"},
		"huge array":            {"m/m.go", "package m\nvar x [1 << 40]int\n", "m/m.go:2:7: a type of more than 64 MiB"},
		"embeds itself":         {"m/m.go", "package m\ntype Node struct {\n\t*Node\n\tv int\n}\nfunc F() int { n := &Node{}; return n.v }\n", "m/m.go:2:6: struct Node embeds itself"},
		"embed each other":      {"m/m.go", "package m\ntype A struct{ *B }\ntype B struct{ *A }\nfunc F(a A) *A { return a.A }\n", "embeds itself"},
		"recursive slice":       {"m/m.go", "package m\n\ntype S []S\n\nfunc F(s S) int { return len(s) }\n", "m/m.go:"},
		"huge shift":            {"m/m.go", "package m\nconst X = 1 << 300000000000\n", "m/m.go:2:"},
		"endless instances":     {"m/m.go", "package m\nfunc g[T any](n int) int { return g[[]T](n + 1) }\nfunc F() int { return g[int](0) }\n", "instantiation cycle"},
		"recursive type":        {"m/m.go", "package m\ntype T [2]T\nvar x T\n", "m/m.go"},
		"recursive alias":       {"m/m.go", "package m\ntype A = B\ntype B = A\nvar X A\n", "m/m.go"},
		"initialisation cycle":  {"m/m.go", "package m\nvar a = b\nvar b = a\n", "m/m.go:2:5"},
		"declared twice":        {"m/m.go", "package m\nfunc F() {}\nfunc F() {}\n", "m/m.go:3:6: F redeclared"},
	} {
		t.Run(name, func(t *testing.T) {
			rt := newRuntime(t)
			start := time.Now()
			_, err := rt.Apply(context.Background(), tree{c.file: c.src}.fs(), reload.Change{})
			if c.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
			}
			assert.Less(t, time.Since(start), 20*time.Second)
			apply(t, rt, tree{"fine/m.go": "package m\n"})
		})
	}
}

// doublings declares constants of which each is twice the one before.
func doublings(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "const c%d = c%d + c%d\n", i+1, i, i)
	}
	return b.String()
}
