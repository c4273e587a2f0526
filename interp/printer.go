package interp

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
)

// output takes what a module prints.
type output interface {
	io.Writer
	flush()
}

// direct is an output that keeps nothing back.
type direct struct{ io.Writer }

func (direct) flush() {}

// printer sends what a module prints to the host's logger, a line at a time.
type printer struct {
	logger *slog.Logger

	mu      sync.Mutex
	partial []byte // a line that has not ended yet
}

const maxPartial = 8 << 10 // a longer line is sent in pieces

func newPrinter(l *slog.Logger) *printer { return &printer{logger: l} }

// Write implements io.Writer.
func (p *printer) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.partial = append(p.partial, b...)
	var lines []string
	for {
		i := bytes.IndexByte(p.partial, '\n')
		if i < 0 {
			break
		}
		lines = append(lines, string(p.partial[:i]))
		p.partial = p.partial[i+1:]
	}
	if len(p.partial) > maxPartial {
		lines = append(lines, string(p.partial))
		p.partial = nil
	}
	p.mu.Unlock()
	for _, line := range lines {
		p.log(line)
	}
	return len(b), nil
}

func (p *printer) flush() {
	p.mu.Lock()
	rest := string(p.partial)
	p.partial = nil
	p.mu.Unlock()
	if rest != "" {
		p.log(rest)
	}
}

func (p *printer) log(line string) {
	p.logger.Log(context.Background(), slog.LevelInfo, line, "source", "script")
}
