package static

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"midair/reload"
)

// Content identifies the content of a module: of the Go files that take part in the build and of the embedded files, its
// own and its libraries'. Generated files do not count, not even when they are embedded.
func Content(c *reload.Checked) string {
	var files []file
	for _, p := range append(c.Libraries[:len(c.Libraries):len(c.Libraries)], c.Package) {
		for _, f := range p.Files {
			files = append(files, file{"source", f.Path, f.Source})
		}
		for _, e := range p.Embeds {
			for _, f := range e.Files {
				files = append(files, file{"embedded", path.Join(p.Dir, f.Name), f.Data})
			}
		}
	}
	return digest(files)
}

// file is one that makes up a content. The path is relative to the module directory.
type file struct {
	kind, path string
	data       []byte
}

func digest(files []file) string {
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.kind, b.kind)) })
	h := sha256.New()
	var last file
	for _, f := range files {
		if path.Base(f.path) == FileName || f.kind == last.kind && f.path == last.path {
			continue // several variables may embed one file
		}
		fmt.Fprintf(h, "%s %d:%s %d:", f.kind, len(f.path), f.path, len(f.data))
		h.Write(f.data)
		last = f
	}
	return hex.EncodeToString(h.Sum(nil))
}

// files are what makes up the content of a linked package, by what was compiled.
func (p *Package) files() ([]file, error) {
	var all []file
	entries, err := fs.ReadDir(p.Sources, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := e.Name()
		data, err := fs.ReadFile(p.Sources, name)
		if err != nil {
			return nil, err
		}
		if takesPart(name, data) {
			all = append(all, file{"source", path.Join(p.Dir, name), data})
		}
	}
	if p.Embeds == nil {
		return all, nil
	}
	err = fs.WalkDir(p.Embeds, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(p.Embeds, name)
		all = append(all, file{"embedded", path.Join(p.Dir, name), data})
		return err
	})
	return all, err
}

// takesPart says whether a Go file is compiled. A snapshot of the module directory has no build tags: where these make a
// difference, contents differ.
func takesPart(name string, source []byte) bool {
	if name == FileName || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return false
	}
	ctxt := build.Default
	ctxt.CgoEnabled, ctxt.BuildTags = true, []string{Tag}
	ctxt.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(source)), nil }
	match, err := ctxt.MatchFile(".", name)
	return match || err != nil
}
