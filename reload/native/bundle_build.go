package native

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"midair/reload"
	"midair/reload/native/internal/build"
	"midair/reload/native/internal/derive"
	"midair/reload/native/internal/gate"
	"midair/reload/native/internal/stage"
)

// BundleConfig says what [BuildBundle] builds, and for whom.
type BundleConfig struct {
	// Host is the executable that the modules are built for: flags and package fingerprints are read from it.
	Host string

	// Dir becomes the bundle. If it exists it must be empty or a bundle, which is replaced.
	Dir string

	// Modules are what is built. [reload.CheckForBuild] makes them.
	Modules []*reload.Checked

	// Key, if set, signs the bundle.
	Key ed25519.PrivateKey

	// Copies is how many versions of one content of a module can be in use at once: a version that goes live again while an
	// earlier one of the same content is still held needs a plugin of its own. Default: 2.
	Copies int

	// Warn, if set, is told of what does not keep a bundle from being built.
	Warn func(module string, d reload.Diagnostic)

	// GoCommand and BuildFlags are as in Config.
	GoCommand  string
	BuildFlags []string
}

// bundler builds one bundle.
type bundler struct {
	cfg    BundleConfig
	info   *debug.BuildInfo // the host's
	prints map[string]string
	id     string
	built  time.Time
	root   string // of the go.mod
	path   string // the module path in it
	tools  *build.Toolchain
	cover  coverage
	out    string // where the bundle is put together
	work   string
}

// BuildBundle builds modules for a host as plugins, and puts them into a folder which that host opens by [OpenBundle] on
// any machine. Nothing of the modules or the host is run. The error is a *reload.Error with diagnostics if a module is at
// fault. The bundle appears whole or not at all.
func BuildBundle(ctx context.Context, cfg BundleConfig) error {
	cfg.Copies = cmp.Or(cfg.Copies, 2)
	if len(cfg.Modules) == 0 {
		return errors.New("there is no module to build")
	}
	b, err := newBundler(ctx, cfg)
	if err != nil {
		return err
	}
	if err := replaceable(cfg.Dir); err != nil {
		return err
	}
	parent := filepath.Dir(filepath.Clean(cfg.Dir))
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	if b.out, err = os.MkdirTemp(parent, ".midair-bundle-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.out)
	if b.work, err = os.MkdirTemp("", "midair-build-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.work)
	m, err := b.build(ctx)
	if err == nil {
		err = b.finish(m)
	}
	if err != nil {
		return err
	}
	return replace(cfg.Dir, b.out)
}

// newBundler looks at the host and finds the go command.
func newBundler(ctx context.Context, cfg BundleConfig) (*bundler, error) {
	b := &bundler{cfg: cfg}
	var err error
	if b.info, err = buildinfo.ReadFile(cfg.Host); err != nil {
		return nil, fmt.Errorf("the program %s cannot be read: %s", cfg.Host, hostFault(err))
	}
	if b.prints, err = gate.Host(cfg.Host); err != nil {
		return nil, fmt.Errorf("the program %s cannot open plugins: %w; build it with cgo, dynamically linked, and with package "+
			"reload/native in it", cfg.Host, err)
	}
	b.id = gate.BuildID(cfg.Host)
	if info, err := os.Stat(cfg.Host); err == nil {
		b.built = info.ModTime()
	}
	c := cfg.Modules[0]
	if b.path, err = stage.Find(c.ModuleRoot); err != nil {
		return nil, err
	}
	if b.root, err = filepath.Abs(c.ModuleRoot); err != nil {
		return nil, err
	}
	flags, err := derive.From(b.info, b.root)
	if err != nil {
		return nil, err
	}
	if b.tools, err = build.NewToolchain(ctx, cfg.GoCommand, flags); err != nil {
		return nil, err
	}
	if b.tools.Version != flags.GoVersion {
		return nil, &versionError{b.tools.Command, b.tools.Version, flags.GoVersion}
	}
	return b, nil
}

// hostFault is why a file cannot be read as a program.
func hostFault(err error) string {
	if errors.Is(err, os.ErrNotExist) {
		return "there is no such file"
	}
	text := cause(err)
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+len(": "):] // what went before names the file once more
	}
	return text
}

