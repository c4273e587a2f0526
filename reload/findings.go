package reload

import (
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"midair/reload/internal/check"
	"midair/reload/internal/hint"
	"midair/reload/internal/policy"
	"midair/reload/internal/reflected"
	"midair/reload/internal/source"
)

// newHost collects what the rules of every mode need to know of the host.
func newHost(cfg Config, symbols symbolTable) (*policy.Host, error) {
	h := &policy.Host{Accepts: map[string][]string{}}
	var given []string
	for importPath, key := range symbols.byPath {
		given = append(given, importPath)
		if v, ok := symbols.all[key][reflected.AcceptsKey]; ok {
			h.Accepts[importPath], _ = v.Interface().([]string)
		}
	}
	var err error
	if h.Allow, err = policy.ParseAllow(cfg.Allow, given); err != nil {
		return nil, &Error{Stage: StageCheck, Err: err}
	}
	return h, nil
}

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

// applyRules looks for what types alone do not say.
func (rt *Runtime) applyRules(p *part, shared map[string][]string) []Diagnostic {
	m := rt.moduleForRules(p)
	rt.mu.Lock()
	for name := range p.declared.byName {
		if rt.taken(p.name, name) {
			m.Contracted = append(m.Contracted, name)
		}
	}
	rt.mu.Unlock()
	slices.Sort(m.Contracted)
	h := *rt.host
	h.SharedLibraries = shared
	findings := policy.Check(m, &h)
	if rt.cfg.WholeProgram {
		findings = slices.DeleteFunc(findings, func(f policy.Finding) bool { return !strings.HasPrefix(f.Rule, "capability/") })
	}
	return diagnosticsOfFindings(findings)
}

// applyCapabilities applies the rules that need no types.
func (rt *Runtime) applyCapabilities(p *part) []Diagnostic {
	ds := diagnosticsOfFindings(policy.Capabilities(rt.moduleForRules(p), rt.host))
	return slices.DeleteFunc(ds, func(d Diagnostic) bool { // an import that leads nowhere has been reported
		return slices.ContainsFunc(p.want.Problems, func(o source.Problem) bool {
			return o.Rule == d.Rule && o.Path == d.File && o.Line == d.Line
		})
	})
}

func (rt *Runtime) moduleForRules(p *part) *policy.Module {
	m := &policy.Module{Name: p.name, Package: rt.forRules(p.checked.Package), Bound: rt.bound(p.name)}
	for _, lib := range p.checked.Libraries {
		m.Libraries = append(m.Libraries, rt.forRules(lib))
	}
	return m
}

func diagnosticsOfFindings(findings []policy.Finding) (ds []Diagnostic) {
	for _, f := range findings {
		ds = append(ds, diagnosticOf(f))
	}
	return ds
}

func (rt *Runtime) forRules(c *check.Package) *policy.Package {
	p := &policy.Package{Dir: c.Source.Dir, ImportPath: rt.world.ImportPathOf(c.Source.Dir), Name: c.Source.Name,
		FileSet: c.Source.FileSet, Types: c.Types, Info: c.Info}
	for _, f := range c.Source.Files {
		p.Files = append(p.Files, policy.File{Path: f.Path, Source: f.Source, Syntax: f.Syntax})
	}
	return p
}

func diagnosticOf(f policy.Finding) Diagnostic {
	pos, end := f.Pkg.FileSet.PositionFor(f.Pos, false), f.Pkg.FileSet.PositionFor(f.End, false)
	d := Diagnostic{File: pos.Filename, Line: pos.Line, Column: pos.Column, Rule: f.Rule, Message: f.Message, Hint: f.Hint}
	if end.Line == pos.Line {
		d.End = end.Column
	}
	if f.Warning {
		d.Severity = SeverityWarning
	}
	return d
}

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
