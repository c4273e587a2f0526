package native

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"

	"midair/reload"
)

// allPackages are a module's packages, each after those it imports.
func allPackages(c *reload.Checked) []reload.Package {
	return append(slices.Clip(c.Libraries), c.Package)
}

// contentOf identifies a module by what can be known of it where there is neither go.mod nor go command: its name, import
// paths, and every source and embedded file.
func contentOf(c *reload.Checked) string {
	h := sha256.New()
	put := func(parts ...string) {
		for _, p := range parts {
			fmt.Fprintf(h, "%d:%s,", len(p), p)
		}
	}
	put("midair bundle 1", c.Module, c.ImportPath)
	for _, p := range allPackages(c) {
		put("package", p.ImportPath, p.Name)
		for _, f := range p.Files {
			put("file", f.Path, string(f.Source))
		}
		for _, e := range p.Embeds {
			put("variable", e.Var, e.File)
			for _, f := range e.Files {
				put("embed", f.Name, string(f.Data))
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// filesOf are all files of a module and its libraries, by slash path relative to the module directory.
func filesOf(c *reload.Checked) map[string][]byte {
	files := map[string][]byte{}
	for _, p := range allPackages(c) {
		for _, f := range p.Files {
			files[f.Path] = f.Source
		}
		for _, e := range p.Embeds {
			for _, f := range e.Files {
				files[path.Join(p.Dir, f.Name)] = f.Data
			}
		}
	}
	return files
}