// build makes all plugins and sources.
func (b *bundler) build(ctx context.Context) (*manifest, error) {
	first := b.cfg.Modules[0]
	m := &manifest{Format: manifestFormat, GoVersion: b.info.GoVersion, Platform: platform(b.info),
		ImportPath: first.ImportPath, Host: describeHost(b.info, b.id)}
	sources := map[string][]byte{}
	for _, c := range b.cfg.Modules {
		if c.ImportPath != first.ImportPath || c.ModuleRoot != first.ModuleRoot {
			return nil, errors.New("the modules of a bundle must be of one module directory")
		}
		maps.Copy(sources, filesOf(c))
		entry, err := b.module(ctx, c)
		if err != nil {
			return nil, explain(c, err)
		}
		m.Modules = append(m.Modules, *entry)
	}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		f, err := b.put(name, sources[name])
		if err != nil {
			return nil, err
		}
		m.Source = append(m.Source, f)
	}
	return m, nil
}

// platform is what a program was built for.
func platform(info *debug.BuildInfo) string {
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	return set["GOOS"] + "/" + set["GOARCH"]
}

// put writes a source file.
func (b *bundler) put(name string, data []byte) (bundledFile, error) {
	file := filepath.Join(b.out, sourceFolder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return bundledFile{}, err
	}
	return bundledFile{name, int64(len(data)), digest(data)}, os.WriteFile(file, data, 0o644)
}

// module builds the copies of one module.
func (b *bundler) module(ctx context.Context, c *reload.Checked) (*bundledModule, error) {
	m := stage.Module{Checked: c, Root: b.root, Path: b.path, Trimpath: true} // no local path gets into the plugin
	m.Salt = "bundle " + salt(b.tools, b.id, b.cfg.BuildFlags, false)
	if _, err := m.Folder(c.Package.ImportPath); err != nil {
		return nil, &unsupportedError{err}
	}
	if b.cfg.Warn != nil {
		for _, d := range staleHost(m, b.prints, b.built) {
			b.cfg.Warn(c.Module, d)
		}
	}
	entry := &bundledModule{Module: c.Module, Hash: c.Hash, Content: contentOf(c), Build: m.Hash()}
	for twin := range b.cfg.Copies {
		name := strings.ReplaceAll(c.Module, "/", "-") + "-" + stage.Name(m.Hash(), twin) + ".so"
		prints, err := b.plugin(ctx, m, twin, filepath.Join(b.out, name))
		if err != nil {
			return nil, err
		}
		if twin == 0 {
			entry.Fingerprints = prints
		}
		f, err := describe(filepath.Join(b.out, name))
		if err != nil {
			return nil, err
		}
		entry.Copies = append(entry.Copies, f)
	}
	return entry, nil
}

// plugin builds one file and returns the fingerprints of the packages in it.
func (b *bundler) plugin(ctx context.Context, m stage.Module, twin int, file string) (map[string]string, error) {
	tree, err := stage.Write(b.work, m, twin)
	if err != nil {
		return nil, err
	}
	defer tree.Remove()
	if err := hidePlace(tree); err != nil {
		return nil, err
	}
	arguments := []coverage{b.cover}
	for n := 0; ; n++ {
		j := build.Job{Root: b.root, Overlay: tree.Overlay, Target: tree.Target, Output: file,
			Extra: slices.Concat(arguments[n].arguments(), b.cfg.BuildFlags)}
		if err := b.tools.Build(ctx, j); err != nil {
			return nil, failure(err, tree.Diagnostics)
		}
		prints, misfit, err := b.fit(file)
		if err != nil {
			return nil, err
		}
		if misfit == nil {
			b.cover = arguments[n]
			return prints, nil
		}
		if n == 0 && b.tools.Flags().Cover && len(misfit.Packages) > 0 {
			arguments = append(arguments, arguments[0].candidates(misfit.Packages, b.tools.Flags().Race)...)
		}
		if n+1 == len(arguments) {
			return nil, &misfitError{misfit}
		}
	}
}

// hidePlace takes from the generated program, the one file that is not the user's, the name of the folder it seems to be in.
func hidePlace(tree *stage.Tree) error {
	program := tree.Packages[len(tree.Packages)-1]
	for _, file := range program.Files {
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, append([]byte("//line <autogenerated>:1\n"), src...), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// fit compares a plugin with the host that it is for.
func (b *bundler) fit(file string) (map[string]string, *gate.Misfit, error) {
	prints, err := gate.Plugin(file)
	if err != nil {
		return nil, nil, err
	}
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	misfit, _ := gate.Compare(gate.Loaded{Host: b.prints, Info: b.info}, prints, info)
	return prints, misfit, nil
}

// describe is a file of the bundle as the manifest has it.
func describe(file string) (bundledFile, error) {
	f, err := os.Open(file)
	if err != nil {
		return bundledFile{}, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return bundledFile{filepath.Base(file), n, hex.EncodeToString(h.Sum(nil))}, err
}
