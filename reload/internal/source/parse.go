package source

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// builder collects one directory's files until they make a package.
type builder struct {
	dir      string
	files    []*File
	excluded []string // tests and files that build constraints leave out
	other    int      // files that are not Go
	problems []Problem
}

func (b *builder) problem(path string, line, col int, rule, message, hint string) {
	b.problems = append(b.problems, Problem{path, line, col, rule, message, hint})
}

func (b *builder) unreadable(path string, err error) {
	if errors.Is(err, errTooLarge) {
		b.problem(path, 0, 0, "source/size", fmt.Sprintf("the file is larger than %d MiB", MaxFileSize>>20),
			"keep data out of Go source, or split the file")
		return
	}
	b.problem(path, 0, 0, "source/unreadable", fmt.Sprintf("cannot read the file: %v", cause(err)),
		"check its permissions")
}

// build makes the package, or returns the old one if nothing in it changed.
func (b *builder) build(r *reading) *Package {
	slices.SortFunc(b.files, func(x, y *File) int { return strings.Compare(x.Name, y.Name) })
	if len(b.files) == 0 && len(b.problems) == 0 {
		b.empty()
	}
	own := b.hash()
	old := r.packageBefore(b.dir)
	var files *embedding
	if old != nil && old.own == own { // the Go source says the same
		files = r.embed(b.dir, old.directives, old)
		if files.hash == old.EmbedHash {
			return old
		}
	}
	pkg := &Package{Dir: b.dir, Files: b.files, FileSet: token.NewFileSet(), own: own}
	b.syntax(r, pkg)
	if files == nil {
		files = r.embed(b.dir, pkg.directives, old)
	}
	pkg.Embeds, pkg.EmbedHash, pkg.Hash = files.embeds, files.hash, own
	if len(pkg.directives) > 0 {
		pkg.Hash = sha256.Sum256(slices.Concat(own[:], files.hash[:]))
	}
	pkg.Problems = SortProblems(slices.Concat(b.problems, files.problems))
	return pkg
}

// syntax parses the package's files and takes from them what holds for the package.
func (b *builder) syntax(r *reading, pkg *Package) {
	start := time.Now()
	for _, f := range b.files {
		before := len(b.problems)
		b.parse(pkg.FileSet, f)
		if len(b.problems) == before && b.dir != "." { // what is not a package's is not read
			pkg.directives = append(pkg.directives, b.directives(pkg.FileSet, f)...)
		}
	}
	b.name(pkg)
	pkg.Imports = imports(pkg)
	r.tree.ParseFor += time.Since(start)
}

func (b *builder) empty() {
	hint := "add a Go file, or remove the folder"
	if len(b.excluded) > 0 {
		b.problem(b.dir, 0, 0, "source/empty", fmt.Sprintf(
			"build constraints leave out all Go files (%s)", strings.Join(b.excluded, ", ")), hint)
		return
	}
	b.problem(b.dir, 0, 0, "source/empty", "no Go files in the folder", hint)
}

// hash covers what decides the package's meaning, problems included: a file that becomes readable is a change.
func (b *builder) hash() (sum Hash) {
	h := sha256.New()
	var size [8]byte
	put := func(s []byte) {
		binary.LittleEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write(s)
	}
	for _, f := range b.files {
		put([]byte(f.Name))
		put(f.Source)
	}
	for _, p := range b.problems {
		put([]byte(p.Path + p.Rule + p.Message))
	}
	h.Sum(sum[:0])
	return sum
}

// parse adds a file's syntax tree and its syntax errors, all of them.
func (b *builder) parse(fset *token.FileSet, f *File) {
	mode := parser.ParseComments | parser.SkipObjectResolution | parser.AllErrors
	syntax, err := parser.ParseFile(fset, f.Path, f.Source, mode)
	f.Syntax = syntax
	var list scanner.ErrorList
	if errors.As(err, &list) {
		first := firstOfLines(list)
		for i, e := range first {
			if i == maxProblems {
				b.problem(f.Path, 0, 0, "syntax", fmt.Sprintf("and syntax errors on %d more lines", len(first)-i), "")
				break
			}
			b.problem(f.Path, e.Pos.Line, e.Pos.Column, "syntax", e.Msg, "")
		}
	} else if err != nil {
		b.problem(f.Path, 0, 0, "syntax", err.Error(), "")
	}
}

// firstOfLines keeps one error of each line, as the compiler does: the others only follow from it. The list is sorted by
// place and text; of several at the first place, that a semicolon is missing is the least helpful.
func firstOfLines(list scanner.ErrorList) (kept scanner.ErrorList) {
	for _, e := range list {
		last := len(kept) - 1
		switch {
		case last < 0 || kept[last].Pos.Line != e.Pos.Line:
			kept = append(kept, e)
		case kept[last].Pos.Column == e.Pos.Column && !strings.HasPrefix(e.Msg, "expected ';'"):
			kept[last] = e
		}
	}
	return kept
}

// name settles the package's name: one for all files, and not main.
func (b *builder) name(pkg *Package) {
	first := ""
	for _, f := range b.files {
		if f.Syntax == nil || f.Syntax.Name == nil || f.Syntax.Name.Name == "" {
			continue
		}
		name := f.Syntax.Name.Name
		pos := pkg.FileSet.Position(f.Syntax.Name.Pos())
		switch {
		case name == "_": // the parser has said so
		case pkg.Name == "":
			pkg.Name, first = name, f.Name
			if name == "main" {
				b.problem(f.Path, pos.Line, pos.Column, "module/main", "a module cannot be package main",
					"name it after its folder: package "+identifier(path.Base(b.dir)))
			}
		case name != pkg.Name:
			b.problem(f.Path, pos.Line, pos.Column, "source/packages", fmt.Sprintf(
				"found packages %s (%s) and %s (%s) in one folder", pkg.Name, first, name, f.Name),
				"a folder holds one package; move one of them to a folder of its own")
		}
	}
}

func identifier(s string) string {
	if token.IsIdentifier(s) {
		return s
	}
	return "NAME"
}

func imports(pkg *Package) []Import {
	seen := map[string]bool{}
	var all []Import
	for _, f := range pkg.Files {
		if f.Syntax == nil {
			continue
		}
		for _, spec := range f.Syntax.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil || seen[p] {
				continue
			}
			seen[p] = true
			all = append(all, Import{p, pkg.FileSet.Position(spec.Path.Pos())})
		}
	}
	slices.SortFunc(all, func(a, b Import) int { return strings.Compare(a.Path, b.Path) })
	return all
}
