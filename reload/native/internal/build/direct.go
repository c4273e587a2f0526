package build

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Direct runs a job by the compiler and the linker alone, as the go command is known to have run them before. It reports
// false if it did not: then Build does, which learns for the next time, and knows how to say what is wrong with the source.
// The error is about ctx only.
func (t *Toolchain) Direct(ctx context.Context, j Job) (bool, error) {
	if !t.learnable(j) {
		return false, nil
	}
	key := t.key(j)
	r := t.recipe(j.Cache, key)
	if r == nil || t.distrusted(key) || !r.covers(j.Packages) || !r.fresh() {
		return false, nil
	}
	err := t.buildDirectly(ctx, j, r)
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if err != nil {
		t.doubt(key)
	}
	return err == nil, nil
}

// learnable says whether jobs like this one are built alike each time. Instrumented packages are not.
func (t *Toolchain) learnable(j Job) bool {
	return j.Cache != "" && len(j.Packages) > 1 && len(j.Extra) == 0 && !t.flags.Cover
}

// buildDirectly compiles the packages and links them.
func (t *Toolchain) buildDirectly(ctx context.Context, j Job, r *recipe) error {
	temp, err := temporary(j)
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	d := &direct{Toolchain: t, job: j, recipe: r, temp: temp, env: t.toolEnv(r, j.Root)}
	for _, path := range sortedKeys(r.Archives) {
		d.know(path, r.Archives[path].File)
	}
	object := ""
	for i, p := range j.Packages {
		if object, err = d.compile(ctx, i); err != nil {
			return err
		}
		d.know(p.ImportPath, object)
	}
	file, err := d.link(ctx, object)
	if err != nil {
		return err
	}
	if err := seal(file); err != nil {
		return err
	}
	return os.Rename(file, j.Output)
}

// direct is a job that is being done.
type direct struct {
	*Toolchain
	job    Job
	recipe *recipe
	temp   string
	env    []string     // of compiler and linker
	known  bytes.Buffer // where compiled packages are, for both
}

func (d *direct) know(path, file string) { fmt.Fprintf(&d.known, "packagefile %s=%s\n", path, file) }

// compile compiles a package in a folder of its own, and returns the archive.
func (d *direct) compile(ctx context.Context, i int) (string, error) {
	p, form, dir := d.job.Packages[i], d.recipe.Package, filepath.Join(d.temp, strconv.Itoa(i))
	if i == len(d.job.Packages)-1 {
		form = d.recipe.Main
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	out, imports := filepath.Join(dir, "_pkg_.a"), filepath.Join(dir, "importcfg")
	if err := os.WriteFile(imports, d.known.Bytes(), 0o600); err != nil {
		return "", err
	}
	embeds, err := d.embeds(p, dir)
	if err != nil {
		return "", err
	}
	id := identity(p.ImportPath)
	args := form.plus(quick(d.job, i)).compile(p, map[string]string{
		markOut: out, markTrim: p.trim(dir, d.flags.Trimpath), markPath: p.ImportPath, markID: id + "/" + id,
		markImports: imports}, embeds)
	_, err = output(d.tool(ctx, d.job.Root, append(d.env, form.Env...), args))
	return out, err
}

// embeds writes the compiler's file about what a package embeds, if it does.
func (d *direct) embeds(p Package, dir string) (string, error) {
	_, asked, err := needs(p)
	if err != nil || asked == "" {
		return "", err
	}
	data, err := d.recipe.embed(p, asked)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "embedcfg")
	return file, os.WriteFile(file, data, 0o600)
}

// quick are flags that make compiling shorter and leave alone what other packages see. What a stripped plugin says to
// debuggers is lost anyway, and the program only passes on what the module has.
func quick(j Job, i int) []string {
	switch {
	case j.Debug:
		return nil
	case i == len(j.Packages)-1:
		return []string{"-dwarf=false", "-N", "-l"}
	}
	return []string{"-dwarf=false"}
}

// link links an archive and those that it imports, and returns the plugin.
func (d *direct) link(ctx context.Context, object string) (string, error) {
	r, target, imports := d.recipe, d.job.Target, filepath.Join(d.temp, "importcfg.link")
	if r.Modinfo != "" {
		fmt.Fprintf(&d.known, "modinfo %s\n", strconv.Quote(strings.Replace(r.Modinfo, markPath, target, 1)))
	}
	if err := os.WriteFile(imports, d.known.Bytes(), 0o600); err != nil {
		return "", err
	}
	const (
		work = "link"
		name = "a.out.so" // it may be written into the plugin; relative names let the driver know its arguments again
	)
	exe := filepath.Join(d.temp, "exe")
	if err := errors.Join(os.Mkdir(filepath.Join(d.temp, work), 0o700), os.Mkdir(exe, 0o700)); err != nil {
		return "", err
	}
	id := identity(target)
	args := r.Link.fill(map[string]string{markOut: name, markImports: imports, markPath: target,
		markID: strings.Join([]string{id, id, id, id}, "/"), markLinker: cmp.Or(r.Driver, r.Linker)})
	args = append(args, "-tmpdir", filepath.Join("..", work), object)
	_, err := output(d.tool(ctx, exe, append(d.env, r.Link.Env...), args))
	if err != nil && ctx.Err() == nil && r.Driver != "" {
		_ = os.Remove(r.Driver) // the next one is made anew
	}
	return filepath.Join(exe, name), err
}

// identity is the build identity of a package, whose import path tells contents apart.
func identity(importPath string) string {
	sum := sha256.Sum256([]byte(importPath))
	return hex.EncodeToString(sum[:])[:20]
}

// toolEnv is the environment of compiler and linker. What the host's runtime was told does not concern them; they leave a
// core to the host.
func (t *Toolchain) toolEnv(r *recipe, root string) (env []string) {
	for _, kv := range t.env {
		if name, _, _ := strings.Cut(kv, "="); !idle[name] {
			env = append(env, kv)
		}
	}
	env = append(env, r.Env...)
	env = append(env, "PWD="+root, "GOMAXPROCS="+strconv.Itoa(max(runtime.NumCPU()-1, 1)), "GOGC=400")
	return env[:len(env):len(env)]
}

func (t *Toolchain) tool(ctx context.Context, dir string, env, args []string) *exec.Cmd {
	cmd := t.command(ctx, dir, env, args[1:]...)
	cmd.Path, cmd.Args[0] = args[0], args[0]
	return cmd
}
