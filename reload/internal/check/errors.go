package check

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

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
	l.places = append(l.places, e.Pos)
}

// run type-checks the files. A panic of go/types is its fault and not the module's, but is no reason to end the host.
func (l *errorList) run(conf *types.Config, p *Package, files []*ast.File) {
	defer func() {
		if r := recover(); r != nil {
			l.problems = append(l.problems, source.Problem{Path: l.src.Dir, Rule: "internal",
				Message: fmt.Sprintf("the type checker gave up: %v", r), Hint: "change what was edited last, and report this"})
		}
	}()
	types.NewChecker(conf, l.src.FileSet, p.Types, p.Info).Files(files)
}

// hints adds advice to what was found. It needs the whole package, to know which names could have been meant.
func (l *errorList) hints(p *Package, files []*ast.File) {
	for i, pos := range l.places {
		problem := &l.problems[i]
		place := hint.Place{Package: p.Types, Info: p.Info, Files: files, Pos: pos}
		problem.Hint = hint.For(problem.Message, "", func() []string { return place.Names(problem.Message) })
	}
}
