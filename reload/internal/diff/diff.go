// Package diff compares texts line by line.
package diff

import (
	"fmt"
	"strings"
)

// context is how many equal lines are shown around a change.
const context = 3

// maxLines bounds what is compared exactly; between longer texts everything from the first to the last difference counts
// as changed.
const maxLines = 5000

// Unified returns the difference of two texts as `diff -u` prints it, or "" if there is none.
func Unified(oldName, newName, old, new string) string {
	if old == new {
		return ""
	}
	a, b := lines(old), lines(new)
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", oldName, newName)
	for _, h := range hunks(edits(a, b)) {
		h.write(&out, a, b)
	}
	return out.String()
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.SplitAfter(strings.TrimSuffix(s, "\n"), "\n")
}

// edit is a run of lines: a[i:j] became b[k:l].
type edit struct{ i, j, k, l int }

// edits finds the runs that differ. What both texts begin and end with is left out first.
func edits(a, b []string) []edit {
	start := 0
	for start < len(a) && start < len(b) && trim(a[start]) == trim(b[start]) {
		start++
	}
	endA, endB := len(a), len(b)
	for endA > start && endB > start && trim(a[endA-1]) == trim(b[endB-1]) {
		endA, endB = endA-1, endB-1
	}
	if endA == start && endB == start {
		return nil
	}
	if endA-start > maxLines || endB-start > maxLines || (endA-start)*(endB-start) > maxLines*maxLines/4 {
		return []edit{{start, endA, start, endB}}
	}
	return common(a, b, start, endA, endB)
}

// trim makes the last line of a text equal to one that is not the last.
func trim(line string) string { return strings.TrimSuffix(line, "\n") }

// common walks along the longest common subsequence of the middle.
func common(a, b []string, start, endA, endB int) (list []edit) {
	n, m := endA-start, endB-start
	length := make([][]int32, n+1)
	for i := range length {
		length[i] = make([]int32, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if trim(a[start+i]) == trim(b[start+j]) {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < n || j < m {
		e := edit{start + i, start + i, start + j, start + j}
		for (i < n || j < m) && (i == n || j == m || trim(a[start+i]) != trim(b[start+j])) {
			if i < n && (j == m || length[i+1][j] >= length[i][j+1]) {
				i++
			} else {
				j++
			}
		}
		if e.j, e.l = start+i, start+j; e.j > e.i || e.l > e.k {
			list = append(list, e)
		}
		for i < n && j < m && trim(a[start+i]) == trim(b[start+j]) {
			i, j = i+1, j+1
		}
	}
	return list
}

// hunk is a group of edits that are shown together.
type hunk []edit

func hunks(list []edit) (out []hunk) {
	for _, e := range list {
		if n := len(out); n > 0 {
			last := out[n-1][len(out[n-1])-1]
			if e.i-last.j <= 2*context {
				out[n-1] = append(out[n-1], e)
				continue
			}
		}
		out = append(out, hunk{e})
	}
	return out
}

func (h hunk) write(out *strings.Builder, a, b []string) {
	first, last := h[0], h[len(h)-1]
	from, to := max(0, first.i-context), min(len(a), last.j+context)
	fromB := first.k - (first.i - from)
	fmt.Fprintf(out, "@@ -%s +%s @@\n", span(from, to), span(fromB, last.l+to-last.j))
	at := from
	put := func(sign string, lines []string) {
		for _, line := range lines {
			out.WriteString(sign + trim(line) + "\n")
		}
	}
	for _, e := range h {
		put(" ", a[at:e.i])
		put("-", a[e.i:e.j])
		put("+", b[e.k:e.l])
		at = e.j
	}
	put(" ", a[at:to])
}

// span is a range of lines as a hunk's header names it.
func span(from, to int) string {
	switch to - from {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}
