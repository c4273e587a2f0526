package check

import (
	"errors"
	"go/types"
	"strings"

	"midair/reload/internal/source"
)

// maxErrors is how many errors of one package are kept.
const maxErrors = 100

// errorList collects what go/types reports.
type errorList struct {
	src      *source.Package
	problems []source.Problem
}

// add takes one error. One that begins with a tab goes on about the one before.
func (l *errorList) add(err error) {
	var e types.Error
	if !errors.As(err, &e) || len(l.problems) > maxErrors {
		return
	}
	pos := e.Fset.PositionFor(e.Pos, false)
	if more, ok := strings.CutPrefix(e.Msg, "\t"); ok && len(l.problems) > 0 {
		last := &l.problems[len(l.problems)-1]
		last.Message += "\n\t" + more
		if pos.IsValid() && pos.Filename != "" {
			last.Message += " at " + pos.String()
		}
		return
	}
	l.problems = append(l.problems, source.Problem{
		Path: pos.Filename, Line: pos.Line, Column: pos.Column, Rule: "type", Message: e.Msg,
	})
}
