package fidelity

import "testing"

func TestAssign(t *testing.T) {
	checkSnippets(t, []snippet{
		{"fidelity/assign-literal", "a, b := T{}, 1; use(a.n, b)"},
		{"fidelity/assign-literal", "var a, b = []int{1}, 1; use(a, b)"},
		{"", "a, b := &T{}, 1; use(a.n, b)"},
		{"", "a, b := make([]int, 1), 1; use(a, b)"},
		{"fidelity/assign-order", "func g(n int) int { return n }\n---\na, b := 1, 2; a, b = g(b), g(a); use(a, b)"},
		{"fidelity/assign-order", "func g(n int) int { return n }\n---\nt.n, n = g(n), g(n)"},
		{"", "func g(n int) int { return n }\n---\na, b := g(1), g(2); use(a, b)"},
		{"", "a, b := 1, 2; a, b = b, a+b; use(a, b); s[0], s[1] = s[1], s[0]; t.n, n = n, t.n"},
		{"fidelity/assign-order", "func g(n int) int { return n }\n---\nvar a, b int; a, b = n+1, g(n); use(a, b)"},
		{"fidelity/assign-order", "i := 0; i, m[\"a\"] = 1, 2; i, s[i] = 1, 2"},
		{"fidelity/assign-order", "var a, b any = 1, 2; a, b = b, a; use(a, b)"},
		{"fidelity/assign-map", `func g() (int, bool) { return 1, true }
---
m["a"], _ = g()`},
		{"fidelity/assign-map", `var ok bool; m["a"], ok = m["b"]; use(ok)`},
		{"fidelity/comma-ok", `v, ok := 1, true; v, ok = m["a"]; use(v, ok)`},
		{"fidelity/comma-ok", `for _, k := range []string{"a"} { v, ok := m[k]; use(v, ok) }`},
		{"fidelity/comma-ok", `for _, k := range []string{"a"} { v, ok := m[k]; if ok || n > 0 { use(v) } }`},
		{"fidelity/comma-ok", `for _, k := range []string{"a"} { v, ok := m[k]; _, ok = m["b"]; if ok { use(v) } }`},
		{"", `v, ok := m["a"]; use(v, ok)`},
		{"", `for _, k := range []string{"a"} { if v, ok := m[k]; ok && v > 1 { use(v) } }`},
		{"", `for _, k := range []string{"a"} { if v, ok := m[k]; !ok || v > 1 { continue } else { use(v) } }`},
		{"", `for _, k := range []string{"a"} { v, ok := m[k]; if !ok { continue }; use(v) }`},
		{"", `for _, k := range []string{"a"} { v, ok := m[k]; if n > 0 || !ok { break }; use(v) }`},
		{"", `for _, k := range []string{"a"} { _, ok := m[k]; use(ok); x, ok := <-c; use(x, ok) }`},
		{"fidelity/assign-receive", "s[0] = <-c"},
		{"fidelity/assign-receive", "t.n = <-c"},
		{"", "n = <-c; a, b := <-c, <-c; use(a, b, n+<-c)"},
		{"fidelity/update-order", "func g(m map[string]int) int { m[\"a\"] = 2; return 1 }\n---\nm[\"a\"] += g(m)"},
		{"fidelity/update-order", "f := func() int { s = nil; return 1 }; s[0] += f()"},
		{"", "func g(n int) int { return n }\n---\ns[0] += g(n); t.n += g(n); m[\"a\"] += n"},
		{"fidelity/blank-read", "_ = t.n"},
		{"", "_ = s[0]; _ = t"},
	})
}

func TestReturn(t *testing.T) {
	checkSnippets(t, []snippet{
		{"", "func f() (a, b int) { a, b = 1, 2; return b, a }\n---"},
		{"fidelity/return-result", "func f() (a, b int) { defer use(); a, b = 1, 2; return b, a }\n---"},
		{"fidelity/return-result", "func f() (a, b int) { defer use(); a = 2; return 7, a }\n---"},
		{"fidelity/named-result", "func f() (a [2]int) { defer use(); return }\n---"},
		{"fidelity/named-result", "var g int\nfunc f() (a int) { defer use(); return g }\nfunc k() { g = f() }\n---"},
		{"", "var g int\nfunc f() (a int) { return g }\nfunc k() { g = f() }\n---"},
		{"", "func f() (a, b int) { a = 2; return a, a + 1 }\n---"},
		{"", "func f() (n int, err error) { n = 2; return 0, fmt.Errorf(\"bad %d\", n) }\n---"},
		{"", "func f(a, b int) (int, int) { return b, a }\n---"},
		{"fidelity/return-receive", "func f(c chan int) (int, int) { return 1, <-c }\n---"},
		{"", "func f(c chan int) int { return 1 + <-c }\n---"},
		{"fidelity/return-panic", "func f(s []int) (bool, int) { defer func() { recover() }(); return true, s[0] }\n---"},
		{"", "func f(s []int) (bool, int) { return true, s[0] }\n---"},
		{"", "func f(s []int) int { defer func() { recover() }(); return s[0] }\n---"},
	})
}

func TestDefer(t *testing.T) {
	checkSnippets(t, []snippet{
		{"fidelity/defer-value", "a := 1; defer use(a); a = 2"},
		{"fidelity/defer-value", "defer use(t.n)"},
		{"fidelity/defer-value", "r := &T{}; defer r.Close(); r = t\n}\nfunc (t *T) Close() {}\nfunc h(s []int, m, c, t, n, x any) {"},
		{"fidelity/defer-value", "r := T{}; defer r.Close(); r.n = 2\n}\nfunc (t T) Close() {}\nfunc h(s []int, m, c, t, n, x any) {"},
		{"", "a := 1; defer use(a, 2, a+1); defer func(b int) { use(b) }(a)"},
		{"", "defer t.Close(); t.n = 2\n}\nfunc (t *T) Close() {}\nfunc h(s []int, m, c, t, n, x any) {"},
		{"fidelity/defer-loop", "for range s { defer use(1) }"},
		{"", "for range s { func() { defer use(1) }() }"},
		{"fidelity/defer-closure", "f := func() { use(n) }; defer f()"},
		{"fidelity/defer-closure", "f := func() { use(n) }; defer func() { f() }()"},
		{"fidelity/defer-closure", "defer func(f func()) { f() }(func() { use(n) })"},
		{"fidelity/defer-closure", "fs := []func(){func() { use(n) }}; defer func() { for _, f := range fs { f() } }()"},
		{"", "defer func() { f := func() { use(n) }; f() }()"},
		{"", "func g(f func()) { defer f(); defer func() { f() }() }\n---"},
		{"", "func g() func() { return nil }\n---\nstop := g(); defer stop(); defer g()()"},
		{"fidelity/defer-panic", "defer func() { panic(1) }()"},
		{"fidelity/recover-value", "defer func() { r := recover(); use(r) }()"},
		{"fidelity/recover-value", "defer func() { use(recover()) }()"},
		{"", "defer func() { if r := recover(); r != nil { use(1) } }(); defer func() { recover() }()"},
		{"fidelity/go-receiver", "for _, j := range []*T{t} { go j.Run() }\n}\nfunc (t *T) Run() {}\nfunc h(s []int, m, c, t, n, x any) {"},
		{"", "go t.Run(); for i := range s { go func(i int) { use(i) }(i) }\n}\nfunc (t *T) Run() {}\nfunc h(s []int, m, c, t, n, x any) {"},
	})
}
