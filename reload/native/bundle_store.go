package native

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"midair/reload/native/internal/build"
)

// store is where plugins are found: copies of a bundle's first, then the cache. Its methods may be called from any
// goroutine.
type store struct {
	build.Cache

	mu     sync.Mutex
	copies map[string]string // files, by the hash of the content and twin
}

// File is where the plugin of a module is, or belongs.
func (s *store) File(module, hash string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if file, ok := s.copies[hash]; ok {
		return file
	}
	return s.Cache.File(module, hash)
}

// copyBundled returns a copy of a bundle's file in a folder that only this user can write to. It is verified while it is
// made, so that what is opened is what was verified, whatever happens to the bundle.
func (s *store) copyBundled(b *Bundle, hash string, want bundledFile) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if file, ok := s.copies[hash]; ok {
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
	}
	dir, err := private(s.Dir)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, want.File)
	if err := copyTo(file, b.dir, want); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	if s.copies == nil {
		s.copies = map[string]string{}
	}
	s.copies[hash] = file
	return file, nil
}

func copyTo(file, from string, want bundledFile) error {
	root, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer root.Close()
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(copyVerified(root, want.File, want, out), out.Close())
}

// opened says that the process has loaded a copy: the file itself is needed no more.
func (s *store) opened(file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, f := range s.copies {
		if f == file {
			delete(s.copies, hash)
			_ = os.RemoveAll(filepath.Dir(file))
		}
	}
}
