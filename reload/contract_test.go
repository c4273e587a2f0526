package reload_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func TestBadContracts(t *testing.T) {
	rt := newRuntime(t)
	check := func(name string, err error, want ...string) {
		t.Helper()
		require.Error(t, err, name)
		for _, w := range want {
			assert.ErrorContains(t, err, w, name)
		}
	}
	_, err := reload.Bind[int](rt, "m")
	check("no struct", err, "int", "no struct type")
	_, err = reload.Bind[struct{}](rt, "m")
	check("empty", err, "expects nothing")
	_, err = reload.Bind[struct{ update func() }](rt, "m")
	check("unexported", err, "field update", "exported")
	_, err = reload.Bind[struct{ C chan int }](rt, "m")
	check("chan", err, "field C", "chan")
	_, err = reload.Bind[struct {
		A func()               `midair:"update"`
		B func()               `midair:"Name,maybe"`
		C func()               `midair:"prefix=Handle"`
		D map[string]func(int) `midair:"prefix=handle"`
	}](rt, "m")
	check("tags", err, "field A", "update", "field B", "maybe", "field C", "a prefix needs a map", "field D")
	_, err = reload.Bind[struct {
		A func()
		B int `midair:"A"`
	}](rt, "m")
	check("twice", err, "field B", "asks for A")
	_, err = reload.Bind[struct{ A func() }](rt, "../m")
	check("name", err, "no module name")
	_, err = reload.Bind[struct{ A func() }](rt, "")
	check("empty name", err, "no module name")
	_, err = reload.Bind[struct {
		skip int    `midair:"-"`
		Run  func() `midair:"Start,optional"`
	}](rt, "m")
	require.NoError(t, err)
}

type common struct{ Name string }

type full struct {
	common
	Update  func(*World, time.Duration) (int, error)
	Varargs func(format string, args ...int) int
	Handle  map[string]func(int) int `midair:"prefix=Handle"`
	Speed   float64
	Limit   uint8
	Delay   time.Duration
	Any     any
	Levels  []int         `midair:"LevelTable"`
	Hook    func(int) int `midair:",optional"`
	Fn      func(int) int
}

const fullSource = `package m

import (
	w "host/game"
	"time"
)

type local int

type World = w.World // an alias of a type that crosses, crosses

const Name = "arena"
const Speed = 3
const Limit = 255
const Delay = 2 * time.Second
const Any = 1.5

var LevelTable = []int{1, 2, 3}
var Fn = func(i int) int { return i + 1 }

func Update(world *World, d time.Duration) (int, error) { return world.N * 2, nil }
func Varargs(format string, args ...int) int { return len(args) }
func HandleJump(i int) int { return i * 10 }
func HandleRun(i int) int { return i * 20 }
func Handler() string { return "not one of them: a lower-case letter follows the prefix" }
func Generic[T any](v T) T { return v }
`

func TestContractFilled(t *testing.T) {
	rt := newRuntime(t)
	table := bind[full](t, rt, "m")
	apply(t, rt, tree{"m/m.go": fullSource})
	c := table.Load()
	n, err := c.Update(&World{N: 21}, time.Second)
	require.NoError(t, err)
	assert.Equal(t, 42, n)
	assert.Equal(t, 3, c.Varargs("x", 1, 2, 3))
	assert.Equal(t, "arena", c.Name)
	assert.InDelta(t, 3.0, c.Speed, 0)
	assert.Equal(t, uint8(255), c.Limit)
	assert.Equal(t, 2*time.Second, c.Delay)
	assert.Equal(t, 1.5, c.Any)
	assert.Equal(t, []int{1, 2, 3}, c.Levels)
	assert.Nil(t, c.Hook)
	assert.Equal(t, 8, c.Fn(7))
	require.Len(t, c.Handle, 2)
	assert.Equal(t, 10, c.Handle["Jump"](1))
	assert.Equal(t, 20, c.Handle["Run"](1))
}

