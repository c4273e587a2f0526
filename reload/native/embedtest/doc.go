// Package embedtest tests native modules as users have them: in a host in a Go module of its own, with a third-party
// dependency, in the layouts that the go command knows.
package embedtest
