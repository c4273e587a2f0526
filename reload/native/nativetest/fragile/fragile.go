// Package fragile is one that modules import and the tests do not have: the first plugin brings it into the process. What
// its initialisation does is up to the test. It must have no tests in its package.
package fragile

import "midair/reload/native/nativetest/world"

// N is there when initialisation has gone well.
var N = begin()

func begin() int {
	world.Call()
	return 1
}

// Get returns N.
func Get() int { return N }
