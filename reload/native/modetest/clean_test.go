package modetest_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

const naming = `package naming

import "fmt"

type state struct{}
type holder[T any] struct{ v T }

func Assert() { var x any = holder[*state]{}; _ = x.(int) }
func Error()  { panic(fmt.Errorf("bad %T", holder[state]{})) }
func Text()   { panic(fmt.Sprintf("bad %T", holder[state]{})) }
`

// TestPanicsHaveTheUsersNames looks for the import paths that native builds have.
func TestPanicsHaveTheUsersNames(t *testing.T) {
	rt := start(t, func(c *reload.Config) { c.Mode = reload.ModeNative })
	table, err := reload.Bind[struct{ Assert, Error, Text func() }](rt, "naming")
	require.NoError(t, err)
	_, err = rt.Apply(t.Context(), fstest.MapFS{"naming/naming.go": {Data: []byte(naming)}}, reload.Change{})
	require.NoError(t, err)
	for name, f := range map[string]func(*struct{ Assert, Error, Text func() }){
		"assert": func(c *struct{ Assert, Error, Text func() }) { c.Assert() },
		"error":  func(c *struct{ Assert, Error, Text func() }) { c.Error() },
		"text":   func(c *struct{ Assert, Error, Text func() }) { c.Text() },
	} {
		err := table.Do(context.Background(), func(c *struct{ Assert, Error, Text func() }) error { f(c); return nil })
		require.ErrorContains(t, err, importPath+"/naming.state")
		assert.NotContains(t, err.Error(), "_hr_", name)
		if name == "assert" {
			var wrong runtime.Error
			assert.True(t, errors.As(err, &wrong))
		}
	}
}
