package native

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"midair/reload/native/internal/gate"
)

// RuleBundle is the rule of diagnostics about what a bundle does not have, or has altered.
const RuleBundle = "native/bundle"

// Bundle is a folder of modules that were built ahead for one host, by `midair build` or [BuildBundle], with the sources
// that they were built from. It is immutable, holds nothing open, and may be used by several backends and goroutines at
// once.
type Bundle struct {
	dir       string // absolute
	manifest  *manifest
	raw       []byte // the manifest as it was signed
	signature []byte // nil if there is none
	key       ed25519.PublicKey
	source    *zip.Reader
	misfit    *BundleError // why the running host cannot have its plugins
}

// BundleError says what is wrong with a bundle, and what to do.
type BundleError struct {
	Dir     string
	Message string
	Hint    string
}

// Error returns message and hint.
func (e *BundleError) Error() string {
	text := e.Message
	if e.Dir != "" {
		text = "bundle " + e.Dir + ": " + text
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// OpenBundle reads a bundle and verifies all of it: the signature if there is a key, every file, and that it fits the
// running host. Nothing of it is run. The error is a *BundleError that says what differs and what to do.
//
// With a key, nothing that the key's other half has not signed is accepted. A host that is to open nothing else gives the
// key to [Config.PublicKey] as well, where it counts when there is no bundle too.
//
// If all is well but that the bundle does not fit the running host, the Bundle is returned with the error: its sources are
// what they should be and can be interpreted, and a backend which is given it refuses the plugins with the same text.
func OpenBundle(dir string, key ed25519.PublicKey) (*Bundle, error) {
	b := &Bundle{dir: dir, key: key}
	if abs, err := filepath.Abs(dir); err == nil {
		b.dir = abs
	}
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return nil, b.failed(cause(err), "build one with midair build")
	}
	defer root.Close()
	if err := b.readManifest(root); err != nil {
		return nil, err
	}
	if err := b.readSource(root); err != nil {
		return nil, err
	}
	for _, m := range b.manifest.Modules {
		for _, f := range m.Copies {
			if err := copyVerified(root, f.File, f, io.Discard); err != nil {
				return nil, b.damaged(err)
			}
		}
	}
	if b.misfit = b.compare(loaded.self()); b.misfit != nil {
		return b, b.misfit
	}
	return b, nil
}

func (b *Bundle) failed(message, hint string) *BundleError { return &BundleError{b.dir, message, hint} }

func (b *Bundle) damaged(err error) *BundleError {
	return b.failed(err.Error(), "get the bundle anew, or build it anew with midair build")
}

// cause is an error without the names of operations and files.
func cause(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return err.Error()
}

// readManifest reads the manifest once: what was verified is what is used.
func (b *Bundle) readManifest(root *os.Root) error {
	var err error
	if b.raw, err = readSmall(root, manifestName); err != nil {
		return b.failed("its "+manifestName+" cannot be read: "+cause(err), "build a bundle with midair build")
	}
	if b.signature, err = readSmall(root, signatureName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return b.failed("its "+signatureName+" cannot be read: "+cause(err), "get the bundle anew")
	}
	if b.key != nil {
		if e := b.verify(b.key); e != nil {
			return e
		}
	}
	if b.manifest, err = parseManifest(b.raw); err != nil {
		return b.failed("its "+manifestName+" is not valid: "+err.Error(),
			"get the bundle anew, or build it with this version of midair")
	}
	return nil
}

// verify returns nil if the manifest was signed with the key's other half.
func (b *Bundle) verify(key ed25519.PublicKey) *BundleError {
	e := checkSignature(key, b.raw, b.signature)
	if e != nil {
		e.Dir = b.dir
	}
	return e
}

// readSmall reads a file of which nothing is known yet.
func readSmall(root *os.Root, name string) ([]byte, error) {
	f, err := openRegular(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = errors.New("it is too large")
	}
	return data, err
}

// openRegular does not wait for what is no file.
func openRegular(root *os.Root, name string) (*os.File, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	return root.Open(name)
}

// copyVerified copies a file of a bundle while it is compared with the manifest. What was written is only good if there is
// no error.
func copyVerified(root *os.Root, name string, want bundledFile, w io.Writer) error {
	f, err := openRegular(root, filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing", name)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: %s", name, cause(err))
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(h, w), io.LimitReader(f, want.Size+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s cannot be copied: %w", name, err)
	case n < want.Size:
		return fmt.Errorf("%s is incomplete: it has %d of %d bytes", name, n, want.Size)
	case n > want.Size || hex.EncodeToString(h.Sum(nil)) != want.SHA256:
		return fmt.Errorf("%s was altered: it is not the file that the manifest tells of (sha256)", name)
	}
	return nil
}

// readSource reads the sources into memory, where nobody swaps them.
func (b *Bundle) readSource(root *os.Root) error {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, f := range b.manifest.Source {
		entry, err := w.CreateHeader(&zip.FileHeader{Name: f.File, Method: zip.Store})
		if err == nil {
			err = copyVerified(root, path.Join(sourceFolder, f.File), f, entry)
		}
		if err != nil {
			return b.damaged(err)
		}
	}
	if err := w.Close(); err != nil {
		return b.damaged(err)
	}
	var err error
	if b.source, err = zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len())); err != nil {
		return b.damaged(err)
	}
	return nil
}

// FS returns the sources that the modules were built from, laid out as the module directory: a host that has no source tree
// gives them to [reload.FS].
func (b *Bundle) FS() fs.FS { return b.source }

// ImportPath returns the import path of the module directory that the bundle was built from, for
// [reload.Config.ImportPath].
func (b *Bundle) ImportPath() string { return b.manifest.ImportPath }

// Modules returns the names of the modules that were built.
func (b *Bundle) Modules() (names []string) {
	for _, m := range b.manifest.Modules {
		names = append(names, m.Module)
	}
	return names
}

// compare returns why the plugins do not fit a host, as far as the manifest tells.
func (b *Bundle) compare(h *host) *BundleError {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	switch {
	case b.manifest.Platform != platform:
		return b.failed("it was built for "+b.manifest.Platform+", and the host runs on "+platform,
			"build one for this platform")
	case h.err != nil:
		return b.failed("native mode is off: "+h.err.Error(), "build the host as it says")
	}
	prints := map[string]string{}
	for _, m := range b.manifest.Modules {
		for p, print := range m.Fingerprints {
			prints[p] = print
		}
	}
	m, _ := gate.Compare(gate.Loaded{Host: h.prints, Info: h.info}, prints, b.manifest.Host.info(b.manifest.GoVersion))
	if m == nil {
		return nil
	}
	return b.failed(m.Message(), advice(m))
}

// advice is what to do about plugins of a bundle that do not fit.
func advice(m *gate.Misfit) string {
	var parts []string
	for _, d := range m.Settings {
		parts = append(parts, fmt.Sprintf("%s is %s in the host and %s in the bundle", d.Key, value(d.Host), value(d.Plugin)))
	}
	if len(parts) == 0 {
		parts = []string{"the bundle was built for another build of the host, from other source"}
	}
	return strings.Join(parts, "; ") + ": build the bundle anew for this host (midair build -host BINARY), or run the host " +
		"that it was built for"
}

func value(s string) string {
	if s == "" {
		return "not set"
	}
	return fmt.Sprintf("%q", s)
}
