package reload

import "midair/reload/internal/reflected"

// Keys of a symbol table that are not symbols: no identifier is like them, and no module sees them.
const (
	// StubKey holds a string, the Go source of what reflection cannot express: generic functions and types with their
	// methods, constraints, and untyped rune constants, with the unexported types that these need. Functions have no
	// bodies, and unexported fields other types of the same comparability. The rest of the package is not in it.
	StubKey = reflected.StubKey
	// AcceptsKey holds a []string, the sorted names of what the host marked with //midair:accepts because it may hold a
	// module's own values: "Type", "Func", "Type.Method" or "Type.Field".
	AcceptsKey = reflected.AcceptsKey
)
