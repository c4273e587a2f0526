package reload_test

import (
	"maps"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"midair/reload"
)

// Ways from a module into the host that are not straight, and others that only look like one; each case is as in TestEscape.
func TestEscapeRoundabout(t *testing.T) {
	const head = "package m\n\nimport (\n\tarena \"midair/reload_test\"\n)\n\ntype own struct{ n int }\n\nfunc (o own) run(n int) { o.n = n }\n\nfunc (o own) Error() string { return \"\" }\n\n" +
		"func (o own) Think(e *arena.Entity) int { return o.n }\n\nfunc local(n int) {}\n\nvar _ arena.Hook\n\n"
	value, fn, method := "escape/value", "escape/func", "escape/method"
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"alias pointer":                        {"func u(e *arena.Entity) { var f func(int); p := &f; *p = local; e.OnHit = f }", []string{fn}},
		"alias slice":                          {"func u(e *arena.Entity) { a := make([]func(int), 1); b := a; b[0] = local; e.OnHit = a[0] }", []string{fn}},
		"alias map via param":                  {"func set(m map[string]func(int)) { m[\"x\"] = local }\nfunc u(e *arena.Entity) { m := map[string]func(int){}; set(m); e.OnHit = m[\"x\"] }", []string{fn}},
		"alias field of struct ptr param":      {"func set(p *func(int)) { *p = local }\nfunc u(e *arena.Entity) { var f func(int); set(&f); e.OnHit = f }", []string{fn}},
		"set host field by pointer":            {"func set(p *func(int)) { *p = local }\nfunc u(e *arena.Entity) { set(&e.OnHit) }", []string{fn}},
		"pointer to host field":                {"func u(e *arena.Entity) { p := &e.OnHit; *p = local }", []string{fn}},
		"pointer to host data":                 {"func u(e *arena.Entity) { p := &e.Data; *p = own{} }", []string{value}},
		"local alias of host map":              {"func u(e *arena.Entity) { m := e.Handlers; m[\"x\"] = local }", []string{fn}},
		"alias host map in struct":             {"type box struct{ m map[string]any }\nfunc u(e *arena.Entity) { b := box{m: e.Tags}; b.m[\"x\"] = own{} }", []string{value}},
		"nested host map":                      {"func u(e *arena.Entity) { e.Lists[\"a\"][0] = own{} }", []string{value}},
		"nested host map via range":            {"func u(e *arena.Entity) { for _, l := range e.Lists { l[0] = own{} } }", []string{value}},
		"host array":                           {"func u(e *arena.Entity) { e.Arr[0] = own{} }", []string{value}},
		"host slice of host array":             {"func u(e *arena.Entity) { s := e.Arr[:]; s[0] = own{} }", []string{value}},
		"host chan field":                      {"func u(e *arena.Entity) { e.Ch <- local }", []string{fn}},
		"host chan of anon struct":             {"func u(e *arena.Entity) { e.Anon <- struct{ F func(int) }{local} }", []string{fn}},
		"anon struct to any":                   {"func u(e *arena.Entity) { e.Data = struct{ F func(int) }{local} }", []string{fn}},
		"anon struct var to any":               {"func u(e *arena.Entity) { var s struct{ F func(int) }; s.F = local; e.Data = s }", []string{fn}},
		"anon struct slice to any":             {"func u(e *arena.Entity) { e.Data = []struct{ F func(int) }{{local}} }", []string{fn}},
		"anon struct identity":                 {"func u(e *arena.Entity) { a := struct{ F func(int) }{local}; var b struct{ F func(int) } = a; e.OnHit = b.F }", []string{fn}},
		"struct conversion":                    {"type a struct{ F func(int) }\ntype b struct{ F func(int) }\nfunc u(e *arena.Entity) { x := a{local}; y := b(x); e.OnHit = y.F }", []string{fn}},
		"embedded host pointer":                {"type w struct{ *arena.Entity }\nfunc u(e *arena.Entity) { x := w{e}; x.OnHit = local }", []string{fn}},
		"embedded host pointer 2":              {"type w struct{ *arena.Entity }\nfunc u(x w) { x.OnHit = local }", []string{fn}},
		"embedded host pointer 3":              {"type w struct{ *arena.Entity }\nfunc u(x *w) { x.OnHit = local }", []string{fn}},
		"embedded host value":                  {"type w struct{ arena.Entity }\nfunc u() { x := &w{}; x.OnHit = local; arena.Store(\"x\", &x.Entity) }", []string{fn}},
		"carrier copied":                       {"func u(e *arena.Entity) { var c arena.Entity; c.OnHit = local; *e = c }", []string{fn}},
		"carrier pointer":                      {"func u() { c := arena.Entity{OnHit: local}; p := &c; arena.Store(\"x\", p) }", []string{fn}},
		"carrier slice":                        {"func u() { c := []arena.Entity{{OnHit: local}}; arena.Store(\"x\", c) }", []string{fn}},
		"new then field":                       {"func u() { c := new(arena.Entity); c.OnHit = local; arena.Store(\"x\", c) }", []string{fn}},
		"script type of host struct":           {"type mine arena.Entity\nfunc u(e *arena.Entity) { m := (*mine)(e); m.OnHit = local }", []string{fn}},
		"map of carriers":                      {"func u() { m := map[int]arena.Entity{}; var c arena.Entity; c.OnHit = local; m[1] = c; arena.Store(\"x\", m) }", []string{fn}},
		"recover":                              {"func u(e *arena.Entity) { defer func() { e.Data = recover() }(); panic(own{}) }", []string{value}},
		"callback of std":                      {"func u(e *arena.Entity) { l := []func(int){local}; slices.ContainsFunc(l, func(f func(int)) bool { e.OnHit = f; return true }) }", []string{fn}},
		"callback any of std":                  {"func u(e *arena.Entity) { l := []any{own{}}; slices.IndexFunc(l, func(x any) bool { e.Data = x; return true }) }", []string{value}},
		"sync.Map range":                       {"var m sync.Map\nfunc u(e *arena.Entity) { m.Store(1, own{}); m.Range(func(k, v any) bool { e.Data = v; return true }) }", []string{value}},
		"sync.Map load":                        {"var m sync.Map\nfunc u(e *arena.Entity) { m.Store(1, own{}); v, _ := m.Load(1); e.Data = v }", []string{value}},
		"host sync.Map":                        {"func u(e *arena.Entity) { e.Cache.Store(1, own{}) }", []string{value}},
		"host list":                            {"func u(e *arena.Entity) { e.LL.PushBack(own{}) }", []string{value}},
		"host list method value":               {"func u(e *arena.Entity) { push := e.LL.PushBack; push(own{}) }", []string{value}},
		"list element":                         {"func u(e *arena.Entity) { l := list.New(); l.PushBack(own{}); e.Data = l.Front().Value }", []string{value}},
		"list element 2":                       {"func u(e *arena.Entity) { e.LL.Front().Value = own{} }", []string{value}},
		"host method value":                    {"func u(e *arena.Entity) { each := e.Each; each(local) }", []string{fn}},
		"host func value":                      {"func u() { s := arena.Store; s(\"x\", own{}) }", []string{value}},
		"std retainer value":                   {"func u() { a := time.AfterFunc; a(1, func() {}) }", []string{fn}},
		"iterator yields":                      {"func it(yield func(func(int)) bool) { yield(local) }\nfunc u(e *arena.Entity) { for f := range it { e.OnHit = f } }", []string{fn}},
		"iterator by maker":                    {"func it() func(func(func(int)) bool) { return func(yield func(func(int)) bool) { yield(local) } }\nfunc u(e *arena.Entity) { for f := range it() { e.OnHit = f } }", []string{fn}},
		"slices.Values":                        {"func u(e *arena.Entity) { for f := range slices.Values([]func(int){local}) { e.OnHit = f } }", []string{fn}},
		"slices.Collect own iter":              {"func it(yield func(func(int)) bool) { yield(local) }\nfunc u(e *arena.Entity) { e.OnHit = slices.Collect(it)[0] }", []string{fn}},
		"maps.Copy":                            {"func u(e *arena.Entity) { maps.Copy(e.Handlers, map[string]func(int){\"x\": local}) }", []string{fn}},
		"slices.Insert":                        {"func u(e *arena.Entity) { e.OnHit = slices.Insert([]func(int){}, 0, local)[0] }", []string{fn}},
		"append host slice":                    {"func U(l []func(int)) { _ = append(l[:0], local) }", []string{fn}},
		"accepted callback param":              {"func u() { arena.VisitM(func(m map[string]any) { m[\"x\"] = own{} }) }", []string{value}},
		"host named map lit":                   {"func u() { _ = arena.Bag{\"x\": own{}} }", []string{value}},
		"host named map conv":                  {"func u() { m := map[string]any{\"x\": own{}}; arena.Store(\"x\", arena.Bag(m)) }", []string{value}},
		"var func contract":                    {"var Make func() any = func() any { return own{} }", []string{value}},
		"nested var":                           {"func U() map[string][]any { return map[string][]any{\"x\": {own{}}} }", []string{value}},
		"closure in any then assert":           {"func u(e *arena.Entity) { var x any = local; if f, ok := x.(func(int)); ok { e.OnHit = f } }", []string{fn}},
		"generic to any":                       {"func keep[T any](e *arena.Entity, v T) { e.Data = v }\nfunc u(e *arena.Entity) { keep(e, own{}) }", []string{value}},
		"generic to any func":                  {"func keep[T any](e *arena.Entity, v T) { e.Data = v }\nfunc u(e *arena.Entity) { keep(e, local) }", []string{fn}},
		"generic to any plain":                 {"func keep[T any](e *arena.Entity, v T) { e.Data = v }\nfunc u(e *arena.Entity) { keep(e, 3) }", nil},
		"generic type":                         {"type box[T any] struct{ v T }\nfunc (b *box[T]) set(v T) { b.v = v }\nfunc u(e *arena.Entity) { var b box[func(int)]; b.set(local); e.OnHit = b.v }", []string{fn}},
		"interface method result":              {"type src interface{ get() func(int) }\ntype s struct{}\nfunc (s) get() func(int) { return local }\nfunc u(e *arena.Entity) { var x src = s{}; e.OnHit = x.get() }", []string{fn}},
		"method value via own interface":       {"type src interface{ get(int) }\ntype s struct{}\nfunc (s) get(int) {}\nfunc u(e *arena.Entity) { var x src = s{}; e.OnHit = x.get }", []string{method}},
		"own error field":                      {"func u(e *arena.Entity) { e.Err = own{} }", []string{value}},
		"own error wrapped field":              {"func u(e *arena.Entity) { e.Err = fmt.Errorf(\"%w\", own{}) }", []string{value}},
		"OnceValue":                            {"func u(e *arena.Entity) { e.OnHit = sync.OnceValue(func() func(int) { return local })() }", []string{fn}},
		"OnceFunc":                             {"func u(e *arena.Entity) { e.Data = sync.OnceFunc(func() {}) }", []string{fn}},
		"atomic.Value":                         {"var a atomic.Value\nfunc u(e *arena.Entity) { a.Store(own{}); e.Data = a.Load() }", []string{value}},
		"pool":                                 {"var p = sync.Pool{New: func() any { return own{} }}\nfunc u(e *arena.Entity) { e.Data = p.Get() }", []string{fn}},
		"errors.As to interface":               {"func u(e *arena.Entity) { var err error = own{}; var t interface{ Error() string }; if errors.As(err, &t) { e.Data = t } }", []string{value}},
		"select receive":                       {"func u(e *arena.Entity) { c := make(chan func(int), 1); select { case c <- local: default: }; select { case f := <-c: e.OnHit = f; default: } }", []string{fn}},
		"heap":                                 {"type pq []any\nfunc (q pq) Len() int { return len(q) }\nfunc (q pq) Less(i, j int) bool { return true }\nfunc (q pq) Swap(i, j int) {}\nfunc (q *pq) Push(x any) { *q = append(*q, x) }\nfunc (q *pq) Pop() any { return (*q)[0] }\nfunc u(e *arena.Entity) { var q pq; heap.Push(&q, own{}); e.Data = heap.Pop(&q) }", []string{value}},
		"ctx value back":                       {"func u(ctx context.Context, e *arena.Entity) { ctx = context.WithValue(ctx, 1, own{}); e.Data = ctx.Value(1) }", []string{value}},
		"swap":                                 {"func u(e *arena.Entity) { var a, b func(int); a = local; a, b = b, a; e.OnHit = b }", []string{fn}},
		"f(g())":                               {"func g() (*arena.Entity, func(int)) { return nil, local }\nfunc set(e *arena.Entity, f func(int)) { e.OnHit = f }\nfunc u() { set(g()) }", []string{fn}},
		"Store(g())":                           {"func g() (string, any) { return \"\", own{} }\nfunc u() { arena.Store(g()) }", []string{value}},
		"return g()":                           {"func g() (int, any) { return 1, own{} }\nfunc U() (int, any) { return g() }", []string{value}},
		"returned host map":                    {"func tags(e *arena.Entity) map[string]any { return e.Tags }\nfunc u(e *arena.Entity) { tags(e)[\"x\"] = own{} }", []string{value}},
		"two results host map":                 {"func tags(e *arena.Entity) (int, map[string]any) { return 1, e.Tags }\nfunc u(e *arena.Entity) { _, m := tags(e); m[\"x\"] = own{} }", []string{value}},
		"call through slice of funcs":          {"func u(e *arena.Entity) { fs := []func(func(int)){func(f func(int)) { e.OnHit = f }}; fs[0](local) }", []string{fn}},
		"call through field":                   {"type b struct{ set func(*arena.Entity, func(int)) }\nfunc set(e *arena.Entity, f func(int)) { e.OnHit = f }\nfunc u(e *arena.Entity) { x := b{set}; x.set(e, local) }", []string{fn}},
		"call through method value":            {"type b struct{}\nfunc (b) set(e *arena.Entity, f func(int)) { e.OnHit = f }\nfunc u(e *arena.Entity) { s := b{}.set; s(e, local) }", []string{fn}},
		"call through method expr":             {"type b struct{}\nfunc (b) set(e *arena.Entity, f func(int)) { e.OnHit = f }\nfunc u(e *arena.Entity) { b.set(b{}, e, local) }", []string{fn}},
		"generic func value":                   {"func set[T any](e *arena.Entity, f func(T)) { any(e).(*arena.Entity).Data = f }\nfunc u(e *arena.Entity) { s := set[int]; s(e, local) }", []string{fn}},
		"immediate literal result":             {"func u(e *arena.Entity) { e.OnHit = func() func(int) { return local }() }", []string{fn}},
		"literal variable result":              {"func u(e *arena.Entity) { mk := func() func(int) { return local }; e.OnHit = mk() }", []string{fn}},
		"own map any value through ok":         {"func u(e *arena.Entity) { m := map[int]any{1: own{}}; v, ok := m[1]; if ok { e.Data = v } }", []string{value}},
		"recv ok":                              {"func u(e *arena.Entity) { c := make(chan any, 1); c <- own{}; v, ok := <-c; if ok { e.Data = v } }", []string{value}},
		"assert ok interface":                  {"func u(e *arena.Entity) { var x any = own{}; v, ok := x.(arena.Thinker); if ok { e.Think = v } }", []string{value}},
		"variadic any to host":                 {"func u(e *arena.Entity) { args := []any{own{}}; func(xs ...any) { e.Data = xs[0] }(args...) }", []string{value}},
		"goto and labels":                      {"func u(e *arena.Entity) { var f func(int)\nL: e.OnHit = f; f = local; goto L }", []string{fn}},
		"inc through closure capture":          {"func u(e *arena.Entity) { var d any; set := func() { d = own{} }; set(); e.Data = d }", []string{value}},
		"package init":                         {"var d any\nfunc init() { d = own{} }\nfunc u(e *arena.Entity) { e.Data = d }", []string{value}},
		"reused named":                         {"type fnType func(int)\nfunc u(e *arena.Entity) { var x fnType = local; e.Data = x }", []string{fn}},
		"named basic in any":                   {"type kind int\nfunc u(e *arena.Entity) { e.Data = kind(1) }", []string{value}},
		"const named in any":                   {"type kind int\nconst k kind = 1\nfunc u(e *arena.Entity) { e.Data = k }", []string{value}},
		"fine: asserted concrete":              {"func u(e *arena.Entity) { var x any = own{}; e.HP = x.(own).n }", nil},
		"fine: log":                            {"func u(e *arena.Entity) { fmt.Println(own{}, e.Data); e.Log.Println(own{}) }", nil},
		"fine: own struct with closure called": {"type ai struct{ f func(*arena.Entity) }\nvar ais = map[int]ai{1: {func(e *arena.Entity) { e.HP++ }}}\nfunc U(e *arena.Entity) { ais[e.HP].f(e) }", nil},
		"fine: dispatch by interface":          {"type ai interface{ think(*arena.Entity) }\ntype a struct{}\nfunc (a) think(e *arena.Entity) { e.HP++ }\nvar l = []ai{a{}}\nfunc U(e *arena.Entity) { for _, x := range l { x.think(e) } }", nil},
		"fine: mixed any":                      {"func show(x any) string { return fmt.Sprint(x) }\nfunc U(e *arena.Entity) { show(own{}); show(e.Data); d := e.Data; show(d); e.Data = d }", nil},
		"fine: memo":                           {"var memo = map[string]func() int{}\nfunc U(e *arena.Entity, k string) { memo[k] = func() int { return e.HP }; e.HP = memo[k]() }", nil},
		"fine: sort any":                       {"func U(e *arena.Entity) { l := e.Lists[\"a\"]; sort.Slice(l, func(i, j int) bool { return i < j }); e.Data = l }", nil},
		"fine: go":                             {"func U(ctx context.Context, e *arena.Entity) { go func() { <-ctx.Done() }() }", nil},
		"fine: errors.As own":                  {"func f() error { return own{} }\nfunc U(e *arena.Entity) { var o own; if errors.As(f(), &o) { e.HP = o.n } }", nil},
		"fine: two list uses":                  {"func U(e *arena.Entity) { items := []any{e.Data}; items = append(items, own{}); _ = items }", nil},
		"fine: local any set host elem":        {"func U(e *arena.Entity) { l := []any{}; l = append(l, e.Tags[\"x\"]); l[0] = own{} }", nil},
		"fine: clone host then own":            {"func U(e *arena.Entity) { m := maps.Clone(e.Tags); m[\"x\"] = own{} }", nil},
		"fine: generic map":                    {"func apply[T, R any](l []T, f func(T) R) (out []R) { for _, x := range l { out = append(out, f(x)) }; return }\nfunc U(e *arena.Entity) { e.Data = apply([]int{1}, func(n int) int { return n }) }", nil},
		"fine: generic set":                    {"type set[T comparable] map[T]bool\nfunc U(e *arena.Entity) { s := set[int]{}; s[1] = true; e.HP = len(s) }", nil},
		"fine: json":                           {"func U(e *arena.Entity) { b, err := json.Marshal(own{}); if err == nil { e.Data = string(b) } }", nil},
		"fine: strings.Map":                    {"func U(e *arena.Entity) { e.Data = strings.Map(func(r rune) rune { return r }, \"x\") }", nil},
		"fine: host entity in local struct":    {"type t struct{ e *arena.Entity; f func() }\nfunc U(e *arena.Entity) { x := t{e, func() {}}; x.e.HP++; x.f(); e.Data = x.e }", nil},
		"fine: fprintf err":                    {"func U(e *arena.Entity) error { var b strings.Builder; _, err := fmt.Fprintf(&b, \"%v\", own{}); return err }", nil},
		"fine: local entity":                   {"func U() int { e := arena.Entity{OnHit: local}; e.OnHit(1); return e.HP }", []string{fn}},
	} {
		t.Run(name, func(t *testing.T) {
			src := head + c.src + "\n"
			for _, p := range []string{"container/list", "container/heap", "context", "encoding/json", "errors", "fmt", "maps", "slices", "sort", "strings", "sync", "sync/atomic", "time"} {
				if base := path.Base(p); strings.Contains(c.src, base+".") {
					src = strings.Replace(src, "import (\n", "import (\n\t\""+p+"\"\n", 1)
				}
			}
			assert.Equal(t, c.want, rulesOf(plannedNative(t, tree{"m/m.go": src})), src)
		})
	}
}

