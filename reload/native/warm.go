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
	overlay, err := warmOverlay(dir, filepath.Join(root, warmName))
	if err != nil {
		return err
	}
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-b.slots }()
	return tools.Build(ctx, build.Job{Root: root, Overlay: overlay, Target: path + "/" + warmName,
		Output: filepath.Join(dir, "warm.out")})
}

const warmName = stage.Mark + "warm"

// scratch makes a folder that Trim knows how to clear away should the process die.
func (b *Backend) scratch() (string, error) {
	if err := os.MkdirAll(b.cfg.Dir, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(b.cfg.Dir, "stage-")
}

// warmOverlay writes the program, and the overlay that shows it in a folder of the user's module.
func warmOverlay(dir, folder string) (string, error) {
	file, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
	data, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(folder, "main.go"): file}})
	if err != nil {
		return "", err
	}
	h := loaded.self()
	if err := os.WriteFile(file, warmSource(h.prints, h.info), 0o600); err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, data, 0o600)
}

// warmSource is a program that imports what the host has of the standard library.
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
	b.WriteString("package main\n\nimport (\n\t_ \"reflect\"\n")
	for _, path := range paths {
		fmt.Fprintf(&b, "\t_ %q\n", path)
	}
	b.WriteString(")\n\nfunc main() {}\n")
	return []byte(b.String())
}

// importable says whether any program may import a package of the standard library.
func importable(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	special := path == "main" || path == "runtime/cgo" || first == "vendor" || strings.Contains(first, ".")
	return !special && !strings.Contains("/"+path+"/", "/internal/")
}
