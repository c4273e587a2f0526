package interp

import (
	"io/fs"
	"path"
	"slices"
	"testing/fstest"

	"midair/interp/internal/generic"
	"midair/interp/internal/lower"
	"midair/reload"
)

// layOut puts the module's packages where yaegi looks for source: src/<import path>/<file>. Generic packages of the
// standard library, which no symbol table can hold, are laid out as source too, as far as the module uses them. Variables
// that //go:embed fills get an initialiser.
func layOut(c *reload.Checked) fs.FS {
	files := fstest.MapFS{}
	put := func(importPath, name string, src []byte) {
		files[path.Join("src", importPath, name)] = &fstest.MapFile{Data: src, Mode: 0o444}
	}
	for _, pkg := range packages(c) {
		for i, f := range pkg.Files {
			src := lower.Apply(f.Source, append(lower.Edits(pkg, f), embedEdits(pkg, f)...))
			if i == 0 {
				src = append(slices.Clip(src), accessorOf(pkg)...)
			}
			put(pkg.ImportPath, path.Base(f.Path), src)
		}
	}
	for _, importPath := range genericImports(c) {
		src, ok := generic.Pick(importPath, selected(c, importPath))
		if dotImported(c, importPath) || !ok {
			src, _ = generic.Source(importPath)
		}
		put(importPath, path.Base(importPath)+".go", []byte(src))
	}
	return files
}
