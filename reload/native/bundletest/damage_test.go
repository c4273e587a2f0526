package bundletest_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload/native"
)

// What was altered, cut off or taken away is refused, with a key or without, and nothing of it is given out.
func TestDamage(t *testing.T) {
	f := theFixture(t)
	key := publicKey(t, f.key)
	edit := func(name string, change func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			file := filepath.Join(dir, filepath.FromSlash(name))
			if name == "*.so" {
				file = plugins(t, dir)[0]
			}
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, change(data), 0o600))
		}
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if name == "*.so" {
				name = filepath.Base(plugins(t, dir)[1])
			}
			require.NoError(t, os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))))
		}
	}
	flip := func(data []byte) []byte { data[len(data)/2] ^= 1; return data }
	half := func(data []byte) []byte { return data[:len(data)/2] }
	more := func(data []byte) []byte { return append(data, '\n') }
	replace := func(old, new string) func([]byte) []byte {
		return func(data []byte) []byte { return bytes.Replace(data, []byte(old), []byte(new), 1) }
	}
	const signature = "the signature of the bundle is not that of the host's key for this manifest"
	for name, c := range map[string]struct {
		damage        func(*testing.T, string)
		want, withKey string // the same if empty
	}{
		"altered plugin":        {edit("*.so", flip), ".so was altered: it is not the file that the manifest tells of", ""},
		"longer plugin":         {edit("*.so", more), ".so was altered", ""},
		"truncated plugin":      {edit("*.so", half), ".so is incomplete: it has ", ""},
		"empty plugin":          {edit("*.so", func([]byte) []byte { return nil }), ".so is incomplete: it has 0 of ", ""},
		"missing plugin":        {remove("*.so"), ".so is missing", ""},
		"altered source":        {edit("source/lib/lib.go", flip), "source/lib/lib.go was altered", ""},
		"missing embedded file": {remove("source/m/words.txt"), "source/m/words.txt is missing", ""},
		"missing sources":       {remove("source"), "is missing", ""},
		"missing manifest":      {remove("manifest.json"), "its manifest.json cannot be read: no such file", ""},
		"truncated manifest":    {edit("manifest.json", half), "its manifest.json is not valid: ", signature},
		"manifest with more":    {edit("manifest.json", more), "", signature},
		"other module":          {edit("manifest.json", replace(`"m"`, `"n"`)), "", signature},
		"newer format": {edit("manifest.json", replace(`"format": 1`, `"format": 2`)),
			"it has format 2, and this host reads format 1", signature},
		"other sha256": {edit("manifest.json", replace(`"sha256": "`, `"sha256": "0`)), "the sha256 or the size of",
			signature},
		"path outside": {edit("manifest.json", replace(`"lib/lib.go"`, `"../lib.go"`)), `the file name "../lib.go" is not valid`,
			signature},
		"unsigned": {remove("manifest.sig"), "",
			"the bundle is not signed, and this host accepts only what is signed with its key"},
		"altered signature":   {edit("manifest.sig", flip), "", signature},
		"truncated signature": {edit("manifest.sig", half), "", signature},
		"no bundle at all":    {remove("."), "no such file or directory", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := f.copyOf(t)
			c.damage(t, dir)
			if c.withKey == "" {
				c.withKey = c.want
			}
			refused(t, dir, key, c.withKey)
			if c.want != "" {
				refused(t, dir, nil, c.want)
			} else {
				b, err := native.OpenBundle(dir, nil)
				assert.NotNil(t, b, err)
			}
		})
	}
	refused(t, f.bundle, publicKey(t, f.other), signature)
	refused(t, f.bundle, key[:5], "the public key is not one of ed25519")
}

func refused(t *testing.T, dir string, key ed25519.PublicKey, want string) {
	t.Helper()
	b, err := native.OpenBundle(dir, key)
	require.ErrorContains(t, err, want)
	assert.Nil(t, b)
	var e *native.BundleError
	require.ErrorAs(t, err, &e)
	assert.NotEmpty(t, e.Hint)
	assert.Equal(t, dir, e.Dir)
}

func publicKey(t *testing.T, file string) ed25519.PublicKey {
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	key, err := native.ParsePublicKey(data)
	require.NoError(t, err)
	return key
}

// A plugin, and the bundle around it, tell nothing of the machine that built them, as far as modules go.
func TestNoLocalPaths(t *testing.T) {
	f := theFixture(t)
	for _, file := range append(plugins(t, f.bundle), filepath.Join(f.bundle, "manifest.json")) {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, place := range []string{f.path("src/scripts"), "midair-build-"} {
			assert.False(t, bytes.Contains(data, []byte(place)), "%s in %s", place, file)
		}
	}
}
