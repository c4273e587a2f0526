package bundletest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// There is no go command, no C compiler, no go.mod and no source: the module runs natively, and panics are told as ever.
func TestRunsWithoutAnything(t *testing.T) {
	f := theFixture(t)
	cache := t.TempDir()
	for name, args := range map[string][]string{
		"unsigned":      {"-cache", cache},
		"no cache":      {},
		"key":           {"-cache", cache, "-key", f.key},
		"key in config": {"-cache", cache, "-config-key", f.key},
		"native":        {"-cache", cache, "-mode", "native"},
		"auto":          {"-cache", cache, "-mode", "auto", "-interp"},
		"same source":   {"-cache", cache, "-source", f.path("scripts"), "-interp"},
	} {
		t.Run(name, func(t *testing.T) {
			o := f.start(t, "host", append([]string{"-bundle", f.bundle}, args...)...)
			assert.Empty(t, o.OpenError)
			assert.Empty(t, o.Supported)
			assert.Empty(t, o.Error, o.Hint)
			assert.Equal(t, "native", o.Mode)
			assert.Equal(t, said, o.Said)
			assert.Equal(t, []string{"lib.Fail lib/lib.go:9", "m.Fail m/m.go:17"}, o.Frames)
			assert.Equal(t, 1, o.Loaded)
		})
	}
	entries, err := os.ReadDir(cache)
	require.NoError(t, err)
	assert.Empty(t, entries, "nothing is left behind")
}

// A host that the bundle was not built for is told what differs, and interprets the sources of the bundle if it can.
func TestOtherHosts(t *testing.T) {
	f := theFixture(t)
	const anew = ": build the bundle anew for this host (midair build -host BINARY), or run the host that " +
		"it was built for"
	for host, differs := range map[string][]string{
		"host-changed": {"package " + module + "/game differs from the host's",
			"the bundle was built for another build of the host"},
		"host-trimpath": {"packages differ", "and ", `-trimpath is "true" in the host and not set in the bundle`},
		"host-race":     {`-race is "true" in the host and not set in the bundle`},
	} {
		t.Run(host, func(t *testing.T) {
			if _, err := os.Stat(f.path(host)); err != nil {
				t.Skip("compiles the standard library anew: set MIDAIR_NATIVE=1")
			}
			o := f.start(t, host, "-bundle", f.bundle, "-mode", "native")
			for _, text := range append(differs, anew) {
				assert.Contains(t, o.OpenError, text)
				assert.Contains(t, o.Error+o.Hint, text)
			}
			assert.Contains(t, o.Error, "[native/fit]")
			assert.Empty(t, o.Said)
			assert.Zero(t, o.Loaded)

			o = f.start(t, host, "-bundle", f.bundle, "-interp", "-key", f.key)
			assert.Contains(t, o.OpenError, differs[0])
			assert.Contains(t, o.Supported, differs[0])
			assert.Equal(t, "interpreted", o.Mode)
			assert.Contains(t, o.Said, "GOOD MORNING")
			assert.Zero(t, o.Loaded)
		})
	}
}

// A host that can open no plugins at all interprets the sources of the bundle.
func TestNoPlugins(t *testing.T) {
	f := theFixture(t)
	o := f.start(t, "host-no-cgo", "-bundle", f.bundle, "-interp", "-key", f.key)
	assert.Contains(t, o.OpenError, "native mode is off: ")
	assert.NotEmpty(t, o.Supported)
	assert.Equal(t, "interpreted", o.Mode)
	assert.Equal(t, said, o.Said)
}

// What is altered after it was verified is not opened.
func TestSwapped(t *testing.T) {
	f := theFixture(t)
	o := f.start(t, "host", "-bundle", f.copyOf(t), "-swap", "-mode", "native", "-key", f.key)
	assert.Empty(t, o.OpenError)
	assert.Contains(t, o.Error, "was altered: it is not the file that the manifest tells of (sha256)")
	assert.Contains(t, o.Error, "[native/bundle]")
	assert.Zero(t, o.Loaded)

	o = f.start(t, "host", "-bundle", f.copyOf(t), "-swap", "-interp")
	assert.Equal(t, "interpreted", o.Mode)
	assert.Equal(t, said, o.Said)
	assert.Zero(t, o.Loaded)
}

