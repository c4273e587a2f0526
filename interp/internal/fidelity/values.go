package fidelity

import "slices"

// valueRules are about types, interfaces, identity, and what values look like to compiled code.
var valueRules = slices.Concat(identityRules, aliasRules, methodRules, declaredRules, interfaceRules, compiledRules)
