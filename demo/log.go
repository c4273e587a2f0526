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
	case reload.EventRefused, reload.EventPanic, reload.EventNotNative:
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
	script, event := false, ""
	var details []string
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "source":
			script = script || a.Value.String() == "script"
		case "event":
			event = a.Value.String()
		case "generation", "kind":
		default:
			if text := a.Value.String(); text != "" && text != "<nil>" {
				details = append(details, text)
			}
		}
		return true
	})
	switch {
	case script:
		h.out.printed(h.module, r.Message)
		return nil
	case toldByJournal(event):
		return nil
	case event == string(reload.EventNotice):
		h.out.notice(r.Level, r.Message, details)
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
