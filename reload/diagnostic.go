package reload

import (
	"fmt"
	"strings"

	"midair/reload/internal/source"
)

// Diagnostic is one problem with a module, where it is and what to do about it.
type Diagnostic struct {
	File    string `json:"file"`   // relative to the module directory, with slashes
	Line    int    `json:"line"`   // from 1; 0 when the problem has no line
	Column  int    `json:"column"` // from 1, in bytes; 0 when it has none
	Rule    string `json:"rule"`   // stable identifier, such as "syntax" or "contract/missing"
	Message string `json:"message"`
	Hint    string `json:"hint"`

	Severity Severity `json:"severity"`       // zero value: an error
	End      int      `json:"end,omitempty"`  // the column after the last byte of what is meant, on the same line; 0 if unknown
	Text     string   `json:"text,omitempty"` // the source line, without its end; "" if unknown
}

// Severity says whether a diagnostic keeps its module from going live.
type Severity int

const (
	SeverityError   Severity = iota // the module is refused
	SeverityWarning                 // the module loads
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == SeverityWarning {
		return "warning"
	}
	return "error"
}

// MarshalText implements [encoding.TextMarshaler].
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Severity) UnmarshalText(text []byte) error {
	switch string(text) {
	case "error":
		*s = SeverityError
	case "warning":
		*s = SeverityWarning
	default:
		return fmt.Errorf("unknown severity %q", text)
	}
	return nil
}

// String renders the diagnostic on one line, file:line:col: message [rule], or file:line:col: warning: message [rule].
// That is what the compiler prints, so editors find the place: the $go problem matcher of VS Code does, and Vim's
// errorformat as it is by default. The lines of a longer message are joined; nothing in it can steer a terminal.
func (d Diagnostic) String() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.place() + ": ")
	}
	if d.Severity == SeverityWarning {
		b.WriteString("warning: ")
	}
	message := strings.TrimRight(d.Message, "\n")
	b.WriteString(visible(strings.ReplaceAll(strings.ReplaceAll(message, "\n\t", "; "), "\n", " ")))
	if d.Rule != "" {
		fmt.Fprintf(&b, " [%s]", visible(d.Rule))
	}
	return b.String()
}

// place is file:line:col, as far as it is known.
func (d Diagnostic) place() string {
	s := visible(d.File)
	if d.Line > 0 {
		s += fmt.Sprintf(":%d", d.Line)
		if d.Column > 0 {
			s += fmt.Sprintf(":%d", d.Column)
		}
	}
	return s
}

func diagnosticsOf(problems []source.Problem) []Diagnostic {
	if len(problems) == 0 {
		return nil
	}
	ds := make([]Diagnostic, len(problems))
	for i, p := range problems {
		ds[i] = Diagnostic{File: p.Path, Line: p.Line, Column: p.Column, Rule: p.Rule, Message: p.Message, Hint: p.Hint}
	}
	return ds
}
