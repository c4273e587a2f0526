// Package embedtest tests midair as its users have it: a host in a Go module of its own, with a replace line, a
// third-party dependency and a generated symbol table, is built by the go command and edited while it runs. It is built
// with and without vendored dependencies, under a module path with and without a dot, and it also runs on a machine
// without Go.
package embedtest
