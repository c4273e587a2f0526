package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// standardLibrary is what of the standard library there are tables of, type-checked.
type standardLibrary struct {
	*typedTree
	packages []*listed
	all      map[string]*listed
}

var standardOnce = sync.OnceValues(func() (lib standardLibrary, err error) {
	var patterns []string
	for _, name := range []string{"../../interp/stdlib/packages.txt", "../../interp/stdlib/all/packages.txt"} {
		list, err := readList(name, exclusions{})
		if err != nil {
			return lib, err
		}
		patterns = append(patterns, list...)
	}
	lib.packages, lib.all, err = listPackages(patterns)
	lib.typedTree = newTypedTree(newLeanTree(lib.all))
	return lib, err
})

func standard(t *testing.T) standardLibrary {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: ", err)
	}
	lib, err := standardOnce()
	require.NoError(t, err)
	return lib
}

// checkStub type-checks a stub into a package that has the rest of the real one. It refers to that by the real one's
// types.
func checkStub(t *testing.T, real *types.Package, src string, imp types.Importer) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, real.Path()+" (stub)", src, parser.SkipObjectResolution)
	require.NoError(t, err, src)
	pkg := types.NewPackage(real.Path(), real.Name())
	for _, name := range real.Scope().Names() {
		if o := real.Scope().Lookup(name); o.Exported() && !beyondReflection(o) {
			pkg.Scope().Insert(o)
		}
	}
	conf := types.Config{Importer: imp, IgnoreFuncBodies: true, Error: func(err error) {
		if !strings.Contains(err.Error(), "missing function body") {
			assert.NoError(t, err, src)
		}
	}}
	_ = types.NewChecker(&conf, fset, pkg, nil).Files([]*ast.File{f})
	return pkg
}

// Every stub of the standard library declares what its package does.
func TestStubsOfTheStandardLibrary(t *testing.T) {
	lib := standard(t)
	stubs := 0
	for _, p := range lib.packages {
		real, err := lib.of(p.ImportPath)
		require.NoError(t, err)
		src, notes, err := makeStub(real, lib.all, nil)
		require.NoError(t, err, p.ImportPath)
		assert.Empty(t, notes, p.ImportPath)
		if src == "" {
			continue
		}
		stubs++
		pkg := checkStub(t, real, src, lib)
		for _, name := range real.Scope().Names() {
			if o := real.Scope().Lookup(name); o.Exported() && beyondReflection(o) {
				assertSame(t, o, pkg.Scope().Lookup(name))
			}
		}
	}
	assert.Greater(t, stubs, 20)
}

// assertSame compares what users can tell of two declarations.
func assertSame(t *testing.T, want, got types.Object) {
	t.Helper()
	require.NotNil(t, got, want)
	byName := func(p *types.Package) string { return p.Name() }
	name, ok := want.(*types.TypeName)
	if !ok {
		assert.Equal(t, types.ObjectString(want, byName), types.ObjectString(got, byName))
		return
	}
	assert.Equal(t, types.TypeString(want.Type(), byName), types.TypeString(got.Type(), byName))
	if types.IsInterface(want.Type()) {
		assert.Equal(t, types.TypeString(want.Type().Underlying(), byName), types.TypeString(got.Type().Underlying(), byName))
		return
	}
	assert.Equal(t, types.Comparable(want.Type()), types.Comparable(got.Type()), name.Name())
	methods := func(o types.Object) (list []string) {
		set := types.NewMethodSet(types.NewPointer(o.Type()))
		for m := range set.Methods() {
			if m.Obj().Exported() {
				list = append(list, types.SelectionString(m, byName))
			}
		}
		return list
	}
	assert.Equal(t, methods(want), methods(got))
}

// packageOf type-checks source.
func packageOf(t *testing.T, src string) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "game.go", "package game\n"+src, parser.SkipObjectResolution)
	require.NoError(t, err)
	conf := types.Config{Importer: standard(t), IgnoreFuncBodies: true}
	pkg, err := conf.Check("example.com/game", fset, []*ast.File{f}, nil)
	require.NoError(t, err)
	return pkg
}