// Each case is a module that does not keep to its contract; the diagnostic shows both sides and the place.
func TestContractDiagnostics(t *testing.T) {
	type contract struct {
		Update func(*World, int) int
		Speed  float64                           `midair:",optional"`
		H      map[string]func(int) (int, error) `midair:"prefix=On"`
	}
	cases := []struct {
		name, src, rule, at string
		want                []string
	}{
		{"missing", "package m\n", "contract/missing", "m/m.go:1:1",
			[]string{"function Update is missing", "want func Update(*reload_test.World, int) int"}},
		{"unexported", "package m\n\nfunc update() {}\n", "contract/unexported", "m/m.go:3:6",
			[]string{"function update is not exported as Update", "have func update()", "want func Update(*reload_test.World, int) int"}},
		{"misspelt", "package m\n\nfunc Updaet(w int) {}\n\nfunc Reset() {}\n", "contract/missing", "m/m.go:3:6",
			[]string{"function Update is missing, but there is Updaet", "have func Updaet(w int)", "want func Update(*reload_test.World, int) int"}},
		{"wrong signature", "package m\nimport \"host/game\"\nfunc Update(w *game.World, n string) int { return 0 }\n",
			"contract/signature", "m/m.go:3:6",
			[]string{"wrong signature", "have func Update(w *game.World, n string) int", "want func Update(*reload_test.World, int) int"}},
		{"by value", "package m\nimport \"host/game\"\nfunc Update(w game.World, n int) int { return 0 }\n",
			"contract/signature", "m/m.go:3:6", []string{"have func Update(w game.World, n int) int"}},
		{"generic", "package m\nfunc Update[T any](w T, n int) int { return 0 }\n", "contract/generic", "m/m.go:2:6",
			[]string{"generic", "have func Update", "want func Update(*reload_test.World, int) int"}},
		{"own named type", "package m\nimport \"host/game\"\ntype ID int\nfunc Update(w *game.World, n ID) int { return 0 }\n",
			"contract/cross", "m/m.go:4:6", []string{"type ID does not cross", "have func Update(w *game.World, n ID) int"}},
		{"own struct", "package m\ntype World struct{ N int; Name string }\nfunc Update(w *World, n int) int { return 0 }\n",
			"contract/cross", "m/m.go:3:6", []string{"type World does not cross"}},
		{"library type", "package m\nimport (\"host/game\"; \"x/scripts/lib\")\nfunc Update(w *game.World, n lib.ID) int { return 0 }\n",
			"contract/cross", "m/m.go:3:6", []string{"type lib.ID does not cross"}},
		{"a variable", "package m\nvar Update = 3\n", "contract/", "m/m.go:2:5", []string{"Update"}},
		{"a type", "package m\ntype Update int\n", "contract/kind", "m/m.go:2:6", []string{"Update is a type"}},
		{"value of the wrong type", "package m\nimport \"host/game\"\nfunc Update(w *game.World, n int) int { return 0 }\nvar Speed int = 3\n",
			"contract/signature", "m/m.go:4:5", []string{"have var Speed int", "want float64"}},
		{"constant of the wrong kind", "package m\nimport \"host/game\"\nfunc Update(w *game.World, n int) int { return 0 }\nconst Speed = \"fast\"\n",
			"contract/signature", "m/m.go:4:7", []string{"const Speed = \"fast\"", "want float64"}},
		{"prefix", "package m\nimport \"host/game\"\nfunc Update(w *game.World, n int) int { return 0 }\nfunc OnJump(i int) int { return i }\n",
			"contract/signature", "m/m.go:4:6", []string{"have func OnJump(i int) int", "want func OnJump(int) (int, error)"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rt := newRuntime(t)
			table := bind[contract](t, rt, "m")
			files := tree{"m/m.go": c.src}
			if c.name == "library type" {
				files["lib/lib.go"] = "package lib\ntype ID int\n"
			}
			r, err := refuse(t, rt, files)
			require.Len(t, r.Modules, 1)
			require.Equal(t, reload.OutcomeRefused, r.Modules[0].Outcome)
			require.NotEmpty(t, r.Modules[0].Diagnostics)
			d := r.Modules[0].Diagnostics[0]
			assert.Contains(t, d.Rule, c.rule)
			assert.Contains(t, d.String(), c.at+": ")
			for _, w := range c.want {
				assert.Contains(t, d.Message, w)
			}
			var e *reload.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, "m", e.Module)
			assert.Nil(t, table.Version())
			assert.Equal(t, reload.StateFailed, state(t, rt, "m").State)
		})
	}
}

