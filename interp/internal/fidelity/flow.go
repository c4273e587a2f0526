package fidelity

// flowRules are about statements, order of evaluation, control flow, constants and builtins.
var flowRules []rule
