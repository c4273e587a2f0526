package reload_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func render(t *testing.T, r reload.Renderer, ds ...reload.Diagnostic) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, r.Render(&b, ds...))
	return b.String()
}

// lines is a text written without the indent of the test.
func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

func TestRender(t *testing.T) {
	for name, c := range map[string]struct {
		d    reload.Diagnostic
		want string
	}{
		"all there is": {
			reload.Diagnostic{File: "combat/combat.go", Line: 12, Column: 10, End: 15, Rule: "type", Message: "wrong\n\thave string\n\twant int",
				Hint: "convert it", Text: "\treach = \"far\" // so"},
			lines(
				`error[type]: wrong`,
				`    have string`,
				`    want int`,
				`  --> combat/combat.go:12:10`,
				`   |`,
				`12 |     reach = "far" // so`,
				`   |             ^~~~~`,
				`   = hint: convert it`,
				``),
		},
		"a warning without a source line": {
			reload.Diagnostic{File: "a.go", Line: 3, Column: 1, Rule: "module/goroutine", Message: "never ends", Severity: reload.SeverityWarning},
			lines("warning[module/goroutine]: never ends", "  --> a.go:3:1", ""),
		},
		"no column":             {reload.Diagnostic{File: "a.go", Line: 3, Message: "m", Text: "x"}, lines("error: m", "  --> a.go:3", "   |", " 3 | x", "")},
		"no line":               {reload.Diagnostic{File: "combat", Message: "m", Hint: "h"}, lines("error: m", "  --> combat", "   = hint: h", "")},
		"nothing but a message": {reload.Diagnostic{Message: "m"}, lines("error: m", "")},
		"many lines": {reload.Diagnostic{File: "a.go", Line: 123456, Column: 1, Message: "m", Text: "x", Hint: "one\ntwo"},
			lines("error: m", "      --> a.go:123456:1", "       |", "123456 | x", "       | ^", "       = hint: one", "               two", "")},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, render(t, reload.Renderer{}, c.d))
		})
	}
}

// excerpt renders one line, and returns the source line and the line under it without the frame.
func excerpt(t *testing.T, width int, text string, column, end int) (line, marks string) {
	t.Helper()
	out := render(t, reload.Renderer{Width: width}, reload.Diagnostic{File: "a.go", Line: 1, Column: column, End: end, Message: "m", Text: text})
	l := strings.Split(out, "\n")
	require.GreaterOrEqual(t, len(l), 5, out)
	return strings.TrimPrefix(strings.TrimPrefix(l[3], " 1 |"), " "), strings.TrimPrefix(strings.TrimPrefix(l[4], "   |"), " ")
}

func TestRenderCaret(t *testing.T) {
	for name, c := range map[string]struct {
		text        string
		column, end int
		line, marks string
	}{
		"tabs go to the next stop":  {"\ta\tb", 4, 0, "    a   b", "        ^"},
		"a tab itself":              {"a\tb", 2, 3, "a   b", " ^~~"},
		"tabs inside what is meant": {"x := a\t+ b", 6, 11, "x := a  + b", "     ^~~~~~"},
		"wide characters":           {`a := "日本" + 1`, 17, 18, `a := "日本" + 1`, "              ^"},
		"under wide ones":           {`a := "日本"`, 6, 14, `a := "日本"`, "     ^~~~~~"},
		"pictures":                  {`"🚀" + x`, 10, 11, `"🚀" + x`, "       ^"},
		"combining marks":           {"e\u0301e\u0301 = x", 10, 11, "e\u0301e\u0301 = x", "     ^"},
		"inside a character":        {"日本", 2, 0, "日本", "^"},
		"at the end":                {"return", 7, 0, "return", "      ^"},
		"far behind the end":        {"x", 90, 99, "x", " ^"},
		"end before start":          {"abc", 3, 1, "abc", "  ^"},
		"an escape sequence":        {"x = \"\x1b[31mred\"", 6, 9, `x = "␛[31mred"`, "     ^~~"},
		"bytes that are no text":    {"a\xff\xfeb", 4, 5, `a\xff\xfeb`, "         ^"},
		"marks of direction":        {"a\u202eb", 5, 6, "a<U+202E>b", "         ^"},
		"carriage return":           {"a\rb", 3, 4, "a␍b", "  ^"},
	} {
		t.Run(name, func(t *testing.T) {
			line, marks := excerpt(t, 100, c.text, c.column, c.end)
			assert.Equal(t, c.line, line)
			assert.Equal(t, c.marks, marks)
		})
	}
}

