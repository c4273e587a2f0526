package reload

import (
	"context"
	"log/slog"
)

// log writes one line that carries the live generation, and what kind of event it is about.
func (rt *Runtime) log(level slog.Level, event EventKind, msg string, args ...any) {
	rt.cfg.Logger.Log(context.Background(), level, msg,
		append([]any{"event", string(event), "generation", rt.Generation().number}, args...)...)
}

// stamp is a handler that adds the live generation to what modules log.
type stamp struct {
	slog.Handler
	rt *Runtime
}

// Handle implements slog.Handler.
func (s stamp) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(slog.Uint64("generation", s.rt.Generation().number))
	return s.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (s stamp) WithAttrs(attrs []slog.Attr) slog.Handler {
	return stamp{s.Handler.WithAttrs(attrs), s.rt}
}

// WithGroup implements slog.Handler.
func (s stamp) WithGroup(name string) slog.Handler { return stamp{s.Handler.WithGroup(name), s.rt} }
