package watch

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// NoticeKind is what a [Notice] is about.
type NoticeKind string

const (
	// Overflow: events were lost; the next hint is full, watching goes on.
	Overflow NoticeKind = "overflow"
	// Polling: there is no watcher, or no longer; the tree is polled until Run ends.
	Polling NoticeKind = "polling"
)

// Notice tells what makes watching worse than expected.
type Notice struct {
	Kind NoticeKind
	Text string // one sentence for people, with the remedy if there is one
	Err  error  // the cause
}

// What to do about the limits of inotify, by what the kernel answered.
const (
	remedyWatches   = "the limit of inotify watches is reached: raise it with sysctl fs.inotify.max_user_watches=524288"
	remedyInstances = "the limit of inotify instances or open files is reached: raise it with " +
		"sysctl fs.inotify.max_user_instances=512 or ulimit -n"
	remedyQueue = "more often than once, raise it with sysctl fs.inotify.max_queued_events=65536"
)

func overflowNotice() Notice {
	return Notice{
		Kind: Overflow,
		Text: "events were lost because more came than the queue holds; looking at everything (" + remedyQueue + ")",
		Err:  fsnotify.ErrEventOverflow,
	}
}

func pollingNotice(err error, every time.Duration) Notice {
	why := err.Error()
	switch {
	case errors.Is(err, syscall.ENOSPC):
		why = remedyWatches
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		why = remedyInstances
	}
	return Notice{Kind: Polling, Text: fmt.Sprintf("polling every %v: %s", every, why), Err: err}
}

// harmless says that an error of Add means only that this directory cannot be watched now: it is gone, or may not be
// read. Its parent's events and the rescan look after it.
func harmless(err error) bool {
	for _, e := range [...]error{syscall.ENOENT, syscall.ENOTDIR, syscall.EACCES, syscall.EPERM, syscall.ELOOP} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// lossy says that an error that the watcher reports means lost events, not a watcher that has failed. EINVAL comes when
// fsnotify gives up the watch of a directory that was renamed and is gone already.
func lossy(err error) bool {
	return errors.Is(err, fsnotify.ErrEventOverflow) || errors.Is(err, syscall.EINVAL)
}
