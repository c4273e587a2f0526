// Package gate decides whether a plugin fits the running program, by reading files only. It has to be asked before a
// plugin is opened, because a failed plugin.Open leaves a process that crashes later: the refused file stays mapped, and
// the next one binds to its data.
package gate

import (
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	prefix  = "go:link.pkghashbytes."
	maxSize = 64 // of a fingerprint; the linker writes 8 bytes
)

var (
	errNoPlugins = errors.New("it was linked without support for plugins")
	errNotPlugin = errors.New("it is not a Go plugin")
)

// Host reads the package fingerprints of an executable, by import path. It fails if the executable cannot open plugins.
func Host(file string) (map[string]string, error) { return read(file, errNoPlugins) }

// Plugin reads the package fingerprints of a plugin, by import path.
func Plugin(file string) (map[string]string, error) { return read(file, errNotPlugin) }

func read(file string, none error) (map[string]string, error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, s := range symbols {
		path, ok := strings.CutPrefix(s.Name, prefix)
		if !ok || s.Section == elf.SHN_UNDEF {
			continue
		}
		if int(s.Section) >= len(f.Sections) || s.Size > maxSize {
			return nil, fmt.Errorf("the fingerprint of package %s is damaged", path)
		}
		section := f.Sections[s.Section]
		b := make([]byte, s.Size)
		if _, err := section.ReadAt(b, int64(s.Value-section.Addr)); err != nil {
			return nil, fmt.Errorf("the fingerprint of package %s is damaged: %w", path, err)
		}
		found[path] = hex.EncodeToString(b)
	}
	if len(found) == 0 {
		return nil, none
	}
	return found, nil
}

// BuildID returns what the go command calls the build of an executable, "" if the file does not tell.
func BuildID(file string) string {
	f, err := elf.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	section := f.Section(".note.go.buildid")
	if section == nil {
		return ""
	}
	note, err := section.Data()
	if err != nil || len(note) < 16 {
		return ""
	}
	name, size := f.ByteOrder.Uint32(note), f.ByteOrder.Uint32(note[4:])
	start := uint64(12) + (uint64(name)+3)&^3
	if start+uint64(size) > uint64(len(note)) {
		return ""
	}
	return string(note[start : start+uint64(size)])
}
