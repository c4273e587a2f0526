package fidelity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// valueCase is a module without its package clause and imports.
type valueCase struct {
	name, src string
}

// refuses checks that a rule refuses each module.
func refuses(t *testing.T, id string, cases ...valueCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Contains(t, rulesOf(t, withPackage(c.src)), id)
		})
	}
}

// accepts checks that none of the rules about values refuses a module.
func accepts(t *testing.T, cases ...valueCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, d := range checkSource(t, withPackage(c.src)) {
				for _, r := range valueRules {
					assert.NotEqual(t, r.ID, d.Rule, d.String())
				}
			}
		})
	}
}

// withPackage puts the package clause before a snippet and imports what it names.
func withPackage(src string) string {
	out := "package m\n"
	for _, path := range []string{"errors", "fmt", "encoding/json", "sort", "strings", "time", "sync/atomic", "sync", "context", "reflect",
		"container/list", "container/heap", "strconv", "io", "log/slog", "text/template", "encoding/binary", "bytes"} {
		name := path[strings.LastIndex(path, "/")+1:]
		if strings.Contains(src, name+".") {
			out += "import \"" + path + "\"\n"
		}
	}
	return out + src
}

func TestValueRulesHaveExamples(t *testing.T) {
	for _, r := range valueRules {
		t.Run(r.ID, func(t *testing.T) {
			assert.NotEmpty(t, r.Reason)
			assert.NotEmpty(t, r.Hint)
			assert.Equal(t, []string{r.ID}, rulesOf(t, r.Example))
			assert.Empty(t, checkSource(t, r.Instead))
		})
	}
}

func TestArenaPasses(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks the host's packages from source")
	}
	for _, module := range []string{"balance", "boids", "hunter", "palette", "rules"} {
		t.Run(module, func(t *testing.T) {
			assert.Empty(t, Check(arena(t, module, "steer")))
		})
	}
}
