package signature

import (
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload/internal/source"
)

type entity struct{ N int }

var tables = map[string]map[string]reflect.Value{
	"host/game": {"Entity": reflect.ValueOf((*entity)(nil)), "Start": reflect.ValueOf(func() {})},
	"time":      {"Duration": reflect.ValueOf((*time.Duration)(nil))},
}

func read(t testing.TB, src, lib string) (*Package, error) {
	t.Helper()
	fsys := fstest.MapFS{"m/m.go": {Data: []byte(src)}, "lib/lib.go": {Data: []byte(lib)}}
	tree, _, err := source.Read(fs.FS(fsys), nil)
	require.NoError(t, err)
	var library *Package
	w := &World{
		Types: func(p string) (string, map[string]reflect.Value, bool) {
			s, ok := tables[p]
			return map[string]string{"host/game": "game", "time": "time"}[p], s, ok
		},
		Library: func(p string) (string, *Package, bool) { return "lib", library, p == "x/lib" && library != nil },
	}
	if pkg := tree.Packages["lib"]; pkg != nil {
		library = Of(pkg, w)
	}
	pkg := tree.Packages["m"]
	return Of(pkg, w), nil
}

func TestTypes(t *testing.T) {
	const head = "package m\nimport (\n\"host/game\"\ntm \"time\"\n\"x/lib\"\n. \"host/game\"\n)\ntype Own struct{ X int }\ntype Alias = game.Entity\ntype Loop = Loop2\ntype Loop2 = Loop\ntype Box[T any] struct{ V T }\n"
	type E = entity
	for expr, want := range map[string]any{
		"func()": func() {}, "func(a, b int, c string) (x, y float64)": func(int, int, string) (float64, float64) { return 0, 0 },
		"func(*game.Entity, tm.Duration) error": func(*E, time.Duration) error { return nil },
		"func(Entity) Alias":                    func(E) E { return E{} },
		"func(lib.Alias)":                       func(*E) {},
		"func(s string, more ...[]byte)":        func(string, ...[]byte) {},
		"map[string][]*game.Entity":             map[string][]*E{},
		"[3]int":                                [3]int{},
		"[0x10]rune":                            [16]rune{},
		"<-chan bool":                           (<-chan bool)(nil),
		"chan<- any":                            (chan<- any)(nil),
		"(interface{})":                         nil,
		"struct { A, B int `db:\"a\"`; C string }": struct {
			A int `db:"a"`
			B int `db:"a"`
			C string
		}{},
		"func(func(int) func() byte)": func(func(int) func() byte) {},
	} {
		p, _ := read(t, head+"var V "+expr+"\n", "package lib\nimport g \"host/game\"\ntype Alias = *g.Entity\ntype Own int\n")
		got, err := p.Type(p.Decls["V"])
		require.NoError(t, err, expr)
		wanted := reflect.TypeOf(want)
		if wanted == nil {
			wanted = reflect.TypeFor[any]()
		}
		assert.Equal(t, wanted, got, expr)
	}
	for expr, want := range map[string]string{
		"Own": "Own", "func(map[string]*Own)": "Own", "lib.Own": "lib.Own", "Box[int]": "Box", "[]func(lib.Own)": "lib.Own",
		"struct{ A Own }": "Own", "[n]Own": "Own",
	} {
		p, _ := read(t, head+"var V "+expr+"\n", "package lib\ntype Own int\n")
		_, err := p.Type(p.Decls["V"])
		var cross *CrossError
		require.ErrorAs(t, err, &cross, expr)
		assert.Equal(t, want, cross.Type, expr)
	}
	for _, expr := range []string{"[n]int", "undefined", "game.Nothing", "game.Start", "interface{ M() }", "struct{ a int }",
		"struct{ game.Entity }", "Loop", "other.T", "map[[]int]string", "[99999999999999999999]int", "[4000000000]int"} {
		p, _ := read(t, head+"var V "+expr+"\n", "package lib\n")
		got, err := p.Type(p.Decls["V"])
		require.NoError(t, err, expr)
		assert.Nil(t, got, expr)
	}
}

func FuzzTypes(f *testing.F) {
	f.Add("func(a map[string]*game.Entity, b ...func([3]int) (chan<- X, error))")
	f.Add("struct{ A int; A int }")
	f.Add("[0]struct{ A [1<<3]int }")
	f.Add("map[func()]int")
	f.Add("X.Y.Z[int, string]")
	f.Fuzz(func(t *testing.T, expr string) {
		p, _ := read(t, "package m\nimport \"host/game\"\ntype X "+expr+"\ntype Y = "+expr+"\nvar V "+expr+"\nfunc F(v "+expr+") {}\n", "package lib\ntype T "+expr)
		for _, d := range p.Decls {
			p.Type(d)
		}
	})
}
