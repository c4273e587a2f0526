package reload_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// Each edit of a live module has a class, in the report and in the event.
func TestEditClasses(t *testing.T) {
	type contract struct {
		Update   func(int) int
		Handlers map[string]func(string) `midair:"prefix=Handle"`
	}
	const before = "package m\n\nimport \"strings\"\n\n//midair:keep\nvar hits = map[string]int{}\n\ntype best struct{ n int }\n\n" +
		"//midair:keep\nvar top best\n\nfunc Update(n int) int { return n + top.n }\n\nfunc HandleHi(s string) { hits[strings.ToUpper(s)]++ }\n\n" +
		"func helper(a, b int) int { return a }\n\nvar Speed = 3\n"
	for name, c := range map[string]struct {
		old, new string
		class    reload.EditClass
		details  []string
	}{
		"comment":                   {"func helper", "// helper helps.\nfunc helper", reload.EditNone, nil},
		"formatting":                {"{ return n + top.n }", "{\n\n\treturn  n+top.n\n}", reload.EditNone, nil},
		"broken over lines":         {"helper(a, b int)", "helper(\n\ta,\n\tb int,\n)", reload.EditNone, nil},
		"semicolons":                {"{ return a }", "{ return a; }", reload.EditNone, nil},
		"body":                      {"return n + top.n", "return n - top.n", reload.EditBody, nil},
		"literal":                   {"Speed = 3", "Speed = 4", reload.EditBody, nil},
		"helper's signature":        {"helper(a, b int)", "helper(a int)", reload.EditBody, nil},
		"a string that is a token":  {"top.n }", "top.n + len(\"+\") }", reload.EditBody, nil},
		"new exported name":         {"var Speed", "var Other, Speed = 1, 3\n\nvar speed", reload.EditAdditive, []string{"Other"}},
		"new handler":               {"func helper", "func HandleBye(string) {}\n\nfunc helper", reload.EditAdditive, []string{"HandleBye"}},
		"handler gone":              {"func HandleHi(s string) { hits", "func handleHi(s string) { hits", reload.EditContract, []string{"HandleHi"}},
		"exported name nobody has":  {"var Speed = 3", "var Speed = 3.0", reload.EditBody, []string{"Speed"}},
		"exported name gone":        {"var Speed = 3", "var Other = 3", reload.EditBody, []string{"Speed"}},
		"kept variable's type":      {"hits = map[string]int{}", "hits = map[string]uint{}", reload.EditState, []string{"m.hits"}},
		"field of a kept variable":  {"best struct{ n int }", "best struct{ n, m int }", reload.EditState, []string{"m.top"}},
		"no longer kept":            {"//midair:keep\nvar top", "var top", reload.EditState, []string{"m.top"}},
		"kept variable's new value": {"hits = map[string]int{}", "hits = map[string]int{\"a\": 1}", reload.EditBody, nil},
		"import":                    {"import \"strings\"", "import \"sort\"\n\nvar _ = sort.Ints\n\nimport \"strings\"", "", nil},
		"capability":                {"import \"strings\"\n", "import \"strings\"\nimport \"sort\"\n\nvar _ = sort.Ints\n", reload.EditCapability, []string{"sort"}},
	} {
		t.Run(name, func(t *testing.T) {
			rt := newRuntime(t)
			bind[contract](t, rt, "m")
			first := apply(t, rt, tree{"m/m.go": before})
			assert.Equal(t, reload.EditFirst, first.Modules[0].Edit.Class)
			events := rt.Events(t.Context())
			report, err := rt.Apply(context.Background(), tree{"m/m.go": strings.Replace(before, c.old, c.new, 1)}.fs(), reload.Change{})
			if c.class == "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Len(t, report.Modules, 1)
			e := report.Modules[0].Edit
			assert.Equal(t, c.class, e.Class)
			assert.Equal(t, c.details, e.Details)
			assert.NotEmpty(t, e.Consequence)
			version, outcome, kind := 2, reload.OutcomeLive, reload.EventLive
			if c.class == reload.EditNone {
				version, outcome, kind = 1, reload.OutcomeNoOp, reload.EventNoOp
			}
			assert.Equal(t, outcome, report.Modules[0].Outcome)
			assert.Equal(t, version, rt.Generation().Version("m").Number())
			assert.Equal(t, uint64(version), rt.Generation().Number())
			for seen := range events {
				if seen.Kind == reload.EventCarried {
					continue // of kept variables
				}
				assert.Equal(t, kind, seen.Kind)
				assert.Equal(t, e, seen.Edit)
				break
			}
		})
	}
}

// What was refused and then says the same as what is live is fixed, though its bytes differ.
func TestFixedInOtherWords(t *testing.T) {
	rt := newRuntime(t)
	apply(t, rt, tree{"m/m.go": "package m\n\nfunc F() int { return 1 }\n"})
	refuse(t, rt, tree{"m/m.go": "package m\n\nfunc F() int { return }\n"})
	report := apply(t, rt, tree{"m/m.go": "package m\n\n// F is one.\nfunc F() int { return 1 }\n"})
	assert.Equal(t, reload.OutcomeFixed, report.Modules[0].Outcome)
	m, _ := rt.Module("m")
	assert.Equal(t, reload.StateLive, m.State)
	assert.Equal(t, 1, m.Version)
	again := apply(t, rt, tree{"m/m.go": "package m\n\n// F is one, too.\nfunc F() int { return 1 }\n"})
	assert.Equal(t, reload.OutcomeNoOp, again.Modules[0].Outcome)
}
