package native

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"midair/reload"
	"midair/reload/native/internal/stage"
)

// Check implements [reload.Checker]. It warns of packages whose source is newer than the host: a changed function body may
// leave no trace in fingerprints, and native code would then run another body than the host does.
func (b *Backend) Check(c *reload.Checked) []reload.Diagnostic {
	h := loaded.self()
	path, err := stage.Find(c.ModuleRoot)
	if h.err != nil || h.built.IsZero() || err != nil {
		return nil
	}
	m := stage.Module{Checked: c, Root: c.ModuleRoot, Path: path}
	var found []reload.Diagnostic
	stale := staleness{m: m, host: h, known: map[string]string{}}
	seen := map[string]bool{}
	eachImport(c, func(f reload.File, pkg reload.Package, spec *ast.ImportSpec, path string) {
		changed := stale.find(path)
		if changed == "" || seen[changed] {
			return
		}
		seen[changed] = true
		p := pkg.FileSet.PositionFor(spec.Path.Pos(), false)
		text := "package " + changed
		if changed != path {
			text += ", which " + path + " uses,"
		}
		found = append(found, reload.Diagnostic{File: f.Path, Line: p.Line, Column: p.Column, Rule: RuleStaleHost,
			Severity: reload.SeverityWarning,
			Message:  text + " has changed since the host was built, so native code may run other functions of it than the host",
			Hint:     "build and start the host anew"})
	})
	return found
}

// staleness finds packages of the host that are newer than the host.
type staleness struct {
	m     stage.Module
	host  *host
	known map[string]string // answers, by import path
}

// find returns a package that has changed, among a package and those of the same Go module that it imports; "" if none has.
func (s *staleness) find(importPath string) string {
	if changed, ok := s.known[importPath]; ok {
		return changed
	}
	s.known[importPath] = ""
	folder, err := s.m.Folder(importPath)
	if err != nil || s.host.prints[importPath] == "" {
		return ""
	}
	if newer(folder, s.host.built) {
		s.known[importPath] = importPath
		return importPath
	}
	for _, path := range importsOf(folder) {
		if changed := s.find(path); changed != "" {
			s.known[importPath] = changed
			return changed
		}
	}
	return ""
}

// importsOf lists what the Go files of a folder import.
func importsOf(folder string) (paths []string) {
	files, _ := filepath.Glob(filepath.Join(folder, "*.go"))
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			continue
		}
		for _, spec := range f.Imports {
			if path, err := strconv.Unquote(spec.Path.Value); err == nil {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// newer says whether a Go file of a folder that takes part in builds is newer than a time.
func newer(folder string, than time.Time) bool {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".go" || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		if info, err := e.Info(); err == nil && info.ModTime().After(than) {
			return true
		}
	}
	return false
}
