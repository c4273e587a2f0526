package interp

import (
	"bytes"
	"path"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"midair/reload"
)

// tracer is the interpreter's standard error. yaegi writes a line there for every function that a panic passes,
// innermost first, whether the panic is recovered later or not:
//
//	src/midair/scripts/combat/combat.go:12:2: panic: midair/scripts/combat.Damage(...)
//
// The position is that of the function's first statement. The tracer keeps these lines by goroutine until somebody who
// recovered the panic asks for them. Everything else goes to the module's output.
type tracer struct {
	prefix string // of the files of the module directory
	out    output

	mu    sync.Mutex
	lines map[int64][]traced // by goroutine
}

// traced is one function on the way of a panic, and how many panics were under way on the goroutine then. Each function
// that a panic passes raises it anew, so along one panic that number grows by one a function; when a panic has been
// recovered, it falls back. That tells what belongs to the panic at hand from what is left of an earlier one.
type traced struct {
	frame reload.Frame
	depth int
}

const (
	maxTraced     = 64   // functions kept of one panic
	maxGoroutines = 64   // with panics that nobody asked for
	maxCallers    = 4096 // stack frames looked at
)

func newTracer(importPath string, out output) *tracer {
	return &tracer{prefix: path.Join("src", importPath) + "/", out: out, lines: map[int64][]traced{}}
}

var panicLine = regexp.MustCompile(`^(.+):(\d+):(\d+): panic: (.*)\(\.\.\.\)\s*$`)

// Write implements io.Writer.
func (t *tracer) Write(b []byte) (int, error) {
	m := panicLine.FindSubmatch(b)
	if m == nil {
		return t.out.Write(b)
	}
	line, _ := strconv.Atoi(string(m[2]))
	column, _ := strconv.Atoi(string(m[3]))
	frame := reload.Frame{Function: path.Base(string(m[4])), File: t.relative(string(m[1])), Line: line, Column: column}
	id, depth := goroutine(), panicDepth()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lines[id] == nil && len(t.lines) >= maxGoroutines {
		clear(t.lines)
	}
	if kept := upTo(t.lines[id], depth); len(kept) < maxTraced {
		t.lines[id] = append(kept, traced{frame, depth})
	}
	return len(b), nil
}

// take returns the functions that the panic just recovered on this goroutine has passed, innermost first.
func (t *tracer) take() []reload.Frame {
	id, depth := goroutine(), panicDepth()
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := upTo(t.lines[id], depth)
	delete(t.lines, id)
	return frames(kept)
}

// takeAny returns what is there of any goroutine: the one that loads a version is not the one that asks.
func (t *tracer) takeAny() []reload.Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	var longest []traced
	for _, l := range t.lines {
		if len(l) > len(longest) {
			longest = l
		}
	}
	clear(t.lines)
	return frames(longest)
}

// upTo drops the functions of panics that have ended: those noted at the present depth or deeper.
func upTo(list []traced, depth int) []traced {
	for len(list) > 0 && list[len(list)-1].depth >= depth {
		list = list[:len(list)-1]
	}
	return list
}

func frames(list []traced) []reload.Frame {
	out := make([]reload.Frame, len(list))
	for i, l := range list {
		out[i] = l.frame
	}
	return out
}

// relative returns a file's path as the user knows it.
func (t *tracer) relative(file string) string { return strings.TrimPrefix(file, t.prefix) }

// panicDepth counts the panics under way on this goroutine. On a stack too deep to be looked at whole it counts those
// near its top, which still grows along one panic until maxTraced functions were noted.
func panicDepth() (n int) {
	pcs := make([]uintptr, maxCallers)
	list := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := list.Next()
		if f.Function == "runtime.gopanic" {
			n++
		}
		if !more {
			return n
		}
	}
}

// goroutine returns the running goroutine's number. The runtime tells it only in text; that is paid for by panics alone.
func goroutine() int64 {
	var buf [64]byte
	b := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	if i := bytes.IndexByte(b, ' '); i > 0 {
		b = b[:i]
	}
	id, _ := strconv.ParseInt(string(b), 10, 64)
	return id
}
