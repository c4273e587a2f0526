package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"midair/interp"
	"midair/reload"
	"midair/reload/native"
	"midair/reload/static"
)

const rulesHelp = `usage: midair rules [-json]

Lists the rules that midair check applies: what a module may not do, in all modes or in one. A rule's name never changes
its meaning. midair explain RULE shows an example of what it refuses and how to write that instead.

flags:
`

// allRules returns the rules of every package that has some.
var allRules = func() []reload.Rule {
	return slices.Concat(reload.Rules(), interp.Rules(), native.Rules(), static.Rules())
}

// sortedRules are all rules by name.
func sortedRules() []reload.Rule {
	rules := slices.Clone(allRules())
	slices.SortStableFunc(rules, func(a, b reload.Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules
}

func runRules(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("rules", flag.ContinueOnError)
	asJSON := f.Bool("json", false, "print a JSON array")
	if status, done := parseFlags(f, rulesHelp, args, stdout, stderr); done {
		return status
	}
	if f.NArg() > 0 {
		return misused(stderr, "rules", fmt.Errorf("it takes no arguments; midair explain %s tells about one rule", f.Arg(0)))
	}
	rules := sortedRules()
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(append([]reload.Rule{}, rules...)); err != nil {
			fmt.Fprintf(stderr, "midair rules: %v\n", err)
			return exitFail
		}
		return exitOK
	}
	listRules(stdout, rules)
	return exitOK
}

// listRules writes rules in columns.
func listRules(w io.Writer, rules []reload.Rule) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "RULE\tSEVERITY\tMODE\tREASON\n")
	for _, r := range rules {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.ID, r.Severity, cmp.Or(string(r.Mode), "all"), strings.TrimSpace(r.Reason))
	}
	t.Flush()
}
