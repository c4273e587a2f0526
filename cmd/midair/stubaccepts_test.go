package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAccepts(t *testing.T) {
	const nothing = "//midair:accepts marks nothing: write it on a line of its own, directly above a type, a func, a method, " +
		"a field of a struct type or a method of an interface type"
	for _, c := range []struct {
		name, src string
		want      []string
		err       string // after the file's name
	}{
		{name: "nothing", src: "type T struct{}"},
		{name: "everything", src: `
// World is all.
//
//midair:accepts
type World struct {
	//midair:accepts
	Data, More any
	// The base.
	//midair:accepts
	*Base[int]
	Other any
}

type (
	//midair:accepts
	Handler func()
	Base[T any] struct{
		//midair:accepts
		Each func(T)
	}
)

type Scheduler interface {
	//midair:accepts
	After(f func())
	Stop()
}

//midair:accepts
func Handle(f func()) {}

//midair:accepts
func (w *World) Add(v any) {}

//midair:accepts
func (Base[_]) Put(v any) {}

//midair:accepts
type Alias = World
`, want: []string{"Alias", "Base.Each", "Base.Put", "Handle", "Handler", "Scheduler.After", "World", "World.Add", "World.Base",
			"World.Data", "World.More"}},
		{name: "another directive", src: "//midair:acceptsall\ntype T struct{}\n// midair:accepts is no directive\ntype U int"},
		{name: "const", src: "//midair:accepts\nconst C = 1", err: ":2: " + nothing},
		{name: "var", src: "//midair:accepts\nvar V any", err: ":2: " + nothing},
		{name: "import", src: "//midair:accepts\nimport _ \"fmt\"", err: ":2: " + nothing},
		{name: "package", src: "\n//midair:accepts\n", err: ":3: " + nothing},
		{name: "group", src: "//midair:accepts\ntype (\n\tT int\n)", err: ":2: " + nothing},
		{name: "behind", src: "type T struct {\n\tF any //midair:accepts\n}", err: ":3: " + nothing},
		{name: "apart", src: "//midair:accepts\n\ntype T int", err: ":2: " + nothing},
		{name: "in a body", src: "func F() {\n\t//midair:accepts\n\ttype t int\n}", err: ":3: " + nothing},
		{name: "nested", src: "type T struct {\n\tF struct {\n\t\t//midair:accepts\n\t\tG any\n\t}\n}", err: ":4: " + nothing},
		{name: "twice", src: "//midair:accepts\n//midair:accepts\ntype T int", err: ":3: " + nothing},
		{name: "constraint", src: "type T interface {\n\t//midair:accepts\n\tint | string\n}", err: ":3: " + nothing},
		{name: "embedded interface", src: "type T interface {\n\t//midair:accepts\n\terror\n}", err: ":3: " + nothing},
		{name: "other names", src: "//midair:accepts\ntype T = interface {\n\t//midair:accepts\n\tM(any)\n}", want: []string{"T", "T.M"}},
		{name: "with words", src: "//midair:accepts everything\ntype T int", err: ":2: //midair:accepts takes nothing after it"},
		{name: "hidden type", src: "//midair:accepts\ntype t int",
			err: ":2: //midair:accepts marks t, but t is not exported: no module can get at it"},
		{name: "hidden field", src: "type T struct {\n\t//midair:accepts\n\tf any\n}",
			err: ":3: //midair:accepts marks T.f, but f is not exported: no module can get at it"},
		{name: "field of a hidden type", src: "type t struct {\n\t//midair:accepts\n\tF any\n}",
			err: ":3: //midair:accepts marks t.F, but t is not exported: no module can get at it"},
		{name: "method of a hidden type", src: "type t int\n//midair:accepts\nfunc (t) M() {}",
			err: ":3: //midair:accepts marks t.M, but t is not exported: no module can get at it"},
		{name: "hidden func", src: "//midair:accepts\nfunc f() {}",
			err: ":2: //midair:accepts marks f, but f is not exported: no module can get at it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "game.go")
			require.NoError(t, os.WriteFile(file, []byte("package game\n"+c.src+"\n"), 0o644))
			got, err := acceptsOf(&listed{Dir: dir, GoFiles: []string{"game.go"}})
			if c.err != "" {
				assert.EqualError(t, err, file+c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestSymbolsRefusesMarkers(t *testing.T) {
	inModule(t, "example.com/arcade")
	require.NoError(t, os.WriteFile("game/more.go", []byte("package game\n\n//midair:accepts\nvar V any\n"), 0o644))
	for _, args := range [][]string{{"-o", "s", "./game"}, {"-check", "-o", "s", "./game"}} {
		status, _, stderr := midair(append([]string{"symbols"}, args...)...)
		assert.Equal(t, exitFail, status)
		assert.Contains(t, stderr, "more.go:3: //midair:accepts marks nothing")
		assert.NoDirExists(t, "s")
	}
}
