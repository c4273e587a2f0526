package interp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Parameters without a name do not get in the way of other values.
func TestParametersWithoutNames(t *testing.T) {
	table := mustLoad[text](t, `package m

import (
	"context"
	"errors"
	"fmt"
)

type point struct{ x, y int }

func (point) where(int, string) string { a, b := 1, 2; return fmt.Sprint(a, b) }
func (*point) why(...int) string       { return "variadic" }

func start(context.Context) error { return errors.New("no") }

func mixed(string, float64) (int, error) { n := 3; return n, nil }

type walker interface{ where(int, string) string }

func F() string {
	var w walker = point{1, 2}
	f := func(bool, []int) string { s := "literal"; return s }
	n, err := mixed("a", 2.5)
	return fmt.Sprint(start(context.Background()), w.where(1, "x"), (&point{}).why(1, 2), f(true, nil), n, err)
}
`)
	assert.Equal(t, "no1 2variadicliteral3 <nil>", table.Load().F())
}