func TestStub(t *testing.T) {
	for _, c := range []struct {
		name, src, want string
		exclude         []string
		notes           []string
	}{
		{name: "nothing", src: "type T struct{}; func F() {}; const C, D = 1, 'x' + 0.5; func f[T any]() {}; type I interface{ M() }"},
		{name: "functions", src: `import (
	"cmp"
	"iter"
)
func Map[S ~[]E, E, R any](s S, f func(item E) R) (out []R) { return nil }
func Largest[K cmp.Ordered](first K, rest ...K) K { return first }
func Each[K comparable, V any](m map[K]V) iter.Seq2[K, V] { return nil }`,
			want: `import (
	"cmp"
	"iter"
)

func Each[K comparable, V any](m map[K]V) iter.Seq2[K, V]

func Largest[K cmp.Ordered](first K, rest ...K) K

func Map[S ~[]E, E, R any](s S, f func(item E) R) (out []R)
`},
		{name: "runes", src: `import "unicode/utf8"
const (
	A = 'a' + iota
	B
	Bell = '\a'
	Backslash, Quote = '\\', '\''
	Bad = utf8.RuneError
	Negative = -'a'
	Large = 'a' << 40
	Typed rune = 'a'
	Text = "text"
)`,
			want: `const A = 'a'

const B = 'b'

const Backslash = '\\'

const Bad = '\ufffd'

const Bell = '\a'

const Large = '\x00' + 106652627894272

const Negative = '\x00' + -97

const Quote = '\''
`},
		{name: "constraints", src: `type Number interface { ~int | float64 }
type Same = Number
type Key interface { comparable; Hash() uint64 }
type Both interface { Number; signed }
type signed interface { ~int }
type Plain interface { Hash() uint64 }`,
			want: `type Both interface {
	Number
	signed
}

type Key interface {
	Hash() uint64
	comparable
}

type Number interface{ ~int | float64 }

type Same = Number

type signed interface{ ~int }
`},
		{name: "types", src: `import (
	"sync"
	"unsafe"
)
type World struct{}
type List[T any] struct {
	Len int ` + "`json:\"len\"`" + `
	World *World
	mu sync.Mutex
	head, tail *node[T]
	byName map[string]node[T]
	each func(T) bool
	raw unsafe.Pointer
	any any
	list []string
	*base
	Inner struct{ x []T }
}
type node[T any] struct { next *node[T]; value T }
type base struct { Name string; secret [4]chan int; array [2][]int }
func (b *base) Rename(to string) {}
func (b *base) hide() {}
func (l *List[E]) Push(v E) {}
func (*List[_]) Clear() {}
func (l *List[E]) grow() {}
type Alias[T any] = List[T]
type Deep[P *C, C any] []P
func (Deep[P, C]) First() P { panic(0) }`,
			want: `type Alias[T any] = List[T]

type Deep[P *C, C any] []P

func (Deep[P, C]) First() P

type List[T any] struct {
	Len    int ` + "\"json:\\\"len\\\"\"" + `
	World  *World
	mu     uintptr
	head   *struct{ _ [0]*T }
	tail   *struct{ _ [0]*T }
	byName map[string]struct{ _ [0]*T }
	each   func(T) bool
	raw    uintptr
	any    any
	list   func()
	*base
	Inner struct{ x []T }
}

func (l *List[E]) Push(v E)

func (*List[_]) Clear()

type base struct {
	Name   string
	secret uintptr
	array  func()
}

func (b *base) Rename(to string)
`},
		{name: "sealed", src: `type Node interface { node() }
type Leaf[T any] struct{ value T }
func (Leaf[T]) node() {}
func (Leaf[T]) other() {}`,
			want: `type Leaf[T any] struct{ value T }

func (Leaf[T]) node()
`},
		{name: "unexported", src: `type option[T any] func(*config[T])
type config[T any] struct { max [limit]T; Small T }
const limit = 4
type mode int
func New[T any](m mode, o ...option[T]) [limit]T { panic(0) }`,
			want: `func New[T any](m mode, o ...option[T]) [4]T

type config[T any] struct {
	max   [4]T
	Small T
}

type mode int

type option[T any] func(*config[T])
`},
		{name: "names of packages", src: `import (
	htemplate "html/template"
	"text/template"
	. "io"
	rand "math/rand/v2"
)
func io() {}
func F[T any](*htemplate.Template, *template.Template, Reader, rand.Source) {}`,
			want: `import (
	"html/template"
	io2 "io"
	rand "math/rand/v2"
	template2 "text/template"
)

func F[T any](*template.Template, *template2.Template, io2.Reader, rand.Source)
`},
		{name: "unsafe", src: "import \"unsafe\"\nfunc F[T any](p unsafe.Pointer) *T { return nil }",
			want: "import (\n\t\"unsafe\"\n)\n\nfunc F[T any](p unsafe.Pointer) *T\n"},
		{name: "left out", exclude: []string{"World", "Set"}, src: `type World struct{}
type Set[T any] struct{}
func Of[T any]() Set[T] { panic(0) }
func In[T any](w *World) {}
func Fine[T any]() {}
func Through[T any](h hidden[T]) {}
type hidden[T any] func(Set[T])`,
			want: "func Fine[T any]()\n",
			notes: []string{
				"example.com/game.In is left out: it needs World, which is left out too",
				"example.com/game.Of is left out: it needs Set, which is left out too",
				"example.com/game.Through is left out: it needs Set, which is left out too",
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pkg := packageOf(t, c.src)
			src, notes, err := makeStub(pkg, nil, c.exclude)
			require.NoError(t, err)
			assert.Equal(t, c.notes, notes)
			if c.want == "" {
				assert.Empty(t, src)
				return
			}
			assert.Equal(t, "package game\n\n"+c.want, src)
			checkStub(t, pkg, src, standard(t))
		})
	}
}

