package fidelity

import "testing"

func TestInterfaceEquality(t *testing.T) {
	refuses(t, "fidelity/interface-equality",
		valueCase{"module interfaces", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(a, b Shape) bool { return a == b }
var l = []Shape{Sq{1}}`},
		valueCase{"with a pointer", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(a Shape, c *Ci) bool { return a == c }`},
		valueCase{"any", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(a, b any) bool { return a == b }
var l = []any{A{1}}`},
		valueCase{"any with a number", `type L int
func f(a any) bool { return a == 1 }
var l = []any{L(1)}`},
		valueCase{"inside structs", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
type H struct { s Shape }
func f(a, b H) bool { return a == b }
var l = []Shape{Sq{1}}`},
		valueCase{"in a switch", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(a, b Shape) bool { switch a { case b: return true }; return false }
var l = []Shape{Sq{1}}`},
		valueCase{"errors", `type E struct{ n int }
func (e *E) Error() string { return "" }
func f(a, b error) bool { return a == b }
var err error = &E{}`},
		valueCase{"host values in a module interface", `type S interface{ Seconds() float64 }
func f(a, b S) bool { return a == b }
var s S = time.Second`},
	)
	accepts(t,
		valueCase{"nil", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(a Shape, err error, v any) bool { return a == nil || err != nil || v == nil }
var l = []Shape{Sq{1}}`},
		valueCase{"host errors", `func f(a, b error) bool { return a == b }`},
		valueCase{"sentinels", `type E struct{ n int }
func (e *E) Error() string { return "" }
var ErrX = errors.New("x")
func f(err error) bool { return err == ErrX || err == io.EOF }
var err error = &E{}`},
		valueCase{"structs", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(a, b A) bool { return a == b && &a != &b && [2]A{a, b} == [2]A{b, a} }`},
		valueCase{"any of host values", `func f(a, b any) bool { return a == b || a == 1 || b == "x" }`},
	)
}

func TestTypedNil(t *testing.T) {
	refuses(t, "fidelity/typed-nil",
		valueCase{"a variable", `type E struct{ n int }
func (e *E) Error() string { return "" }
func f() error { var e *E; return e }`},
		valueCase{"a parameter", `type E struct{ n int }
func (e *E) Error() string { return "" }
func f(e *E) error { return e }`},
		valueCase{"a field", `type E struct{ n int }
func (e *E) Error() string { return "" }
type H struct { e *E }
func f(h H) (err error) { err = h.e; return }`},
		valueCase{"a call", `type E struct{ n int }
func (e *E) Error() string { return "" }
func mk(ok bool) *E { if ok { return &E{} }; return nil }
func f() error { return mk(true) }`},
	)
	accepts(t,
		valueCase{"a literal", `type E struct{ n int }
func (e *E) Error() string { return "" }
func f(ok bool) error { if ok { return &E{1} }; e := &E{2}; return e }`},
		valueCase{"a constructor", `type E struct{ n int }
func (e *E) Error() string { return "" }
func mk(n int) *E { e := &E{n}; return e }
func f() error { return mk(1) }`},
		valueCase{"a value", `type E struct{ n int }
func (e E) Error() string { return "" }
func f(e E) error { return e }`},
		valueCase{"a callback", `type by []int
func (b by) Len() int { return 0 }
func (b by) Less(i, j int) bool { return false }
func (b by) Swap(i, j int) {}
func f(b by) { sort.Sort(b) }`},
	)
}

func TestInterfaceKeys(t *testing.T) {
	refuses(t, "fidelity/interface-key",
		valueCase{"a module interface", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
var m map[Shape]int`},
		valueCase{"a key of a module type", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(m map[any]int) int { return m[A{1}] }`},
		valueCase{"delete", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(m map[any]int) { delete(m, A{1}) }`},
	)
	accepts(t,
		valueCase{"structs", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(m map[A]int, n map[*A]bool) int { delete(n, nil); return m[A{1}] }`},
		valueCase{"any of host values", `func f(m map[any]int) int { return m[1] + m["a"] }`},
	)
}

func TestOperators(t *testing.T) {
	refuses(t, "fidelity/operator-interface",
		valueCase{"returned", `func f(ok bool) (any, error) { return !ok, nil }`},
		valueCase{"appended", `func f(l []any, n int) []any { return append(l, -n) }`},
		valueCase{"a shift", `func f(v *any, n int) { *v = n << 1 }`},
		valueCase{"an interface with methods", `func f(d time.Duration) fmt.Stringer { return d * 2 }`},
		valueCase{"an element", `func f(m map[string]any, n int) { m["n"] = ^n }`},
	)
	accepts(t,
		valueCase{"an argument", `func g(v any) {}; func f(n int) { g(-n); fmt.Sprint(-n) }`},
		valueCase{"other operators", `func f(l []any, n int) []any { l[0] = n + 1; return append(l, n*2, n == 1) }`},
		valueCase{"a constant", `func f() any { return -1 }`},
		valueCase{"no interface", `func f(n int) int { return -n }`},
	)
}
