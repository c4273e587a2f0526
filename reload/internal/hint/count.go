package hint

import (
	"fmt"
	"strings"
)

// wrongCount is about a call or return with too many or too few values.
func wrongCount(m mistake) string {
	have, want := list(m.groups[2]), list(m.groups[3])
	what := "pass"
	if m.groups[1] == "return values" {
		what = "return"
	}
	switch {
	case strings.HasSuffix(m.groups[2], "..."):
		return "with ... the slice must be all that is passed for the last parameter"
	case len(have) < len(want):
		return fmt.Sprintf("%s also: %s", what, strings.Join(want[len(have):], ", "))
	case len(want) == 0 && what == "return":
		return "declare what the function returns after its parameters, or return nothing"
	case len(want) == 0:
		return "it takes no arguments"
	case len(have) > len(want):
		return fmt.Sprintf("%s only: %s", what, strings.Join(want, ", "))
	}
	return ""
}

// list splits a list of types at the commas that are not inside brackets.
func list(s string) (out []string) {
	depth, start := 0, 0
	for i, r := range s {
		switch r {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	if last := strings.TrimSpace(s[start:]); last != "" {
		out = append(out, last)
	}
	return out
}

// assignment is about a different number of values on the two sides.
func assignment(m mistake) string {
	variables, call, values := m.groups[1], m.groups[2], m.groups[3]
	switch {
	case values == "":
		return "write a value for each variable"
	case variables < values && len(variables) == len(values):
		return fmt.Sprintf("take every result of %s; _ takes one that you do not need", brief(call))
	}
	return "leave out the variables that get nothing"
}