// What users may do with a type must not depend on whether they see its source or its stub.
func TestStubFromOutside(t *testing.T) {
	real := packageOf(t, `import "sync/atomic"
type Mark interface { mark() }
type List[T any] struct { head *node[T] }
func (List[T]) mark() {}
type node[T any] struct { next *node[T]; v T }
type Slot[T any] struct { p atomic.Pointer[node[T]]; n int }
type Pair[K comparable] struct { key K; slot Slot[K] }
type Table[K comparable, V any] struct { m map[K]node[V] }
type Shape[T any] struct { draw shapes[T] }
type shapes[T any] []node[T]
type Dim[T any] struct { d id[T]; i inner[T] }
type id[T any] int
type inner[T any] interface { Get() T }
type Named struct { l List[int] }
`)
	src, _, err := makeStub(real, nil, nil)
	require.NoError(t, err)
	stubbed := checkStub(t, real, src, standard(t))
	for body, ok := range map[string]bool{
		"var _ game.Mark = game.List[int]{}":                         true,
		"_ = game.List[int](game.List[string]{})":                    false,
		"_ = game.Slot[int](game.Slot[string]{})":                    false,
		"_ = game.Table[int, string](game.Table[string, int]{})":     false,
		"_ = game.Dim[int](game.Dim[string]{})":                      false,
		"_ = game.List[int]{} == game.List[int]{}":                   true,
		"_ = game.Slot[[]int]{} == game.Slot[[]int]{}":               true,
		"_ = game.Pair[string]{} == game.Pair[string]{}":             true,
		"_ = game.Dim[[]int]{} == game.Dim[[]int]{}":                 true,
		"_ = game.Table[int, int]{} == game.Table[int, int]{}":       false,
		"_ = game.Shape[int]{} == game.Shape[int]{}":                 false,
		"_ = game.Pair[[]int]{}":                                     false,
		"_ = game.List[int]{}.head":                                  false,
		"_ = map[game.Shape[int]]int{}":                              false,
		"_ = map[game.Slot[game.Shape[int]]]int{}":                   true,
		"type own = game.List[int]; _ = own{} == game.List[int]{}":   true,
		"type own struct{ game.List[int] }; var _ game.Mark = own{}": true,
	} {
		for _, pkg := range []*types.Package{real, stubbed} {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, "user.go", "package user; import \"example.com/game\"; func f() { "+body+" }", 0)
			require.NoError(t, err)
			conf := types.Config{Importer: only{pkg}}
			if pkg == stubbed && strings.Contains(body, "Mark") {
				continue // the interface is of the real package
			}
			_, err = conf.Check("user", fset, []*ast.File{f}, nil)
			assert.Equal(t, ok, err == nil, "%s, stub %v: %v", body, pkg == stubbed, err)
		}
	}
}

// only imports one package.
type only struct{ pkg *types.Package }

func (o only) Import(string) (*types.Package, error) { return o.pkg, nil }

func TestStubExpression(t *testing.T) {
	for src, want := range map[string]string{
		"package p\n": "`package p\n`",
		"package p\n\nconst A = 'a'\n\nconst B = '\\''\n\nconst C = '\\x00' + -1\n": "`package p\n\nconst A = ` + " +
			"strconv.QuoteRuneToASCII(p.A) + `\n\nconst B = ` + strconv.QuoteRuneToASCII(p.B) + `\n\nconst C = '\\x00' + -1\n`",
		"type T struct { F int \"`\" }": "\"type T struct { F int \\\"`\\\" }\"",
	} {
		assert.Equal(t, want, stubExpression("p", src))
	}
}
