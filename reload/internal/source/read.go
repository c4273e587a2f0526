package source

import (
	"bytes"
	"errors"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Tree is what one reading of the module directory found.
type Tree struct {
	Packages map[string]*Package // by directory; the root's own files are not a package of their own
	ParseFor time.Duration       // time spent in the Go parser by the reading that made this tree

	dirs map[string]*directory

	// What Resolve needs to redo only what changed: which tree this one was updated from, and the packages that differ.
	id, base *identity
	delta    []string
}

// identity tells trees apart without keeping one alive.
type identity struct{ _ byte }

// directory is one directory seen, package or not.
type directory struct {
	info    fs.FileInfo
	subdirs []string // base names
	pkg     *Package // nil if it has no Go file at all
}

// reading is one walk: it shares what did not change with the tree before.
type reading struct {
	fsys      fs.FS
	old       *Tree
	tree      *Tree
	touched   []string // directories read or forgotten
	unsettled bool
}

// Read reads the whole file system. The result is complete whatever is wrong with the files; the error is only about a
// root that cannot be read at all. old, which may be nil, lends its unchanged packages. unsettled says that something
// looked half written (a file vanished during the walk, or lost all its content since old): a reader that can wait
// should read again before it draws conclusions.
func Read(fsys fs.FS, old *Tree) (t *Tree, unsettled bool, err error) {
	if old == nil {
		old = &Tree{}
	}
	r := reading{fsys: fsys, old: old, tree: &Tree{dirs: map[string]*directory{}}}
	info, err := fs.Stat(fsys, ".")
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "read", Path: ".", Err: errors.New("not a directory")}
	}
	if err != nil {
		return nil, false, err
	}
	if err := r.walk(".", info, nil); err != nil {
		return nil, false, err
	}
	return r.finish()
}

// Update reads the named directories anew and takes everything else from t. A named directory that no longer exists
// leaves the tree with all that was below it; one that is new is read with all that is below it.
func (t *Tree) Update(fsys fs.FS, dirs []string) (next *Tree, unsettled bool, err error) {
	r := reading{fsys: fsys, old: t, tree: &Tree{dirs: maps.Clone(t.dirs), base: t.id}}
	seen := make(map[string]bool, len(dirs))
	for _, dir := range dirs {
		dir = path.Clean(dir)
		seen[dir] = true
		r.refresh(dir)
	}
	for _, dir := range dirs {
		r.refreshEmbedding(path.Clean(dir), seen)
	}
	if r.tree.dirs["."] == nil {
		return nil, false, &fs.PathError{Op: "read", Path: ".", Err: fs.ErrNotExist}
	}
	return r.finish()
}

func (r *reading) finish() (*Tree, bool, error) {
	r.tree.id = new(identity)
	if r.tree.base == nil {
		r.tree.Packages = make(map[string]*Package, len(r.tree.dirs))
		for dir, d := range r.tree.dirs {
			r.pack(dir, d)
		}
		for dir := range r.old.Packages {
			r.gone(dir)
		}
		return r.tree, r.unsettled, nil
	}
	r.tree.Packages = maps.Clone(r.old.Packages)
	for _, dir := range r.touched {
		delete(r.tree.Packages, dir)
		r.pack(dir, r.tree.dirs[dir])
		r.gone(dir)
		if r.tree.Packages[dir] != r.old.Packages[dir] {
			r.tree.delta = append(r.tree.delta, dir)
		}
	}
	return r.tree, r.unsettled, nil
}

func (r *reading) pack(dir string, d *directory) {
	if d != nil && d.pkg != nil && dir != "." {
		r.tree.Packages[dir] = d.pkg
	}
}

// gone notes a package that is no more: a checkout removes a file some milliseconds before it writes the new one.
func (r *reading) gone(dir string) {
	r.unsettled = r.unsettled || r.old.Packages[dir] != nil && r.tree.Packages[dir] == nil
}

// set notes what a directory holds now.
func (r *reading) set(dir string, d *directory) {
	r.touched = append(r.touched, dir)
	if d == nil {
		delete(r.tree.dirs, dir)
		return
	}
	r.tree.dirs[dir] = d
}

// refresh reads one directory of an existing tree again.
func (r *reading) refresh(dir string) {
	known := r.tree.dirs[dir]
	info, err := fs.Stat(r.fsys, dir)
	if err != nil || !info.IsDir() || hidden(dir) {
		r.forget(dir)
		return
	}
	if known == nil { // also reads what is below it, which no event may have named
		if parent := path.Dir(dir); r.tree.dirs[parent] == nil {
			return // below something that is itself gone or left out
		}
		r.walk(dir, info, r.ancestors(dir))
		return
	}
	before := known.subdirs
	entries, err := fs.ReadDir(r.fsys, dir)
	subdirs, pkg := r.entries(dir, entries, err)
	r.set(dir, &directory{info, subdirs, pkg})
	for _, sub := range before {
		if !slices.Contains(subdirs, sub) {
			r.forget(path.Join(dir, sub))
		}
	}
	for _, sub := range subdirs {
		if p := path.Join(dir, sub); r.tree.dirs[p] == nil {
			r.child(p, r.ancestors(p))
		}
	}
}

// refreshEmbedding reads the packages above a directory that may embed what is in it.
func (r *reading) refreshEmbedding(dir string, seen map[string]bool) {
	for up := path.Dir(dir); up != "." && up != "/"; up = path.Dir(up) {
		d := r.tree.dirs[up]
		if !seen[up] && d != nil && d.pkg != nil && len(d.pkg.directives) > 0 {
			seen[up] = true
			r.refresh(up)
		}
	}
}

