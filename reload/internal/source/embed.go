package source

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Limits on what //go:embed reads. It stays in memory for as long as a version does.
const (
	MaxEmbeddedFile = 16 << 20 // bytes of one file
	MaxEmbedded     = 64 << 20 // bytes of all files of one package
	maxEmbedded     = 20_000   // files of one package
)

// Embed is a variable that //go:embed fills.
type Embed struct {
	Var      string // its name
	Path     string // the Go file's, relative to the root
	Line     int    // of the variable, from 1
	Column   int    // from 1, in bytes
	Patterns []string
	Files    []EmbeddedFile // as package embed orders them: by folder, then by name
}

// EmbeddedFile is a file that a variable is filled from.
type EmbeddedFile struct {
	Name string // slash path relative to the package's folder
	Data []byte // not to be written to
}

// embedding is what the directives of one package embed at the moment.
type embedding struct {
	embeds   []Embed
	problems []Problem
	hash     Hash
}

// embedder reads what one package embeds.
type embedder struct {
	r      *reading
	dir    string
	before map[string][]byte // what the files held in the tree before
	data   map[string][]byte // what they hold now
	size   int
	dirs   map[string]bool // folders known to belong to the package's Go module
	out    embedding
}

// embed finds and reads the files of a package's directives. old, which may be nil, lends the bytes that are the same.
func (r *reading) embed(dir string, directives []directive, old *Package) *embedding {
	e := embedder{r: r, dir: dir, before: embeddedIn(old), data: map[string][]byte{}, dirs: map[string]bool{}}
	for _, d := range directives {
		e.variable(d)
	}
	for name, was := range e.before {
		now, found := e.data[name]
		if len(was) > 0 && (found && len(now) == 0 || !found && len(e.out.problems) > 0) {
			r.unsettled = true // half of a save
		}
	}
	if len(directives) > 0 {
		e.seal()
	}
	return &e.out
}

// embeddedIn returns the files that a package embeds.
func embeddedIn(pkg *Package) map[string][]byte {
	data := map[string][]byte{}
	if pkg != nil {
		for _, e := range pkg.Embeds {
			for _, f := range e.Files {
				data[f.Name] = f.Data
			}
		}
	}
	return data
}

// seal identifies the files and what is wrong with them. Which variable holds which is said by the Go source.
func (e *embedder) seal() {
	h := sha256.New()
	var size [8]byte
	put := func(s []byte) {
		binary.LittleEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write(s)
	}
	names := make([]string, 0, len(e.data))
	for name := range e.data {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		put([]byte(name))
		put(e.data[name])
	}
	for _, p := range e.out.problems {
		put([]byte(p.Path + p.Rule + p.Message))
	}
	h.Sum(e.out.hash[:0])
}

// variable finds and reads the files of one variable.
func (e *embedder) variable(d directive) {
	v := Embed{Var: d.name, Path: d.path, Line: d.line, Column: d.column}
	have := map[string]bool{}
	for _, p := range d.patterns {
		v.Patterns = append(v.Patterns, p.text)
		names, err := e.match(p.text)
		if err == nil && len(names) == 0 {
			err = errNoMatch
		}
		if err != nil {
			e.problem(d, p, err)
			continue
		}
		for _, name := range names {
			if have[name] {
				continue
			}
			have[name] = true
			data, err := e.read(name)
			if err != nil {
				e.problem(d, p, err)
				break
			}
			v.Files = append(v.Files, EmbeddedFile{name, data})
		}
	}
	slices.SortFunc(v.Files, func(a, b EmbeddedFile) int { return CompareEmbedded(a.Name, b.Name) })
	e.out.embeds = append(e.out.embeds, v)
}

// CompareEmbedded orders names as package embed does: by folder, then by name.
func CompareEmbedded(a, b string) int {
	return cmp.Or(strings.Compare(path.Dir(a), path.Dir(b)), strings.Compare(path.Base(a), path.Base(b)))
}

func (e *embedder) problem(d directive, p pattern, err error) {
	rule, hint := "embed/file", "leave the file out of the pattern"
	var own *embedError
	switch {
	case errors.As(err, &own):
		rule, hint = own.rule, own.hint
	case errors.Is(err, fs.ErrNotExist):
		e.r.unsettled = true // it was there a moment ago
	}
	e.out.problems = append(e.out.problems, Problem{d.path, p.line, p.column, rule,
		fmt.Sprintf("pattern %s: %v", p.text, cause(err)), hint})
}

// embedError is a reason not to embed, in the words of the go command where it has any.
type embedError struct{ rule, message, hint string }

func (e *embedError) Error() string { return e.message }

var errNoMatch = &embedError{"embed/pattern", "no matching files found",
	"patterns are relative to the package's folder, with / between folders"}

// read returns what a file holds. What has not changed is the same slice as before: versions share it.
func (e *embedder) read(name string) ([]byte, error) {
	if data, ok := e.data[name]; ok {
		return data, nil
	}
	tooLarge := &embedError{"embed/size", fmt.Sprintf("cannot embed %s: the file is larger than %d MiB", name,
		MaxEmbeddedFile>>20), "have the host read it, and pass on what the module needs"}
	tooMuch := &embedError{"embed/size", fmt.Sprintf("cannot embed %s: with it the package embeds more than %d MiB or %d files",
		name, MaxEmbedded>>20, maxEmbedded), "have the host read the files, and pass on what the module needs"}
	if len(e.data) >= maxEmbedded {
		return nil, tooMuch
	}
	left := min(MaxEmbeddedFile, MaxEmbedded-e.size)
	data, err := readFile(e.r.fsys, path.Join(e.dir, name), left)
	switch {
	case errors.Is(err, errTooLarge) && left == MaxEmbeddedFile:
		return nil, tooLarge
	case errors.Is(err, errTooLarge):
		return nil, tooMuch
	case err != nil:
		return nil, fmt.Errorf("cannot embed %s: %w", name, cause(err))
	}
	e.size += len(data)
	if was, ok := e.before[name]; ok && string(was) == string(data) {
		data = was
	}
	e.data[name] = data
	return data, nil
}
