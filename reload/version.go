package reload

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"midair/reload/internal/edit"
	"midair/reload/internal/source"
)

// recipe is what another version of the same content can be made of.
type recipe struct {
	want  *source.Module
	given *Checked
}

// VersionState is a station in the life of a version.
type VersionState int32

const (
	Preparing   VersionState = iota // its backend loads it
	Prepared                        // loaded and bound, waits for the commit
	Live                            // new visits get it
	Draining                        // replaced, but somebody still uses it
	Retired                         // nobody uses it, its code is released
	Failed                          // never went live
	Quarantined                     // taken back, and not tried again until its content changes
)

var versionStates = [...]string{"preparing", "ready", "live", "draining", "retired", "failed", "quarantined"}

// String returns the state in lower case; Prepared is "ready".
func (s VersionState) String() string { return versionStates[s] }

// Version is one loaded state of a module. All methods are safe for concurrent use.
type Version struct {
	module   string
	number   int
	hash     string
	content  source.Hash
	packages map[string]source.Hash // what it was made of, by folder
	tokens   map[string]source.Hash // the same without formatting and comments
	facts    edit.Facts             // to compare the next one with
	mode     Mode
	born     time.Time
	instance Instance
	source   recipe
	declared declarations // what the source declares, for contracts that are bound later
	hooks    hooks
	cancel   context.CancelCauseFunc // ends what OnStart got; nil before it ran
	started  atomic.Bool
	served   atomic.Bool                  // it is or was live
	door     atomic.Pointer[door]         // nil when it is open
	tables   map[*contract]unsafe.Pointer // filled contracts; guarded by Runtime.mu once the version is prepared

	state     atomic.Int32
	trial     atomic.Pointer[trial] // nil when it is not on probation
	takenBack atomic.Bool
	pins      atomic.Int64
	released  atomic.Bool
	counters  counters
}

// Module returns the module's name.
func (v *Version) Module() string { return v.module }

// Number counts the versions of a module in this process, from 1.
func (v *Version) Number() int { return v.number }

// Hash identifies the content of the module and its libraries: 12 hexadecimal digits.
func (v *Version) Hash() string { return v.hash }

// Mode says how the version runs.
func (v *Version) Mode() Mode { return v.mode }

// State returns the version's present state.
func (v *Version) State() VersionState { return VersionState(v.state.Load()) }

// Born returns when the version was prepared.
func (v *Version) Born() time.Time { return v.born }

// Stats returns what the version's guarded visits add up to.
func (v *Version) Stats() Stats { return v.counters.stats() }

// String renders the version as "combat v3 (interpreted, 0123456789ab)".
func (v *Version) String() string {
	return fmt.Sprintf("%s v%d (%s, %s)", v.module, v.number, v.mode, v.hash)
}

// idle says whether no visit and no pin uses the version.
func (v *Version) idle() bool { return v.pins.Load() == 0 && v.counters.inflight() == 0 }

// Stats are sums over a version's guarded visits.
type Stats struct {
	Visits   int64         `json:"visits"`
	Inside   int64         `json:"inside"` // visits that have not ended
	Errors   int64         `json:"errors"` // visits that returned an error, panics included
	Panics   int64         `json:"panics"`
	Duration time.Duration `json:"duration_ns"` // time spent in visits that have ended
}

// counters are spread over cache lines, so that visits on different cores do not share one.
type counters struct {
	shards [8]shard
}

type shard struct {
	inside, visits, errors, panics, nanos atomic.Int64
	_                                     [24]byte
}

// shard picks one by the page of the caller's stack: cheap, and different for goroutines that run at the same time
// more often than not.
func (c *counters) shard() *shard {
	var here byte
	return &c.shards[uintptr(unsafe.Pointer(&here))>>13%uintptr(len(c.shards))]
}

func (c *counters) inflight() (n int64) {
	for i := range c.shards {
		n += c.shards[i].inside.Load()
	}
	return n
}

func (c *counters) stats() (s Stats) {
	for i := range c.shards {
		h := &c.shards[i]
		s.Visits += h.visits.Load()
		s.Inside += h.inside.Load()
		s.Errors += h.errors.Load()
		s.Panics += h.panics.Load()
		s.Duration += time.Duration(h.nanos.Load())
	}
	return s
}
