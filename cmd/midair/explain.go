package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"midair/reload"
)

const explainHelp = `usage: midair explain RULE...

Tells about rules of midair check: why they are there, a module that breaks them, and how to write that instead. The name
of a rule is at the end of what it says, in brackets. A group of rules, such as contract, is listed. midair rules lists
them all.

  go run ./cmd/midair explain escape
`

func runExplain(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("explain", flag.ContinueOnError)
	if status, done := parseFlags(f, explainHelp, args, stdout, stderr); done {
		return status
	}
	if f.NArg() == 0 {
		printHelp(f, explainHelp, stderr)
		return exitUsage
	}
	rules, status := sortedRules(), exitOK
	for i, name := range f.Args() {
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		if !explain(stdout, rules, strings.Trim(name, "[] ")) {
			status = exitFail
			fmt.Fprintf(stderr, "midair explain: there is no rule %q\n", name)
			if near := nearRules(rules, name); len(near) > 0 {
				fmt.Fprintf(stderr, "did you mean %s?\n", strings.Join(near, " or "))
			} else {
				fmt.Fprintln(stderr, "midair rules lists them all.")
			}
		}
	}
	return status
}

// explain tells about one rule, or lists a group.
func explain(w io.Writer, rules []reload.Rule, name string) bool {
	var group []reload.Rule
	for _, r := range rules {
		if r.ID == name {
			writeRule(w, r)
			return true
		}
		if strings.HasPrefix(r.ID, strings.TrimSuffix(name, "/")+"/") {
			group = append(group, r)
		}
	}
	if len(group) > 0 {
		listRules(w, group)
	}
	return len(group) > 0
}

func writeRule(w io.Writer, r reload.Rule) {
	where := "in every mode"
	if r.Mode != "" {
		where = "in " + string(r.Mode) + " mode"
	}
	fmt.Fprintf(w, "%s: %s %s\n\n%s\n", r.ID, r.Severity, where, indent(r.Reason))
	if r.Hint != "" {
		fmt.Fprintf(w, "\nWhat to do:\n\n%s\n", indent(r.Hint))
	}
	if r.Example != "" {
		what := "This is refused:"
		if r.Severity == reload.SeverityWarning {
			what = "This is warned of:"
		}
		fmt.Fprintf(w, "\n%s\n\n%s\n", what, indent(r.Example))
	}
	if r.Instead != "" {
		fmt.Fprintf(w, "\nWrite instead:\n\n%s\n", indent(r.Instead))
	}
}

// indent moves a text in by four columns, without empty lines around it.
func indent(text string) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "    " + line
		}
	}
	return strings.Join(lines, "\n")
}

// nearRules returns up to three rules whose names have most pairs of letters in common with a word.
func nearRules(rules []reload.Rule, word string) (near []string) {
	const enough = 0.4
	for _, r := range rules {
		if likeness(word, r.ID) >= enough {
			near = append(near, r.ID)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int {
		switch x, y := likeness(word, a), likeness(word, b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return strings.Compare(a, b)
	})
	return near[:min(3, len(near))]
}

// likeness is from 0, nothing in common, to 1, the same pairs of letters.
func likeness(a, b string) float64 {
	p, q := pairs(a), pairs(b)
	if len(p)+len(q) == 0 {
		return 0
	}
	common := 0
	for pair := range p {
		if q[pair] {
			common++
		}
	}
	return 2 * float64(common) / float64(len(p)+len(q))
}

func pairs(s string) map[string]bool {
	s = strings.ToLower(s)
	out := map[string]bool{}
	for i := range max(0, len(s)-1) {
		out[s[i:i+2]] = true
	}
	return out
}
