package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recipe is how the go command builds plugins of a Go module: what it takes to run the compiler and the linker without it.
// It is immutable.
type recipe struct {
	Package  template // compiles a package
	Main     template // compiles the package main
	Link     template
	Driver   string // the -extld that stands in for the C compiler; "" if there is none
	Linker   string // the -extld of the go command
	Modinfo  string // the build information, with a mark for the import path
	Env      []string
	Archives map[string]archive             // compiled packages, by import path, with all that they import
	Embeds   map[string]map[string][]string // files by pattern, by what was asked
	Stamps   map[string]string              // of folders whose packages are in Archives
}

// archive is a file of the go command's cache.
type archive struct {
	File string
	Size int64
}

// fresh says whether the archives are what the go command would use now.
func (r *recipe) fresh() bool {
	for _, a := range r.Archives {
		if info, err := os.Stat(a.File); err != nil || info.Size() != a.Size {
			return false
		}
	}
	for name, stamp := range r.Stamps {
		if got, _ := stampOf(name); got != stamp {
			return false
		}
	}
	if r.Driver == "" {
		return true
	}
	_, err := os.Stat(r.Driver)
	return err == nil
}

// covers says whether the recipe has all that the packages import and embed.
func (r *recipe) covers(packages []Package) bool {
	staged := map[string]bool{"unsafe": true}
	for _, p := range packages {
		imports, embeds, err := needs(p)
		if err != nil {
			return false
		}
		for _, path := range imports {
			if _, ok := r.Archives[path]; !ok && !staged[path] {
				return false
			}
		}
		if _, ok := r.Embeds[embeds]; !ok && embeds != "" {
			return false
		}
		staged[p.ImportPath] = true
	}
	return true
}

// merge adds what an older recipe knows, if both can be true.
func (r *recipe) merge(old *recipe) {
	if old == nil || !r.Package.equal(old.Package) || !r.Main.equal(old.Main) || !r.Link.equal(old.Link) || !old.fresh() {
		return
	}
	for path, a := range old.Archives {
		if b, ok := r.Archives[path]; ok && a != b {
			return
		}
	}
	maps.Copy(r.Archives, old.Archives)
	maps.Copy(r.Stamps, old.Stamps)
	for asked, answer := range old.Embeds {
		if _, ok := r.Embeds[asked]; !ok {
			r.Embeds[asked] = answer
		}
	}
}

// needs returns what a staged package imports, and a text that stands for what it embeds, or "".
func needs(p Package) (imports []string, embeds string, err error) {
	var asked []string
	for _, name := range p.sources() {
		src, err := os.ReadFile(p.Files[name])
		if err != nil {
			return nil, "", err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return nil, "", err
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, "", err
			}
			imports = append(imports, path)
		}
		for line := range strings.Lines(string(src)) {
			if strings.Contains(line, "//go:embed") {
				asked = append(asked, strings.TrimSpace(line))
			}
		}
	}
	if len(asked) == 0 {
		return imports, "", nil
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", asked, sortedKeys(p.Files)))
	return imports, hex.EncodeToString(sum[:]), nil
}

// embedcfg is the compiler's file about what is embedded.
type embedcfg struct {
	Patterns map[string][]string
	Files    map[string]string
}

// embed makes the compiler's file for a package.
func (r *recipe) embed(p Package, asked string) ([]byte, error) {
	cfg := embedcfg{Patterns: r.Embeds[asked], Files: map[string]string{}}
	for _, names := range cfg.Patterns {
		for _, name := range names {
			cfg.Files[name] = p.Files[name]
		}
	}
	return json.Marshal(cfg)
}

// key names the recipe that a job needs: flags, environment and everything else that the go command goes by, but not the
// packages.
func (t *Toolchain) key(j Job) string {
	h := sha256.New()
	fmt.Fprintf(h, "1 %q %q %q %q %q", t.Command, t.Version, j.Root, t.Arguments(Job{Debug: j.Debug}, ""), t.relevant())
	files := []string{"go.mod", "go.sum", "vendor/modules.txt"}
	for i, name := range files {
		files[i] = filepath.Join(j.Root, filepath.FromSlash(name))
	}
	for dir := j.Root; ; dir = filepath.Dir(dir) {
		files = append(files, filepath.Join(dir, "go.work"), filepath.Join(dir, "go.work.sum"))
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if t.flags.Profile != "" {
		files = append(files, t.flags.Profile)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		fmt.Fprintf(h, "%t %x ", err == nil, sha256.Sum256(data))
	}
	return hex.EncodeToString(h.Sum(nil))[:24]
}

// relevant returns the variables that change what the go command or the C compiler do.
func (t *Toolchain) relevant() (env []string) {
	for _, kv := range t.env {
		name, _, _ := strings.Cut(kv, "=")
		for _, prefix := range []string{"GO", "CGO", "CC", "CXX", "AR", "PKG_CONFIG", "PATH", "HOME", "XDG_CACHE_HOME",
			"COMPILER_PATH", "LIBRARY_PATH", "GCC_"} {
			if strings.HasPrefix(name, prefix) && !idle[name] {
				env = append(env, kv)
				break
			}
		}
	}
	slices.Sort(env)
	return env
}

// idle are variables of the Go runtime, which do not change what a tool makes.
var idle = map[string]bool{"GOGC": true, "GOMAXPROCS": true, "GOMEMLIMIT": true, "GOTRACEBACK": true}

// recipes are those of a toolchain. A job's cache folder keeps them for other processes.
const recipePrefix, driverPrefix = "recipe-", "driver-"

func recipeFile(cache, key string) string { return filepath.Join(cache, recipePrefix+key+".json") }

// recipe returns the recipe for a job, or nil. It need not be fresh.
func (t *Toolchain) recipe(cache, key string) *recipe {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r, ok := t.recipes[key]; ok {
		return r
	}
	file := recipeFile(cache, key)
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	r := &recipe{}
	if json.Unmarshal(data, r) != nil || r.Archives == nil || len(r.Link.Args) == 0 {
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(file, now, now) // Trim removes what is not used
	t.put(key, r)
	return r
}

func (t *Toolchain) put(key string, r *recipe) {
	if t.recipes == nil {
		t.recipes = map[string]*recipe{}
	}
	t.recipes[key] = r
}

// keep stores a recipe, for other processes too if that is possible.
func (t *Toolchain) keep(cache, key string, r *recipe) {
	t.mu.Lock()
	t.put(key, r)
	t.mu.Unlock()
	if data, err := json.Marshal(r); err == nil {
		_ = writeWhole(recipeFile(cache, key), data, 0o600)
	}
}

// writeWhole writes a file that others see whole or not at all.
func writeWhole(file string, data []byte, mode os.FileMode) error {
	temp, err := os.CreateTemp(filepath.Dir(file), "build-") // Trim knows this beginning
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if e := temp.Chmod(mode); err == nil {
		err = e
	}
	if e := temp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
