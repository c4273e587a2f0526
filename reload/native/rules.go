package native

import "midair/reload"

// Rules documents what native mode refuses besides what every mode does. They are about the machine and the host rather
// than about the source, so they have no examples.
func Rules() []reload.Rule {
	rule := func(id, reason, hint string) reload.Rule {
		return reload.Rule{ID: id, Mode: reload.ModeNative, Reason: reason, Hint: hint}
	}
	stale := rule(RuleStaleHost, "a package of the host has changed since the host was built, and a changed function body may "+
		"leave no trace that could be compared", "build and start the host anew")
	stale.Severity = reload.SeverityWarning
	return []reload.Rule{
		rule(RuleUnsupported, "native mode needs a host built with cgo by the go command, that very version of it, and a C compiler",
			"the message says what is missing; without it modules run interpreted"),
		rule(RuleFit, "the built plugin and the host, or another plugin, have different editions of a package in common, so opening "+
			"it would break the process", "the message names packages and build settings that differ; most often the host has to be "+
			"built anew from the present source"),
		rule(RuleBuild, "the go command refused the source, or did not end in time", "see its message; the check should have found "+
			"what is wrong with the source first"),
		rule(RuleForm, "the source cannot be prepared for a native build", "write it as the message says, or run the module "+
			"interpreted"),
		rule(RuleAgain, "this content has failed before in this process, and a plugin cannot be opened twice",
			"change the content, or restart the host"),
		rule(RuleLimit, "plugins cannot be unloaded, so the host limits how many there may be", limitHint),
		rule(RuleBundle, "the bundle has no such module, or another source of it, or has been changed", "build the bundle anew from "+
			"the present source for the present host: midair build"),
		stale,
	}
}
