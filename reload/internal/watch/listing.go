package watch

import (
	"encoding/binary"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
)

// seed is one for the process: prints are compared within it only.
var seed = maphash.MakeSeed()

// print is the fingerprint of what stat says of a directory's entries: names, sizes, times, modes, links' targets.
// Editor droppings are left out, and so are directories' own times, which those change.
type print struct {
	files uint64
	swaps uint64 // of names that begin with "..": a difference here may mean anything
}

// entry is something in a directory that is a directory, or may be one.
type entry struct {
	name string
	link bool
}

// listing is one look at one directory, not at those below it.
type listing struct {
	print print
	subs  []entry // in order; hidden ones left out
}

// list looks at a real directory. One that cannot be read has a print too, another than when it can be.
func list(real string) listing {
	var files, swaps maphash.Hash
	files.SetSeed(seed)
	swaps.SetSeed(seed)
	entries, err := os.ReadDir(real) // sorted; with an error what could be read
	if err != nil {
		files.WriteString("\x00unreadable")
	}
	var l listing
	for _, e := range entries {
		name, kind := e.Name(), e.Type()
		sub, isDir := listSub(real, e)
		if isDir && !hidden(name) {
			l.subs = append(l.subs, sub)
		}
		switch {
		case swapped(name):
			note(&swaps, real, name, kind)
		case isDir && hidden(name), !isDir && dropping(name):
		default:
			note(&files, real, name, kind)
		}
	}
	l.print = print{files: files.Sum64(), swaps: swaps.Sum64()}
	return l
}

// listSub says whether e is a directory, or a link that leads to one or nowhere: that may be one later.
func listSub(dir string, e fs.DirEntry) (entry, bool) {
	sub := entry{name: e.Name()}
	if e.IsDir() {
		return sub, true
	}
	if e.Type()&fs.ModeSymlink == 0 {
		return sub, false
	}
	sub.link = true
	info, err := os.Stat(filepath.Join(dir, sub.name))
	if err != nil {
		return sub, !dropping(sub.name) // emacs locks by a link to nowhere
	}
	return sub, info.IsDir()
}

// note adds what stat says of an entry.
func note(h *maphash.Hash, dir, name string, kind fs.FileMode) {
	path := filepath.Join(dir, name)
	h.WriteString(name)
	h.WriteByte(0)
	if kind&fs.ModeSymlink != 0 {
		target, _ := os.Readlink(path)
		h.WriteString(target)
		h.WriteByte(0)
	}
	info, err := os.Stat(path)
	if err != nil {
		h.WriteByte(1) // gone since, or a link to nowhere
		return
	}
	var b [4 * 8]byte
	binary.LittleEndian.PutUint64(b[0:], uint64(info.Mode()))
	if !info.IsDir() {
		binary.LittleEndian.PutUint64(b[8:], uint64(info.Size()))
		binary.LittleEndian.PutUint64(b[16:], uint64(info.ModTime().UnixNano()))
		binary.LittleEndian.PutUint64(b[24:], uint64(changed(info)))
	}
	h.Write(b[:])
}
