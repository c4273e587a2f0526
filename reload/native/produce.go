package native

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

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
		Debug: b.cfg.Debug, Packages: packages(tree), Cache: b.cfg.Dir}, i)
	if err != nil {
		os.Remove(file)
		return pluginFile{}, err
	}
	b.cache.Trim()
	return p, nil
}

// produce builds a file and compares it with the process. A host with coverage does not tell which packages it has
// instrumented and how, but those that differ without are the ones: further builds find out.
func (b *Backend) produce(ctx context.Context, tools *build.Toolchain, tree *stage.Tree, j build.Job, i *instance) (
	pluginFile, error) {
	arguments := []coverage{b.coverage()}
	for n := 0; ; n++ {
		j.Extra = slices.Concat(arguments[n].arguments(), b.cfg.BuildFlags)
		p, misfit, warnings, err := makeFile(ctx, tools, j, i)
		if err != nil {
			return pluginFile{}, failure(err, tree.Diagnostics)
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

// makeFile builds a file, by the shortest way that gives one which fits the process, and compares it.
func makeFile(ctx context.Context, tools *build.Toolchain, j build.Job, i *instance) (
	pluginFile, *gate.Misfit, []gate.Difference, error) {
	began := time.Now()
	direct, err := tools.Direct(ctx, j)
	if err != nil {
		return pluginFile{}, nil, nil, err
	}
	if direct {
		if p, misfit, warnings, err := loaded.fit(j.Output); err == nil && misfit == nil {
			builds.direct.Add(1)
			i.logger.Debug("plugin built", "direct", true, "took", time.Since(began))
			return p, nil, warnings, nil
		}
		tools.Distrust(j)
	}
	if err := tools.Build(ctx, j); err != nil {
		return pluginFile{}, nil, nil, err
	}
	builds.goCommand.Add(1)
	i.logger.Debug("plugin built", "direct", false, "took", time.Since(began))
	return loaded.fit(j.Output)
}

// builds are those that succeeded in this process.
var builds struct{ direct, goCommand atomic.Int64 }

// Builds counts the plugins that were built in this process: directly, by compiler and linker as the go command has run
// them before, and by the go command itself, which takes longer. It may be called from any goroutine.
func Builds() (direct, goCommand int) { return int(builds.direct.Load()), int(builds.goCommand.Load()) }

// packages are those of a tree as builds know them.
func packages(tree *stage.Tree) (list []build.Package) {
	for _, p := range tree.Packages {
		list = append(list, build.Package(p))
	}
	return list
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
