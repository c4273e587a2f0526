package reload

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Stages of a module's way from a file to live code, as [Error.Stage] and the keys of [Stages].
const (
	StageSettle   = "settle"   // waiting for the files to be quiet
	StageSnapshot = "snapshot" // reading them
	StageParse    = "parse"
	StageCheck    = "check"    // imports, module form and the contract's signatures
	StageBuild    = "build"    // the native build
	StagePrepare  = "prepare"  // the backend loads the version and runs its package initialisation
	StageBind     = "bind"     // the contracts' function tables are filled
	StageValidate = "validate" // the module's OnValidate
	StageCommit   = "commit"
	StageCarry    = "carry" // kept variables, and OnMigrate
	StageStart    = "start" // the module's OnStart, at the commit
	StageDrain    = "drain"
	StageVisit    = "visit" // a guarded visit of a live version
)

var (
	// ErrNotLoaded says that no version of the module is live.
	ErrNotLoaded = errors.New("no version is live")
	// ErrClosed says that the Runtime, Pin or View was closed.
	ErrClosed = errors.New("closed")
	// ErrHeld says that the module itself is fine, but waits for others of its batch.
	ErrHeld = errors.New("held back by another module of its batch")
)

// Error is what went wrong with one module at one stage. Module is empty when no single module is to blame.
type Error struct {
	Module      string
	Stage       string
	Version     int    // the version concerned, 0 before one exists
	Generation  uint64 // the generation that was live when it happened
	Diagnostics []Diagnostic
	Err         error // the cause, if it is an error of its own: a *PanicError, ErrNotLoaded, a context's
}

// Error renders the error on several lines if it has more than one diagnostic.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("reload: ")
	if e.Module != "" {
		b.WriteString(e.Module)
		if e.Version > 0 {
			fmt.Fprintf(&b, " version %d", e.Version)
		}
		if e.Generation > 0 {
			fmt.Fprintf(&b, " (generation %d)", e.Generation)
		}
		b.WriteString(": ")
	}
	if e.Stage != "" {
		b.WriteString(e.Stage + ": ")
	}
	switch {
	case e.Err != nil && len(e.Diagnostics) > 0:
		b.WriteString(e.Err.Error() + ": ")
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	}
	for i, d := range e.Diagnostics {
		if i > 0 {
			b.WriteString("\n\t")
		}
		b.WriteString(d.String())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// MarshalJSON renders the error as an object for consoles and tools.
func (e *Error) MarshalJSON() ([]byte, error) {
	cause := ""
	if e.Err != nil {
		cause = e.Err.Error()
	}
	return json.Marshal(struct {
		Module      string       `json:"module"`
		Stage       string       `json:"stage"`
		Version     int          `json:"version"`
		Generation  uint64       `json:"generation"`
		Diagnostics []Diagnostic `json:"diagnostics"`
		Cause       string       `json:"cause,omitempty"`
	}{e.Module, e.Stage, e.Version, e.Generation, orEmpty(e.Diagnostics), cause})
}

// Frame is one function of a module on the stack of a panic.
type Frame struct {
	Function string `json:"function"` // package and function, such as "combat.Damage"
	File     string `json:"file"`     // relative to the module directory
	Line     int    `json:"line"`
	Column   int    `json:"column"`
}

// String renders the frame as function at file:line.
func (f Frame) String() string { return fmt.Sprintf("%s at %s:%d", f.Function, f.File, f.Line) }

// PanicError is a panic that a guarded visit recovered.
type PanicError struct {
	Value any     // what was passed to panic, or the run-time error
	Stack []Frame // the module's functions, innermost first; empty if the panic came from compiled code alone
}

// Error names the value and the innermost function of the module.
func (e *PanicError) Error() string {
	s := fmt.Sprintf("panic: %v", e.Value)
	if len(e.Stack) > 0 {
		s += " (" + e.Stack[0].String() + ")"
	}
	return s
}

// Unwrap returns the panic's value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
