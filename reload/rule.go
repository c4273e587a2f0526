package reload

import "midair/reload/internal/policy"

// A Rule documents one thing that the check refuses, or warns of. Its ID is what diagnostics carry and never changes its
// meaning.
type Rule struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Mode     Mode     `json:"mode,omitempty"` // the only mode in which the rule applies; "" for every mode
	Reason   string   `json:"reason"`         // one line
	Hint     string   `json:"hint"`           // what to do about it, one line
	Example  string   `json:"example"`        // a module that breaks the rule: one Go file, or a txtar archive of several
	Instead  string   `json:"instead"`        // the same, written so that it does not
}

// Rules documents the rules that hold in every mode. Those of a mode are its backend's, such as interp.Rules.
func Rules() []Rule {
	var out []Rule
	for _, r := range policy.All() {
		rule := Rule{ID: r.ID, Reason: r.Reason, Hint: r.Hint, Example: r.Example, Instead: r.Instead}
		if r.Warning {
			rule.Severity = SeverityWarning
		}
		out = append(out, rule)
	}
	return out
}
