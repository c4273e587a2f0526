package native

import (
	"go/ast"
	"time"

	"midair/reload"
	"midair/reload/native/internal/stage"
)

// staleHost warns of packages that have changed since the host was built, as far as a module imports them: a changed
// function body may leave no trace in fingerprints.
func staleHost(m stage.Module, prints map[string]string, built time.Time) (found []reload.Diagnostic) {
	seen := map[string]bool{}
	eachImport(m.Checked, func(f reload.File, pkg reload.Package, spec *ast.ImportSpec, path string) {
		folder, err := m.Folder(path)
		if err != nil || seen[path] || prints[path] == "" || !newer(folder, built) {
			return
		}
		seen[path] = true
		p := pkg.FileSet.PositionFor(spec.Path.Pos(), false)
		found = append(found, reload.Diagnostic{File: f.Path, Line: p.Line, Column: p.Column, Rule: RuleStaleHost,
			Severity: reload.SeverityWarning,
			Message: "package " + path + " has changed since the host was built, so the bundle may run other functions of it " +
				"than the host",
			Hint: "build the host anew, then the bundle"})
	})
	return found
}
