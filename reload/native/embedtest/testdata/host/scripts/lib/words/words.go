// Package words writes.
package words

import "strings"

// Upper shouts.
func Upper(s string) string { return strings.ToUpper(s) }
