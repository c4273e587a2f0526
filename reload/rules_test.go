package reload_test

import (
	"container/list"
	"log"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp"
	"midair/interp/stdlib"
	"midair/interp/stdlib/all"
	"midair/reload"
)

// Entity and Room are host types for rules about what flows into the host.
type Entity struct {
	HP    int
	Data  any
	OnHit func(n int)
	Tags  map[string]any
	Think Thinker

	Lists    map[string][]any
	Handlers map[string]func(int)
	Ch       chan func(int)
	Anon     chan struct{ F func(int) }
	Err      error
	Log      *log.Logger
	Cache    sync.Map
	LL       *list.List
	Arr      [2]any
}

// Wrap has its logger's methods, Bag is a container with a name.
type (
	Wrap struct{ *log.Logger }
	Bag  map[string]any
)

// Each calls a func and keeps it not, but the check cannot know.
func (e *Entity) Each(f func(int)) { f(e.HP) }

// Thinker is what a host interface looks like.
type Thinker interface{ Think(e *Entity) int }

// Hook is marked //midair:accepts in the table below.
type Hook func(n int)

// arena is their package, under a short name for examples and under the one that its types have.
func arena() reload.Symbols {
	table := map[string]reflect.Value{
		"Entity":  reflect.ValueOf((*Entity)(nil)),
		"Thinker": reflect.ValueOf((*Thinker)(nil)),
		"Hook":    reflect.ValueOf((*Hook)(nil)),
		"Store":   reflect.ValueOf(func(string, any) {}),
		"Watch":   reflect.ValueOf(func(Hook) {}),
		"Visit":   reflect.ValueOf(func(func(int)) {}),
		"VisitM":  reflect.ValueOf(func(func(map[string]any)) {}),
		"Wrap":    reflect.ValueOf((*Wrap)(nil)),
		"Bag":     reflect.ValueOf((*Bag)(nil)),
		"Counter": reflect.ValueOf(new(int)).Elem(),
		"Latest":  reflect.ValueOf(func() *Entity { return &Entity{} }),
		"Events":  reflect.ValueOf(func() chan any { return nil }),

		reload.AcceptsKey: reflect.ValueOf([]string{"Hook", "Visit", "VisitM"}),
	}
	return reload.Symbols{"host/arena/arena": table, "midair/reload_test/arena": table}
}

// files reads the source of a rule's example: one file, or several after lines -- name --.
func files(example string) tree {
	if !strings.HasPrefix(example, "-- ") {
		return tree{"m/m.go": example}
	}
	f, name := tree{}, ""
	for line := range strings.Lines(example) {
		if rest, ok := strings.CutPrefix(line, "-- "); ok {
			name = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "--"))
			continue
		}
		f[name] += line
	}
	return f
}

// planned returns the diagnostics that Plan finds; a contract is bound for rules that need one.
func planned(t *testing.T, rule string, f tree, change ...func(*reload.Config)) (ds []reload.Diagnostic) {
	t.Helper()
	symbols := func(c *reload.Config) {
		c.Symbols = arena()
		for key, symbols := range all.Symbols {
			if strings.HasPrefix(rule, "fidelity/") && stdlib.Symbols[key] == nil {
				c.Symbols[key] = symbols
			}
		}
	}
	rt := newRuntime(t, append([]func(*reload.Config){symbols}, change...)...)
	if strings.HasPrefix(rule, "contract/") || rule == "import/module" {
		bind[struct{ Update func(int) int }](t, rt, "m")
	}
	if strings.HasPrefix(rule, "fidelity/") { // the host takes nothing, so nothing escapes
		bind[struct {
			None func() `midair:"NoSuchFunction,optional"`
		}](t, rt, "m")
	}
	report, err := rt.Plan(t.Context(), f.fs())
	require.NoError(t, err)
	for _, m := range report.Modules {
		ds = append(ds, m.Diagnostics...)
	}
	return ds
}

// Every rule's example breaks it, and what it says to write instead breaks none.
func TestRuleExamples(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range append(reload.Rules(), interp.Rules()...) {
		assert.False(t, ids[r.ID], "%s is there twice", r.ID)
		ids[r.ID] = true
		assert.NotEmpty(t, r.Reason, r.ID)
		assert.NotEmpty(t, r.Hint, r.ID)
		if r.Example == "" {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			found := false
			for _, d := range planned(t, r.ID, files(r.Example)) {
				if d.Rule == r.ID {
					found = true
					assert.Equal(t, r.Severity, d.Severity)
				}
			}
			assert.True(t, found, "the example does not break the rule: %v", planned(t, r.ID, files(r.Example)))
			assert.Empty(t, planned(t, r.ID, files(r.Instead)), "what is to be written instead")
		})
	}
}

// plannedNative returns what is found in every mode.
func plannedNative(t *testing.T, f tree, change ...func(*reload.Config)) []reload.Diagnostic {
	return planned(t, "", f, append(change, func(c *reload.Config) { c.Backends = nil })...)
}

// withStandard gives modules all of the standard library, as far as the list allows.
func withStandard(allow []string) func(*reload.Config) {
	return func(c *reload.Config) {
		c.Symbols = all.Symbols
		c.Allow = append([]string{"-crypto/md5"}, allow...)
	}
}

func rulesOf(ds []reload.Diagnostic) (ids []string) {
	for _, d := range ds {
		if !slices.Contains(ids, d.Rule) {
			ids = append(ids, d.Rule)
		}
	}
	return ids
}
