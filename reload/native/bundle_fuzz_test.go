package native

import (
	"crypto/ed25519"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// aManifest is of a bundle with one source file and one file that is no plugin.
func aManifest() *manifest {
	file := func(name string) bundledFile { return bundledFile{name, 4, digest([]byte("text"))} }
	return &manifest{Format: manifestFormat, GoVersion: "go1.26", Platform: "linux/amd64", ImportPath: "example.org/scripts",
		Host: bundledHost{Path: "example.org/host", Settings: map[string]string{"-race": "true"},
			Versions: map[string]string{"example.org/x": "replaced by ../x v1"}},
		Modules: []bundledModule{{Module: "m", Content: digest(nil), Build: "0123456789abcdef",
			Fingerprints: map[string]string{"runtime": "00"}, Copies: []bundledFile{file("m.so")}}},
		Source: []bundledFile{file("m/m.go")}}
}

// writeBundle writes what the manifest of aManifest tells of, and a manifest.
func writeBundle(t testing.TB, manifest []byte) string {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "source", "m"), 0o700))
	text := []byte("text")
	for name, data := range map[string][]byte{"manifest.json": manifest, "m.so": text, "source/m/m.go": text} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	return dir
}

// Whatever a manifest says, OpenBundle returns. What it gives out stays in the bundle's folder and has the right sums, and
// nothing is accepted whose signature is not right.
func FuzzManifest(f *testing.F) {
	good, err := json.Marshal(aManifest())
	require.NoError(f, err)
	f.Add(good)
	for old, new := range map[string]string{`"m.so"`: `"../m.so"`, `"m/m.go"`: `"/etc/passwd"`, `"size":4`: `"size":-1`,
		`"m.so",`:     `"m.so\u0000",`,
		`{"format":1`: `{"format":1,"format":2`, `"source":[`: `"source":[{},`, `"replaced by ../x v1"`: `"replaced by "`} {
		f.Add([]byte(strings.Replace(string(good), old, new, 1)))
	}
	f.Add([]byte(`{"format":1,"modules":null}`))
	f.Add([]byte(`[[[[`))
	public, _, err := ed25519.GenerateKey(strings.NewReader(strings.Repeat("x", 64)))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := writeBundle(t, data)
		b, err := OpenBundle(dir, nil)
		if b == nil {
			require.Error(t, err)
			return
		}
		if err != nil {
			assert.Equal(t, b.misfit, err)
		}
		require.NoError(t, fs.WalkDir(b.FS(), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			got, err := fs.ReadFile(b.FS(), name)
			if len(got) > 0 {
				assert.Equal(t, "text", string(got), name)
			}
			return err
		}))
		_ = b.Modules()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest.sig"), make([]byte, ed25519.SignatureSize), 0o600))
		b, err = OpenBundle(dir, public)
		require.ErrorContains(t, err, "signature")
		assert.Nil(t, b)
	})
}
