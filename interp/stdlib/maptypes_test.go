package stdlib_test

import (
	"bytes"
	"maps"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/traefik/yaegi/interp"

	"midair/interp/stdlib"
)

const script = `package script

import (
	"encoding/json"
	"errors"
	"fmt"
)

type Named struct{ n int }

func (v Named) String() string { return "named" }

type Level int

func (l Level) String() string { return "level" }

type Bad int

func (Bad) String() string { panic("oops") }

type Pointer struct{ n int }

func (p *Pointer) String() string { return "pointer" }

type Fault struct{ code int }

func (f Fault) Error() string  { return "fault" }
func (f Fault) String() string { return "not this" }

type PointerFault struct{ code int }

func (f *PointerFault) Error() string { return "pointer fault" }

type Fancy struct{}

func (Fancy) Format(s fmt.State, verb rune) { s.Write([]byte("fancy " + string(verb))) }

type Coded struct{}

func (Coded) MarshalJSON() ([]byte, error) { return []byte("[1]"), nil }

type Key struct{}

func (Key) MarshalText() ([]byte, error) { return []byte("key"), nil }

func failing() error { return Fault{3} }

func Run(out func(string)) {
	out(fmt.Sprint(Named{1}))
	out(fmt.Sprintf("%v %s %d %02d %q %-6v |%v", Level(2), Level(2), Level(2), Level(2), Level(2), Level(2), Bad(1)))
	out(fmt.Sprintln(&Pointer{1}))
	out(fmt.Sprint(Fault{1}))
	out(fmt.Sprintf("%v", &PointerFault{1}))
	err := failing()
	out(fmt.Sprint(err))
	wrapped := fmt.Errorf("wrapped: %w", Fault{1})
	out(wrapped.Error())
	out(fmt.Sprint(errors.Unwrap(wrapped) != nil))
	out(fmt.Sprintf("%v", Fancy{}))
	out(string(fmt.Append(nil, Named{1})))
	for _, v := range []func() ([]byte, error){
		func() ([]byte, error) { return json.Marshal(Coded{}) },
		func() ([]byte, error) { return json.Marshal(Key{}) },
	} {
		b, err := v()
		out(fmt.Sprint(string(b), err))
	}
	var none *PointerFault
	out(fmt.Sprintf("%s %d %v", Fault{3}, Level(3), none))
}
`

// run interprets the script with the tables and returns its output.
func run(t *testing.T, script string) (lines []string) {
	t.Helper()
	symbols := maps.Clone(stdlib.Symbols)
	symbols["fmt//fmt"] = symbols["fmt/fmt"]
	delete(symbols, "fmt/fmt")
	symbols["."] = map[string]reflect.Value{"MapTypes": reflect.ValueOf(stdlib.MapTypes())}
	i := interp.New(interp.Options{Stderr: &bytes.Buffer{}, SourcecodeFilesystem: fstest.MapFS{
		"src/script/script.go": &fstest.MapFile{Data: []byte(script)}}})
	require.NoError(t, i.Use(symbols))
	_, err := i.Eval(`import "script"`)
	require.NoError(t, err)
	v, err := i.Eval("script.Run")
	require.NoError(t, err)
	v.Interface().(func(func(string)))(func(s string) { lines = append(lines, strings.TrimSpace(s)) })
	return lines
}

func TestCompiledCodeSeesScriptMethods(t *testing.T) {
	assert.Equal(t, []string{"named", `level level 2 02 "level" level  |%!v(PANIC=String method: oops)`, "pointer", "fault", "pointer fault", "fault", "wrapped: fault",
		"true", "fancy v", "named", "[1]<nil>", `"key"<nil>`, "fault 3 <nil>"}, run(t, script))
}

func TestMapTypesAreOfTheTable(t *testing.T) {
	inTable := map[reflect.Value]bool{}
	for _, symbols := range stdlib.Symbols {
		for _, v := range symbols {
			inTable[v] = true
		}
	}
	for f, types := range stdlib.MapTypes() {
		assert.True(t, inTable[f], "a key must be the very value in the table")
		assert.NotEmpty(t, types)
	}
}
