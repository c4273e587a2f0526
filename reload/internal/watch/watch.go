// Package watch says that directories of modules may have changed.
//
// What it says is a hint and nothing more: whether a module differs is for the caller to find out, by reading the
// files and comparing their content hash. A hint may come for nothing; a change without a hint is a bug of this package,
// and the rescan is the net under it.
//
// # Life of a change
//
//  1. A directory watch (fsnotify on Linux: inotify) reports an event, the rescan or the poller finds a difference.
//  2. The event is mapped to directories below [Options.Dir]. Editor droppings end here. A new directory is watched at
//     once and looked through, for what was made in it before the watch has no event of its own.
//  3. The directories are collected until nothing has come for [Options.Settle], at most for [Options.MaxSettle].
//  4. The state of these directories is noted for the rescan, then apply is called with the [Hint].
//  5. If apply says "unsettled" (a file was empty or gone: a save in two steps), the hint is offered again after another
//     Settle, and for the last time, with [Hint.Final] set, when MaxSettle is over.
//
// # What is watched
//
// Dir and all directories below it, links to directories resolved, but none whose name begins with a dot; the parent of
// Dir, for Dir's own name and for names that begin with ".."; and every directory that holds a link on the way to one of
// these, for that link's name. Watches are set on resolved paths, one for each real directory, because a watch stays with
// the directory it was set on when a link turns elsewhere. An event on a name that begins with ".." (Kubernetes swaps a
// volume by renaming ..data_tmp onto ..data) makes a full hint, and all watches are set anew before it is given.
//
// Every file counts, Go source or not, because a module may embed it. What is in a folder whose name begins with a dot, and
// a file with the name of an editor dropping, such as x.tmp, can be embedded as well, but an edit of it is noticed only
// when something else in the module is edited.
//
// A link to a file is noticed when the link itself changes; what its target holds is noticed by the rescan alone.
//
// # Falling back
//
// When events were lost (overflow) the hint is full and all watches are set anew. When there is no watcher to be had, or
// the system's limit of watches is reached, the tree is polled instead, until Run ends. Both are told by [Options.Notice].
//
// # Goroutines
//
// [Run] is one loop that owns all state. It starts two kinds of goroutine: one that empties the watcher's channels into
// a queue (so that the watcher never waits for the loop), and one for each call of apply, never two at a time. It
// returns when all have ended. Ready and Notice are called on the loop and should return quickly.
package watch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Defaults of [Options], and the interval of polling that nobody asked for.
const (
	DefaultSettle    = 50 * time.Millisecond
	DefaultMaxSettle = 500 * time.Millisecond
	DefaultRescan    = 5 * time.Second
	FallbackPoll     = 500 * time.Millisecond
)

// Options say what is watched and how. Only Dir is needed.
type Options struct {
	// Dir is the module directory. It may be a symbolic link, it may lie behind some, and it may come later.
	Dir string
	// Settle is how long nothing must have happened before a hint is given. 0 means 50 ms.
	Settle time.Duration
	// MaxSettle is the longest wait for that, from the first event on. 0 means 500 ms.
	MaxSettle time.Duration
	// Poll above 0 uses no watcher but looks at the whole tree this often: for network file systems, which send no
	// events.
	Poll time.Duration
	// Rescan is how often the whole tree is looked at although there is a watcher. 0 means 5 s, below 0 means never.
	Rescan time.Duration
	// Ready is called once when all watches are set: what changes from then on makes a hint. May be nil.
	Ready func()
	// Notice is told what makes watching worse than expected. May be nil.
	Notice func(Notice)
}

// Hint says where something may have changed.
type Hint struct {
	// Full means anywhere, Dir itself included; Dirs is nil then.
	Full bool
	// Dirs are the directories in which something happened: slash paths relative to Options.Dir, "." being Dir itself,
	// sorted. A directory that came or went is in it with its parent and with all directories below it. One that is
	// reached by several links is in it under all its names.
	Dirs []string
	// First is the time of the first event that is part of this hint.
	First time.Time
	// Final means that this hint will not be offered again: what apply returns is ignored.
	Final bool
}

// Run watches o.Dir until ctx ends, then waits for what it started, a running apply included, and returns
// [context.Cause] of ctx. Any other error is one of the options and comes at once: Run does not fail later, it falls
// back.
//
// apply gets one hint at a time, never two concurrently, and ctx. Events that arrive while it runs are collected for the
// next hint; the time it takes does not count towards the last offer of that one. It returns true if what it read looked
// half written.
func Run(ctx context.Context, o Options, apply func(context.Context, Hint) (unsettled bool)) error {
	return run(ctx, o, apply, newFSNotify)
}

// run is Run with a choice of backend, for tests.
func run(ctx context.Context, o Options, apply func(context.Context, Hint) bool, open func() (backend, error)) error {
	o, err := o.complete()
	if err != nil {
		return err
	}
	if apply == nil {
		return errors.New("watch: apply is nil")
	}
	l := newLoop(ctx, o, apply, open)
	defer l.close()
	l.run()
	return context.Cause(ctx)
}

// complete fills in the defaults.
func (o Options) complete() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("watch: Dir is empty")
	}
	abs, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, fmt.Errorf("watch: %w", err)
	}
	o.Dir = abs
	if o.Settle <= 0 {
		o.Settle = DefaultSettle
	}
	if o.MaxSettle <= 0 {
		o.MaxSettle = DefaultMaxSettle
	}
	if o.Rescan == 0 {
		o.Rescan = DefaultRescan
	}
	if o.Ready == nil {
		o.Ready = func() {}
	}
	if o.Notice == nil {
		o.Notice = func(Notice) {}
	}
	return o, nil
}
