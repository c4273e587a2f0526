package reload

import (
	"context"
	"encoding/json"
	"iter"
	"sync"
	"time"
)

// EventKind says what happened.
type EventKind string

const (
	EventRefused   EventKind = "refused"    // a module's new content does not go live; Err and Diagnostics say why
	EventReady     EventKind = "ready"      // a version is prepared and waits for the safe point
	EventLive      EventKind = "live"       // a version went live
	EventFixed     EventKind = "fixed"      // a module's files are again what is live
	EventNoOp      EventKind = "no-op"      // a module's files differ from what is live in formatting and comments only
	EventRemoved   EventKind = "removed"    // a module was taken out of service
	EventRetired   EventKind = "retired"    // the last use of a replaced version ended
	EventPanic     EventKind = "panic"      // a guarded visit recovered a panic
	EventLeak      EventKind = "leak"       // a view or pin was garbage-collected unclosed, and released
	EventMode      EventKind = "mode"       // a module is asked to run in Mode
	EventBuild     EventKind = "build"      // the native build of a module begins
	EventNotNative EventKind = "not-native" // a native build failed or does not fit; the interpreted version goes on
	EventCarried   EventKind = "carried"    // kept variables of which something was not carried, or is new
	EventTakenBack EventKind = "taken-back" // a version broke its probation; the one before serves again
	EventStood     EventKind = "stood"      // a version has stood its probation
	EventNotice    EventKind = "notice"     // the watcher has something to say
	EventWarning   EventKind = "warning"    // of log lines only: diagnostics of an event hold what a module is warned of
	EventDropped   EventKind = "dropped"    // the reader was too slow; Dropped events are missing here
)

// Event is one thing that happened. Its JSON form is what consoles get.
type Event struct {
	Kind        EventKind
	Time        time.Time
	Generation  uint64 // that was live afterwards
	Module      string
	Version     int
	Hash        string
	Mode        Mode
	Message     string
	Diagnostics []Diagnostic
	Stages      Stages
	Change      Change
	Edit        Edit
	Err         error
	Dropped     int
}

// MarshalJSON renders the event with its error as text.
func (e Event) MarshalJSON() ([]byte, error) {
	text := ""
	if e.Err != nil {
		text = e.Err.Error()
	}
	var edit *Edit
	if e.Edit.Class != "" {
		edit = &e.Edit
	}
	return json.Marshal(struct {
		Kind        EventKind    `json:"kind"`
		Time        time.Time    `json:"time"`
		Generation  uint64       `json:"generation"`
		Module      string       `json:"module,omitempty"`
		Version     int          `json:"version,omitempty"`
		Hash        string       `json:"hash,omitempty"`
		Mode        Mode         `json:"mode,omitempty"`
		Message     string       `json:"message,omitempty"`
		Diagnostics []Diagnostic `json:"diagnostics,omitempty"`
		Stages      Stages       `json:"stages,omitempty"`
		Change      Change       `json:"change,omitzero"`
		Edit        *Edit        `json:"edit,omitempty"`
		Error       string       `json:"error,omitempty"`
		Dropped     int          `json:"dropped,omitempty"`
	}{e.Kind, e.Time, e.Generation, e.Module, e.Version, e.Hash, e.Mode, e.Message, e.Diagnostics, e.Stages, e.Change, edit,
		text, e.Dropped})
}

// eventBuffer is how many events wait for a slow reader before some are dropped.
const eventBuffer = 256

// hub hands events to subscribers without ever waiting for one.
type hub struct {
	mu     sync.Mutex
	subs   map[*subscriber]struct{}
	closed bool
}

type subscriber struct {
	ch      chan Event
	dropped int // guarded by hub.mu
}

// Events returns what happens from now on, until ctx ends, the Runtime is closed or the loop over it is left. It can
// be ranged over once. A reader that falls more than 256 events behind misses the newest ones; an event of kind
// EventDropped says how many.
func (rt *Runtime) Events(ctx context.Context) iter.Seq[Event] {
	s := &subscriber{ch: make(chan Event, eventBuffer+1)} // one place is kept for the news of a loss
	rt.events.add(s)
	stop := context.AfterFunc(ctx, func() { rt.events.remove(s) })
	return func(yield func(Event) bool) {
		defer rt.events.remove(s)
		defer stop()
		for e := range s.ch {
			if ctx.Err() != nil || !yield(e) {
				return
			}
		}
	}
}

func (h *hub) add(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(s.ch)
		return
	}
	if h.subs == nil {
		h.subs = map[*subscriber]struct{}{}
	}
	h.subs[s] = struct{}{}
}

func (h *hub) remove(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.subs[s]; ok {
		delete(h.subs, s)
		close(s.ch)
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		close(s.ch)
	}
	h.subs = nil
}

func (h *hub) send(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		if s.dropped > 0 && len(s.ch) < eventBuffer {
			s.ch <- Event{Kind: EventDropped, Time: e.Time, Generation: e.Generation, Dropped: s.dropped}
			s.dropped = 0
		}
		if len(s.ch) >= eventBuffer {
			s.dropped++
			continue
		}
		s.ch <- e
	}
}

// emit sends an event with the present time and generation.
func (rt *Runtime) emit(e Event) {
	e.Time = time.Now()
	e.Generation = rt.Generation().number
	rt.events.send(e)
}
