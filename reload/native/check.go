package native

import (
	"go/ast"
	"os"
	"path/filepath"
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
	seen := map[string]bool{}
	eachImport(c, func(f reload.File, pkg reload.Package, spec *ast.ImportSpec, path string) {
		folder, err := m.Folder(path)
		if err != nil || seen[path] || h.prints[path] == "" || !newer(folder, h.built) {
			return
		}
		seen[path] = true
		p := pkg.FileSet.PositionFor(spec.Path.Pos(), false)
		found = append(found, reload.Diagnostic{File: f.Path, Line: p.Line, Column: p.Column, Rule: RuleStaleHost,
			Severity: reload.SeverityWarning,
			Message:  "package " + path + " has changed since the host was built, so native code may run other functions of it than the host",
			Hint:     "build and start the host anew"})
	})
	return found
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
