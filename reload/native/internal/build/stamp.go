package build

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// stampOf tells states of a file, or of a folder's sources, apart. It returns the last time of a change too.
func stampOf(name string) (stamp string, last time.Time) {
	h := sha256.New()
	put := func(file string) {
		info, err := os.Stat(file)
		if err != nil {
			fmt.Fprintf(h, "%q gone ", file)
			return
		}
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
		fmt.Fprintf(h, "%q %d %d ", file, info.Size(), info.ModTime().UnixNano())
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		put(name)
	}
	for _, e := range entries {
		if compiled(e.Name()) {
			put(filepath.Join(name, e.Name()))
		}
	}
	return hex.EncodeToString(h.Sum(nil)), last
}

// compiled says whether the go command may compile a file of this name.
func compiled(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".go":
		return !strings.HasSuffix(name, "_test.go")
	case ".s", ".h", ".hh", ".hpp", ".hxx", ".c", ".cc", ".cpp", ".cxx", ".m", ".f", ".f90", ".for",
		".swig", ".swigcxx", ".syso":
		return true
	}
	return false
}
