package fidelity

import "testing"

func TestHiddenMethods(t *testing.T) {
	refuses(t, "fidelity/method-hidden",
		valueCase{"in a slice", `type K int
func (k K) String() string { return "" }
func f() string { return fmt.Sprint([]K{1}) }`},
		valueCase{"in a map", `type K int
func (k K) String() string { return "" }
func f() string { return fmt.Sprint(map[K]int{}) }`},
		valueCase{"in a field", `type K int
func (k K) String() string { return "" }
type S struct { K K }
func f() string { return fmt.Sprint(S{}) }`},
		valueCase{"of a pointer", `type S struct{ n int }
func (s *S) String() string { return "" }
func f(s S) string { return fmt.Sprint(s) }`},
		valueCase{"promoted", `type S struct { time.Duration }
func f(s S) string { return fmt.Sprint(s) }`},
		valueCase{"in an interface", `type K int
func (k K) String() string { return "" }
type I interface { String() string }
func f(i I) string { return fmt.Sprint(i) }
var i I = K(1)`},
		valueCase{"in any that is passed on", `type K int
func (k K) String() string { return "" }
func log(a ...any) string { return fmt.Sprint(a...) }
func f() string { return log(K(1)) }`},
		valueCase{"an unexported field", `type S struct { d time.Duration }
func f(s S) string { return fmt.Sprint(s) }`},
		valueCase{"an unexported error", `type S struct { err error }
func f(s S) string { return fmt.Sprint(s) }
var e error = &strconv.NumError{}`},
		valueCase{"boxed values in a slice", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(l []Shape) string { return fmt.Sprint(l) }
var l = []Shape{Sq{1}}`},
		valueCase{"Unwrap", `type E struct{ err error }
func (e *E) Error() string { return "" }
func (e *E) Unwrap() error { return e.err }
func f() error { return &E{} }`},
		valueCase{"several errors", `type E struct{ n int }
func (e *E) Error() string { return "" }
func f() error { return errors.Join(&E{1}, io.EOF) }`},
	)
	accepts(t,
		valueCase{"itself", `type K int
func (k K) String() string { return "" }
func f() string { return fmt.Sprint(K(1)) + fmt.Sprintf("%d %v", K(1), K(2)) }`},
		valueCase{"plain types", `type L int
type P struct{ X, y int; l []L; m map[string]*P }
func f(p *P) string { return fmt.Sprint(*p, p, []P{}, L(1)) }`},
		valueCase{"host values", `func f(err error, d time.Duration, l []error) string { return fmt.Sprint(err, d, l) }`},
		valueCase{"an error of the module", `type E struct{ n int }
func (e *E) Error() string { return "" }
func f(err error) error { return fmt.Errorf("x: %w", err) }
var err error = &E{1}`},
		valueCase{"exported host fields", `type S struct { D time.Duration }
func f(s S) string { return fmt.Sprint(s) }`},
		valueCase{"callbacks", `type w struct{ n int }
func (w *w) Write(b []byte) (int, error) { return len(b), nil }
func f() { fmt.Fprint(&w{}, 1) }`},
	)
}

func TestHiddenTypes(t *testing.T) {
	refuses(t, "fidelity/type-hidden",
		valueCase{"the type", `type A struct{ N int }
func f(a A) string { return fmt.Sprintf("%T", a) }`},
		valueCase{"Go syntax", `type A struct{ N int }
func f(a []A) string { return fmt.Sprintf("%#v", a) }`},
		valueCase{"a verb that does not fit", `type L int
func f(l L) string { return fmt.Sprintf("%s", l) }`},
		valueCase{"too many arguments", `type L int
func f(l L) string { return fmt.Sprintf("%d", 1, l) }`},
		valueCase{"reflection", `type A struct{ N int }
func f(a A) any { return reflect.TypeOf(a) }`},
		valueCase{"a key of a context", `type key struct{}
func f(ctx context.Context) any { return context.WithValue(ctx, key{}, 1) }`},
		valueCase{"errors.As", `type E struct{ n int }
func (e *E) Error() string { return "" }
func f(err error) bool { var e *E; return errors.As(err, &e) }`},
		valueCase{"a log", `type A struct{ n int }
func f(a A) { slog.Info("x", "a", a) }`},
	)
	accepts(t,
		valueCase{"exported fields", `type A struct{ N int }
func f(a A) string { return fmt.Sprintf("%+v %v %d%%", a, a, 3) }`},
		valueCase{"host types", `func f(v any, d time.Duration) string { return fmt.Sprintf("%T %#v %+v", d, 1, "x") + reflect.TypeOf(1).Name() }`},
		valueCase{"containers", `type A struct{ n int }
func f(l *list.List, m *sync.Map, a *A) { l.PushBack(a); m.Store("a", a) }`},
		valueCase{"sorting", `type A struct{ n int }
func f(l []A) { sort.Slice(l, func(i, j int) bool { return l[i].n < l[j].n }) }`},
		valueCase{"a value of a context", `type A struct{ n int }
func f(ctx context.Context, a *A) any { return context.WithValue(ctx, "a", a) }`},
	)
}

func TestEncoding(t *testing.T) {
	refuses(t, "fidelity/encoding",
		valueCase{"an embedded field", `type B struct{ ID int }
type A struct { B; N int }
func f(a A) { json.Marshal(a) }`},
		valueCase{"an unexported field inside", `type B struct{ id int }
type A struct { B []*B }
func f(a *A) { json.Unmarshal(nil, a) }`},
		valueCase{"a marshaler inside", `type B struct{ N int }
func (b B) MarshalJSON() ([]byte, error) { return nil, nil }
type A struct { B B }
func f(a A) { json.Marshal(a) }`},
		valueCase{"an interface", `type Shape interface{ Area() int }
type Sq struct{ n int }
func (s Sq) Area() int { return s.n }
type Ci struct{ r, x int }
func (c *Ci) Area() int { return c.r }
func f(s map[string]Shape) { json.Marshal(s) }
var l = []Shape{Sq{1}}`},
		valueCase{"an encoder", `type A struct{ n int }
func f(e *json.Encoder, a A) { e.Encode(a) }`},
		valueCase{"a template", `type A struct{ n int }
func f(t *template.Template, a A) { t.Execute(nil, a) }`},
	)
	accepts(t,
		valueCase{"exported fields", `type L int
type B struct{ ID L "json:\"id\""; T time.Time; M map[string]any }
type A struct { B []*B; P *A }
func f(a A) { json.Marshal(a); json.Unmarshal(nil, &a) }`},
		valueCase{"a marshaler", `type B struct{ N int }
func (b B) MarshalJSON() ([]byte, error) { return nil, nil }
func f(b B) { json.Marshal(b) }`},
		valueCase{"host values", `func f(v map[string]any) { json.Marshal(v) }`},
	)
}
