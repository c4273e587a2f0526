package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// errNotCompiled is no sign that there will be nothing to learn the next time.
var errNotCompiled = errors.New("the go command had all packages")

// learn makes a recipe of what a go build did. It errs if it did anything that the recipe would not repeat exactly.
func (t *Toolchain) learn(ctx context.Context, j Job, said string, started time.Time) (*recipe, error) {
	log := readTranscript(said)
	r := &recipe{Archives: map[string]archive{}, Embeds: map[string]map[string][]string{}, Stamps: map[string]string{}}
	for i, p := range j.Packages {
		c, ok := log.compile(p.ImportPath)
		if !ok {
			return nil, errNotCompiled
		}
		one, err := compileTemplate(c, p, log.work, t.flags.Trimpath)
		if err != nil {
			return nil, err
		}
		switch {
		case i == len(j.Packages)-1:
			r.Main = one
		case i == 0:
			r.Package = one
		case !one.equal(r.Package):
			return nil, fmt.Errorf("packages are compiled in different ways: %q and %q", one, r.Package)
		}
		if err := r.learnEmbeds(p, log.files[value(c.args, "-embedcfg")]); err != nil {
			return nil, err
		}
	}
	c, ok := log.link()
	if !ok {
		return nil, errors.New("nothing was linked")
	}
	var err error
	if r.Link, r.Linker, err = linkTemplate(c, j.Target, log.work); err != nil {
		return nil, err
	}
	imports := log.files[value(c.args, "-importcfg")]
	if r.Modinfo, err = modinfo(imports, j.Target); err != nil {
		return nil, err
	}
	if err := t.learnArchives(ctx, j, r, started); err != nil {
		return nil, err
	}
	if err := r.agrees(imports, log.work); err != nil {
		return nil, err
	}
	r.Env, err = t.goEnv(ctx, j.Root)
	return r, err
}

// learnEmbeds keeps which files a package's patterns mean.
func (r *recipe) learnEmbeds(p Package, file string) error {
	_, asked, err := needs(p)
	if err != nil || asked == "" {
		return err
	}
	var cfg embedcfg
	if file != "" {
		if err := json.Unmarshal([]byte(file), &cfg); err != nil {
			return err
		}
	}
	for name, from := range cfg.Files {
		if p.Files[name] != from {
			return fmt.Errorf("%s is embedded from %s", name, from)
		}
	}
	if len(cfg.Patterns) > 0 {
		r.Embeds[asked] = cfg.Patterns
	}
	return nil
}

// modinfo finds the build information in the linker's configuration.
func modinfo(imports, target string) (string, error) {
	for line := range strings.Lines(imports) {
		quoted, ok := strings.CutPrefix(line, "modinfo ")
		if !ok {
			continue
		}
		text, err := strconv.Unquote(strings.TrimSpace(quoted))
		if err != nil {
			return "", err
		}
		if strings.Count(text, target) != 1 {
			return "", errors.New("the build information does not name the package")
		}
		return strings.Replace(text, target, markPath, 1), nil
	}
	return "", nil
}

// listed is a package as go list tells it.
type listed struct {
	ImportPath, Dir, Export string
	Standard                bool
	EmbedFiles              []string
	Module                  *struct{ GoMod string }
}

// learnArchives asks the go command for the compiled packages that the job's packages import. What it compiled for the
// build is in its cache by now.
func (t *Toolchain) learnArchives(ctx context.Context, j Job, r *recipe, started time.Time) error {
	args := slices.Concat([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,Standard,EmbedFiles,Module"},
		t.buildArguments(j), []string{j.Target})
	out, err := output(t.command(ctx, j.Root, t.environ(j), args...))
	if err != nil {
		return err
	}
	cache, err := t.moduleCache(ctx, j.Root)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var l listed
		if err := decoder.Decode(&l); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		staged := slices.ContainsFunc(j.Packages, func(p Package) bool { return p.ImportPath == l.ImportPath })
		if staged || l.ImportPath == "unsafe" {
			continue
		}
		info, err := os.Stat(l.Export)
		if err != nil {
			return fmt.Errorf("package %s has no archive: %w", l.ImportPath, err)
		}
		r.Archives[l.ImportPath] = archive{l.Export, info.Size()}
		if !l.Standard && !strings.HasPrefix(l.Dir, cache) {
			if err := r.stamp(l, started); err != nil {
				return err
			}
		}
	}
}

// stamp notes the state of a package's sources. It errs if the build may have seen others.
func (r *recipe) stamp(l listed, started time.Time) error {
	names := []string{l.Dir}
	for _, name := range l.EmbedFiles {
		names = append(names, filepath.Join(l.Dir, name))
	}
	if l.Module != nil && l.Module.GoMod != "" {
		names = append(names, l.Module.GoMod)
	}
	for _, name := range names {
		stamp, last := stampOf(name)
		if !last.Before(started) {
			return fmt.Errorf("%s changed during the build", name)
		}
		r.Stamps[name] = stamp
	}
	return nil
}

// agrees compares the archives with those that the linker got. Those in the work folder were copied to the cache.
func (r *recipe) agrees(imports, work string) error {
	n := 0
	for line := range strings.Lines(imports) {
		entry, ok := strings.CutPrefix(strings.TrimSpace(line), "packagefile ")
		if !ok {
			continue
		}
		path, file, _ := strings.Cut(entry, "=")
		if a, ok := r.Archives[path]; !strings.HasPrefix(file, work) && (!ok || a.File != file) {
			return fmt.Errorf("package %s was linked from %s, and go list says %s", path, file, a.File)
		}
		n++
	}
	if n == 0 {
		return errors.New("the linker got no packages")
	}
	return nil
}

// moduleCache is a folder in which nothing changes.
func (t *Toolchain) moduleCache(ctx context.Context, root string) (string, error) {
	env, err := t.settings(ctx, root)
	if err != nil || env["GOMODCACHE"] == "" {
		return "\x00", err // below which there is nothing
	}
	return env["GOMODCACHE"] + string(filepath.Separator), nil
}

// settings asks the go command for its variables, once.
func (t *Toolchain) settings(ctx context.Context, root string) (map[string]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.variables != nil {
		return t.variables, nil
	}
	out, err := output(t.command(ctx, root, t.env, "env", "-json"))
	if err != nil {
		return nil, err
	}
	var found map[string]string
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, err
	}
	t.variables = found
	return found, nil
}

// goEnv returns the variables by which compiler and linker learn what they are to make.
func (t *Toolchain) goEnv(ctx context.Context, root string) (env []string, err error) {
	found, err := t.settings(ctx, root)
	for _, name := range sortedKeys(found) {
		if strings.HasPrefix(name, "GO") && name != "GOGCCFLAGS" && found[name] != "" {
			env = append(env, name+"="+found[name])
		}
	}
	return env, err
}
