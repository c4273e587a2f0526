package stdlib

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
)

// MapTypes tells an interpreter which compiled functions look for methods in the values they are given, and for which:
// without it fmt.Println would not call the String or Error method of a type that a module declares. Only values passed
// directly are seen to; those inside slices, maps and structs are not, nor what is passed to methods, such as that of a
// json.Encoder. It goes together with [Symbols], where the interpreter finds the wrappers.
//
// What remains: %T and %#v show the wrapper or what yaegi makes of the type, %d and the like of a struct with such a
// method show its last field (yaegi passes no more of it), and fmt.Sprint puts spaces between values of a string type
// with such a method.
//
// Of several methods the first in the list counts, as for the compiled function.
func MapTypes() map[reflect.Value][]reflect.Type {
	types := map[reflect.Value][]reflect.Type{}
	put := func(key string, list []reflect.Type, functions ...string) {
		for _, name := range functions {
			types[Symbols[key][name]] = list
		}
	}
	put("fmt/fmt", []reflect.Type{reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[withError](),
		reflect.TypeFor[withString]()},
		"Append", "Appendf", "Appendln", "Errorf", "Fprint", "Fprintf", "Fprintln", "Print", "Printf", "Println",
		"Sprint", "Sprintf", "Sprintln")
	put("fmt/fmt", []reflect.Type{reflect.TypeFor[fmt.Scanner]()},
		"Fscan", "Fscanf", "Fscanln", "Scan", "Scanf", "Scanln", "Sscan", "Sscanf", "Sscanln")
	put("encoding/json/json", []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()},
		"Marshal", "MarshalIndent")
	put("encoding/json/json", []reflect.Type{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()},
		"Unmarshal")
	// Not fmt.Stringer: a JSON handler encodes the value as it is, and a wrapper cannot be encoded.
	put("log/slog/slog", []reflect.Type{reflect.TypeFor[slog.LogValuer](), reflect.TypeFor[withError]()},
		"Any", "AnyValue", "Debug", "DebugContext", "Error", "ErrorContext", "Group", "Info", "InfoContext", "Log", "Warn",
		"WarnContext", "With")
	return types
}

// withError and withString stand in for error and fmt.Stringer. For error yaegi finds no wrapper because it belongs to no
// package: it looks in the table of the interface's package, under the interface's name with an underscore. And with the
// usual wrapper of fmt.Stringer %d would print the wrapper.
type (
	withError  interface{ Error() string }
	withString interface{ String() string }
)

func init() {
	Symbols["midair/interp/stdlib/stdlib"] = map[string]reflect.Value{
		"_withError":  reflect.ValueOf((*errorWrapper)(nil)),
		"_withString": reflect.ValueOf((*stringWrapper)(nil)),
	}
}

// The wrappers hold a value of a module's own type and its method. yaegi fills them.
type (
	errorWrapper struct {
		IValue any
		WError func() string
	}
	stringWrapper struct {
		IValue  any
		WString func() string
	}
)

func (w errorWrapper) Error() string                  { return w.WError() }
func (w errorWrapper) Format(s fmt.State, verb rune)  { format(s, verb, w.IValue, method(w.WError)) }
func (w stringWrapper) String() string                { return w.WString() }
func (w stringWrapper) Format(s fmt.State, verb rune) { format(s, verb, w.IValue, method(w.WString)) }

// method is a String method; fmt tells if it panics.
type method func() string

func (m method) String() string { return m() }

// format prints what fmt would of a value with a String or Error method: it is used for the verbs that suit strings.
func format(s fmt.State, verb rune, value any, text fmt.Stringer) {
	directive := fmt.FormatString(s, verb)
	switch verb {
	case 'v', 's', 'x', 'X', 'q':
		if verb != 'v' || !s.Flag('#') {
			fmt.Fprintf(s, directive, text)
			return
		}
	}
	fmt.Fprintf(s, directive, value)
}
