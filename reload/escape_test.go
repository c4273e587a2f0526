package reload_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"midair/reload"
)

// Each case is the body of a module whose functions the host may call; want are the rules that it breaks, in order.
func TestEscape(t *testing.T) {
	const head = "package m\n\nimport (\n\tarena \"midair/reload_test\"\n)\n\ntype own struct{ n int }\n\nfunc (o own) run(n int) { o.n = n }\n\n" +
		"func (o own) Think(e *arena.Entity) int { return o.n }\n\nfunc local(n int) {}\n\nvar _ arena.Hook\n\n"
	value, fn, method := "escape/value", "escape/func", "escape/method"
	for name, c := range map[string]struct {
		src  string
		want []string
	}{
		"closure in a field":              {"func U(e *arena.Entity) { e.OnHit = func(int) {} }", []string{fn}},
		"function in a field":             {"func U(e *arena.Entity) { e.OnHit = local }", []string{fn}},
		"method value in a field":         {"func U(e *arena.Entity) { e.OnHit = own{}.run }", []string{method}},
		"method expression":               {"func U(e *arena.Entity) { arena.Store(\"x\", own.run) }", []string{method}},
		"value in any":                    {"func U(e *arena.Entity) { e.Data = own{1} }", []string{value}},
		"pointer in any":                  {"func U(e *arena.Entity) { e.Data = &own{1} }", []string{value}},
		"slice in any":                    {"func U(e *arena.Entity) { e.Data = []own{{1}} }", []string{value}},
		"value in an interface":           {"func U(e *arena.Entity) { e.Think = own{1} }", []string{value}},
		"value in a map":                  {"func U(e *arena.Entity) { e.Tags[\"x\"] = own{1} }", []string{value}},
		"key of a literal":                {"func U(e *arena.Entity) { e.Data = map[any]int{own{1}: 1} }", []string{value}},
		"through a variable":              {"func U(e *arena.Entity) { f := func(int) {}; g := f; e.OnHit = g }", []string{fn}},
		"through a package variable":      {"var kept func(int)\nfunc S() { kept = local }\nfunc U(e *arena.Entity) { e.OnHit = kept }", []string{fn}},
		"through a field":                 {"type box struct{ f func(int) }\nfunc U(e *arena.Entity) { b := box{f: local}; e.OnHit = b.f }", []string{fn}},
		"through an unkeyed literal":      {"type box struct{ f func(int) }\nfunc U(e *arena.Entity) { b := box{local}; e.OnHit = b.f }", []string{fn}},
		"through a slice":                 {"func U(e *arena.Entity) { var l []func(int); l = append(l, local); e.OnHit = l[0] }", []string{fn}},
		"through a map":                   {"func U(e *arena.Entity) { l := map[int]func(int){}; l[1] = local; e.OnHit = l[1] }", []string{fn}},
		"through a channel":               {"func U(e *arena.Entity) { c := make(chan func(int), 1); c <- local; e.OnHit = <-c }", []string{fn}},
		"through a range":                 {"func U(e *arena.Entity) { for _, f := range []func(int){local} { e.OnHit = f } }", []string{fn}},
		"through a pointer":               {"func U(e *arena.Entity) { var f func(int); p := &f; *p = local; e.OnHit = *p }", []string{fn}},
		"through a result":                {"func make1() func(int) { return local }\nfunc u(e *arena.Entity) { e.OnHit = make1() }", []string{fn}},
		"through a second result":         {"func make2() (int, func(int)) { return 1, local }\nfunc u(e *arena.Entity) { _, e.OnHit = make2() }", []string{fn}},
		"through a named result":          {"func make3() (f func(int)) { f = local; return }\nfunc u(e *arena.Entity) { e.OnHit = make3() }", []string{fn}},
		"through a parameter":             {"func set(e *arena.Entity, f func(int)) { e.OnHit = f }\nfunc u(e *arena.Entity) { set(e, local) }", []string{fn}},
		"through a variadic parameter":    {"func set(e *arena.Entity, f ...func(int)) { e.OnHit = f[0] }\nfunc u(e *arena.Entity) { set(e, local) }", []string{fn}},
		"through a closure's variable":    {"func u(e *arena.Entity) { var f func(int); func() { f = local }(); e.OnHit = f }", []string{fn}},
		"through a literal's parameter":   {"func u(e *arena.Entity) { func(f func(int)) { e.OnHit = f }(local) }", []string{fn}},
		"through a func variable":         {"func u(e *arena.Entity) { set := func(f func(int)) { e.OnHit = f }; set(local) }", []string{fn}},
		"through a method":                {"type b struct{}\nfunc (b) set(e *arena.Entity, f func(int)) { e.OnHit = f }\nfunc u(e *arena.Entity) { b{}.set(e, local) }", []string{fn}},
		"through an interface's method":   {"type s interface{ set(*arena.Entity, func(int)) }\ntype b struct{}\nfunc (b) set(e *arena.Entity, f func(int)) { e.OnHit = f }\nfunc u(e *arena.Entity, x s) { x.set(e, local) }\nvar _ s = b{}", []string{fn}},
		"through a generic function":      {"func id[T any](x T) T { return x }\nfunc u(e *arena.Entity) { e.OnHit = id(local) }", []string{fn}},
		"through a type switch":           {"func u(e *arena.Entity, x any) { switch v := x.(type) { case func(int): e.OnHit = v } }\nfunc w(e *arena.Entity) { u(e, local) }", []string{fn}},
		"through an assertion":            {"func u(e *arena.Entity) { var x any = local; e.OnHit = x.(func(int)) }", []string{fn}},
		"through a conversion":            {"type f func(int)\nfunc u(e *arena.Entity) { e.OnHit = (func(int))(f(local)) }", []string{fn}},
		"interface to interface":          {"func u(e *arena.Entity) { var x arena.Thinker = own{}; e.Data = x }", []string{value}},
		"into a host literal":             {"func u(e *arena.Entity) { arena.Store(\"x\", &arena.Entity{OnHit: local}) }", []string{fn}},
		"a host struct field by field":    {"func u() { var e arena.Entity; e.OnHit = local; arena.Store(\"x\", e) }", []string{fn}},
		"argument of a host function":     {"func u() { arena.Store(\"x\", own{}) }", []string{value}},
		"closure as an argument":          {"func u() { arena.Store(\"x\", func() {}) }", []string{fn}},
		"argument of a host method":       {"func u(e *arena.Entity) { e.Each(func(int) {}) }", []string{fn}},
		"method of a host result":         {"func u() { arena.Latest().OnHit = local }", []string{fn}},
		"on a host channel":               {"func u() { arena.Events() <- own{} }", []string{value}},
		"in a parameter's map":            {"func U(m map[string]any) { m[\"x\"] = own{} }", []string{value}},
		"in a parameter's slice":          {"func U(m []any) { m[0] = own{} }", []string{value}},
		"through a parameter's pointer":   {"func U(p *any) { *p = own{} }", []string{value}},
		"returned to the host":            {"func U() any { return own{} }", []string{value}},
		"closure returned to the host":    {"func U() func(int) { return local }", []string{fn}},
		"returned in a slice":             {"func U() []any { return []any{1, own{}} }", []string{value}},
		"error returned to the host":      {"type e struct{}\nfunc (e) Error() string { return \"\" }\nfunc U() (int, error) { return 1, e{} }", []string{"escape/error"}},
		"a wrapped error":                 {"type e struct{}\nfunc (e) Error() string { return \"\" }\nfunc U() error { var err error = e{}; return errors.Join(err) }", []string{"escape/error"}},
		"a timer":                         {"func U() { time.AfterFunc(time.Second, func() {}) }", []string{fn}},
		"a context's end":                 {"func U(ctx context.Context) { context.AfterFunc(ctx, func() {}) }", []string{fn}},
		"a context value":                 {"func U(ctx context.Context) { arena.Store(\"c\", context.WithValue(ctx, \"k\", own{})) }", []string{value}},
		"a sorted copy":                   {"func U(e *arena.Entity) { l := slices.Clone([]func(int){local}); e.OnHit = l[0] }", []string{fn}},
		"in a goroutine":                  {"func U(e *arena.Entity) { go func() { e.OnHit = local }() }", []string{fn}},
		"in a deferred call":              {"func U(e *arena.Entity) { defer arena.Store(\"x\", own{}) }", []string{value}},
		"while the package is loaded":     {"var done = keep()\nfunc keep() bool { arena.Store(\"x\", local); return true }", []string{fn}},
		"copied into host memory":         {"func U(m []any) { copy(m, []any{own{}}) }", []string{value}},
		"accepted type":                   {"func U() { arena.Watch(func(int) {}); arena.Watch(local) }", nil},
		"accepted function":               {"func U() { arena.Visit(func(int) {}) }", nil},
		"plain values":                    {"func U(e *arena.Entity) { e.HP = own{3}.n; e.Data = 3; e.Tags[\"x\"] = \"y\"; arena.Store(\"x\", []int{1}) }", nil},
		"unnamed structs":                 {"func U(e *arena.Entity) { e.Data = struct{ X int }{1} }", nil},
		"own data":                        {"var all = map[string]any{}\nvar fs []func(int)\nfunc U() { all[\"x\"] = own{}; fs = append(fs, local); fs[0](1) }", nil},
		"closures of one's own":           {"func U(e *arena.Entity) int { add := func(n int) int { return e.HP + n }; return add(1) }", nil},
		"host values through interfaces":  {"func U(e *arena.Entity) { var x any = e; e.Data = x; arena.Store(\"x\", e) }", nil},
		"host funcs":                      {"func U(e, f *arena.Entity) { e.OnHit = f.OnHit; e.Data = arena.Store }", nil},
		"printing":                        {"func U() string { return fmt.Sprint(own{1}.n) }", nil},
		"sorting":                         {"func U(l []int) { sort.Slice(l, func(i, j int) bool { return l[i] < l[j] }); slices.SortFunc(l, func(a, b int) int { return a - b }) }", nil},
		"errors of the standard library":  {"func U(n int) error { if n > 0 { return fmt.Errorf(\"%d: %w\", n, errors.New(\"x\")) }; return nil }", nil},
		"an error about an own value":     {"func U() error { return fmt.Errorf(\"bad %v\", own{}) }", nil},
		"a mutex and a once":              {"var mu sync.Mutex\nvar once sync.Once\nfunc U() { mu.Lock(); defer mu.Unlock(); once.Do(func() {}) }", nil},
		"a local list":                    {"func U() int { l := list.New(); l.PushBack(own{}); return l.Len() }", nil},
		"an own map that is synchronised": {"var m sync.Map\nfunc U() { m.Store(\"x\", own{}) }", nil},
		"unexported functions return":     {"func pick() func(int) { return local }\nfunc U() { pick()(1) }", nil},
		"a recovered value":               {"func U() (err error) { defer func() { if r := recover(); r != nil { err = fmt.Errorf(\"%v\", r) } }(); panic(own{}) }", nil},
	} {
		t.Run(name, func(t *testing.T) {
			src := head + c.src + "\n"
			for _, p := range []string{"container/list", "context", "errors", "fmt", "slices", "sort", "sync", "time"} {
				if base := path.Base(p); strings.Contains(c.src, base+".") {
					src = strings.Replace(src, "import (\n", "import (\n\t\""+p+"\"\n", 1)
				}
			}
			var got []string
			for _, d := range plannedNative(t, tree{"m/m.go": src}) {
				got = append(got, d.Rule)
			}
			slices.Sort(got)
			assert.Equal(t, c.want, slices.Compact(got), src)
		})
	}
}

