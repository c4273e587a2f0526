package native

import (
	"fmt"
	"runtime"
	"strings"

	"midair/reload/native/internal/stage"
)

// cleanError is an error whose text has the names that the user knows.
type cleanError struct{ error }

func (e cleanError) Error() string { return stage.Clean(e.error.Error()) }
func (e cleanError) Unwrap() error { return e.error }

// cleanRuntimeError is the same for errors of the Go runtime.
type cleanRuntimeError struct{ of runtime.Error }

func (e cleanRuntimeError) Error() string { return stage.Clean(e.of.Error()) }
func (e cleanRuntimeError) Unwrap() error { return e.of }
func (e cleanRuntimeError) RuntimeError() {}

// clean takes the names that staging has made out of what was passed to panic, as far as its text shows them: types of types
// print the import paths of their arguments.
func clean(value any) any {
	if !strings.Contains(textOf(value), "/"+stage.Mark) {
		return value
	}
	switch v := value.(type) {
	case runtime.Error:
		return cleanRuntimeError{v}
	case error:
		return cleanError{v}
	case string:
		return stage.Clean(v)
	}
	return value
}

// textOf survives values that cannot be printed.
func textOf(value any) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	switch v := value.(type) {
	case error:
		return v.Error()
	case string:
		return v
	}
	return fmt.Sprintf("%T", value)
}
