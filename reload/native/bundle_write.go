package native

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// finish writes what makes a folder a bundle.
func (b *bundler) finish(m *manifest) error {
	data, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if err := os.WriteFile(filepath.Join(b.out, manifestName), data, 0o644); err != nil {
		return err
	}
	if b.cfg.Key != nil {
		if err := os.WriteFile(filepath.Join(b.out, signatureName), ed25519.Sign(b.cfg.Key, data), 0o644); err != nil {
			return err
		}
	}
	return b.readable()
}

// readable lets every user read the bundle: the host may be another one.
func (b *bundler) readable() error {
	return filepath.WalkDir(b.out, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Chmod(name, 0o755)
		}
		return os.Chmod(name, 0o644)
	})
}

// replaceable says whether a folder may become a bundle.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, manifestName)); err != nil {
		return fmt.Errorf("%s is not empty and no bundle: choose another folder", dir)
	}
	return nil
}

// replace puts a finished folder in the place of another.
func replace(dir, by string) error {
	dir = filepath.Clean(dir)
	old := by + ".old"
	err := os.Rename(dir, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(by, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}
