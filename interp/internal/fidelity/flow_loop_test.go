package fidelity

import "testing"

func TestLoop(t *testing.T) {
	checkSnippets(t, []snippet{
		{"fidelity/loop-variable", "for i := 0; i < 3; i++ { go func() { use(i) }() }"},
		{"fidelity/loop-variable", "var ps []*int; for _, v := range s { ps = append(ps, &v) }; use(ps)"},
		{"fidelity/loop-variable", "for _, v := range s { f := func() int { return v }; use(f()) }"},
		{"", "for _, v := range s { func() { use(v) }() }"},
		{"", "for _, v := range s { w := v; f := func() int { return w }; use(f(), &w) }"},
		{"fidelity/loop-capture", `for range s { v, ok := m["a"]; f := func() bool { return ok }; if ok { use(v) }; use(f()) }`},
		{"fidelity/loop-capture", "for range s { v := <-c; use(&v) }"},
		{"", "v := <-c; use(&v)"},
		{"fidelity/range-number", "for i := range 3 { use(i) }"},
		{"fidelity/range-func", "f := func(yield func(int) bool) {}; for i := range f { use(i) }"},
		{"fidelity/range-array", "a := &[3]int{}; for i := range a { use(i) }"},
		{"fidelity/range-array", "a := &[3]int{}; use(len(a))"},
		{"fidelity/range-assign", "for n = range s { }"},
		{"fidelity/range-assign", "for _, n = range s { }"},
		{"fidelity/range-index", "for i := range s { i++ }"},
		{"fidelity/range-string", `w := "a"; for i := range w { use(i) }`},
		{"fidelity/goto", "again: if n > 0 { n--; goto again }"},
		{"", `for i, v := range s { v++; use(i, v) }; for i, r := range "aé" { use(i, r) }; w := "a"; for _, r := range w { use(r) }`},
		{"", "a := [3]int{}; for i, v := range a { use(i, v) }; for range c { }; for k, v := range m { use(k, v) }"},
	})
}

func TestSelectAndSwitch(t *testing.T) {
	checkSnippets(t, []snippet{
		{"fidelity/select-shared", "select { case <-c: default: }"},
		{"fidelity/select-receive", "select { case n = <-c: }"},
		{"fidelity/select-send", "select { case c <- 1: }"},
		{"fidelity/select-break", "loop: for { select { case <-c: break loop } }"},
		{"fidelity/switch-list", "switch n { case s[0], 2: }"},
		{"fidelity/switch-list", "switch { case n > 1, n < 0: }"},
		{"", "switch n { case 1, 2: case s[0]: default: }; switch { case n > 1 || n < 0: }"},
		{"fidelity/switch-interface", "var a any = n; switch a { case 1: }"},
		{"fidelity/switch-default", "switch n { case 1: fallthrough; default: use(1); case 2: use(2) }"},
		{"", "switch n { default: use(1); case 2: use(2) }; switch n { case 1: fallthrough; default: use(1) }"},
		{"", "loop: for i := 0; i < 3; i++ { switch i { case 1: continue loop; case 2: break loop } }"},
	})
}

func TestConstantsAndBuiltins(t *testing.T) {
	checkSnippets(t, []snippet{
		{"", "type K int\nconst ( A K = iota + 1; B )\n---\nuse(A == B)"},
		{"", "type K int\nconst ( A K = iota; B )\nconst ( C = iota + 1; D )\nconst E K = -1\n---"},
		{"fidelity/constant-fold", "var i int = 10/4.0*2; use(i)"},
		{"fidelity/constant-fold", "var f float64 = 10/4*2; use(f)"},
		{"", "const h = 7 / 2; use(h, 1/2.0*3, 10/4*2, x*2/3)"},
		{"", "const ( A, B = iota, iota; C, D )\n---"},
		{"fidelity/constant-repeat", "const ( A, B = 1i, iota; C, D )\n---"},
		{"fidelity/constant-type", "type K uint64\nconst A K = 1 << 63\n---"},
		{"fidelity/constant-large", "var u uint64 = 1 << 63; use(u)"},
		{"fidelity/builtin", "use(min(n, 1))"},
		{"fidelity/builtin", "use(max(n, 1))"},
		{"fidelity/builtin", "clear(m)"},
		{"fidelity/builtin", "use(new(n))"},
		{"fidelity/print", "println(n)"},
		{"fidelity/print-form", "println(x)"},
		{"", "use(len(s), cap(s), new(int), append(s, 1), copy(s, s)); delete(m, \"a\"); close(c)"},
		{"fidelity/shift-count", "use(1 << n)"},
		{"", "use(1 << uint(n), 1 << (n & 7), n >> 2); for i := range s { use(1 << i) }; for i := 0; i < 8; i++ { use(1 << i) }"},
		{"fidelity/shift-type", "var u uint32; u |= 1 << uint(n); use(u)"},
		{"", "var u uint32; u |= uint32(1) << uint(n); u |= 1 << 3; use(u)"},
		{"fidelity/negative-zero", "use(x - 0)"},
		{"", "use(x - 1, n - 0)"},
	})
}

func TestInitAndImport(t *testing.T) {
	checkSnippets(t, []snippet{
		{"fidelity/init-order", "var a = f()\nvar b = 2\nfunc f() int { return b }\n---"},
		{"", "var b = 2\nvar a = f()\nfunc f() int { return b }\n---"},
		{"fidelity/init-pair", "var a, b = f()\nfunc f() (int, int) { return 1, 2 }\n---"},
		{"", "var a, b = 1, 2\n---"},
		{"fidelity/blank-type", "type _ int\n---"},
		{"", "var _ = 1\nvar _ fmt.Stringer\n---"},
	})
}

func TestGeneric(t *testing.T) {
	checkSnippets(t, []snippet{
		{"fidelity/generic-infer", "func f[A, B any](s []A, g func(A) B) []B { return nil }\n---\nuse(f(s, func(n int) string { return \"\" }))"},
		{"", "func f[A, B any](s []A, g func(A) B) []B { return nil }\n---\nuse(f[int, string](s, func(n int) string { return \"\" }))"},
		{"fidelity/generic-infer", "func f[A any](s ...A) { }\n---\nf(1, 2)"},
		{"fidelity/generic-infer", "func f[A any](s []A) { }\n---\ntype L struct{}; f([]L{})"},
		{"fidelity/generic-infer", "type Num interface { ~int | ~float64 }\nfunc f[A Num](a, b A) { }\n---\nf(1, 2)"},
		{"", "type Num interface { ~int | ~float64 }\nfunc f[A Num](a, b A) { }\n---\nf(n, n); f(x, x)"},
		{"", "type Stack[E any] struct { items []E }\nfunc (s *Stack[E]) Push(e E) { s.items = append(s.items, e) }\n---\nk := &Stack[int]{}; k.Push(1)"},
		{"fidelity/generic-constraint", "func f[S ~[]E, E any](s S) { }\n---"},
		{"fidelity/generic-name", "func f[T any](s []T) { }\n---"},
		{"fidelity/generic-type", "func f[A any](v any) { switch v.(type) { case A: } }\n---"},
		{"fidelity/generic-type", "func f[A ~int](n int) A { return A(n) }\n---"},
		{"fidelity/generic-embed", "type G[A any] struct { a A }\ntype H struct { G[int] }\n---"},
	})
}
