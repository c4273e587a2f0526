package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// match returns the files that a pattern names, as the go command finds them: relative to the package's folder, without
// what would not be part of a Go module.
func (e *embedder) match(text string) (names []string, err error) {
	glob, all := strings.CutPrefix(text, "all:")
	if _, err := path.Match(glob, ""); err != nil || glob == "." || !fs.ValidPath(glob) {
		return nil, &embedError{"embed/pattern", "invalid pattern syntax",
			"no .. and no / at the beginning: only what is in the package's folder can be embedded"}
	}
	found, err := e.glob(glob)
	if err != nil {
		return nil, err
	}
	for _, full := range found {
		name := strings.TrimPrefix(full, e.dir+"/")
		info, err := fs.Lstat(e.r.fsys, full)
		if err != nil {
			return nil, err
		}
		if err := e.check(name, info); err != nil {
			return nil, err
		}
		if !info.IsDir() {
			names = append(names, name)
			continue
		}
		below, err := e.walk(name, all)
		if err != nil {
			return nil, err
		}
		names = append(names, below...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// glob finds what a pattern names. Without a wildcard a link counts as itself, wherever it leads.
func (e *embedder) glob(pattern string) ([]string, error) {
	if strings.ContainsAny(pattern, `*?[\`) {
		return fs.Glob(e.r.fsys, quoteGlob(e.dir)+"/"+pattern)
	}
	full := path.Join(e.dir, pattern)
	switch _, err := fs.Lstat(e.r.fsys, full); {
	case errors.Is(err, fs.ErrPermission):
		return nil, err
	case err != nil:
		return nil, nil
	}
	return []string{full}, nil
}

// quoteGlob makes a pattern that matches the path and nothing else.
func quoteGlob(p string) string {
	var b strings.Builder
	for _, c := range p {
		if strings.ContainsRune(`*?[]\`, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// check refuses what a pattern has named and what the go command would not embed.
func (e *embedder) check(name string, info fs.FileInfo) error {
	what := "file"
	if info.IsDir() {
		what = "directory"
	}
	refuse := func(format string, args ...any) error {
		return &embedError{"embed/file", fmt.Sprintf("cannot embed %s %s: ", what, name) + fmt.Sprintf(format, args...),
			"embed regular files of the package's own folder and of folders in it"}
	}
	for dir := name; dir != "." && !e.dirs[dir]; dir = path.Dir(dir) {
		if e.otherModule(dir) {
			return refuse("in different module")
		}
		if dir != name {
			if info, err := fs.Lstat(e.r.fsys, path.Join(e.dir, dir)); err == nil && !info.IsDir() {
				return refuse("in non-directory %s", dir)
			}
		}
		if base := path.Base(dir); badEmbedName(base) {
			if dir == name {
				return refuse("invalid name %s", base)
			}
			return refuse("in invalid directory %s", base)
		}
		e.dirs[dir] = true
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return &embedError{"embed/file", "cannot embed irregular file " + name,
			"only regular files can be embedded: put a copy where the link is"}
	}
	return nil
}

func (e *embedder) otherModule(dir string) bool {
	_, err := fs.Stat(e.r.fsys, path.Join(e.dir, dir, "go.mod"))
	return err == nil
}

// walk returns the files in a folder and below it, without hidden ones unless all are wanted.
func (e *embedder) walk(folder string, all bool) (names []string, err error) {
	root := path.Join(e.dir, folder)
	err = fs.WalkDir(e.r.fsys, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, base := strings.TrimPrefix(p, e.dir+"/"), path.Base(p)
		hidden := base[0] == '.' || base[0] == '_'
		if bad := badEmbedName(base); p != root && (bad || hidden && !all) {
			switch {
			case d.IsDir():
				return fs.SkipDir
			case hidden:
				return nil
			}
			return &embedError{"embed/file", fmt.Sprintf("cannot embed file %s: invalid name %s", name, base),
				"rename the file: this name is not allowed in a Go module"}
		}
		if d.IsDir() {
			if e.otherModule(name) {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() {
			names = append(names, name)
		}
		if len(names) > maxEmbedded {
			return fs.SkipAll // refused when they are read
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = &embedError{"embed/file", fmt.Sprintf("cannot embed directory %s: contains no embeddable files", folder),
			"put a file into it; those whose names begin with . or _ count only after all:"}
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return nil, fmt.Errorf("cannot embed directory %s: %w", folder, pe.Err)
	}
	return names, err
}

// badEmbedName says whether the name of a file or folder is one that a Go module cannot have.
func badEmbedName(name string) bool {
	switch name {
	case "", ".bzr", ".hg", ".git", ".svn":
		return true
	}
	if !utf8.ValidString(name) || strings.HasSuffix(name, ".") || strings.ContainsFunc(name, badInName) {
		return true
	}
	stem, _, _ := strings.Cut(name, ".")
	return slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, stem) })
}

func badInName(c rune) bool {
	if c < utf8.RuneSelf {
		return c < ' ' || c == 0x7f || strings.ContainsRune("\"'*<>?`|/\\:;", c)
	}
	return !unicode.IsLetter(c)
}

// reserved are the names of devices on Windows.
var reserved = []string{"CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
	"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9"}
