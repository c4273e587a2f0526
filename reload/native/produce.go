package native

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"

	"midair/reload/native/internal/build"
	"midair/reload/native/internal/gate"
	"midair/reload/native/internal/stage"
)

// plugin returns a file that fits the process: from the cache, or built now.
func (b *Backend) plugin(ctx context.Context, m stage.Module, tools *build.Toolchain, i *instance) (pluginFile, error) {
	file := b.cache.File(m.Module, i.library.hash)
	if b.cache.Use(file) {
		if p, misfit, _, err := loaded.fit(file); err == nil && misfit == nil {
			return p, nil
		}
		os.Remove(file) // it was built from what the host's packages were then
	}
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return pluginFile{}, context.Cause(ctx)
	}
	defer func() { <-b.slots }()
	if err := os.MkdirAll(b.cfg.Dir, 0o700); err != nil {
		return pluginFile{}, err
	}
	tree, err := stage.Write(b.cfg.Dir, m, i.library.twin)
	if err != nil {
		return pluginFile{}, err
	}
	defer tree.Remove()
	p, err := b.produce(ctx, tools, tree, build.Job{Root: m.Root, Overlay: tree.Overlay, Target: tree.Target, Output: file,
		Debug: b.cfg.Debug}, i)
	if err != nil {
		os.Remove(file)
		return pluginFile{}, err
	}
	b.cache.Trim()
	return p, nil
}

// produce builds a file and compares it with the process. A host with coverage does not tell which packages it has
// instrumented and how, but those that differ without are the ones: further builds find out.
func (b *Backend) produce(ctx context.Context, tools *build.Toolchain, tree *stage.Tree, j build.Job, i *instance) (pluginFile, error) {
	arguments := []coverage{b.coverage()}
	for n := 0; ; n++ {
		j.Extra = slices.Concat(arguments[n].arguments(), b.cfg.BuildFlags)
		if err := tools.Build(ctx, j); err != nil {
			return pluginFile{}, failure(err, tree.Diagnostics)
		}
		p, misfit, warnings, err := loaded.fit(j.Output)
		if err != nil {
			return pluginFile{}, err
		}
		if misfit == nil {
			b.setCoverage(arguments[n])
			i.warn(warnings)
			return p, nil
		}
		if n == 0 && tools.Flags().Cover && len(misfit.Packages) > 0 {
			arguments = append(arguments, arguments[0].candidates(misfit.Packages, tools.Flags().Race)...)
		}
		if n+1 == len(arguments) {
			return pluginFile{}, &misfitError{misfit}
		}
	}
}

// warn logs differences that no fingerprint shows.
func (i *instance) warn(differences []gate.Difference) {
	for _, d := range differences {
		i.logger.Warn("the native build and the host were built with different settings", "setting", d.Key, "host", d.Host,
			"plugin", d.Plugin)
	}
}

// coverage is how a host's packages are instrumented. The zero value is not at all.
type coverage struct {
	mode     string
	packages []string
}

func (c coverage) arguments() []string {
	if c.mode == "" {
		return nil
	}
	return []string{"-cover", "-covermode=" + c.mode, "-coverpkg=" + strings.Join(c.packages, ",")}
}

// candidates are the ways in which the packages that differ may be instrumented.
func (c coverage) candidates(differ []string, race bool) (list []coverage) {
	packages := slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.packages, differ))))
	modes := []string{"set", "atomic", "count"}
	switch {
	case c.mode != "":
		modes = []string{c.mode}
	case race:
		modes = []string{"atomic"}
	}
	for _, mode := range modes {
		list = append(list, coverage{mode, packages})
	}
	return list
}

func (b *Backend) coverage() coverage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cover
}

func (b *Backend) setCoverage(c coverage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cover = c
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
