package interp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Named results begin as zero, whatever is at the place that the caller assigns to.
func TestNamedResults(t *testing.T) {
	table := mustLoad[text](t, `package m

import (
	"errors"
	"fmt"
)

type point struct{ x, y int }

func add(x int) (t int) { t += x; return }

func find(xs []int, want int) (at int, ok bool) {
	for i, x := range xs {
		if x == want {
			return i, true
		}
	}
	return
}

func check(i int) (err error) {
	if i == 0 {
		err = errors.New("zero")
	}
	return
}

func names(n int) (out []string) {
	for i := 0; i < n; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return
}

func parse(s string) (
	x,
	y int,
	_ error,
) {
	for _, c := range s {
		if c == ',' {
			x, y = y, 0
			continue
		}
		y = y*10 + int(c-'0')
	}
	return
}

func move(n int) (p point) { p.x += n; return }

func swap(a, b int) (x, y int) { x, y = a, b; return y, x }

var total = 1

func useTotal() (t int) { t = 5; return t + total }

func guarded(fail bool) (n int, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("recovered")
		}
	}()
	n += 2
	if fail {
		panic("x")
	}
	return
}

func captured() (x int, g func() int) { g = func() int { return x }; x = 5; return x + 1, g }

func F() (out string) {
	n, g := captured()
	out += fmt.Sprintln(n, g())
	v := 100
	v = add(1)
	out += fmt.Sprintln(v)
	for _, w := range []int{2, 7} {
		at, ok := find([]int{1, 2}, w)
		out += fmt.Sprintln(at, ok)
	}
	for i := 0; i < 3; i++ {
		out += fmt.Sprintln(check(i), names(i), move(i).x)
	}
	x, y, _ := parse("3,4")
	a, b := swap(1, 2)
	total = 1
	total = useTotal()
	twice := func(n int) (m int) { m += n; m += n; return }
	w := 7
	w = twice(1)
	out += fmt.Sprintln(x, y, a, b, total, w)
	for i := 0; i < 2; i++ {
		n, err := guarded(i == 0)
		out += fmt.Sprintln(n, err)
	}
	return
}
`)
	const want = "6 6\n1\n1 true\n0 false\nzero [] 0\n<nil> [0] 1\n<nil> [0 1] 2\n3 4 2 1 6 2\n2 recovered\n2 <nil>\n"
	for range 3 {
		assert.Equal(t, want, table.Load().F())
	}
}

// Constants that are worked out are what the compiler makes of them.
func TestWorkedOutConstants(t *testing.T) {
	table := mustLoad[text](t, `package m

import (
	"fmt"
	"time"
)

type flags uint16

const (
	fire flags = 1 << iota
	ice
	_
	air // the fourth
)

type kind int

const (
	sword kind = iota + 1
	bow
)

const (
	a, b = iota, iota * 10
	c, d
)

type seconds float64

const tick seconds = 1.0 / 64

const (
	text  = "a" + "b\n"
	third = 10 / 4 * 2
	half  = 10 / 4.0
	is    = bow == 2 && text != ""
	wait  = 3 * time.Second
)

func F() string {
	const local kind = bow << 1
	m := map[kind]string{sword: "sword", bow: "bow"}
	f := fire | air
	return fmt.Sprint(f, " ", f&ice != 0, " ", f&air == air, " ", int(bow), m[bow], " ", bow == 2, " ", c, d, " ", float64(tick)*64,
		" ", text, third, " ", half, " ", is, " ", int(local), " ", wait)
}
`)
	assert.Equal(t, "9 false true 2bow true 1 10 1 ab\n4 2.5 true 4 3s", table.Load().F())
}
