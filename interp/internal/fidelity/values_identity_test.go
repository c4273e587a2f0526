package fidelity

import "testing"

func TestTypeIdentity(t *testing.T) {
	refuses(t, "fidelity/type-identity",
		valueCase{"structs of one shape", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f() bool { l := []any{A{1}, B{2}}; _, ok := l[0].(A); return ok }`},
		valueCase{"pointers", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f() bool { l := []any{&A{1}, &B{2}}; _, ok := l[0].(*A); return ok }`},
		valueCase{"slices", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f() bool { l := []any{[]A{}, []B{}}; _, ok := l[0].([]A); return ok }`},
		valueCase{"a named number", `type L int
func f(v any) bool { _, ok := v.(L); return ok }`},
		valueCase{"a number where a named one is held", `type L int
func f() bool { var v any = L(1); _, ok := v.(int); return ok }`},
		valueCase{"in a switch", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(v any) int { switch t := v.(type) {
case A: return t.n
case B: return t.n }
return 0 }
func g() int { return f(A{1}) + f(B{1}) }`},
		valueCase{"a field name that meets another", `type A struct{ a int }
type B struct{ Xa int }
func f() bool { l := []any{A{1}, B{2}}; _, ok := l[0].(A); return ok }`},
	)
	accepts(t,
		valueCase{"structs of different shape", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f() bool { l := []any{A{1}, C{"x"}}; _, ok := l[0].(A); return ok }`},
		valueCase{"host types", `func f(v any) bool { _, a := v.(time.Duration); _, b := v.(int64); _, c := v.([]string); return a && b && c }`},
		valueCase{"printed only", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(v any) bool { fmt.Sprint(A{1}, B{2}); _, ok := v.(A); return ok }`},
		valueCase{"a module interface", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(s Shape) bool { _, a := s.(Sq); _, b := s.(*Ci); return a && b }
var l = []Shape{Sq{1}, &Ci{1, 2}}`},
	)
}

func TestTypeSwitch(t *testing.T) {
	refuses(t, "fidelity/type-switch",
		valueCase{"an interface", `func f(v any) bool { switch v.(type) { case fmt.Stringer: return true }; return false }`},
		valueCase{"no variable", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(v any) bool { switch v.(type) { case A: return true }; return false }`},
		valueCase{"nil of a module interface", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(s Shape) bool { switch s.(type) { case nil: return true }; return false }`},
		valueCase{"a module error", `type E struct{ n int }
func (e *E) Error() string { return "" }
func f(err error) int { switch e := err.(type) { case *E: return e.n }; return 0 }`},
	)
	accepts(t,
		valueCase{"basic types", `func f(v any) string { switch v.(type) {
case int: return "int"
case string, []byte: return "text"
case nil: return "nil" }
return "" }`},
		valueCase{"a variable", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(v any) string { switch t := v.(type) {
case A: return fmt.Sprint(t.n)
case *C: return t.s }
return "" }`},
		valueCase{"a module interface", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(s Shape) int { switch s.(type) {
case Sq: return 1
case *Ci: return 2 }
return 0 }`},
		valueCase{"host errors", `func f(err error) string { switch t := err.(type) {
case *strconv.NumError: return t.Func
case nil: return "" }
return "" }`},
	)
}

func TestInterfaceAssertion(t *testing.T) {
	refuses(t, "fidelity/interface-assertion",
		valueCase{"a module interface of any", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(v any) bool { _, ok := v.(Shape); return ok }`},
		valueCase{"an interface without a name", `func f(err error) bool { _, ok := err.(interface{ Timeout() bool }); return ok }`},
		valueCase{"a host interface where module types are", `type A struct{ n int }
func (a A) String() string { return "" }
func f() bool { var v any = A{1}; _, ok := v.(fmt.Stringer); return ok }`},
		valueCase{"host values in a module interface", `type R interface{ Len() int }
type W interface{ Reset() }
func f(b *bytes.Buffer) bool { var r R = b; _, ok := r.(W); return ok }`},
	)
	accepts(t,
		valueCase{"host interfaces of host values", `func f(v any) bool { _, a := v.(error); _, b := v.(fmt.Stringer); return a && b }`},
		valueCase{"between module interfaces", `type Namer interface{ Name() string }
type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(s Shape) bool { _, ok := s.(Namer); return ok }`},
	)
}
