package stage

import (
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"midair/reload"
)

// Places finds the user's files behind what the go command and stacks say. It is immutable.
type Places struct {
	first string              // the module's first file
	files map[string][]string // paths of files, relative to the module directory, by import path
}

func newPlaces(m Module) Places {
	p := Places{first: m.Package.Files[0].Path, files: map[string][]string{}}
	for _, pkg := range m.Packages() {
		for _, f := range pkg.Files {
			p.files[pkg.ImportPath] = append(p.files[pkg.ImportPath], f.Path)
		}
	}
	return p
}

// NewPlaces returns the places of a module that is not staged now.
func NewPlaces(m Module) Places { return newPlaces(m) }

// staged is a staged import path, in a stack or in what the go command says.
var staged = regexp.MustCompile(`^(.*)/` + Mark + `[0-9a-f_]+(/main)?$`)

// file finds the user's file of a package by its base name.
func (p Places) file(importPath, base string) (string, bool) {
	if m := staged.FindStringSubmatch(importPath); m != nil {
		importPath = m[1]
	}
	for _, f := range p.files[importPath] {
		if path.Base(f) == base {
			return f, true
		}
	}
	return "", false
}

// Frame is the user's view of a function on a stack. It reports false for functions of other packages and versions, and
// for generated ones.
func (p Places) Frame(f runtime.Frame, hash string) (reload.Frame, bool) {
	importPath, rest, ok := strings.Cut(f.Function, "/"+Mark+hash+".")
	if !ok || Generated(f.Function) {
		return reload.Frame{}, false
	}
	file, ok := p.file(importPath, path.Base(filepath.ToSlash(f.File)))
	if !ok {
		return reload.Frame{}, false
	}
	return reload.Frame{Function: Clean(path.Base(importPath) + "." + rest), File: file, Line: f.Line}, true
}

// errorLine is a line of the go command's that has a position.
var errorLine = regexp.MustCompile(`^(.+\.go):(\d+)(?::(\d+))?: (.*)$`)

// Diagnostics reads what a failed go build said. Something is always returned.
func (p Places) Diagnostics(output string) []reload.Diagnostic {
	var list []reload.Diagnostic
	var rest []string
	importPath, following := "", false
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if header, ok := strings.CutPrefix(line, "# "); ok {
			importPath, following = header, false
			continue
		}
		if d, ok := p.diagnostic(importPath, line); ok {
			list = append(list, d)
			following = true
			continue
		}
		if following && strings.HasPrefix(line, "\t") {
			list[len(list)-1].Message += "\n" + Clean(line)
			continue
		}
		following = false
		if strings.TrimSpace(line) != "" {
			rest = append(rest, Clean(line))
		}
	}
	if len(list) == 0 {
		list = []reload.Diagnostic{{File: p.first, Line: 1, Column: 1, Rule: "native/build",
			Message: "the native build failed: " + strings.Join(rest, "\n\t")}}
	}
	return list
}

func (p Places) diagnostic(importPath, line string) (reload.Diagnostic, bool) {
	m := errorLine.FindStringSubmatch(line)
	if m == nil || m[4] == "too many errors" {
		return reload.Diagnostic{}, false
	}
	name := filepath.ToSlash(m[1])
	file, ok := p.file(importPath, path.Base(name))
	if !ok {
		file, ok = p.nearest(name)
	}
	if !ok {
		return reload.Diagnostic{}, false
	}
	d := reload.Diagnostic{File: file, Rule: "native/build", Message: Clean(m[4])}
	d.Line, _ = strconv.Atoi(m[2])
	d.Column, _ = strconv.Atoi(m[3])
	return d, true
}

// nearest finds the one user's file that a path ends in, where no package was named.
func (p Places) nearest(name string) (string, bool) {
	name = "/" + Clean(name)
	for _, files := range p.files {
		for _, f := range files {
			if strings.HasSuffix(name, "/"+f) {
				return f, true
			}
		}
	}
	return "", false
}
