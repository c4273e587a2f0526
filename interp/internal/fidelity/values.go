package fidelity

// valueRules are about types, interfaces, identity, and what values look like to compiled code.
var valueRules []rule
