package native

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native/internal/build"
)

// What a manifest says of a host comes back as it was.
func TestDescribeHost(t *testing.T) {
	h := aManifest().Host
	assert.Equal(t, h.Versions, describeHost(h.info("go1.26"), "").Versions)
	assert.Equal(t, h.Settings, describeHost(h.info("go1.26"), "").Settings)
}

// An ordinary key of another kind, and what is no key at all, is named.
func TestParsePublicKey(t *testing.T) {
	for text, want := range map[string]string{
		"": "no public key in PEM form",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n": "with a PRIVATE KEY",
		"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n":   "of another kind than ed25519",
	} {
		_, err := ParsePublicKey([]byte(text))
		assert.ErrorContains(t, err, want)
	}
	key, err := ParsePublicKey([]byte("-----BEGIN PUBLIC KEY-----\n" +
		"MCowBQYDK2VwAyEAaqMKZe12OZFpEpB/4632csrS9QAKOBkGYN558R05s+Y=\n-----END PUBLIC KEY-----\n"))
	require.NoError(t, err)
	assert.Len(t, key, ed25519.PublicKeySize)
}

// A folder with anything else in it is not overwritten; a bundle, or an empty folder, is replaced as a whole.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, nil, 0o600))
	}
	write("mine/letter.txt")
	assert.ErrorContains(t, replaceable(filepath.Join(dir, "mine")), "is not empty and no bundle: choose another folder")
	assert.Error(t, replaceable(filepath.Join(dir, "mine", "letter.txt")))
	write("bundle/manifest.json")
	write("bundle/old.so")
	write("new/manifest.json")
	write("other/manifest.json")
	for by, to := range map[string]string{"new": "bundle", "other": "fresh"} {
		require.NoError(t, replaceable(filepath.Join(dir, to)))
		require.NoError(t, replace(filepath.Join(dir, to), filepath.Join(dir, by)))
		assert.NoFileExists(t, filepath.Join(dir, to, "old.so"))
		assert.FileExists(t, filepath.Join(dir, to, "manifest.json"))
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3)
}

// A bundle is of one module directory, and of the modules in it.
func TestFindInBundle(t *testing.T) {
	b := &Bundle{dir: "b", manifest: aManifest()}
	c := &reload.Checked{Module: "m", ImportPath: "example.org/scripts"}
	b.manifest.Modules[0].Content = contentOf(c)
	entry, refusal := b.find(c)
	require.Nil(t, refusal)
	assert.Equal(t, "m", entry.Module)

	for want, other := range map[string]*reload.Checked{
		"the bundle b has no module n": {Module: "n", ImportPath: "example.org/scripts"},
		"the bundle b was built for a module directory with the import path example.org/scripts, and here it is example.org/x": {
			Module: "m", ImportPath: "example.org/x"},
		"the bundle b was built from another source of module m: m/m.go differs": {Module: "m", ImportPath: "example.org/scripts",
			Package: reload.Package{Dir: "m", Files: []reload.File{{Path: "m/m.go"}}}},
	} {
		_, refusal := b.find(other)
		require.NotNil(t, refusal)
		assert.Equal(t, want, refusal.message)
		assert.NotEmpty(t, refusal.hint)
	}
}

// What BuildBundle is given is looked at before anything is built or written.
func TestBuildBundleRefuses(t *testing.T) {
	dir := t.TempDir()
	c := &reload.Checked{Module: "m", ModuleRoot: dir}
	for want, cfg := range map[string]BundleConfig{
		"there is no module to build":           {},
		"cannot be read: there is no such file": {Host: filepath.Join(dir, "nothing"), Modules: []*reload.Checked{c}},
	} {
		cfg.Dir = filepath.Join(dir, "bundle")
		require.ErrorContains(t, BuildBundle(context.Background(), cfg), want)
		assert.NoDirExists(t, cfg.Dir)
	}
}

// What the manifest says of the host that a bundle is for becomes the doctor's text.
func TestCompareHost(t *testing.T) {
	running := func() *host {
		h := aManifest().Host
		return &host{info: h.info("go1.26"), prints: map[string]string{"runtime": "00", "example.org/host/game": "11"}}
	}
	for want, change := range map[string]func(*host, *manifest){
		"":                           func(*host, *manifest) {},
		"it was built for x/y":       func(_ *host, m *manifest) { m.Platform = "x/y" },
		"native mode is off: no cgo": func(h *host, _ *manifest) { h.err = errors.New("no cgo") },
		"package runtime differs from the host's; the bundle was built for another build of the host": func(h *host, _ *manifest) {
			h.prints["runtime"] = "01"
		},
		`Go is "go1.26" in the host and "go1.25" in the bundle: build`: func(h *host, m *manifest) {
			h.prints["runtime"], m.GoVersion = "01", "go1.25"
		},
		`-race is "true" in the host and not set in the bundle`: func(h *host, m *manifest) {
			h.prints["runtime"], m.Host.Settings = "01", nil
		},
		`example.org/x is "replaced by ../x v1" in the host and "v2" in the bundle`: func(h *host, m *manifest) {
			h.prints["runtime"], m.Host.Versions = "01", map[string]string{"example.org/x": "v2"}
		},
	} {
		b, h := &Bundle{dir: "b", manifest: aManifest()}, running()
		b.manifest.Platform = runtime.GOOS + "/" + runtime.GOARCH
		change(h, b.manifest)
		err := b.compare(h)
		if want == "" {
			assert.Nil(t, err)
			continue
		}
		require.NotNil(t, err, want)
		assert.Contains(t, err.Error(), want)
		assert.NotEmpty(t, err.Hint)
	}
}

// Copies may be asked for by many at once, and are good whenever they are given out.
func TestCopiesAtOnce(t *testing.T) {
	data, err := json.Marshal(aManifest())
	require.NoError(t, err)
	b := &Bundle{dir: writeBundle(t, data), manifest: aManifest()}
	s := &store{Cache: build.Cache{Dir: t.TempDir()}}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				file, err := s.copyBundled(b, "hash", b.manifest.Modules[0].Copies[0])
				if assert.NoError(t, err) && s.File("m", "hash") == file {
					s.opened(file)
				}
			}
		})
	}
	all.Wait()
	assert.Equal(t, filepath.Join(s.Dir, "m-hash.so"), s.File("m", "hash"), "from the cache again")
	entries, err := os.ReadDir(s.Dir)
	require.NoError(t, err)
	assert.Empty(t, entries)

	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "m.so"), []byte("evil"), 0o600))
	_, err = s.copyBundled(b, "hash", b.manifest.Modules[0].Copies[0])
	assert.ErrorContains(t, err, "m.so was altered")
	entries, err = os.ReadDir(s.Dir)
	require.NoError(t, err)
	assert.Empty(t, entries, "what was altered is not left behind")
}

// Copies of plugins are made where nobody else can touch them.
func TestPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "cache")
	made, err := private(dir)
	require.NoError(t, err)
	assert.Equal(t, dir, filepath.Dir(made))
	file := filepath.Join(made, "file")
	for name, where := range map[string]string{"others can write": dir, "a file is there": file, "none": ""} {
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		require.NoError(t, os.Chmod(dir, 0o777))
		made, err := private(where)
		require.NoError(t, err, name)
		assert.NotEqual(t, where, filepath.Dir(made), name)
		info, err := os.Stat(made)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o700), info.Mode().Perm(), name)
		require.NoError(t, os.RemoveAll(made))
	}
}
