package main

import (
	"context"
	"io"
	"log/slog"

	"midair/reload"
)

// newLogger makes the runtime's logger. What a module prints goes to the terminal, warnings go to stderr; what the
// journal tells of already (see terminal.entry) is left out.
func newLogger(out *terminal, stderr io.Writer) *slog.Logger {
	return slog.New(&logHandler{out: out, next: slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})})
}

// logHandler sorts log records by whom they are for.
type logHandler struct {
	out    *terminal
	next   slog.Handler
	module string
}

func toldByJournal(event string) bool {
	switch reload.EventKind(event) {
	case reload.EventRefused, reload.EventPanic, reload.EventNotice:
		return true
	}
	return false
}

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle implements slog.Handler.
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	script, told := false, false
	r.Attrs(func(a slog.Attr) bool {
		script = script || a.Key == "source" && a.Value.String() == "script"
		told = told || a.Key == "event" && toldByJournal(a.Value.String())
		return true
	})
	if script {
		h.out.printed(h.module, r.Message)
		return nil
	}
	if told {
		return nil
	}
	if !h.next.Enabled(ctx, r.Level) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clone := *h
	clone.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == "module" {
			clone.module = a.Value.String()
		}
	}
	return &clone
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	clone := *h
	clone.next = h.next.WithGroup(name)
	return &clone
}