// Uses of what modules may not use, each with a way round that is refused too; want is the rule.
func TestCapabilities(t *testing.T) {
	allow := []string{"log", "os", "reflect", "net/http"}
	for name, c := range map[string]struct{ imports, src, want string }{
		"os.Exit":                       {"os", "func U() { os.Exit(1) }", "capability/symbol"},
		"as a value":                    {"os", "var exit = os.Exit\nfunc U() { exit(1) }", "capability/symbol"},
		"through a dot import":          {". os", "func U() { Exit(1) }", "capability/symbol"},
		"renamed":                       {"x os", "func U() { x.Exit(1) }", "capability/symbol"},
		"log.Fatal":                     {"log", "func U() { log.Fatal(\"x\") }", "capability/symbol"},
		"method":                        {"log", "func U(l *log.Logger) { l.Fatalf(\"x\") }", "capability/symbol"},
		"method value":                  {"log", "func U(l *log.Logger) { f := l.Fatal; f() }", "capability/symbol"},
		"method expression":             {"log", "func U(l *log.Logger) { (*log.Logger).Fatal(l) }", "capability/symbol"},
		"embedded":                      {"log", "type own struct{ *log.Logger }\nfunc U(o own) { o.Fatalln() }", "capability/symbol"},
		"through an interface":          {"log", "type dies interface{ Fatal(...any) }\nfunc U(l *log.Logger) { var d dies = l; d.Fatal() }", "capability/symbol"},
		"through an interface in place": {"log", "func U(l *log.Logger) { any(l).(interface{ Fatal(v ...any) }).Fatal() }", "capability/symbol"},
		"through a constraint":          {"log", "func f[T interface{ Fatal(...any) }](x T) { x.Fatal() }\nfunc U(l *log.Logger) { f(l) }", "capability/symbol"},
		"by name":                       {"reflect", "func U(l any) { reflect.ValueOf(l).MethodByName(\"Fatal\").Call(nil) }", "capability/symbol"},
		"by number":                     {"reflect", "func U(l any) { reflect.ValueOf(l).Method(0).Call(nil) }", "capability/symbol"},
		"memory":                        {"reflect", "func U(l any) { reflect.ValueOf(l).UnsafePointer() }", "capability/symbol"},
		"a process":                     {"os", "func U() { os.StartProcess(\"x\", nil, nil) }", "capability/symbol"},
		"os/exec":                       {"os/exec", "var _ = exec.Command", "capability/import"},
		"not given":                     {"crypto/md5", "var _ = md5.New", "capability/import"},
		"a variable":                    {"net/http", "func U() { http.DefaultClient = nil }", "capability/assign"},
		"a field of a variable":         {"net/http", "func U() { http.DefaultClient.Timeout = 1 }", "capability/assign"},
		"an alias of a variable":        {"net/http", "func U() { c := http.DefaultClient; c.Timeout = 1 }", "capability/assign"},
		"an alias through a function":   {"net/http", "func set(c *http.Client) { c.Timeout = 1 }\nfunc U() { set(http.DefaultClient) }", "capability/assign"},
		"an alias behind an interface":  {"net/http", "func U() { t := http.DefaultTransport; t.(*http.Transport).MaxIdleConns = 1 }", "capability/assign"},
		"an alias of a field":           {"net/http", "func U() { var s struct{ c *http.Client }; s.c = http.DefaultClient; s.c.Timeout = 1 }", "capability/assign"},
		"copied into a variable":        {"os", "func U() { copy(os.Args, []string{\"x\"}) }", "capability/assign"},
		"clearing a variable":           {"os", "func U() { clear(os.Args) }", "capability/assign"},
		"by an interface's own method":  {"reflect", "func U(l any) { reflect.TypeOf(l).Method(0).Func.Call(nil) }", "capability/symbol"},
		"by iteration":                  {"reflect", "func U(l any) { for m := range reflect.TypeOf(l).Methods() { m.Func.Call(nil) } }", "capability/symbol"},
		"the address of a variable":     {"io", "func U() { p := &io.EOF; *p = nil }", "capability/assign"},
		"by a range":                    {"os", "func U(l []string) { for _, os.Args[0] = range l {} }", "capability/assign"},
		"a multiple assignment":         {"io", "func U() (err error) { err, io.EOF = io.EOF, nil; return }", "capability/assign"},
		"a copy of a variable":          {"net/http", "func U() { c := *http.DefaultClient; c.Timeout = 1; p := &c; p.Timeout = 2 }", ""},
		"a client of one's own":         {"net/http", "func U() { c := &http.Client{}; c.Timeout = 1; use(c) }\nfunc use(c *http.Client) { c.Timeout = 2 }", ""},
		"reading a file":                {"os", "func U() { os.ReadFile(\"x\") }", ""},
		"logging":                       {"log", "func U() { log.Println(\"x\") }", ""},
		"an own interface":              {"fmt", "type signal interface{ Kill(who string); Fatal() bool }\nfunc u(s signal) { fmt.Println(s.Fatal()) }", ""},
		"a field of that name":          {"fmt", "type own struct{ Exit func(int) }\nfunc u(o own) { o.Exit(1); fmt.Println() }", ""},
		"comparing a variable":          {"io", "func U(err error) bool { return err == io.EOF }", ""},
	} {
		t.Run(name, func(t *testing.T) {
			spec := "\"" + c.imports + "\""
			if i := strings.LastIndexByte(c.imports, ' '); i >= 0 {
				spec = c.imports[:i] + " \"" + c.imports[i+1:] + "\""
			}
			ds := plannedNative(t, tree{"m/m.go": "package m\n\nimport " + spec + "\n\n" + c.src + "\n"}, withStandard(allow))
			if c.want == "" {
				assert.Empty(t, ds)
				return
			}
			assert.Contains(t, rulesOf(ds), c.want, ds)
			all := plannedNative(t, tree{"m/m.go": "package m\n\nimport " + spec + "\n\n" + c.src + "\n"}, withStandard([]string{"all"}))
			if c.imports != "crypto/md5" { // taken away by name
				assert.NotContains(t, rulesOf(all), c.want, "all allows it")
			}
		})
	}
}