func TestRenderLongLine(t *testing.T) {
	long := strings.Repeat("abcdefghi ", 30)
	for name, c := range map[string]struct {
		text        string
		column, end int
		line, marks string
	}{
		"at the start":  {long, 1, 4, "abcdefghi abcdefghi abcdefghi abcd…", "^~~"},
		"in the middle": {long, 151, 154, "… abcdefghi abcdefghi abcdefghi abc…", "            ^~~"},
		"at the end":    {long + "last", 301, 305, "…bcdefghi abcdefghi abcdefghi last", "                              ^~~~"},
		"all of it":     {long, 1, 300, "abcdefghi abcdefghi abcdefghi abcd…", "^" + strings.Repeat("~", 33)},
		"wide":          {strings.Repeat("日本", 40), 121, 124, "…日本日本日本日本日本日本日本日本…", ""},
	} {
		t.Run(name, func(t *testing.T) {
			line, marks := excerpt(t, 41, c.text, c.column, c.end)
			assert.LessOrEqual(t, columns(line), 36, line)
			if c.marks != "" {
				assert.Equal(t, c.line, line)
				assert.Equal(t, c.marks, marks)
			}
			assert.Contains(t, line, "…")
		})
	}
	line, _ := excerpt(t, 80, strings.Repeat("日本語", 1<<20), 3<<20+1, 0)
	assert.LessOrEqual(t, columns(line), 75)
	line, marks := excerpt(t, 80, "a"+strings.Repeat("\u0301", 1<<16), 1, 0)
	assert.LessOrEqual(t, len(line), 200, "a tower of marks is cut")
	assert.Equal(t, "^", marks)
}

func columns(s string) (n int) {
	for _, r := range s {
		n++
		if r >= 0x2e80 && r < 0xfb00 {
			n++
		}
	}
	return n
}

func TestRenderMany(t *testing.T) {
	one := reload.Diagnostic{File: "a.go", Line: 2, Column: 1, Message: "one"}
	two := reload.Diagnostic{File: "a.go", Line: 10, Column: 1, Message: "two"}
	three := reload.Diagnostic{File: "b.go", Line: 1, Column: 1, Message: "three", Severity: reload.SeverityWarning}
	given := []reload.Diagnostic{three, two, one, two}
	out := render(t, reload.Renderer{}, given...)
	assert.Equal(t, lines("error: one", "  --> a.go:2:1", "", "error: two", "  --> a.go:10:1", "", "warning: three", "  --> b.go:1:1", ""), out)
	assert.Equal(t, three, given[0], "what was given stays in order")
	errors, warnings := reload.CountDiagnostics(reload.SortDiagnostics(given))
	assert.Equal(t, []int{2, 1}, []int{errors, warnings})
}

func TestSummary(t *testing.T) {
	for want, n := range map[string][3]int{
		"3 errors and 1 warning in 2 modules": {3, 1, 2},
		"1 error in 1 module":                 {1, 0, 1},
		"2 warnings in 1 module":              {0, 2, 1},
		"no problems in 12 modules":           {0, 0, 12},
		"1 error":                             {1, 0, 0},
	} {
		assert.Equal(t, want, reload.Renderer{}.Summary(n[0], n[1], n[2]))
	}
	assert.Equal(t, "\x1b[1;31m1 error\x1b[0m in 1 module", reload.Renderer{Color: true}.Summary(1, 0, 1))
}

func TestRenderColor(t *testing.T) {
	d := reload.Diagnostic{File: "a.go", Line: 1, Column: 1, End: 3, Rule: "type", Message: "m", Hint: "h", Text: "xyz"}
	plain, coloured := render(t, reload.Renderer{}, d), render(t, reload.Renderer{Color: true}, d)
	assert.NotContains(t, plain, "\x1b")
	assert.Contains(t, coloured, "\x1b[1;31merror[type]\x1b[0m")
	assert.Contains(t, coloured, "\x1b[1;31m^~\x1b[0m")
	for _, style := range []string{"\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[34m", "\x1b[36m"} {
		coloured = strings.ReplaceAll(coloured, style, "")
	}
	assert.Equal(t, plain, coloured)
}

// FuzzRender holds that nothing in a diagnostic steers the terminal or makes the output grow without bound.
func FuzzRender(f *testing.F) {
	f.Add("a.go", "m\n\thave \x1b]0;title\x07", "hint\r\n\x1b[2J", "\tx := \u202e日本\xff", 3, 9, 40)
	f.Add("\x1b[H", "", "", "", -1, -5, -3)
	f.Add("f", "m", "", "e\u0301\u200d🚀\x00\u0085\u2028", 1<<40, 1, 1)
	f.Fuzz(func(t *testing.T, file, message, hint, text string, column, end, width int) {
		d := reload.Diagnostic{File: file, Line: 7, Column: column, End: end, Rule: message, Message: message, Hint: hint, Text: text}
		out := render(t, reload.Renderer{Width: width % 1000}, d)
		harmless(t, out)
		line := d.String()
		assert.NotContains(t, line, "\n")
		harmless(t, line)
	})
}

func harmless(t *testing.T, s string) {
	t.Helper()
	assert.True(t, utf8.ValidString(s))
	for _, r := range s {
		if r != '\n' && r != '\u200d' && !unicode.IsPrint(r) {
			t.Fatalf("%U in %q", r, s)
		}
	}
}
