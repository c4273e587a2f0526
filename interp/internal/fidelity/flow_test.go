package fidelity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The example of every rule breaks that rule, and what is to be written instead breaks none.
func TestFlowExamples(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range flowRules {
		t.Run(r.ID, func(t *testing.T) {
			assert.False(t, seen[r.ID], "two rules have this id")
			seen[r.ID] = true
			assert.True(t, strings.HasPrefix(r.ID, "fidelity/"))
			assert.NotEmpty(t, r.Reason)
			assert.NotEmpty(t, r.Hint)
			assert.Contains(t, rulesOf(t, r.Example), r.ID)
			assert.Empty(t, checkSource(t, r.Instead))
		})
	}
}

// snippet is a function body, with declarations before a line of three dashes, and the rule that it breaks, "" for none.
type snippet struct{ rule, code string }

// checkSnippets runs the rules over snippets. Types of any use are declared for them: T, a struct with an int n, a pointer
// p to itself and a slice s.
func checkSnippets(t *testing.T, snippets []snippet) {
	t.Helper()
	for _, s := range snippets {
		t.Run(s.rule+" "+s.code, func(t *testing.T) {
			declarations, body, found := strings.Cut(s.code, "---")
			if !found {
				declarations, body = "", s.code
			}
			src := "package m\n\nimport \"fmt\"\n\ntype T struct { n int; p *T; s []int }\n\nfunc use(a ...any) { fmt.Print(len(a)) }\n\n" +
				declarations + "\nfunc F(s []int, m map[string]int, c chan int, t *T, n int, x float64) {\n" + body + "\nuse(s, m, c, t, n, x)\n}\n"
			if s.rule == "" {
				assert.Empty(t, checkSource(t, src))
			} else {
				assert.Contains(t, rulesOf(t, src), s.rule)
			}
		})
	}
}

// Rules end on types that refer to themselves.
func TestGenericRecursion(t *testing.T) {
	checkSource(t, `package m

type List[E any] struct { next *List[E]; other *List[int] }

func Len[E any](l *List[E], ints List[int], all []List[List[int]]) int { return Len[int](&ints, ints, nil) }
`)
}