// A symbol that the host names is allowed, and one that it takes away is not.
func TestAllow(t *testing.T) {
	src := tree{"m/m.go": "package m\n\nimport \"os\"\n\nfunc U() {\n\t_, _ = os.ReadFile(\"x\")\n\tos.Exit(1)\n}\n"}
	for _, c := range []struct{ allow, want []string }{
		{[]string{"os", "os.Exit"}, nil},
		{[]string{"os"}, []string{"capability/symbol"}},
		{[]string{"os", "os.Exit", "-os.ReadFile"}, []string{"capability/symbol"}},
		{[]string{"-os", "os.Exit"}, []string{"capability/symbol"}},
		{[]string{"-os", "os.Exit", "os.ReadFile"}, nil},
		{[]string{"-os"}, []string{"capability/import"}},
		{[]string{"all"}, nil},
	} {
		assert.Equal(t, c.want, rulesOf(plannedNative(t, src, withStandard(c.allow))), c.allow)
	}
	around := tree{"m/m.go": "package m\n\nimport \"log/slog\"\n\ntype says interface{ Info(string, ...any) }\n\nfunc U(l *slog.Logger) {\n\tvar s says = l\n\ts.Info(\"x\")\n}\n"}
	assert.Empty(t, plannedNative(t, around))
	assert.Equal(t, []string{"capability/symbol"}, rulesOf(plannedNative(t, around, withStandard([]string{"-log/slog.Logger.Info"}))))
	_, err := reload.New(config(func(c *reload.Config) { c.Allow = []string{"no path"} }))
	assert.ErrorContains(t, err, `"no path" is no import path`)
}
