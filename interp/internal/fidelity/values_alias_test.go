package fidelity

import "testing"

func TestInterfaceAlias(t *testing.T) {
	refuses(t, "fidelity/interface-alias",
		valueCase{"made in a loop", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f() (l []Shape) { for i := 0; i < 3; i++ { l = append(l, &Ci{r: i}) }; return }`},
		valueCase{"called in a loop", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func mk() Sq { return Sq{} }
func f() (l []Shape) { for i := 0; i < 3; i++ { l = append(l, mk()) }; return }`},
		valueCase{"an element of a map", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(m map[int]Shape) { for i := 0; i < 3; i++ { m[i] = &Ci{r: i} } }`},
		valueCase{"an argument in a loop", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func area(s Shape) int { return s.Area() }
func f() (n int) { for i := 0; i < 3; i++ { n += area(&Ci{r: i}) }; return }`},
		valueCase{"a variable that changes", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f() Shape { s := Sq{1}; var a Shape = s; s.n = 2; return a }`},
		valueCase{"a pointer that changes", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f() Shape { c := &Ci{}; var a Shape = c; c = nil; _ = c; return a }`},
		valueCase{"a range variable", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(in []Sq) (l []Shape) { for _, s := range in { l = append(l, s) }; return }`},
		valueCase{"an element", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(in []Sq) Shape { return in[0] }`},
		valueCase{"a field", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
type H struct{ s Sq }
func f(h *H) Shape { return h.s }`},
		valueCase{"a package variable", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
var s Sq
func f() Shape { return s }`},
		valueCase{"what a pointer points to", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(s *Sq) Shape { return *s }`},
		valueCase{"any", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f() any { s := Sq{1}; var a any = s; s.n = 2; return a }`},
		valueCase{"a struct literal in an element", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(l []Shape) { l[0] = Sq{1} }`},
		valueCase{"an error in a loop", `type E struct{ n int }
func (e *E) Error() string { return "" }
func f() (l []error) { for i := 0; i < 3; i++ { e := &E{i}; l = append(l, e) }; return }`},
		valueCase{"goto", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f() (l []Shape) {
again:
l = append(l, &Ci{r: len(l)})
if len(l) < 3 { goto again }
return }`},
	)
	accepts(t,
		valueCase{"once", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
var l = []Shape{Sq{1}, &Ci{1, 2}}
func f() Shape { c := &Ci{}; l = append(l, c, Sq{2}); return c }`},
		valueCase{"returned", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(i int) Shape { if i > 0 { return &Ci{r: i} }; return Sq{i} }`},
		valueCase{"a new variable of the loop", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(in []*Ci) (l []Shape) { for _, c := range in { c := c; l = append(l, c) }; return }`},
		valueCase{"a struct literal in a loop", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f() (l []Shape) { for i := 0; i < 3; i++ { l = append(l, Sq{i}) }; return }`},
		valueCase{"a parameter", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func add(l []Shape, c *Ci) []Shape { return append(l, c) }`},
		valueCase{"types without methods", `type A struct{ n int }
type B struct{ n int }
type C struct{ s string }
func f(in []A) (l []any) { for _, a := range in { l = append(l, a, &A{1}, 1) }; return }`},
		valueCase{"host types", `func f(in []time.Duration) (l []fmt.Stringer) { for _, d := range in { l = append(l, d) }; return }`},
		valueCase{"printed", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(in []Sq) { for _, s := range in { fmt.Sprint(s, &s) } }`},
		valueCase{"host containers", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(l *list.List, in []Sq) { for _, s := range in { l.PushBack(s) } }`},
		valueCase{"a variable around that stays", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f() func() Shape { c := &Ci{}; return func() Shape { return c } }`},
	)
}
