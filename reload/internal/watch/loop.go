package watch

import (
	"context"
	"time"
)

// absentPoll is how often a root that is not there is looked for, besides waiting for its events.
const absentPoll = 500 * time.Millisecond

// loop drives machine and tree. All of it runs on Run's goroutine but call, which runs apply on another.
type loop struct {
	ctx   context.Context
	o     Options
	apply func(context.Context, Hint) bool

	m    machine
	tree tree
	poll time.Duration // >0: there is no watcher

	window *time.Timer // the machine's deadline
	scan   *time.Timer // the next rescan or poll
	done   chan bool   // what apply returned
	busy   bool        // apply runs
}

func newLoop(ctx context.Context, o Options, apply func(context.Context, Hint) bool, open func() (backend, error)) *loop {
	l := &loop{
		ctx: ctx, o: o, apply: apply,
		m:      machine{settle: o.Settle, max: o.MaxSettle},
		tree:   tree{root: o.Dir, open: open},
		poll:   o.Poll,
		window: time.NewTimer(time.Hour),
		scan:   time.NewTimer(time.Hour),
		done:   make(chan bool, 1),
	}
	l.window.Stop()
	l.scan.Stop()
	return l
}

// close waits for apply and ends the watcher.
func (l *loop) close() {
	if l.busy {
		<-l.done
	}
	l.tree.stop()
	l.window.Stop()
	l.scan.Stop()
}

func (l *loop) run() {
	l.start()
	if l.ctx.Err() != nil {
		return
	}
	l.armScan()
	l.o.Ready()
	for {
		l.arm()
		select {
		case <-l.ctx.Done():
			return
		case <-l.wake():
			l.drain()
		case unsettled := <-l.done:
			l.busy = false
			l.m.applied(time.Now(), unsettled)
		case <-l.window.C:
			l.fire()
		case <-l.scan.C:
			l.look()
		}
	}
}

// start sets the watches, or takes the first look of polling.
func (l *loop) start() {
	if l.poll <= 0 {
		if err := l.tree.start(l.ctx); err != nil {
			l.fallBack(err)
		}
	}
	if l.poll > 0 {
		_, _ = l.tree.rescan(l.ctx) // without a watcher only ctx is an error
	}
}

// wake is ready when the watcher has something to tell.
func (l *loop) wake() <-chan struct{} {
	if l.tree.w == nil {
		return nil
	}
	return l.tree.w.queue.wake
}

// arm sets the timer for the machine's deadline.
func (l *loop) arm() {
	l.window.Stop()
	if at, ok := l.m.deadline(); ok {
		l.window.Reset(time.Until(at))
	}
}

// armScan sets the timer for the next look at everything. It counts from the end of the last one.
func (l *loop) armScan() {
	every := l.o.Rescan
	if l.poll > 0 {
		every = l.poll
	} else if !l.tree.snap.present() && (every < 0 || every > absentPoll) {
		every = absentPoll
	}
	if every > 0 {
		l.scan.Reset(every)
	}
}

// drain takes what the watcher has reported.
func (l *loop) drain() {
	if l.tree.w == nil {
		return
	}
	box, lost, err := l.tree.w.queue.take()
	if err != nil {
		l.fallBack(err)
		return
	}
	if !lost.IsZero() {
		if !l.tree.stale { // told already
			l.o.Notice(overflowNotice())
		}
		l.tree.stale = true
		l.m.overflow(lost)
	}
	for _, r := range box {
		c, err := l.tree.handle(l.ctx, r.Event)
		l.changed(r.at, c)
		if err != nil {
			l.fallBack(err)
			return
		}
	}
}

// changed tells the machine.
func (l *loop) changed(at time.Time, c change) {
	if c.full {
		l.m.overflow(at)
	}
	l.m.event(at, c.dirs...)
}

// look compares the whole tree with the last look.
func (l *loop) look() {
	defer l.armScan()
	c, err := l.tree.rescan(l.ctx)
	if err != nil {
		l.fallBack(err)
		return
	}
	if l.poll <= 0 {
		c = l.news(c)
	}
	l.changed(time.Now(), c)
}

// news leaves out what the next hint tells anyway: it was an event, and the rescan must not make it wait longer.
func (l *loop) news(c change) change {
	var n change
	n.full = c.full && !(l.m.pending != nil && l.m.pending.full)
	for _, d := range c.dirs {
		if !l.m.covers(d) {
			n.add(d)
		}
	}
	return n
}

// fire gives the hint that is due, unless something has happened by now that makes it wait.
func (l *loop) fire() {
	if l.poll <= 0 {
		l.drain()
	} else if !l.m.overdue(time.Now()) {
		l.look() // nothing else tells a poller whether it is quiet
	}
	h, ok := l.m.tick(time.Now())
	if !ok {
		return
	}
	if l.poll <= 0 {
		if err := l.tree.note(l.ctx, h); err != nil {
			l.fallBack(err)
		}
	}
	l.busy = true
	go l.call(h)
}

// call runs apply.
func (l *loop) call(h Hint) { l.done <- l.apply(l.ctx, h) }

// fallBack goes on by polling.
func (l *loop) fallBack(err error) {
	if l.ctx.Err() != nil {
		return
	}
	l.tree.stop()
	l.poll = FallbackPoll
	l.o.Notice(pollingNotice(err, l.poll))
	// What the snapshot was when the watcher failed is what the first look compares with: at once, nothing else looks.
	l.scan.Reset(0)
}
