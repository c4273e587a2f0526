package interp

import (
	"io"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"midair/reload"
)

func TestExportsWithoutSpecials(t *testing.T) {
	type wrapper struct{ IValue any }
	full := map[string]reflect.Value{
		"F":               reflect.ValueOf(func() {}),
		"_I":              reflect.ValueOf((*wrapper)(nil)),
		reload.StubKey:    reflect.ValueOf("package p\n"),
		reload.AcceptsKey: reflect.ValueOf([]string{"T"}),
	}
	plain := map[string]reflect.Value{"F": full["F"]}
	only := map[string]reflect.Value{reload.StubKey: full[reload.StubKey]}
	assert.Equal(t, []string{"F", "_I"}, slices.Sorted(maps.Keys(withoutSpecials(full))))
	assert.Empty(t, withoutSpecials(only))
	assert.Equal(t, reflect.ValueOf(plain).Pointer(), reflect.ValueOf(withoutSpecials(plain)).Pointer(), "not copied")
	assert.Len(t, full, 4, "left as it is")

	ex := exports(&reload.Checked{Symbols: reload.Symbols{"a/p/p": full, "a/only/only": only}}, slog.Default(), io.Discard)
	assert.Equal(t, []string{"_I"}, slices.Sorted(maps.Keys(ex["a/p//p"])), "the wrappers of what is not imported")
	assert.NotContains(t, ex, "a/only//only")
}

// The largest table with a stub that modules often import.
func BenchmarkWithoutSpecials(b *testing.B) {
	symbols := map[string]reflect.Value{reload.StubKey: reflect.ValueOf("")}
	for i := range 300 {
		symbols[string(rune('A'+i))] = reflect.ValueOf(i)
	}
	for b.Loop() {
		withoutSpecials(symbols)
	}
}
