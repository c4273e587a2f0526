package watch

import (
	"maps"
	"slices"
	"time"
)

// machine decides when a hint is due. It has no clock and no goroutine: every input brings its time, and whoever drives
// it asks for the next deadline. Not safe for concurrent use.
//
//	idle ──event──▶ collecting ──deadline──▶ offered (apply runs; events collect for the next window)
//	  ▲                 ▲                       │
//	  │                 └──── unsettled ────────┤ (same directories, same first event, one more settle)
//	  └───────────────────── settled ───────────┘
type machine struct {
	settle, max time.Duration

	pending *window   // collecting; nil: nothing happened
	offered *window   // what apply is working on; nil: apply is not running
	free    time.Time // when apply returned last
}

// window is what is collected for one hint.
type window struct {
	full  bool
	dirs  map[string]struct{}
	first time.Time // of the events in it
	quiet time.Time // due when nothing more happens
	by    time.Time // due whatever happens
	final time.Time // from here on an offer is the last one
	last  bool      // it was
}

// event says that something happened in these directories.
func (m *machine) event(now time.Time, dirs ...string) {
	if len(dirs) == 0 {
		return
	}
	w := m.touch(now)
	for _, d := range dirs {
		w.dirs[d] = struct{}{}
	}
}

// overflow says that anything may have happened.
func (m *machine) overflow(now time.Time) { m.touch(now).full = true }

// touch opens the window if none is open, and starts its settle time.
func (m *machine) touch(now time.Time) *window {
	if m.pending == nil {
		// Time that apply took does not count towards the last offer: a save half done while apply was busy still gets
		// its retries.
		from := now
		if m.free.After(from) {
			from = m.free
		}
		m.pending = &window{dirs: map[string]struct{}{}, first: now, by: now.Add(m.max), final: from.Add(m.max)}
	}
	m.pending.quiet = later(m.pending.quiet, now.Add(m.settle))
	return m.pending
}

// deadline is when tick has to be called next, if at all.
func (m *machine) deadline() (time.Time, bool) {
	if m.pending == nil || m.offered != nil {
		return time.Time{}, false
	}
	if m.pending.by.Before(m.pending.quiet) {
		return m.pending.by, true
	}
	return m.pending.quiet, true
}

// overdue says that the window has been open for as long as it may.
func (m *machine) overdue(now time.Time) bool { return m.pending != nil && !now.Before(m.pending.by) }

// covers says that the next hint tells of dir anyway.
func (m *machine) covers(dir string) bool {
	if m.pending == nil {
		return false
	}
	_, ok := m.pending.dirs[dir]
	return ok || m.pending.full
}

// tick gives the hint that is due at now, if one is. The caller hands it to apply and calls applied afterwards.
func (m *machine) tick(now time.Time) (Hint, bool) {
	at, ok := m.deadline()
	if !ok || now.Before(at) {
		return Hint{}, false
	}
	w := m.pending
	w.last = !now.Before(w.final)
	m.pending, m.offered = nil, w
	h := Hint{Full: w.full, First: w.first, Final: w.last}
	if !w.full {
		h.Dirs = slices.Sorted(maps.Keys(w.dirs))
	}
	return h, true
}

// applied says that apply has returned.
func (m *machine) applied(now time.Time, unsettled bool) {
	w := m.offered
	m.offered, m.free = nil, now
	if m.pending != nil {
		m.pending.final = now.Add(m.max)
	}
	if unsettled && w != nil && !w.last {
		m.again(now, w)
	}
}

// again puts an unsettled window back, together with what has happened since.
func (m *machine) again(now time.Time, w *window) {
	if p := m.pending; p != nil {
		w.full = w.full || p.full
		maps.Copy(w.dirs, p.dirs)
	}
	// An apply so slow that MaxSettle is over gets one more settle time: offering at once would read the same again.
	if !now.Before(w.final) {
		w.final = now.Add(m.settle)
	}
	w.quiet, w.by = now.Add(m.settle), w.final
	m.pending = w
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
