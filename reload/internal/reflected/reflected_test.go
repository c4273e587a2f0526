package reflected

import (
	"fmt"
	"go/constant"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp/stdlib"
	"midair/interp/stdlib/all"
)

func everything() map[string]map[string]reflect.Value {
	tables := map[string]map[string]reflect.Value{}
	for _, t := range []map[string]map[string]reflect.Value{all.Symbols, stdlib.Symbols} {
		for key, symbols := range t {
			tables[key] = symbols
		}
	}
	return tables
}

// exportData imports the standard library from what the compiler wrote.
func exportData(t *testing.T) types.Importer {
	out, err := exec.Command("go", "list", "-export", "-f", "{{if .Export}}{{.ImportPath}}={{.Export}}{{end}}", "std").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		p, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		files[p] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(p string) (io.ReadCloser, error) { return os.Open(files[p]) })
}

// Every exported name of the standard library has the type that the compiler gave it.
func TestLikeExportData(t *testing.T) {
	if testing.Short() {
		t.Skip("reads the export data of the whole standard library")
	}
	tables := everything()
	im, gc := New(tables, nil), exportData(t)
	names, differ := 0, 0
	for key := range tables {
		p := path.Dir(key)
		if p == "unsafe" {
			continue
		}
		want, err := gc.Import(p)
		if err != nil {
			continue // vendored, or of another Go version
		}
		got, err := im.Import(p)
		require.NoError(t, err, p)
		for _, name := range got.Scope().Names() {
			if o := want.Scope().Lookup(name); o != nil && o.Exported() {
				names++
				if w, g := describe(o), describe(got.Scope().Lookup(name)); w != g {
					differ++
					t.Errorf("%s.%s\n\tis   %s\n\tnot  %s", p, name, g, w)
				}
			}
		}
	}
	t.Logf("%d names, %d differ", names, differ)
	assert.Greater(t, names, 6000)
}

// describe writes an object with everything that a program can see of it.
func describe(o types.Object) string {
	switch o := o.(type) {
	case *types.Const:
		value := o.Val().ExactString()
		if o.Val().Kind() == constant.Float {
			value = o.Val().String()
		}
		return "const " + typeText(o.Type()) + " = " + value
	case *types.TypeName:
		if named, ok := types.Unalias(o.Type()).(*types.Named); ok && named.TypeParams().Len() > 0 {
			return "generic type"
		}
		return "type " + typeText(o.Type()) + " " + underlying(o.Type()) + methods(o.Type())
	case *types.Func:
		return "func" + typeText(o.Type())
	}
	return "var " + typeText(o.Type())
}

func underlying(t types.Type) string {
	if s, ok := t.Underlying().(*types.Struct); ok {
		text := "struct"
		for f := range s.Fields() {
			if f.Exported() {
				text += " " + f.Name() + " " + typeText(f.Type())
			}
		}
		return text
	}
	return typeText(t.Underlying())
}

func methods(t types.Type) string {
	var all []string
	for _, t := range []types.Type{t, types.NewPointer(t)} {
		set := types.NewMethodSet(t)
		for m := range set.Methods() {
			if m.Obj().Exported() {
				all = append(all, m.Obj().Name()+typeText(m.Type()))
			}
		}
		all = append(all, "|")
	}
	return strings.Join(all, " ")
}

// typeText writes a type without the names of parameters, which reflection does not know.
func typeText(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Signature:
		if t.TypeParams().Len() > 0 {
			return "generic"
		}
		text := "(" + typeText(t.Params()) + ")(" + typeText(t.Results()) + ")"
		if t.Variadic() {
			text += "..."
		}
		return text
	case *types.Tuple:
		var all []string
		for v := range t.Variables() {
			all = append(all, typeText(v.Type()))
		}
		return strings.Join(all, ", ")
	case *types.Pointer:
		return "*" + typeText(t.Elem())
	case *types.Slice:
		return "[]" + typeText(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), typeText(t.Elem()))
	case *types.Map:
		return "map[" + typeText(t.Key()) + "]" + typeText(t.Elem())
	case *types.Chan:
		return fmt.Sprintf("chan %d %s", t.Dir(), typeText(t.Elem()))
	case *types.Interface:
		return "interface" + methods(t)
	}
	return strings.NewReplacer("uint8", "byte", "rune", "int32").Replace(types.TypeString(types.Unalias(t), nil))
}

type (
	node struct {
		Next  *node
		Links map[string][]node
		_     struct{ a, b int }
		_     func()
	}
	Visitor interface{ Visit(*node) Visitor }
)

func (n node) Len() int     { return 0 }
func (n *node) Push(m node) {}

// Recursion, receivers, placeholders.
func TestShapes(t *testing.T) {
	im := New(nil, nil)
	n := im.TypeOf(reflect.TypeFor[node]()).(*types.Named)
	assert.Same(t, n, im.TypeOf(reflect.TypeFor[node]()))
	s := n.Underlying().(*types.Struct)
	assert.Equal(t, types.NewPointer(n).String(), s.Field(0).Type().String())
	assert.False(t, types.Comparable(n), "a func cannot be compared")
	assert.Equal(t, int64(reflect.TypeFor[node]().Size()), Sizes.Sizeof(n))
	assert.Equal(t, 1, types.NewMethodSet(n).Len())
	assert.Equal(t, 2, types.NewMethodSet(types.NewPointer(n)).Len())
	v := im.TypeOf(reflect.TypeFor[Visitor]())
	m := v.Underlying().(*types.Interface).Method(0).Signature()
	assert.Same(t, v, m.Results().At(0).Type())
	assert.Equal(t, "func([]byte, ...any) error", types.TypeString(im.TypeOf(reflect.TypeFor[func([]byte, ...any) error]()), nil))
}

// Importing from many goroutines gives everybody the same packages.
func TestConcurrentImport(t *testing.T) {
	im := New(stdlib.Symbols, nil)
	var wg sync.WaitGroup
	results := make([][]*types.Package, 8)
	for i := range results {
		wg.Go(func() {
			for _, p := range []string{"fmt", "log/slog", "encoding/json", "time", "slices", "sync/atomic"} {
				pkg, err := im.Import(p)
				assert.NoError(t, err)
				results[i] = append(results[i], pkg)
			}
		})
	}
	wg.Wait()
	for _, r := range results {
		assert.True(t, slices.Equal(results[0], r))
	}
}

// What a stub says with the types of packages that modules cannot import is left out; the rest is there.
func TestStubOfUnknownPackages(t *testing.T) {
	im := New(map[string]map[string]reflect.Value{"host/game/game": {
		"Node": reflect.ValueOf((*node)(nil)),
		StubKey: reflect.ValueOf("package game\n\nimport (\n\t\"net/http\"\n)\n\ntype Box[T any] struct{ V T }\n\n" +
			"type Page[T any] struct{ r http.Request }\n\nfunc Serve[T any](p *Page[T])\n\nfunc Map[T any](b Box[T], n *Node) T\n"),
	}}, nil)
	pkg, err := im.Import("host/game")
	require.NoError(t, err)
	assert.Equal(t, []string{"Box", "Map", "Node"}, pkg.Scope().Names())
	assert.Equal(t, "func[T any](b host/game.Box[T], n *host/game.Node) T", strings.ReplaceAll(
		pkg.Scope().Lookup("Map").Type().String(), "midair/reload/internal/reflected.node", "host/game.Node"))
}
