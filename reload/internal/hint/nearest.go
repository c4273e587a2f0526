package hint

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// packages are the standard packages that people forget to import, by name.
var packages = map[string]string{
	"binary": "encoding/binary", "bits": "math/bits", "bufio": "bufio", "bytes": "bytes", "cmp": "cmp", "context": "context",
	"errors": "errors", "fmt": "fmt", "heap": "container/heap", "io": "io", "iter": "iter", "json": "encoding/json",
	"list": "container/list", "maps": "maps", "math": "math", "rand": "math/rand/v2", "regexp": "regexp", "slices": "slices",
	"slog": "log/slog", "sort": "sort", "strconv": "strconv", "strings": "strings", "sync": "sync", "atomic": "sync/atomic",
	"time": "time", "unicode": "unicode", "utf8": "unicode/utf8",
}

// otherLanguages are words that mean something elsewhere.
var otherLanguages = map[string]string{
	"null": "Go's word for nothing is nil", "NULL": "Go's word for nothing is nil", "None": "Go's word for nothing is nil",
	"True": "write true", "False": "write false",
	"this": "use the name that the method gives its receiver", "self": "use the name that the method gives its receiver",
	"try": "Go has no exceptions: return an error, and check it with if err != nil", "throw": "return an error",
	"print": "use fmt.Print", "char": "use byte, or rune for any character", "double": "use float64", "float": "use float64",
	"long": "use int64", "boolean": "use bool", "String": "use string", "str": "use string", "object": "use any",
}

// builtins are what other languages write as methods of lists and maps.
var builtins = map[string]string{
	"append": "%[1]s = append(%[1]s, …)", "push": "%[1]s = append(%[1]s, …)", "add": "%[1]s = append(%[1]s, …)",
	"len": "len(%s)", "Len": "len(%s)", "length": "len(%s)", "Length": "len(%s)", "size": "len(%s)", "count": "len(%s)",
	"cap": "cap(%s)", "contains": "slices.Contains(%s, …)", "sort": "slices.Sort(%s)", "keys": "maps.Keys(%s)",
	"delete": "delete(%s, key)", "copy": "slices.Clone(%s)",
}

func undefined(m mistake) string {
	name := m.groups[1]
	if advice := otherLanguages[name]; advice != "" {
		return advice
	}
	if importPath := packages[name]; importPath != "" {
		return fmt.Sprintf("import %q", importPath)
	}
	return didYouMean(name[strings.LastIndexByte(name, '.')+1:], m.names())
}

func noField(m mistake) string {
	path, typ, name := m.groups[1], m.groups[2], m.groups[3]
	if call := builtins[name]; call != "" && (strings.HasPrefix(typ, "[") || strings.HasPrefix(typ, "map[")) {
		return "write " + fmt.Sprintf(call, brief(strings.TrimSuffix(path, "."+name)))
	}
	return didYouMean(name, m.names())
}

func similar(m mistake) string { return didYouMean(m.groups[1], m.names()) }

func didYouMean(name string, candidates []string) string {
	if near := Nearest(name, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// Nearest returns the candidate that a name was probably meant to be, "" if none is near: one that differs in case only,
// else by few letters added, dropped, changed or swapped.
func Nearest(name string, candidates []string) string {
	candidates = slices.Sorted(slices.Values(candidates))
	best, least := "", 1+max(1, utf8.RuneCountInString(name)/3)
	if utf8.RuneCountInString(name) < 3 {
		least = 1 // a letter more or less makes every short name near to every other
	}
	for _, c := range candidates {
		if c == name || c == "_" || len(c) > 4*len(name)+8 {
			continue
		}
		d := 0
		if !strings.EqualFold(c, name) {
			folded := distance(strings.ToLower(name), strings.ToLower(c))
			d = 1 + folded + min(1, distance(name, c)-folded)
		}
		if d <= least && (d < least || best == "") && d < max(2, utf8.RuneCountInString(c)) {
			best, least = c, d
		}
	}
	return best
}

// distance is how many letters must be added, dropped, changed or swapped with the next to make one word the other.
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	two, one, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			change := one[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, one[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], two[j-1]+1)
			}
		}
		two, one, row = one, row, two
	}
	return one[len(b)]
}
