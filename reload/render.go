package reload

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Renderer shows diagnostics to people, with the source line and a caret under what is meant:
//
//	error[type]: cannot use "far" (untyped string constant) as int value in assignment
//	  --> combat/combat.go:12:10
//	   |
//	12 |     reach = "far"
//	   |             ^~~~~
//	   = hint: convert it: strconv.Atoi
//
// Nothing in a source file, a file name or a message can steer the terminal that it is shown on: control characters
// become visible. The zero value renders without colour for a terminal of 100 columns. A Renderer may be used by
// several goroutines at once.
//
// Programs read the other forms of a diagnostic: [Diagnostic.String], one line that problem matchers know, and JSON.
type Renderer struct {
	Color bool // ANSI colours
	Width int  // of the terminal in columns; source lines are cut to it. Default: 100
}

// Render writes diagnostics, sorted, without repetitions, with an empty line after each.
func (r Renderer) Render(w io.Writer, ds ...Diagnostic) error {
	var b strings.Builder
	for _, d := range SortDiagnostics(ds) {
		r.one(&b, d)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary says how much is wrong: "3 errors and 1 warning in 2 modules". It is "no problems" where nothing is.
func (r Renderer) Summary(errors, warnings, modules int) string {
	style, text := styleGood, "no problems"
	switch {
	case errors > 0 && warnings > 0:
		style, text = styleError, count(errors, "error")+" and "+count(warnings, "warning")
	case errors > 0:
		style, text = styleError, count(errors, "error")
	case warnings > 0:
		style, text = styleWarning, count(warnings, "warning")
	}
	text = r.paint(style, text)
	if modules > 0 {
		text += " in " + count(modules, "module")
	}
	return text
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// SortDiagnostics returns diagnostics as a reader meets them, by file, line and column, without repetitions. It leaves
// what it is given alone.
func SortDiagnostics(ds []Diagnostic) []Diagnostic {
	ds = slices.Clone(ds)
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ds)
}

// CountDiagnostics says how many are errors, and how many warnings.
func CountDiagnostics(ds []Diagnostic) (errors, warnings int) {
	for _, d := range ds {
		if d.Severity == SeverityWarning {
			warnings++
		} else {
			errors++
		}
	}
	return errors, warnings
}

func (r Renderer) one(b *strings.Builder, d Diagnostic) {
	style := styleError
	if d.Severity == SeverityWarning {
		style = styleWarning
	}
	head := d.Severity.String()
	if d.Rule != "" {
		head += "[" + visible(d.Rule) + "]"
	}
	message, more := splitMessage(d.Message)
	fmt.Fprintf(b, "%s%s\n", r.paint(style, head), r.paint(styleStrong, ": "+message))
	for _, line := range more {
		b.WriteString("    " + line + "\n")
	}
	pad := r.source(b, d, style)
	if d.Hint != "" {
		lines := strings.Split(strings.TrimSpace(d.Hint), "\n")
		fmt.Fprintf(b, "%s %s %s %s\n", pad, r.paint(styleFrame, "="), r.paint(styleHint, "hint:"), visible(lines[0]))
		for _, line := range lines[1:] {
			fmt.Fprintf(b, "%s         %s\n", pad, visible(strings.TrimSpace(line)))
		}
	}
}

// source writes where the problem is, and the line if it is known. It returns the space that its frame is moved in by.
func (r Renderer) source(b *strings.Builder, d Diagnostic, style string) (pad string) {
	number := strconv.Itoa(d.Line)
	pad = strings.Repeat(" ", max(len(number), 2))
	if d.File != "" {
		fmt.Fprintf(b, "%s%s %s\n", pad, r.paint(styleFrame, "-->"), d.place())
	}
	if d.Text == "" || d.Line <= 0 {
		return pad
	}
	bar := r.paint(styleFrame, "|")
	ex := makeExcerpt(d.Text, d.Column, d.End, cmp.Or(max(r.Width, 0), 100)-len(pad)-3)
	fmt.Fprintf(b, "%s %s\n", pad, bar)
	gutter := r.paint(styleFrame, fmt.Sprintf("%*s |", len(pad), number))
	b.WriteString(strings.TrimRight(gutter+" "+ex.line, " ") + "\n")
	if ex.marks != "" {
		before := strings.TrimRight(ex.marks, "^~")
		fmt.Fprintf(b, "%s %s %s%s\n", pad, bar, before, r.paint(style, ex.marks[len(before):]))
	}
	return pad
}

// splitMessage takes a message apart into its first line and those that go on, without their indent.
func splitMessage(message string) (first string, more []string) {
	lines := strings.Split(strings.TrimRight(message, "\n"), "\n")
	for _, line := range lines[1:] {
		more = append(more, visible(strings.TrimPrefix(line, "\t")))
	}
	return visible(lines[0]), more
}

// The styles are ANSI escape sequences.
const (
	styleError   = "\x1b[1;31m"
	styleWarning = "\x1b[1;33m"
	styleGood    = "\x1b[1;32m"
	styleStrong  = "\x1b[1m"
	styleFrame   = "\x1b[34m"
	styleHint    = "\x1b[36m"
)

func (r Renderer) paint(style, text string) string {
	if !r.Color || text == "" {
		return text
	}
	return style + text + "\x1b[0m"
}
