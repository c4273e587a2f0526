// Package stage lays out a checked module so that the go command builds it as a plugin, under import paths that no other
// version has, without a file in the user's folders.
package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"midair/reload"
)

// Mark begins the path element that tells versions apart. The go command leaves folders out whose names begin so.
const Mark = "_hr_"

// Module is what is staged.
type Module struct {
	*reload.Checked
	Root     string // the directory of the go.mod that the module belongs to
	Path     string // the module path in it
	Salt     string // whatever else decides about the build: Go version, flags, environment, the host
	Trimpath bool   // positions say import paths instead of folders
}

// Find returns the module path that the go.mod in a directory declares.
func Find(root string) (string, error) {
	if root == "" {
		return "", fmt.Errorf("no go.mod was found for the modules (Config.ModuleRoot)")
	}
	src, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no go.mod in %s, and native builds need the one that the host was built from "+
			"(reload.Config.ModuleRoot)", root)
	}
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(src)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "module" {
			return strings.Trim(f[1], "\"`"), nil
		}
	}
	return "", fmt.Errorf("%s declares no module path", filepath.Join(root, "go.mod"))
}

// Folder returns the folder of a package of the Go module.
func (m Module) Folder(importPath string) (string, error) {
	if importPath == m.Path {
		return m.Root, nil
	}
	if rest, ok := strings.CutPrefix(importPath, m.Path+"/"); ok {
		return filepath.Join(m.Root, filepath.FromSlash(rest)), nil
	}
	return "", fmt.Errorf("package %s is not below %s, the module of %s (Config.ImportPath, Config.ModuleRoot)", importPath, m.Path,
		filepath.Join(m.Root, "go.mod"))
}

// Packages returns the module's packages, each after those it imports.
func (m Module) Packages() []reload.Package {
	return append(m.Libraries[:len(m.Libraries):len(m.Libraries)], m.Package)
}

// Hash identifies what a build of the module would give, as far as it is known before. It is part of all staged import
// paths, so each version of a module has its own copy of its libraries' variables, and its own of those that it shares with
// other modules.
func (m Module) Hash() string {
	h := sha256.New()
	put := func(parts ...string) {
		for _, p := range parts {
			fmt.Fprintf(h, "%d:%s,", len(p), p)
		}
	}
	put("2", m.Module, m.ImportPath, m.GoVersion, m.Salt)
	if !m.Trimpath {
		put(m.Root) // it is in the positions
	}
	for _, name := range []string{"go.mod", "go.sum", "vendor/modules.txt"} {
		put(name)
		hashFile(h, filepath.Join(m.Root, filepath.FromSlash(name)))
	}
	for _, p := range m.Packages() {
		put("package", p.ImportPath, p.Name)
		for _, f := range p.Files {
			put("file", f.Path, string(f.Source))
		}
		for _, e := range p.Embeds {
			for _, f := range e.Files {
				put("embed", f.Name, string(f.Data))
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// hashFile adds a file, or that there is none.
func hashFile(w io.Writer, name string) {
	data, err := os.ReadFile(name)
	fmt.Fprintf(w, "%t:%x,", err == nil, sha256.Sum256(data))
}

// Tree is a staged module.
type Tree struct {
	Hash     string    // with that of the twin
	Target   string    // the import path to build
	Overlay  string    // the file for -overlay
	Packages []Package // what is staged, each after those it imports; the target is the last
	Places
	dir string
}

// Package is a staged package.
type Package struct {
	ImportPath string
	Folder     string            // where the go command sees it
	Files      map[string]string // slash path relative to the folder, to the file that holds it
}

func newPackage(importPath, folder string) Package {
	return Package{ImportPath: importPath, Folder: folder, Files: map[string]string{}}
}

// Remove deletes the staged files. It may be called once the build has ended.
func (t *Tree) Remove() error { return os.RemoveAll(t.dir) }

// Write stages the module below a work directory. twin tells loaded copies of one content apart; 0 is the first. A
// *reload.Error says what is wrong with the module.
func Write(work string, m Module, twin int) (*Tree, error) {
	t := &Tree{Hash: Name(m.Hash(), twin), Places: newPlaces(m)}
	version := Mark + t.Hash
	dir, err := os.MkdirTemp(work, "stage-")
	if err != nil {
		return nil, err
	}
	t.dir = dir
	edited, shim, err := edit(m, version)
	if err != nil {
		t.Remove()
		return nil, err
	}
	l := layout{dir: dir, replace: map[string]string{}}
	for i, p := range m.Packages() {
		folder, err := m.Folder(p.ImportPath)
		if err != nil {
			t.Remove()
			return nil, err
		}
		staged := newPackage(path.Join(p.ImportPath, version), filepath.Join(folder, version))
		for name, data := range edited[i] {
			l.put(staged, name, data)
		}
		for _, e := range p.Embeds {
			for _, f := range e.Files {
				if !strings.Contains(f.Name, "/") && path.Ext(f.Name) == ".go" {
					t.Remove()
					return nil, refused(m, e, "a native build cannot embed a Go file of its own package: "+f.Name)
				}
				l.put(staged, f.Name, f.Data)
			}
		}
		t.Packages = append(t.Packages, staged)
	}
	last := t.Packages[len(t.Packages)-1] // the module's own
	t.Target = path.Join(last.ImportPath, "main")
	program := newPackage(t.Target, filepath.Join(last.Folder, "main"))
	l.put(program, "main.go", shim)
	t.Packages = append(t.Packages, program)
	t.Overlay, err = l.overlay()
	if err != nil {
		t.Remove()
		return nil, err
	}
	return t, nil
}

// refused says that something embedded cannot be staged.
func refused(m Module, e reload.Embed, message string) error {
	return &reload.Error{Module: m.Module, Stage: reload.StagePrepare, Diagnostics: []reload.Diagnostic{{
		File: e.File, Line: e.Line, Column: 1, Rule: "native/form", Message: message}}}
}

// Name is the hash of a twin.
func Name(hash string, twin int) string {
	if twin == 0 {
		return hash
	}
	return fmt.Sprintf("%s_%d", hash, twin)
}

// layout writes files and maps them to where the go command is to see them.
type layout struct {
	dir     string
	replace map[string]string
	err     error
}

func (l *layout) put(p Package, name string, data []byte) {
	seen := filepath.Join(p.Folder, filepath.FromSlash(name))
	if _, ok := l.replace[seen]; ok || l.err != nil {
		return // two variables may embed the same file
	}
	file := filepath.Join(l.dir, fmt.Sprintf("%d%s", len(l.replace), path.Ext(seen)))
	l.replace[seen], p.Files[name] = file, file
	l.err = os.WriteFile(file, data, 0o600)
}

func (l *layout) overlay() (string, error) {
	if l.err != nil {
		return "", l.err
	}
	data, err := json.Marshal(map[string]any{"Replace": l.replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(l.dir, "overlay.json")
	return file, os.WriteFile(file, data, 0o600)
}
