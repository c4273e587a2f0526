package carry_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload/internal/carry"
	v1 "midair/reload/internal/carry/internal/v1"
	v2 "midair/reload/internal/carry/internal/v2"
)

// variables pairs the variables of a compiled package with their types in its source.
func variables(t testing.TB, file string, vars map[string]any) (list []carry.Variable) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	cfg := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := cfg.Check("game", fset, []*ast.File{f}, nil)
	require.NoError(t, err)
	for name, p := range vars {
		list = append(list, carry.Variable{Name: name, Type: pkg.Scope().Lookup(name).Type(), Value: reflect.ValueOf(p).Elem()})
	}
	slices.SortFunc(list, func(a, b carry.Variable) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func own(p *types.Package) bool { return p.Path() == "game" }

func TestCarryCompiled(t *testing.T) {
	v1.Fill()
	old, now := variables(t, "internal/v1/game.go", v1.Vars()), variables(t, "internal/v2/game.go", v2.Vars())
	differences := carry.New(own).Carry(old, now)
	assert.Equal(t, `a 3 10 1 2 0 [t] map[gold:5] 5 7 [{1 1 0} {2 2 0}] 0 0
b true true true true true true 3 4 9
[[{0 0 0} {0 0 0}] [{7 8 0} {0 0 0}]] true ann 1
`, v2.Dump())
	assert.Same(t, &v1.Clock, v2.Clock(), "what belongs to the host stays the same")
	var told []string
	for _, d := range differences {
		told = append(told, string(d.Kind)+" "+d.Path)
	}
	assert.Equal(t, []string{"added Pos.z", "lost Unit.big", "added Unit.level", "dropped Unit.old", "added fresh", "dropped gone"}, told)

	v2.Change() // the old version has its own
	assert.Equal(t, 5, (*v1.Vars()["units"].(*map[string]*v1.Unit))["a"].Bag()["gold"])
	assert.Len(t, *v1.Vars()["units"].(*map[string]*v1.Unit), 2)
}

func TestCarryOneMegabyte(t *testing.T) {
	type Pos struct{ X, Y float64 }
	type Place struct{ X, Y float64 } // as plugins have it: another type of the same shape
	named := func() types.Type {
		name := types.NewTypeName(0, types.NewPackage("game", "game"), "Pos", nil)
		return types.NewNamed(name, types.NewStruct([]*types.Var{
			types.NewField(0, nil, "X", types.Typ[types.Float64], false), types.NewField(0, nil, "Y", types.Typ[types.Float64], false)}, nil), nil)
	}
	from, to := make([]Pos, 1<<16), []Place(nil)
	from[77].Y = 5
	best := time.Hour
	for range 5 {
		start := time.Now()
		d := carry.New(own).Carry([]carry.Variable{{Name: "p", Type: types.NewSlice(named()), Value: reflect.ValueOf(&from).Elem()}},
			[]carry.Variable{{Name: "p", Type: types.NewSlice(named()), Value: reflect.ValueOf(&to).Elem()}})
		best = min(best, time.Since(start))
		assert.Empty(t, d)
	}
	t.Logf("1 MB in %v", best)
	assert.Less(t, best, 10*time.Millisecond)
	assert.Equal(t, Place{0, 5}, to[77])
	from[77].Y = 6
	assert.Equal(t, 5.0, to[77].Y)
}

func TestCarryManySmallThings(t *testing.T) {
	from, to := map[string]*int{}, map[string]*int(nil)
	for i := range 20000 {
		from[strings.Repeat("k", 10)+time.Duration(i).String()] = new(int)
	}
	typ := types.NewMap(types.Typ[types.String], types.NewPointer(types.Typ[types.Int]))
	start := time.Now()
	d := carry.New(own).Carry([]carry.Variable{{Name: "m", Type: typ, Value: reflect.ValueOf(&from).Elem()}},
		[]carry.Variable{{Name: "m", Type: typ, Value: reflect.ValueOf(&to).Elem()}})
	t.Logf("20,000 entries, about 1 MB, in %v", time.Since(start))
	assert.Empty(t, d)
	assert.Equal(t, from, to)
	for k := range from {
		assert.NotSame(t, from[k], to[k])
		break
	}
}
