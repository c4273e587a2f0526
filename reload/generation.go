package reload

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"

	"runtime/pprof"
)

// Generation is the immutable, numbered set of all modules' live versions. Its number is on every log line, event and
// error. Generations replace each other by one atomic store, so a reader sees a batch of changes whole or not at all.
type Generation struct {
	base     unsafe.Pointer // of slots, for Table.Load
	number   uint64
	born     time.Time
	versions map[string]*Version
	slots    []slot // by contract index
	rt       *Runtime
}

// slot is what a Table reaches by its index. Its table comes first: Table.Load depends on that.
type slot struct {
	table   unsafe.Pointer // *T of the contract; never nil: without a live version, a table whose funcs panic
	version *Version       // nil if no version is live or it does not fill the contract
	labels  *atomic.Pointer[labelled]
}

// labelled carries the profiler labels of visits to one version in one generation; made by the first visit.
type labelled struct{ ctx context.Context }

// Number returns the generation's number, from 1; 0 is the generation before anything was loaded.
func (g *Generation) Number() uint64 { return g.number }

// Born returns when the generation went live.
func (g *Generation) Born() time.Time { return g.born }

// Version returns the module's version in this generation, or nil.
func (g *Generation) Version(module string) *Version { return g.versions[module] }

// Versions returns all versions, sorted by module.
func (g *Generation) Versions() iter.Seq[*Version] {
	return func(yield func(*Version) bool) {
		for _, name := range slices.Sorted(maps.Keys(g.versions)) {
			if !yield(g.versions[name]) {
				return
			}
		}
	}
}

// slotAt returns the slot of a contract. A generation that a view has held since before the contract was bound has no
// slot for it; it is made on the fly then.
func (g *Generation) slotAt(c *contract) *slot {
	if c.index < len(g.slots) {
		return &g.slots[c.index]
	}
	g.rt.mu.Lock()
	defer g.rt.mu.Unlock()
	s := g.rt.slotFor(c, g.versions[c.module])
	s.labels = new(atomic.Pointer[labelled])
	return &s
}

// label returns a context with the labels of visits to the slot's version.
func (g *Generation) label(s *slot) context.Context {
	if l := s.labels.Load(); l != nil {
		return l.ctx
	}
	l := &labelled{pprof.WithLabels(context.Background(), g.labelSet(s.version))}
	s.labels.Store(l)
	return l.ctx
}

func (g *Generation) labelSet(v *Version) pprof.LabelSet {
	return pprof.Labels("module", v.module, "version", strconv.Itoa(v.number),
		"generation", strconv.FormatUint(g.number, 10), "mode", string(v.mode))
}
