package main

import (
	"errors"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// scopedFS shows some modules of a directory and the libraries that they import, and nothing else: a module can be
// checked wherever it is, without reading all that is beside it.
type scopedFS struct {
	fs.FS
	importPath string   // of the root
	dirs       []string // shown, with what is below them
	dir, file  string   // if a file is checked alone: its directory shows no other Go file
}

// newScopedFS shows directories and what they import. If file is not "", there is one directory, and that is its only
// Go file.
func newScopedFS(fsys fs.FS, importPath string, dirs []string, file string) *scopedFS {
	s := &scopedFS{FS: fsys, importPath: importPath, file: file}
	if file != "" {
		s.dir = dirs[0]
	}
	for todo := slices.Clone(dirs); len(todo) > 0; todo = todo[1:] {
		if !slices.Contains(s.dirs, todo[0]) {
			s.dirs = append(s.dirs, todo[0])
			todo = append(todo, s.imports(todo[0])...)
		}
	}
	return s
}

// imports returns the directories of the tree that the Go files in one import.
func (s *scopedFS) imports(dir string) (dirs []string) {
	entries, _ := s.ReadDir(dir)
	for _, e := range entries {
		if name := path.Join(dir, e.Name()); !isSource(e.Name()) || !s.isFile(name) {
			continue
		}
		src, err := fs.ReadFile(s.FS, path.Join(dir, e.Name()))
		if err != nil {
			continue // the check will say so
		}
		f, _ := parser.ParseFile(token.NewFileSet(), "", src, parser.ImportsOnly)
		if f == nil {
			continue
		}
		for _, imp := range f.Imports {
			importPath, _ := strconv.Unquote(imp.Path.Value)
			if dir, ok := strings.CutPrefix(importPath, s.importPath+"/"); ok && fs.ValidPath(dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// isFile says that a name is not one of the Go files beside the one that is checked alone.
func (s *scopedFS) isFile(name string) bool {
	return s.file == "" || path.Dir(name) != s.dir || !isSource(path.Base(name)) || path.Base(name) == s.file
}

// shows says whether a name is in the scope, or on the way there.
func (s *scopedFS) shows(name string) bool {
	if !s.isFile(name) {
		return false
	}
	return name == "." || slices.ContainsFunc(s.dirs, func(dir string) bool {
		return dir == name || strings.HasPrefix(dir, name+"/") || strings.HasPrefix(name, dir+"/")
	})
}

// Open implements [fs.FS].
func (s *scopedFS) Open(name string) (fs.File, error) {
	if !s.shows(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return s.FS.Open(name)
}

// Stat implements [fs.StatFS].
func (s *scopedFS) Stat(name string) (fs.FileInfo, error) {
	if !s.shows(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return fs.Stat(s.FS, name)
}

// ReadDir implements [fs.ReadDirFS].
func (s *scopedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if !s.shows(name) {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	entries, err := fs.ReadDir(s.FS, name)
	if errors.Is(err, fs.ErrPermission) && !slices.Contains(s.dirs, name) {
		return s.onTheWay(name) // a directory above a module may be one that can be passed through only
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !s.shows(path.Join(name, e.Name())) }), err
}

// onTheWay lists what leads from a directory to what is shown.
func (s *scopedFS) onTheWay(name string) (entries []fs.DirEntry, err error) {
	for _, dir := range s.dirs {
		for ; dir != "."; dir = path.Dir(dir) {
			if path.Dir(dir) != name {
				continue
			}
			if info, err := fs.Stat(s.FS, dir); err == nil {
				entries = append(entries, fs.FileInfoToDirEntry(info))
			}
		}
	}
	return entries, nil
}
