package modetest_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

const keeping = `package keep

import "fmt"

//midair:keep
var units map[string]*unit

//midair:keep
var first *unit

var calls int

type unit struct {
	name string
	hits int
	mate *unit
}

func Hit(name string) int {
	if units == nil {
		units = make(map[string]*unit)
	}
	u := units[name]
	if u == nil {
		u = &unit{name: name, mate: first}
		units[name] = u
		if first == nil {
			first = u
		}
	}
	u.hits++
	calls++
	return u.hits
}

func Dump() string {
	return fmt.Sprint(len(units), " ", first.name, " ", first.hits, " ", first == units["a"], " ", units["b"].mate == first, " ", calls)
}
`

type keeper struct {
	Hit  func(string) int
	Dump func() string
}

// TestKeptVariablesGoAlong carries variables from mode to mode and from version to version.
func TestKeptVariablesGoAlong(t *testing.T) {
	rt := start(t, func(c *reload.Config) { c.Mode = reload.ModeInterpreted })
	table, err := reload.Bind[keeper](rt, "keep")
	require.NoError(t, err)
	apply := func(src string) {
		t.Helper()
		_, err := rt.Apply(t.Context(), fstest.MapFS{"keep/keep.go": {Data: []byte(src)}}, reload.Change{})
		require.NoError(t, err)
	}
	apply(keeping)
	table.Load().Hit("a")
	table.Load().Hit("b")
	require.NoError(t, rt.SetMode(t.Context(), "keep", reload.ModeNative))
	assert.Equal(t, "2 a 1 true true 0", table.Load().Dump())
	assert.Equal(t, 2, table.Load().Hit("a"))
	apply(keeping + "\nvar more int\n") // native to native
	assert.Equal(t, "2 a 2 true true 0", table.Load().Dump())
	assert.Equal(t, 3, table.Load().Hit("a"))
	apply(keeping) // a plugin that has served before
	assert.Equal(t, "2 a 3 true true 0", table.Load().Dump())
	require.NoError(t, rt.SetMode(t.Context(), "keep", reload.ModeInterpreted))
	assert.Equal(t, "2 a 3 true true 0", table.Load().Dump())
	assert.Equal(t, reload.ModeInterpreted, table.Version().Mode())
}
