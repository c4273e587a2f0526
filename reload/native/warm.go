package native

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"midair/reload/native/internal/build"
	"midair/reload/native/internal/stage"
)

// Warm compiles the standard library as plugins need it, as far as the host has it. That takes up to a minute once on a
// machine for each version of Go and set of flags, and a second later on; without it the first module waits for it. Warm
// opens nothing. It returns when it is done, so it should run beside the host's own work.
func (b *Backend) Warm(ctx context.Context, moduleRoot string) error {
	tools, err := b.tools(ctx, moduleRoot)
	if err != nil && (b.cfg.Bundle != nil || b.signedOnly()) {
		return nil // nothing is built here
	}
	if err != nil {
		return fmt.Errorf("native mode is off: %w", err)
	}
	path, err := stage.Find(moduleRoot)
	if err != nil {
		return err
	}
	root, err := filepath.Abs(moduleRoot)
	if err != nil {
		return err
	}
	dir, err := b.scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	packages := warmPackages(dir, path, root)
	overlay, err := warmOverlay(dir, packages)
	if err != nil {
		return err
	}
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-b.slots }()
	return tools.Build(ctx, build.Job{Root: root, Overlay: overlay, Target: packages[1].ImportPath,
		Output: filepath.Join(dir, "warm.out"), Debug: b.cfg.Debug, Packages: packages, Cache: b.cfg.Dir})
}

const warmName = stage.Mark + "warm"

// scratch makes a folder that Trim knows how to clear away should the process die.
func (b *Backend) scratch() (string, error) {
	if err := os.MkdirAll(b.cfg.Dir, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(b.cfg.Dir, "stage-")
}

// warmPackages are a package that imports what modules may, and a program: what is learned about builds from both holds for
// modules too.
func warmPackages(dir, path, root string) []build.Package {
	folder := filepath.Join(root, warmName)
	return []build.Package{
		{ImportPath: path + "/" + warmName, Folder: folder,
			Files: map[string]string{"warm.go": filepath.Join(dir, "warm.go")}},
		{ImportPath: path + "/" + warmName + "/main", Folder: filepath.Join(folder, "main"),
			Files: map[string]string{"main.go": filepath.Join(dir, "main.go")}},
	}
}

// warmOverlay writes the packages, and the overlay that shows them in folders of the user's module.
func warmOverlay(dir string, packages []build.Package) (string, error) {
	h := loaded.self()
	sources := [][]byte{warmSource(h.prints, h.info), fmt.Appendf(nil, "package main\n\nimport _ %q\n", packages[0].ImportPath)}
	replace := map[string]string{}
	for i, p := range packages {
		for name, file := range p.Files {
			replace[filepath.Join(p.Folder, name)] = file
			if err := os.WriteFile(file, sources[i], 0o600); err != nil {
				return "", err
			}
		}
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, data, 0o600)
}

// warmSource is a package that imports what the host has of the standard library.
func warmSource(prints map[string]string, info *debug.BuildInfo) []byte {
	modules := []string{info.Main.Path}
	for _, d := range info.Deps {
		modules = append(modules, d.Path)
	}
	var paths []string
	for path := range prints {
		foreign := slices.ContainsFunc(modules, func(m string) bool { return m != "" && (path == m || strings.HasPrefix(path, m+"/")) })
		if !foreign && importable(path) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	var b strings.Builder
	b.WriteString("package warm\n\nimport (\n\t_ \"reflect\"\n")
	for _, path := range paths {
		fmt.Fprintf(&b, "\t_ %q\n", path)
	}
	b.WriteString(")\n")
	return []byte(b.String())
}

// importable says whether any program may import a package of the standard library.
func importable(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	special := path == "main" || path == "runtime/cgo" || first == "vendor" || strings.Contains(first, ".")
	return !special && !strings.Contains("/"+path+"/", "/internal/")
}
