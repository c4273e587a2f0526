package watch

import (
	"errors"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// errWatcherGone is the error of a watcher that ended by itself.
var errWatcherGone = errors.New("watch: the watcher ended by itself")

// maxQueue is how many events may wait; more count as an overflow.
const maxQueue = 1 << 16

// report is an event and when it came.
type report struct {
	at time.Time
	fsnotify.Event
}

// queue holds what came from a backend until the loop has time. fsnotify holds a lock while it reports some of its
// errors that Add needs as well: if nobody took errors while the loop adds, both would wait for ever.
type queue struct {
	wake chan struct{} // has one element if there is something to take

	mu   sync.Mutex
	box  []report
	lost time.Time // when events were lost, if not zero
	err  error     // the watcher has failed
}

// pump fills the queue until the backend is closed.
func (q *queue) pump(b backend) {
	events, errs := b.Events(), b.Errors()
	for events != nil || errs != nil {
		select {
		case ev, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			q.put(ev)
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			q.fail(err)
		}
	}
	q.fail(errWatcherGone) // if it was closed, nobody looks any more
}

func (q *queue) put(ev fsnotify.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.box); n > 0 && q.box[n-1].Event == ev {
		q.box[n-1].at = time.Now() // a large file is many writes
	} else if n < maxQueue {
		q.box = append(q.box, report{time.Now(), ev})
	} else {
		q.lost = time.Now()
	}
	q.ring()
}

func (q *queue) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if lossy(err) {
		q.lost = time.Now()
	} else if q.err == nil {
		q.err = err
	}
	q.ring()
}

func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take empties the queue.
func (q *queue) take() (box []report, lost time.Time, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	box, lost, err = q.box, q.lost, q.err
	q.box, q.lost = nil, time.Time{}
	return box, lost, err
}