func TestContractAllAtOnce(t *testing.T) {
	type contract struct{ A, B, C func() }
	rt := newRuntime(t)
	bind[contract](t, rt, "m")
	r, _ := refuse(t, rt, tree{"m/m.go": "package m\nfunc A() int { return 0 }\nfunc b() {}\n"})
	assert.Len(t, r.Modules[0].Diagnostics, 3)
}

// A type that has to be worked out.
func TestContractUnwrittenTypes(t *testing.T) {
	type contract struct {
		Grid [4]int
		Sum  func([4]int) int
	}
	rt := newRuntime(t)
	table := bind[contract](t, rt, "m")
	apply(t, rt, tree{"m/m.go": "package m\nconst n = 4\nvar Grid = [n]int{1, 2, 3, 4}\nfunc Sum(g [n]int) int { return g[0] + g[3] }\n"})
	c := table.Load()
	assert.Equal(t, 5, c.Sum(c.Grid))
	_, err := refuse(t, rt, tree{"m/m.go": "package m\nconst n = 5\nvar Grid = [n]int{1, 2, 3, 4}\nfunc Sum(g [n]int) int { return g[0] + g[3] }\n"})
	assert.ErrorContains(t, err, "have var Grid [5]int")
	assert.ErrorContains(t, err, "want func Sum([4]int) int")
	assert.Equal(t, 5, table.Load().Sum([4]int{1, 0, 0, 4}))
}

// Two contracts of one module, and one with the type of the other's name.
func TestTwoContractsOfOneModule(t *testing.T) {
	type a struct{ F func() int }
	type b struct{ G func() int }
	rt := newRuntime(t)
	ta, tb := bind[a](t, rt, "m"), bind[b](t, rt, "m")
	apply(t, rt, tree{"m/m.go": "package m\nfunc F() int { return 1 }\nfunc G() int { return 2 }\n"})
	assert.Equal(t, 1, ta.Load().F())
	assert.Equal(t, 2, tb.Load().G())
	refuse(t, rt, tree{"m/m.go": "package m\nfunc F() int { return 3 }\n"})
	assert.Equal(t, 1, ta.Load().F(), "a version must keep to every contract")
	require.NoError(t, ta.Do(context.Background(), func(*a) error { return nil }))
}

// A contract that is bound late and not fulfilled is told of at every attempt, also when the files are again what is live.
func TestLateContractIsNotForgotten(t *testing.T) {
	rt := newRuntime(t)
	files := tree{"m/m.go": "package m\n\nfunc F() int { return 1 }\n"}
	apply(t, rt, files)
	bind[struct{ Missing func() }](t, rt, "m")
	assert.Equal(t, reload.StateDegraded, state(t, rt, "m").State)
	refuse(t, rt, files.with("m/m.go", "package m\n\nfunc F() int { return }\n"))
	_, err := refuse(t, rt, files)
	assert.ErrorContains(t, err, "function Missing is missing")
	assert.Equal(t, reload.StateDegraded, state(t, rt, "m").State)
	apply(t, rt, files.with("m/n.go", "package m\n\nfunc Missing() {}\n"))
	assert.Equal(t, reload.StateLive, state(t, rt, "m").State)
}
