package lib

import "strings"

func Loud(s string) string { return strings.ToUpper(s) }

//go:noinline
func Fail() {
	panic("lib failed")
}
