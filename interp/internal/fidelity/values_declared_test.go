package fidelity

import "testing"

func TestRecursiveTypes(t *testing.T) {
	refuses(t, "fidelity/recursive-type",
		valueCase{"a slice", `type S []S`},
		valueCase{"a map", `type M map[string]M`},
		valueCase{"a func", `type F func() F`},
		valueCase{"by way of another", `type F func(G)
type G func(F)`},
		valueCase{"a func inside", `type E struct { on []func(*E) }`},
		valueCase{"two that lead to each other and one to itself", `type W struct { es []*E }
type E struct { w *W; next *E }`},
	)
	accepts(t,
		valueCase{"structs", `type N struct { next *N; kids []N; m map[string]*N; c chan *N; f func(*N) []*N }`},
		valueCase{"two structs", `type W struct { es []*E; f func(*E) }
type E struct { w *W; ws []*W }`},
		valueCase{"a named func", `type H func(*E)
type E struct { h H }`},
		valueCase{"interfaces", `type N interface { Kids() []N }
type S struct { k []N }`},
		valueCase{"no circle", `type H func(int) int
type M func(H) H`},
	)
}

func TestEmbeddingCycles(t *testing.T) {
	refuses(t, "fidelity/embedding-cycle",
		valueCase{"itself", `type A struct { *A }`},
		valueCase{"by way of another", `type A struct { *B }
type B struct { *A }`},
	)
	accepts(t,
		valueCase{"a pointer field", `type A struct { a *A }`},
	)
}

func TestLargeTypes(t *testing.T) {
	refuses(t, "fidelity/large-type",
		valueCase{"an array", `var a [100 << 20]byte`},
		valueCase{"of arrays", `type A [1 << 13][1 << 14]byte`},
		valueCase{"a struct", `type A struct { a, b [40 << 20]byte }`},
		valueCase{"behind a pointer", `func f(a *[1 << 40]int) {}`},
	)
	accepts(t,
		valueCase{"a small one", `var a [1 << 20]byte`},
		valueCase{"of a type parameter", `type A[T any] struct { a [4]T }`},
	)
}

func TestFieldNames(t *testing.T) {
	refuses(t, "fidelity/field-names",
		valueCase{"one becomes the other", `type A struct { a, Xa int }`},
		valueCase{"without a name", `var v struct { _, _ int }`},
	)
	accepts(t,
		valueCase{"one blank", `type A struct { _ int; a int; A int }`},
	)
}

func TestGenericHostTypes(t *testing.T) {
	refuses(t, "fidelity/generic-host-type",
		valueCase{"a variable", `var p atomic.Pointer[int]`},
		valueCase{"a parameter", `func f(p *atomic.Pointer[string]) {}`},
	)
	accepts(t,
		valueCase{"no parameters", `var n atomic.Int64
var m sync.Map`},
	)
}
