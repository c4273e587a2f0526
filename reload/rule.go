package reload

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
