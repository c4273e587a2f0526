package fidelity

import "testing"

func TestMethodValues(t *testing.T) {
	refuses(t, "fidelity/method-value",
		valueCase{"a receiver that changes", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f() int { s := Sq{1}; g := s.Area; s.n = 2; return g() }`},
		valueCase{"a loop", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(in []*Ci) (l []func() int) { for _, c := range in { c := c; l = append(l, c.Area) }; return }`},
		valueCase{"an element", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(in []Sq) func() int { return in[0].Area }`},
		valueCase{"a host value", `func f() func() string { d := time.Second; g := d.String; d = 0; _ = d; return g }`},
	)
	accepts(t,
		valueCase{"a receiver that stays", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f() func() int { s := Sq{1}; return s.Area }`},
		valueCase{"by address", `func f() func(string) (int, error) { var b strings.Builder; w := b.WriteString; b.Len(); return w }`},
		valueCase{"a call", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(s Sq) int { return s.Area() + Sq{1}.Area() }`},
	)
}

func TestMethodExpressions(t *testing.T) {
	refuses(t, "fidelity/method-expression",
		valueCase{"a module type", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
var f = Sq.Area`},
		valueCase{"a pointer", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
var f = (*Ci).Area`},
		valueCase{"a host type", `var f = time.Duration.Seconds`},
	)
	accepts(t,
		valueCase{"a host function", `var f = strings.ToUpper`},
	)
}

func TestPromotion(t *testing.T) {
	refuses(t, "fidelity/promotion",
		valueCase{"a method", `type E struct{}
func (E) V() {}
type A struct{ E }
type F struct{}
func (F) V() {}
type B struct { A; F }`},
	)
	accepts(t,
		valueCase{"the shallow one first", `type E struct{ n int }
type A struct{ E }
type F struct{ n int }
type B struct { F; A }`},
		valueCase{"its own", `type E struct{ n int }
type A struct{ E; n int }`},
		valueCase{"different names", `type P struct{ x int }
func (p *P) Move() {}
type H struct{ hp int }
type E struct { P; *H; sync.Mutex }`},
	)
}

func TestEmbeddedInterface(t *testing.T) {
	refuses(t, "fidelity/embedded-interface",
		valueCase{"a host interface", `type W struct { fmt.Stringer; n int }`},
		valueCase{"error", `type E struct { error }`},
	)
	accepts(t,
		valueCase{"interfaces in interfaces", `type I interface { fmt.Stringer; error }`},
	)
}
