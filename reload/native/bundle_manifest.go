package native

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime/debug"
	"strings"
)

// Names in a bundle's folder.
const (
	manifestName  = "manifest.json"
	signatureName = "manifest.sig" // the ed25519 signature of the manifest's bytes
	sourceFolder  = "source"       // laid out as the module directory
)

const (
	manifestFormat = 1
	maxManifest    = 16 << 20
	maxBundled     = 4 << 30 // of one file
)

// manifest says what a bundle holds. All other files of a bundle are in it with their sha256.
type manifest struct {
	Format     int             `json:"format"`
	GoVersion  string          `json:"go"`
	Platform   string          `json:"platform"`
	ImportPath string          `json:"import_path"` // of the module directory
	Host       bundledHost     `json:"host"`
	Modules    []bundledModule `json:"modules"`
	Source     []bundledFile   `json:"source"` // below the folder source
}

// bundledHost is the program that a bundle was built for.
type bundledHost struct {
	Path     string            `json:"path"`   // of its main package
	Module   string            `json:"module"` // its main module
	BuildID  string            `json:"build_id"`
	Settings map[string]string `json:"settings"`
	Versions map[string]string `json:"versions"` // of the modules that it was built from
}

// bundledModule is one module of a bundle. Its copies have the same code under different names: each can serve one version
// at a time.
type bundledModule struct {
	Module       string            `json:"module"`
	Hash         string            `json:"hash"`         // as reload.Checked has it
	Content      string            `json:"content"`      // of every source and embedded file, with their names
	Build        string            `json:"build"`        // the name of the first copy in import paths
	Fingerprints map[string]string `json:"fingerprints"` // of the packages in the first copy
	Copies       []bundledFile     `json:"copies"`
}

// bundledFile is a file of a bundle.
type bundledFile struct {
	File   string `json:"file"` // slash path
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// parseManifest reads a manifest and looks at whatever is used of it without being looked at later.
func parseManifest(data []byte) (*manifest, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, err
	}
	if version.Format != manifestFormat {
		return nil, fmt.Errorf("it has format %d, and this host reads format %d", version.Format, manifestFormat)
	}
	m := &manifest{}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the manifest")
	}
	return m, m.validate()
}

func (m *manifest) validate() error {
	names, files := map[string]bool{}, map[string]bool{}
	for _, mod := range m.Modules {
		switch {
		case !fs.ValidPath(mod.Module) || names[mod.Module]:
			return fmt.Errorf("module %q is not valid, or there twice", mod.Module)
		case !isHex(mod.Build, 16) || !isHex(mod.Content, 2*sha256.Size):
			return fmt.Errorf("the hashes of module %s are not valid", mod.Module)
		case len(mod.Copies) == 0:
			return fmt.Errorf("module %s has no file", mod.Module)
		}
		names[mod.Module] = true
		for _, f := range mod.Copies {
			if err := f.validate(files); err != nil {
				return err
			}
			if path.Base(f.File) != f.File || path.Ext(f.File) != ".so" {
				return fmt.Errorf("%q cannot be the file of a module", f.File)
			}
		}
	}
	files = map[string]bool{}
	for _, f := range m.Source {
		if err := f.validate(files); err != nil {
			return err
		}
	}
	return nil
}

func (f bundledFile) validate(seen map[string]bool) error {
	if !fs.ValidPath(f.File) || f.File == "." || strings.ContainsAny(f.File, "\\\x00") || seen[f.File] {
		return fmt.Errorf("the file name %q is not valid, or there twice", f.File)
	}
	if !isHex(f.SHA256, 2*sha256.Size) || f.Size < 0 || f.Size > maxBundled {
		return fmt.Errorf("the sha256 or the size of %s is not valid", f.File)
	}
	seen[f.File] = true
	return nil
}

func isHex(s string, length int) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == length && s == strings.ToLower(s)
}

// module returns what the manifest says of a module, or nil.
func (m *manifest) module(name string) *bundledModule {
	for i := range m.Modules {
		if m.Modules[i].Module == name {
			return &m.Modules[i]
		}
	}
	return nil
}

// info is the host of the manifest as build information.
func (h bundledHost) info(version string) *debug.BuildInfo {
	info := &debug.BuildInfo{GoVersion: version, Path: h.Path, Main: debug.Module{Path: h.Module}}
	for key, value := range h.Settings {
		info.Settings = append(info.Settings, debug.BuildSetting{Key: key, Value: value})
	}
	for p, version := range h.Versions {
		d := &debug.Module{Path: p, Version: version}
		if by, ok := strings.CutPrefix(version, "replaced by "); ok {
			replacement, v, _ := strings.Cut(by, " ")
			d.Replace = &debug.Module{Path: replacement, Version: v}
		}
		info.Deps = append(info.Deps, d)
	}
	return info
}

// describeHost notes how a program was built.
func describeHost(info *debug.BuildInfo, buildID string) bundledHost {
	h := bundledHost{Path: info.Path, Module: info.Main.Path, BuildID: buildID}
	h.Settings, h.Versions = map[string]string{}, map[string]string{}
	for _, s := range info.Settings {
		local := s.Key == "-ldflags" || strings.HasPrefix(s.Key, "vcs") // says nothing about fitting, and may say too much
		if s.Value != "" && !local {
			h.Settings[s.Key] = s.Value
		}
	}
	for _, d := range info.Deps {
		h.Versions[d.Path] = d.Version
		if d.Replace != nil {
			h.Versions[d.Path] = strings.TrimSpace("replaced by " + d.Replace.Path + " " + d.Replace.Version)
		}
	}
	return h
}