func (r *reading) forget(dir string) {
	if r.tree.dirs[dir] == nil {
		return
	}
	prefix := dir + "/"
	for d := range r.tree.dirs {
		if d == dir || dir == "." || strings.HasPrefix(d, prefix) {
			r.set(d, nil)
		}
	}
}

// ancestors returns the directories above dir, to recognise a link that leads back up.
func (r *reading) ancestors(dir string) []fs.FileInfo {
	var up []fs.FileInfo
	for dir != "." {
		dir = path.Dir(dir)
		if d := r.tree.dirs[dir]; d != nil {
			up = append(up, d.info)
		}
	}
	return up
}

// walk reads a directory and everything below it. It fails only if the directory itself cannot be listed.
func (r *reading) walk(dir string, info fs.FileInfo, up []fs.FileInfo) error {
	for _, a := range up {
		if os.SameFile(a, info) {
			return nil // a link to a directory above: what is in it has been seen
		}
	}
	if len(up) > maxDepth {
		return nil
	}
	entries, err := fs.ReadDir(r.fsys, dir)
	if err != nil && dir == "." {
		return err
	}
	subdirs, pkg := r.entries(dir, entries, err)
	r.set(dir, &directory{info, subdirs, pkg})
	up = append(slices.Clip(up), info)
	for _, sub := range subdirs {
		r.child(path.Join(dir, sub), up)
	}
	return nil
}

// child reads a directory that its parent's listing named.
func (r *reading) child(dir string, up []fs.FileInfo) {
	info, err := fs.Stat(r.fsys, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.unsettled = true
	case err != nil:
		_, pkg := r.entries(dir, nil, err)
		r.set(dir, &directory{pkg: pkg})
	default:
		r.walk(dir, info, up)
	}
}

// entries sorts a listing into sub-directories and the package that its Go files make.
func (r *reading) entries(dir string, entries []fs.DirEntry, err error) (subdirs []string, pkg *Package) {
	b := builder{dir: dir}
	if err != nil {
		b.problem(dir, 0, 0, "source/unreadable", fmt.Sprintf("cannot list the directory: %v", cause(err)),
			"check its permissions")
		return nil, b.build(r)
	}
	for _, e := range entries {
		name := e.Name()
		if hidden(name) {
			continue
		}
		mode := e.Type()
		if mode&fs.ModeSymlink != 0 {
			info, err := fs.Stat(r.fsys, path.Join(dir, name))
			if err != nil {
				if strings.HasSuffix(name, ".go") {
					b.unreadable(path.Join(dir, name), err)
				}
				continue
			}
			mode = info.Mode()
		}
		switch {
		case mode.IsDir():
			subdirs = append(subdirs, name)
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			b.read(r, name)
		case strings.HasSuffix(name, ".go"):
			b.excluded = append(b.excluded, name)
		default:
			b.other++
		}
	}
	if len(b.files)+len(b.excluded)+len(b.problems) == 0 && (len(subdirs) > 0 || b.other > 0 || dir == ".") {
		return subdirs, nil // a folder that groups modules or holds data
	}
	return subdirs, b.build(r)
}

// hidden says whether a file or directory is left out by its name, as the go command does.
func hidden(name string) bool {
	if name == "." {
		return false
	}
	base := path.Base(name)
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "vendor"
}

// read reads one Go file into the builder.
func (b *builder) read(r *reading, name string) {
	p := path.Join(b.dir, name)
	src, err := readFile(r.fsys, p, MaxFileSize)
	if errors.Is(err, fs.ErrNotExist) {
		r.unsettled = true
		return
	}
	if err != nil {
		b.unreadable(p, err)
		return
	}
	if len(src) == 0 && len(r.before(b.dir, name)) > 0 {
		r.unsettled = true // an editor that truncates first and writes later
	}
	if !b.takesPart(name, src) {
		b.excluded = append(b.excluded, name)
		return
	}
	if i := invalidUTF8(src); i >= 0 {
		line := 1 + bytes.Count(src[:i], []byte("\n"))
		b.problem(p, line, i-bytes.LastIndexByte(src[:i], '\n'), "source/utf8",
			fmt.Sprintf("byte 0x%02x is not UTF-8", src[i]), "save the file as UTF-8")
	}
	b.files = append(b.files, &File{Name: name, Path: p, Source: src})
}

// packageBefore returns the package that the tree before had in a directory, or nil.
func (r *reading) packageBefore(dir string) *Package {
	if d := r.old.dirs[dir]; d != nil {
		return d.pkg
	}
	return nil
}

// before returns what the file held in the tree before, or nil.
func (r *reading) before(dir, name string) []byte {
	if pkg := r.old.Packages[dir]; pkg != nil {
		for _, f := range pkg.Files {
			if f.Name == name {
				return f.Source
			}
		}
	}
	return nil
}

var errTooLarge = errors.New("file too large")

// readFile reads a regular file of at most limit bytes, so that neither a huge file nor a pipe stops the host.
func readFile(fsys fs.FS, name string, limit int) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("not a regular file (%s)", info.Mode().Type())
	}
	if info.Size() > int64(limit) {
		return nil, errTooLarge
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err == nil && len(src) > limit {
		err = errTooLarge
	}
	return src, err
}

func invalidUTF8(src []byte) int {
	if utf8.Valid(src) {
		return -1
	}
	for i := 0; i < len(src); {
		c, n := utf8.DecodeRune(src[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// takesPart applies the go command's build constraints: file name suffixes and //go:build lines.
func (b *builder) takesPart(name string, src []byte) bool {
	ctxt := build.Default
	ctxt.CgoEnabled = true // a file that imports "C" is to be refused by name, not left out in silence
	ctxt.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(src)), nil }
	match, err := ctxt.MatchFile(b.dir, name)
	return match || err != nil // what cannot be read as Go is left to the parser's better message
}

func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
