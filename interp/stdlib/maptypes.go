package stdlib

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

// MapTypes tells an interpreter which compiled functions look for methods in the values they are given, and for which:
// without it fmt.Println would not call the String or Error method of a type that a module declares. Only values passed
// directly are seen to; those inside slices, maps and structs are not.
func MapTypes() map[reflect.Value][]reflect.Type {
	printed := []reflect.Type{reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[error](), reflect.TypeFor[fmt.Stringer]()}
	types := map[reflect.Value][]reflect.Type{}
	for _, name := range []string{"Append", "Appendf", "Appendln", "Errorf", "Fprint", "Fprintf", "Fprintln", "Print",
		"Printf", "Println", "Sprint", "Sprintf", "Sprintln"} {
		types[Symbols["fmt/fmt"][name]] = printed
	}
	for _, name := range []string{"Marshal", "MarshalIndent"} {
		types[Symbols["encoding/json/json"][name]] = []reflect.Type{
			reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()}
	}
	types[Symbols["encoding/json/json"]["Unmarshal"]] = []reflect.Type{
		reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}
	return types
}
