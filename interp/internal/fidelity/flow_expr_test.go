package fidelity

import "testing"

func TestExpressions(t *testing.T) {
	checkSnippets(t, []snippet{
		{"fidelity/return-function", "func g() {}\nfunc f() func() { return g }\n---"},
		{"", "func f() func() { return func() {} }\n---"},
		{"fidelity/return-condition", "func f(a int) (int, any) { return 1, a > 1 }\n---"},
		{"", "func f(a int) (any, bool) { return a, a > 1 }\n---"},
		{"fidelity/append-alias", "s = append(s, 1, s[0])"},
		{"", "s = append(s, s[0]); s = append(s, 1, n); s = append(s, s...)"},
		{"fidelity/spread-call", "func f() ([]int, int) { return nil, 1 }\n---\ns = append(f())"},
		{"", "func f() (int, int) { return 1, 2 }\n---\nuse(f())"},
		{"fidelity/literal-field", "use(T{}.n)"},
		{"fidelity/literal-field", "use(fmt.Stringer(nil).String())"},
		{"fidelity/string-number", "use(string(int64(n)))"},
		{"", "use(string(rune(n)), string('a'), string([]byte(nil)))"},
		{"fidelity/array-element", "a := &[3]int{}; use(&a[n])"},
		{"fidelity/compare-types", "type A [2]int; a := A{}; b := [2]int{}; use(a == b)"},
		{"", "use(n == 1, t == nil, x == 2)"},
		{"fidelity/type-shadow", "type T int; use(T(1))"},
		{"fidelity/large-constant", "const a = 1 << 70; use(a >> 69)"},
		{"fidelity/large-constant", "switch n { case 1e3: }"},
		{"fidelity/negative-zero", "use(-0.0)"},
	})
}
