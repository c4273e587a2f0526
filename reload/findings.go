package reload

import (
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"midair/reload/internal/hint"
	"midair/reload/internal/source"
)

// shared lists for each library the modules that import it.
func shared(modules map[string]*source.Module) map[string][]string {
	importers := map[string][]string{}
	for name, m := range modules {
		for _, lib := range m.Libraries {
			importers[lib.Dir] = append(importers[lib.Dir], name)
		}
	}
	for _, names := range importers {
		slices.Sort(names)
	}
	return importers
}

func (rt *Runtime) applyRules(p *part, shared map[string][]string) (ds []Diagnostic) { return nil }

// finish sorts a module's diagnostics and adds the source lines that they are about.
func (p *part) finish(ds []Diagnostic) []Diagnostic {
	ds = SortDiagnostics(ds)
	for i := range ds {
		if d := &ds[i]; d.Text == "" && d.Line > 0 {
			d.Text = lineOf(p.want, d.File, d.Line)
			if d.End == 0 && d.Column > 0 && d.Column <= len(d.Text) {
				d.End = d.Column + tokenAt(d.Text[d.Column-1:])
			}
			if d.Hint == "" && d.Rule == "syntax" {
				d.Hint = hint.For(d.Message, d.Text, nil)
			}
		}
	}
	return ds
}

// lineOf returns a line of one of a module's files.
func lineOf(m *source.Module, file string, line int) string {
	for _, pkg := range append(slices.Clip(m.Libraries), m.Package) {
		for _, f := range pkg.Files {
			if f.Path != file {
				continue
			}
			for text := range strings.Lines(string(f.Source)) {
				if line--; line == 0 {
					return strings.TrimRight(text, "\r\n")
				}
			}
		}
	}
	return ""
}

// tokenAt returns the length of the token that a line begins with.
func tokenAt(line string) int {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(line)), []byte(line), nil, 0)
	_, tok, lit := s.Scan()
	if lit == "" || lit == "\n" {
		lit = tok.String()
	}
	return min(len(lit), len(line))
}

// split parts errors from warnings.
func split(ds []Diagnostic) (errors, warnings []Diagnostic) {
	for _, d := range ds {
		if d.Severity == SeverityWarning {
			warnings = append(warnings, d)
		} else {
			errors = append(errors, d)
		}
	}
	return errors, warnings
}