// A module that was edited since is another one than the bundle's.
func TestEdited(t *testing.T) {
	f := theFixture(t)
	for name, file := range map[string]string{"module": "m/m.go", "library": "lib/lib.go", "embedded file": "m/words.txt"} {
		t.Run(name, func(t *testing.T) {
			scripts := filepath.Join(t.TempDir(), "scripts")
			require.NoError(t, os.CopyFS(scripts, os.DirFS(f.path("scripts"))))
			data, err := os.ReadFile(filepath.Join(scripts, file))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(scripts, file), append(data, "// more\n"...), 0o600))
			o := f.start(t, "host", "-bundle", f.bundle, "-source", scripts, "-mode", "native")
			assert.Contains(t, o.Error, "was built from another source of module m: "+file+" differs; nor can it be built here: ")
			assert.Zero(t, o.Loaded)
			o = f.start(t, "host", "-bundle", f.bundle, "-source", scripts, "-mode", "native", "-key", f.key)
			assert.Contains(t, o.Error, file+" differs [native/bundle]")
			o = f.start(t, "host", "-bundle", f.bundle, "-source", scripts, "-interp", "-key", f.key)
			assert.Equal(t, "interpreted", o.Mode)
			assert.NotEmpty(t, o.Said)
			assert.Zero(t, o.Loaded)
		})
	}
}

// Versions of the same source that are in use at once need a copy each.
func TestCopies(t *testing.T) {
	f := theFixture(t)
	o := f.start(t, "host", "-bundle", f.bundle, "-interp", "-toggle", "2")
	require.Len(t, o.Toggles, 2)
	assert.Equal(t, "ok", o.Toggles[0])
	assert.Contains(t, o.Toggles[1], "every copy of module m in the bundle is in use by an earlier version of the module, and "+
		"there are 2")
	assert.Equal(t, 2, o.Loaded)
	assert.Equal(t, said, o.Said)
}

// A key in native.Config turns everything else off.
func TestSignedOnly(t *testing.T) {
	f := theFixture(t)
	unsigned := f.copyOf(t)
	require.NoError(t, os.Remove(filepath.Join(unsigned, "manifest.sig")))
	for name, c := range map[string]struct{ bundle, key, want string }{
		"not signed": {unsigned, f.key, "the bundle is not signed, and this host accepts only what is signed with its key"},
		"other key":  {f.bundle, f.other, "the signature of the bundle is not that of the host's key"},
		"no bundle":  {t.TempDir(), f.key, "this host opens nothing but modules of signed bundles"},
	} {
		t.Run(name, func(t *testing.T) {
			o := f.start(t, "host", "-bundle", c.bundle, "-config-key", c.key, "-source", f.path("scripts"), "-mode", "native")
			assert.Contains(t, o.Supported, c.want)
			assert.Contains(t, o.Error, c.want)
			assert.Zero(t, o.Loaded)
			o = f.start(t, "host", "-bundle", c.bundle, "-config-key", c.key, "-source", f.path("scripts"), "-interp")
			assert.Equal(t, "interpreted", o.Mode)
			assert.Equal(t, said, o.Said)
		})
	}
}

// What would not fit the host does not become a bundle.
func TestMisfit(t *testing.T) {
	f := theFixture(t)
	assert.Contains(t, f.misfit, "package "+module+"/game differs from the host's")
	assert.Contains(t, f.misfit, "[native/fit]")
	assert.Contains(t, f.misfit, "scripts/m/m.go:7:2")
	assert.Contains(t, f.misfit, "package "+module+"/game has changed since the host was built")
	assert.NoDirExists(t, f.path("misfit"))
	leftovers, err := filepath.Glob(f.path(".midair-*"))
	require.NoError(t, err)
	assert.Empty(t, leftovers)
}
