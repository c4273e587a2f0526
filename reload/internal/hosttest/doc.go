// Package hosttest tests midair as its users have it: from a host in a Go module of its own, with a replace line, a
// third-party dependency and generated symbol tables, once with vendored dependencies, and on a machine without Go.
package hosttest
