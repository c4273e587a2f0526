package stage

import (
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"midair/reload"
	"midair/reload/internal/instrument"
	"midair/reload/native/guard"
)

// edit makes the edits that a native build needs. It returns the files of each package by name, and the source of the
// package main that the plugin is.
func edit(m Module, version string) (files []map[string][]byte, shim []byte, err error) {
	imports := map[string]string{}
	var packages []instrument.Package
	for _, p := range m.Packages() {
		imports[p.ImportPath] = path.Join(p.ImportPath, version)
		in := instrument.Package{ImportPath: p.ImportPath, Name: p.Name, FileSet: p.FileSet, Types: p.Types, Info: p.Info}
		in.Variables = slices.DeleteFunc(slices.Clone(p.Kept), func(name string) bool { return name == "_" })
		for _, f := range p.Files {
			name, err := m.position(p, f)
			if err != nil {
				return nil, nil, err
			}
			in.Files = append(in.Files, instrument.File{Path: name, Source: f.Source, Syntax: f.Syntax})
		}
		packages = append(packages, in)
	}
	host := reflect.TypeFor[guard.Package]().PkgPath()
	result, err := instrument.Instrument(packages, instrument.Options{Imports: imports,
		Report: instrument.Symbol{ImportPath: host, Name: "Report"},
		Output: instrument.Output{ImportPath: host, Version: strings.TrimPrefix(version, Mark)}})
	if err != nil {
		return nil, nil, &reload.Error{Module: m.Module, Stage: reload.StagePrepare, Diagnostics: []reload.Diagnostic{{
			File: m.Package.Files[0].Path, Line: 1, Column: 1, Rule: "native/form", Message: Clean(err.Error())}}}
	}
	for i, out := range result.Packages {
		named := map[string][]byte{out.Extra.Name: out.Extra.Source}
		for j, f := range packages[i].Files {
			named[filepath.Base(f.Path)] = out.Files[j]
		}
		files = append(files, named)
	}
	shim, err = result.Shim("main")
	return files, shim, err
}

// position is what compile errors and stacks are to say of a file: where it is, or what -trimpath makes of that.
func (m Module) position(p reload.Package, f reload.File) (string, error) {
	if m.Trimpath {
		return path.Join(p.ImportPath, path.Base(f.Path)), nil
	}
	folder, err := m.Folder(p.ImportPath)
	if err != nil {
		return "", fmt.Errorf("cannot be built: %w", err)
	}
	return filepath.Join(folder, path.Base(f.Path)), nil
}

// Clean removes what staging and editing have added to names and paths in a text.
func Clean(text string) string { return instrument.CleanName(text) }

// Generated says whether a function on a stack is none that the user wrote.
func Generated(function string) bool { return instrument.Generated(function) }
