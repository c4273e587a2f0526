package reload

import "midair/reload/internal/source"

// Embed is a variable that //go:embed fills, with what belongs in it. It is immutable.
type Embed struct {
	Var   string         // its name; "_" is filled by nobody
	File  string         // the Go file's path, relative to the module directory, with slashes
	Line  int            // of the variable
	Files []EmbeddedFile // as package embed orders them: by folder, then by name; folders themselves are not in it
}

// EmbeddedFile is a file that a variable is filled from. All versions that embed the same bytes share them: Data must not
// be written to.
type EmbeddedFile struct {
	Name string // slash path relative to the package's folder
	Data []byte
}

// embeds is what a package embeds, as backends get it.
func embeds(p *source.Package) []Embed {
	var all []Embed
	for _, e := range p.Embeds {
		out := Embed{Var: e.Var, File: e.Path, Line: e.Line, Files: make([]EmbeddedFile, len(e.Files))}
		for i, f := range e.Files {
			out.Files[i] = EmbeddedFile(f)
		}
		all = append(all, out)
	}
	return all
}
