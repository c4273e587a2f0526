package main

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"midair/reload"
)

// checkResult is what all module directories together gave.
type checkResult struct {
	modules          []moduleResult
	diagnostics      []reload.Diagnostic
	errors, warnings int
	took             time.Duration

	tables map[string][]string // of each Go module, once found
}

// moduleResult is one module as -json tells of it.
type moduleResult struct {
	Module    string   `json:"module"`
	Dir       string   `json:"dir"`       // of the module, relative to the working directory
	Libraries []string `json:"libraries"` // relative to the module directory
	OK        bool     `json:"ok"`        // no error, in it or in its libraries

	clean bool // nor a warning
}

// add adds what was found in one module directory, with file names as they are from here.
func (r *checkResult) add(t *moduleTree, report *reload.CheckReport) {
	r.took += report.Took
	lines := sourceLines{fsys: t.fsys, files: map[string][]string{}}
	from := fromHere(t.dir)
	for _, m := range report.Modules {
		result := moduleResult{Module: m.Module, Dir: path.Join(from, m.Module), Libraries: m.Libraries,
			clean: len(m.Diagnostics) == 0}
		if result.Libraries == nil {
			result.Libraries = []string{}
		}
		for _, d := range m.Diagnostics {
			if d.Text == "" {
				d.Text = lines.at(d.File, d.Line)
			}
			if d.File != "" {
				d.File = path.Join(from, d.File)
			}
			r.diagnostics = append(r.diagnostics, d)
		}
		errors, _ := reload.CountDiagnostics(m.Diagnostics)
		result.OK = errors == 0
		if !slices.ContainsFunc(r.modules, func(m moduleResult) bool { return m.Dir == result.Dir }) {
			r.modules = append(r.modules, result)
		}
	}
	r.diagnostics = reload.SortDiagnostics(r.diagnostics)
	r.errors, r.warnings = reload.CountDiagnostics(r.diagnostics)
}

// fromHere is how a directory is reached from the working directory, with slashes: below it, or by its whole path.
func fromHere(dir string) string {
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, dir); err == nil && strings.Count(filepath.ToSlash(rel), "../") < 2 {
			return filepath.ToSlash(rel)
		}
	}
	return filepath.ToSlash(dir)
}

// sourceLines reads lines of source files.
type sourceLines struct {
	fsys  fs.FS
	files map[string][]string
}

func (s sourceLines) at(file string, line int) string {
	if line <= 0 || !fs.ValidPath(file) {
		return ""
	}
	lines, ok := s.files[file]
	if !ok {
		if src, err := fs.ReadFile(s.fsys, file); err == nil {
			lines = strings.Split(string(src), "\n")
		}
		s.files[file] = lines
	}
	if line > len(lines) {
		return ""
	}
	return strings.TrimSuffix(lines[line-1], "\r")
}

func (r *checkResult) write(w io.Writer, o *checkOptions) error {
	switch {
	case o.json:
		return r.writeJSON(w)
	case o.short:
		for _, d := range r.diagnostics {
			if _, err := fmt.Fprintln(w, d); err != nil {
				return err
			}
		}
		return nil
	}
	renderer := reload.Renderer{Color: wantsColor(w, o.color), Width: terminalWidth()}
	if err := renderer.Render(w, r.diagnostics...); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, r.summary(renderer))
	return err
}

// summary says how much is wrong, and how much was looked at.
func (r *checkResult) summary(renderer reload.Renderer) string {
	bad := 0
	for _, m := range r.modules {
		if !m.clean {
			bad++
		}
	}
	took := r.took.Round(100 * time.Microsecond)
	switch {
	case len(r.modules) == 0 && len(r.diagnostics) == 0:
		return "no modules here"
	case len(r.diagnostics) == 0:
		return fmt.Sprintf("%s (%v)", renderer.Summary(0, 0, len(r.modules)), took)
	case bad == len(r.modules):
		return fmt.Sprintf("%s (%v)", renderer.Summary(r.errors, r.warnings, bad), took)
	}
	return fmt.Sprintf("%s of %d (%v)", renderer.Summary(r.errors, r.warnings, bad), len(r.modules), took)
}

func (r *checkResult) writeJSON(w io.Writer) error {
	out := struct {
		OK          bool                `json:"ok"`
		Errors      int                 `json:"errors"`
		Warnings    int                 `json:"warnings"`
		Modules     []moduleResult      `json:"modules"`
		Diagnostics []reload.Diagnostic `json:"diagnostics"`
	}{r.errors == 0, r.errors, r.warnings, r.modules, r.diagnostics}
	if out.Modules == nil {
		out.Modules = []moduleResult{}
	}
	if out.Diagnostics == nil {
		out.Diagnostics = []reload.Diagnostic{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// wantsColor says whether to write colours: to a terminal, unless the environment asks for none.
func wantsColor(w io.Writer, when string) bool {
	if when != "auto" {
		return when == "always"
	}
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// terminalWidth is 0, for the default, where the shell does not tell.
func terminalWidth() int {
	n, _ := strconv.Atoi(os.Getenv("COLUMNS"))
	return n
}
