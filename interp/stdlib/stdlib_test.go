package stdlib_test

import (
	"go/constant"
	"maps"
	"math"
	"path"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"midair/interp/stdlib"
	"midair/reload"
)

func TestTables(t *testing.T) {
	for key, symbols := range stdlib.Symbols {
		assert.NotEqual(t, ".", path.Dir(key), "a key is an import path and a name")
		for name, v := range symbols {
			assert.True(t, v.IsValid(), "%s.%s", key, name)
		}
	}
	for _, key := range []string{"cmp/cmp", "iter/iter", "maps/maps", "slices/slices"} {
		symbols, ok := stdlib.Symbols[key]
		assert.True(t, ok, "%s may be imported", key)
		assert.Equal(t, []string{reload.StubKey}, slices.Collect(maps.Keys(symbols)), "%s is generic", key)
	}
	for key, names := range map[string][]string{
		"log/slog/slog":          {"SetDefault", "SetLogLoggerLevel", "NewLogLogger"},
		"text/template/template": {"ParseFiles", "ParseGlob", "ParseFS"},
	} {
		for _, name := range names {
			assert.NotContains(t, stdlib.Symbols[key], name)
		}
	}
	for _, key := range []string{"os/os", "os/exec/exec", "net/net", "net/http/http", "syscall/syscall", "unsafe/unsafe",
		"reflect/reflect", "runtime/runtime", "plugin/plugin"} {
		assert.NotContains(t, stdlib.Symbols, key)
	}
}

// Untyped constants that differ by platform must not have the value of the one that the tables were generated on.
func TestConstants(t *testing.T) {
	value := func(key, name string) constant.Value {
		return stdlib.Symbols[key][name].Interface().(constant.Value)
	}
	assert.Equal(t, constant.MakeInt64(math.MaxInt), value("math/math", "MaxInt"))
	assert.Equal(t, constant.MakeUint64(math.MaxUint), value("math/math", "MaxUint"))
	assert.Equal(t, constant.MakeInt64(strconv.IntSize), value("strconv/strconv", "IntSize"))
	pi, _ := constant.Float64Val(value("math/math", "Pi"))
	assert.Equal(t, math.Pi, pi)
}
