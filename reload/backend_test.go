package reload_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// native is a backend whose every module has the compiled func F.
type native struct{}

type nativeInstance struct{}

func (native) Mode() reload.Mode { return reload.ModeNative }

func (native) Prepare(context.Context, *reload.Checked, reload.Env) (reload.Instance, error) {
	return nativeInstance{}, nil
}

func (nativeInstance) Lookup(string) (reflect.Value, bool) { return reflect.ValueOf(twice), true }
func (nativeInstance) Panic(v any) (any, []reload.Frame)   { return v, nil }
func (nativeInstance) Close() error                        { return nil }

//go:noinline
func twice(n int) int { return 2 * n }

// faulty is a backend that does what none should.
type faulty struct{ how string }

func (faulty) Mode() reload.Mode { return reload.ModeNative }

func (f faulty) Prepare(context.Context, *reload.Checked, reload.Env) (reload.Instance, error) {
	switch f.how {
	case "panic":
		panic("backend bug")
	case "nothing":
		return nil, nil
	}
	return nil, errors.New(f.how)
}

func TestFaultyBackends(t *testing.T) {
	for how, want := range map[string]string{
		"panic": "internal error of the native backend: backend bug", "nothing": "it returned nothing", "disk full": "disk full",
	} {
		rt := newRuntime(t, func(c *reload.Config) { c.Backends = []reload.Backend{faulty{how}} })
		_, err := refuse(t, rt, tree{"m/m.go": "package m\n"})
		require.ErrorContains(t, err, want)
		assert.Equal(t, reload.StateFailed, state(t, rt, "m").State)
	}
}
