package native

import (
	"bufio"
	"cmp"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Usage tells what the plugins of this process cost. They are never unloaded.
type Usage struct {
	Plugins  int            `json:"plugins"`  // loaded, and those that failed while they were
	Serving  int            `json:"serving"`  // of them used by a version
	Twins    int            `json:"twins"`    // of them loaded because another one of the same content was in use
	Mapped   int64          `json:"mapped"`   // bytes of address space that their files take
	Resident int64          `json:"resident"` // bytes of them in memory, as far as the system tells; else 0
	List     []LoadedPlugin `json:"list"`     // the oldest first
}

// LoadedPlugin is one plugin of the process.
type LoadedPlugin struct {
	Module string    `json:"module"`
	Hash   string    `json:"hash"` // of its content
	Twin   int       `json:"twin"` // 0 for the first one of a content
	InUse  bool      `json:"in_use"`
	Mapped int64     `json:"mapped"`
	Opened time.Time `json:"opened"`
}

// CurrentUsage counts the plugins of all backends in the process. It reads files below /proc where there are any, so it is
// not for loops.
func CurrentUsage() Usage {
	u := Usage{List: []LoadedPlugin{}}
	files := map[string]bool{}
	loaded.mu.Lock()
	for content, twins := range loaded.libraries {
		for _, l := range twins {
			if !l.open && l.dead == nil {
				continue
			}
			files[l.file] = true
			u.Plugins++
			if l.twin > 0 {
				u.Twins++
			}
			if l.users > 0 {
				u.Serving++
			}
			u.Mapped += l.mapped
			u.List = append(u.List, LoadedPlugin{l.module, content, l.twin, l.users > 0, l.mapped, l.opened})
		}
	}
	loaded.mu.Unlock()
	slices.SortFunc(u.List, func(a, b LoadedPlugin) int {
		return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.Hash, b.Hash))
	})
	u.Resident = resident(files)
	return u
}

// mapped returns the address space that a shared object takes.
func mapped(file string) (n int64) {
	f, err := elf.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			n += int64(p.Memsz)
		}
	}
	return n
}

// realPath is a file's name as the system tells it of mappings.
func realPath(file string) string {
	if name, err := filepath.EvalSymlinks(file); err == nil {
		return name
	}
	return file
}

// resident adds up what the system says of mappings of files.
func resident(files map[string]bool) (n int64) {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return 0
	}
	defer f.Close()
	ours := false
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		if rest, ok := strings.CutPrefix(line, "Rss:"); ok {
			if kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64); err == nil && ours {
				n += kb << 10
			}
			continue
		}
		if first, _, _ := strings.Cut(line, " "); strings.Contains(first, "-") { // the head of a mapping ends with its file
			at := strings.IndexByte(line, '/')
			ours = at >= 0 && files[strings.TrimSuffix(line[at:], " (deleted)")]
		}
	}
	return n
}

// limitError is a plugin too many.
type limitError struct{ loaded, limit int }

func (e *limitError) Error() string {
	return fmt.Sprintf("%d plugins are loaded, as many as the host allows; they cannot be unloaded", e.loaded)
}

const limitHint = "restart the host when it suits, or let further edits run interpreted, or raise native.Config.Limit: a plugin " +
	"takes about 2 MB of memory, and each makes garbage collections a little longer"

// budget refuses one plugin too many.
func (b *Backend) budget() error {
	if n := Loaded(); n >= b.cfg.Limit {
		return &limitError{n, b.cfg.Limit}
	}
	return nil
}

const warnEvery = 25

// warnOfBudget tells when there are many plugins.
func (b *Backend) warnOfBudget(i *instance) {
	if n := Loaded(); n >= b.cfg.WarnAt && (n-b.cfg.WarnAt)%warnEvery == 0 {
		i.logger.Warn("many plugins are loaded, and they cannot be unloaded", "loaded", n, "limit", b.cfg.Limit, "hint", limitHint)
	}
}