// Ways to what modules may not use that go through the host's types; want is the rule.
func TestCapabilitiesThroughTheHost(t *testing.T) {
	for name, c := range map[string]struct{ imports, src, want string }{
		"promoted in host type":     {"midair/reload_test arena", "func U(w arena.Wrap) { w.Fatal() }", "capability/symbol"},
		"promoted in host type ptr": {"midair/reload_test arena", "func U(w *arena.Wrap) { w.Fatalf(\"x\") }", "capability/symbol"},
		"field of host":             {"midair/reload_test arena", "func U(e *arena.Entity) { e.Log.Fatal() }", "capability/symbol"},
		"host type by interface":    {"midair/reload_test arena", "func U(w arena.Wrap) { var x interface{ Fatal(...any) } = w; x.Fatal() }", "capability/symbol"},
		"template with entity":      {"text/template", "func U(e *arena.Entity) { template.Must(template.New(\"x\").Parse(\"{{.Log.Fatal}}\")).Execute(nil, e) }", "capability/symbol"},
		"embedded iface":            {"log", "type a interface{ Fatal(...any) }\ntype b interface{ a }\nfunc U(l *log.Logger) { var x b = l; x.Fatal() }", "capability/symbol"},
		"alias type":                {"log", "type L = log.Logger\nfunc U(l *L) { l.Fatal() }", "capability/symbol"},
		"own named":                 {"log", "type L log.Logger\nfunc U(l *L) { (*log.Logger)(l).Fatal() }", "capability/symbol"},
		"generic method":            {"log", "func f[T any](x T) { any(x).(interface{ Fatalln(...any) }).Fatalln() }\nfunc U(l *log.Logger) { f(l) }", "capability/symbol"},
		"linkname tab":              {"fmt", "//go:linkname\tfoo bar\nfunc U() { fmt.Println() }", "capability/linkname"},
		"linkname plain":            {"fmt", "//go:linkname foo bar\nfunc U() { fmt.Println() }", "capability/linkname"},
		"wrapped os.Exit in map":    {"os", "var m = map[string]func(int){\"x\": os.Exit}", "capability/symbol"},
		"reflect iter":              {"reflect", "func U(l any) { for m := range reflect.TypeOf(l).Methods() { m.Func.Call(nil) } }", "capability/symbol"},
		"slog default":              {"log/slog", "func U() { slog.SetDefault(nil) }", "capability/symbol"},
		"op assign":                 {"os", "func U() { os.Args[0] += \"x\" }", "capability/assign"},
		"copy into":                 {"os", "func U() { copy(os.Args, []string{\"x\"}) }", "capability/assign"},
		"clear":                     {"os", "func U() { clear(os.Args) }", "capability/assign"},
		"host var":                  {"midair/reload_test arena", "func U() { arena.Counter++ }", "capability/assign"},
		"recv assign":               {"os", "func U(c chan string) { select { case os.Args[0] = <-c: } }", "capability/assign"},
	} {
		t.Run(name, func(t *testing.T) {
			f := strings.Fields(c.imports)
			spec := "\"" + f[0] + "\""
			if len(f) > 1 {
				spec = f[1] + " " + spec
			}
			if strings.Contains(c.src, "arena.") && len(f) == 1 {
				spec += "\nimport arena \"midair/reload_test\""
			}
			ds := plannedNative(t, tree{"m/m.go": "package m\n\nimport " + spec + "\n\n" + c.src + "\n"}, withStandard([]string{"log", "os", "reflect"}),
				func(c *reload.Config) {
					c.Symbols = maps.Clone(c.Symbols)
					maps.Copy(c.Symbols, arena())
				})
			assert.Contains(t, rulesOf(ds), c.want, ds)
		})
	}
}
