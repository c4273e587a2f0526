package check

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"time"

	"midair/reload/internal/hint"
	"midair/reload/internal/source"
)

// maxErrors is how many errors of one package are kept.
const maxErrors = 100

// errorList collects what go/types reports.
type errorList struct {
	src      *source.Package
	problems []source.Problem
	places   []token.Pos // of the problems
	imports  bool        // it is known already that some lead nowhere
}

// add takes one error. One that begins with a tab goes on about the one before.
func (l *errorList) add(err error) {
	var e types.Error
	if !errors.As(err, &e) || len(l.problems) > maxErrors {
		return
	}
	if l.imports && strings.HasPrefix(e.Msg, "could not import ") {
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
	l.places = append(l.places, e.Pos)
}

// maxTime is how long go/types may take for one package.
const maxTime = 10 * time.Second

// run type-checks the files into the package and the list. If go/types does not come back in time, it returns a problem;
// nothing can stop go/types, so the package and the list must then be left alone.
func (l *errorList) run(conf *types.Config, p *Package, files []*ast.File) *source.Problem {
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		types.NewChecker(conf, l.src.FileSet, p.Types, p.Info).Files(files)
	}()
	timeout := time.NewTimer(maxTime)
	defer timeout.Stop()
	var problem source.Problem
	select {
	case panicked := <-done:
		if panicked == nil {
			return nil
		}
		problem = source.Problem{Rule: "internal", Message: fmt.Sprintf("the type checker gave up: %v", panicked),
			Hint: "change what was edited last, and report this"}
	case <-timeout.C:
		problem = source.Problem{Rule: "limit/time", Message: fmt.Sprintf("the type check did not end within %v", maxTime),
			Hint: "look for types or constants that grow with every line"}
	}
	problem.Path = l.src.Dir
	return &problem
}

// hints adds advice to what was found. It needs the whole package, to know which names could have been meant.
func (l *errorList) hints(p *Package, files []*ast.File) {
	for i, pos := range l.places {
		problem := &l.problems[i]
		place := hint.Place{Package: p.Types, Info: p.Info, Files: files, Pos: pos}
		problem.Hint = hint.For(problem.Message, "", func() []string { return place.Names(problem.Message) })
	}
}
