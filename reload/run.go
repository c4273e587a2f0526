package reload

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"midair/reload/internal/watch"
)

// Run watches the module directory and applies what changes, until ctx ends; it then returns nil, when everything it
// started has ended. It is a loop over what Apply does, with the reason "watch". It needs a runtime that was started.
//
// It also makes native builds in the background, for modules whose mode is auto or native; without a directory to watch
// it does only that. A batch with a module in native mode waits for its builds while other batches go on.
//
// A change is taken up when the files have been quiet for [Config.Settle]; one that looks half written (a file just
// lost all its content, or is gone) is given more time, up to [Config.MaxSettle].
func (rt *Runtime) Run(ctx context.Context) error {
	rt.mu.Lock()
	started, closed := rt.started, rt.closed
	rt.mu.Unlock()
	switch {
	case closed:
		return &Error{Err: ErrClosed, Generation: rt.Generation().number}
	case !started:
		return &Error{Err: errors.New("Run before Start"), Generation: rt.Generation().number}
	}
	background, stop := context.WithCancel(ctx)
	var builders sync.WaitGroup
	defer builders.Wait()
	defer stop()
	builders.Go(func() {
		rt.warm(background)
		rt.runBuilds(background)
	})
	if rt.cfg.Source.dir == "" {
		<-ctx.Done()
		return nil
	}
	var gap sync.WaitGroup
	defer gap.Wait()
	err := watch.Run(ctx, watch.Options{
		Dir: rt.cfg.Source.dir, Settle: rt.cfg.Settle, MaxSettle: rt.cfg.MaxSettle, Poll: rt.cfg.Poll,
		Notice: rt.notice,
		Ready: func() { // what changed between Start and now has made no event
			gap.Go(func() { rt.follow(ctx, watch.Hint{Full: true, First: time.Now()}) })
		},
	}, rt.follow)
	if ctx.Err() != nil {
		return nil
	}
	return &Error{Err: err, Generation: rt.Generation().number}
}

// follow applies one hint of the watcher.
func (rt *Runtime) follow(ctx context.Context, h watch.Hint) (unsettled bool) {
	rt.applying.Lock()
	defer rt.applying.Unlock()
	if rt.isClosed() {
		return false
	}
	a := attempt{rt: rt, fsys: rt.cfg.Source.fsys, change: Change{Reason: "watch"}, settled: time.Since(h.First),
		parks: true}
	if !h.Full && !rt.foreign {
		a.dirs = h.Dirs
	}
	if err := a.read(); err != nil {
		if h.Final {
			rt.log(slog.LevelError, EventNotice, "the module directory cannot be read; what is live stays", "err", err)
			rt.emit(Event{Kind: EventNotice, Err: err, Message: err.Error()})
		}
		return true
	}
	if a.unsettled && !h.Final {
		return true
	}
	rt.foreign = false
	if _, err := a.apply(ctx); err != nil && ctx.Err() == nil {
		var e *Error
		if !errors.As(err, &e) {
			rt.log(slog.LevelError, EventNotice, "apply failed", "err", err)
		}
	}
	return false
}

func (rt *Runtime) isClosed() bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.closed
}

func (rt *Runtime) notice(n watch.Notice) {
	rt.log(slog.LevelWarn, EventNotice, "watching: "+n.Text, "kind", string(n.Kind), "err", n.Err)
	rt.emit(Event{Kind: EventNotice, Message: strings.TrimSpace(n.Text), Err: n.Err})
}
