package interp

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"path"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"midair/reload"
)

// embeddedFile is a file in an [embed.FS]. The compiler writes such values into the program; there is no other way to make
// one.
type embeddedFile struct {
	name string // of a folder it ends in a slash
	data string
	hash [16]byte
}

// embedLayout says whether embed.FS is laid out as this Go version does: a pointer to a slice of files.
var embedLayout = sameLayout()

func sameLayout() bool {
	t := reflect.TypeFor[embed.FS]()
	if t.Kind() != reflect.Struct || t.NumField() != 1 || t.Field(0).Name != "files" {
		return false
	}
	p := t.Field(0).Type
	if p.Kind() != reflect.Pointer || p.Elem().Kind() != reflect.Slice || p.Elem().Elem().Kind() != reflect.Struct {
		return false
	}
	file, own := p.Elem().Elem(), reflect.TypeFor[embeddedFile]()
	if file.NumField() != own.NumField() || file.Size() != own.Size() {
		return false
	}
	for i := range own.NumField() {
		a, b := file.Field(i), own.Field(i)
		if a.Name != b.Name || a.Type != b.Type || a.Offset != b.Offset {
			return false
		}
	}
	return true
}

// newEmbedFS makes the file system that the compiler would: the files and the folders on the way to them, by folder, then
// by name.
func newEmbedFS(files []reload.EmbeddedFile) embed.FS {
	var all []embeddedFile
	have := map[string]bool{}
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		all = append(all, embeddedFile{f.Name, shared(f.Data), [16]byte(sum[:])})
		for dir := path.Dir(f.Name); dir != "." && !have[dir]; dir = path.Dir(dir) {
			have[dir] = true
			all = append(all, embeddedFile{name: dir + "/"})
		}
	}
	slices.SortFunc(all, func(a, b embeddedFile) int {
		x, y := strings.TrimSuffix(a.name, "/"), strings.TrimSuffix(b.name, "/")
		return cmp.Or(strings.Compare(path.Dir(x), path.Dir(y)), strings.Compare(path.Base(x), path.Base(y)))
	})
	var out embed.FS
	*(**[]embeddedFile)(unsafe.Pointer(&out)) = &all
	return out
}

// shared is a file's content as a string, without a copy: nobody writes to it.
func shared(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }
