package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"midair/demo/journal"
	"midair/reload"
)

// terminal writes what the arena has to say, a whole line or block at a time. Its methods are safe for concurrent use.
type terminal struct {
	mu    sync.Mutex
	w     io.Writer
	color bool
	dir   string // of the modules, as the user would type it
	begun bool   // the banner is there
}

// newTerminal uses colours if w is a terminal and NO_COLOR is not set.
func newTerminal(w io.Writer) *terminal {
	t := &terminal{w: w}
	if f, ok := w.(*os.File); ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		info, err := f.Stat()
		t.color = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return t
}

// Styles are SGR parameters.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (t *terminal) style(style, text string) string {
	if !t.color || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// cell is text in a style, filled up to a width.
func (t *terminal) cell(style, text string, width int) string {
	return t.style(style, text) + strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}

func (t *terminal) write(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	io.WriteString(t.w, text)
}

// banner is the first thing that is printed: where to look, what runs, what to edit.
func (t *terminal) banner(a *app) {
	t.dir = shorten(a.dir)
	_, modules := a.rt.Modules()
	width := len("module")
	for _, m := range modules {
		width = max(width, len(m.Name))
	}
	rule := "  " + t.style(dim, strings.Repeat("─", max(width+54, 68))) + "\n"
	var b strings.Builder
	b.WriteString("\n  " + t.style(bold, "midair arena") + "   ")
	if a.headless {
		b.WriteString(t.style(cyan, a.url()+"/api/modules") + t.style(dim, "  (headless)"))
	} else {
		b.WriteString(t.style(bold+";"+cyan, a.url()))
	}
	b.WriteString("\n" + rule + "  ")
	for _, head := range []struct {
		text  string
		width int
	}{{"module", width + 3}, {"version", 10}, {"mode", 14}, {"runs", 14}, {"state", 0}} {
		b.WriteString(t.cell(dim, head.text, head.width))
	}
	b.WriteString("\n")
	for _, m := range modules {
		b.WriteString("  " + t.cell(bold, m.Name, width+3) + t.cell("", version(m.Version), 10) +
			t.cell("", string(m.Mode), 14) + t.cell("", orDash(string(m.Backend)), 14) + t.state(m.State) + "\n")
		for _, d := range m.Diagnostics {
			b.WriteString("    " + t.style(red, t.path(journal.Where(d))) + " " + journal.OneLine(d.Message) + "\n")
		}
	}
	b.WriteString(rule)
	fmt.Fprintf(&b, "  %s  %s   %s\n", t.style(dim, "edit"), t.style(bold, filepath.Join(t.dir, "boids", "boids.go")),
		t.style(dim, "set Cohesion to -0.8 and save"))
	fmt.Fprintf(&b, "  %s  Ctrl+C   %s\n", t.style(dim, "stop"),
		t.style(dim, fmt.Sprintf("%d modules loaded in %.0f ms", len(modules), float64(a.took.Microseconds())/1000)))
	if a.off != nil {
		b.WriteString("  " + t.style(yellow, "note  native mode is off: "+journal.OneLine(a.off.Error())) + "\n")
	}
	if !loopback(a.listener.Addr()) {
		note := "note  other machines can reach this address; all they can change is how modules run"
		b.WriteString("  " + t.style(yellow, note) + "\n")
	}
	b.WriteString("\n")
	t.write(b.String())
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = true
}

// notice prints what the runtime has to say about itself. What is said before the banner is in it, unless it is bad.
func (t *terminal) notice(level slog.Level, message string, details []string) {
	t.mu.Lock()
	begun := t.begun
	t.mu.Unlock()
	mark, color := "·", dim
	if level > slog.LevelInfo {
		mark, color = "!", yellow
	} else if !begun {
		return
	}
	if len(details) > 0 {
		message += " (" + journal.OneLine(strings.Join(details, ", ")) + ")"
	}
	t.write("  " + t.style(dim, time.Now().Format(time.TimeOnly)) + "  " + t.style(color, mark+" "+message) + "\n")
}

func (t *terminal) goodbye(a *app) {
	var tick int
	var generation uint64
	for _, r := range a.arena.Rooms() {
		tick, generation = max(tick, r.Status().Tick), max(generation, r.Status().Generation)
	}
	t.write(fmt.Sprintf("\n  %s\n", t.style(dim, fmt.Sprintf("closed after %d ticks, generation %d",
		tick, generation))))
}

func (t *terminal) state(s reload.ModuleState) string {
	color := map[reload.ModuleState]string{reload.StateLive: green, reload.StateDegraded: yellow}[s]
	if color == "" {
		color = red
	}
	return t.style(color, "● "+string(s))
}

// entry prints one thing that happened.
func (t *terminal) entry(e journal.Entry) {
	mark, color, what := "·", dim, string(e.Kind)
	var rest string
	switch e.Kind {
	case reload.EventNotice:
		return // the log tells it, and more of them
	case reload.EventLive:
		mark, color = "✓", green
		what, rest = t.live(e)
	case reload.EventFixed:
		mark, color, rest = "✓", green, fmt.Sprintf("the files are again what runs as v%d", e.Serving)
	case reload.EventNoOp:
		rest = t.style(dim, e.What())
	case reload.EventRemoved:
		mark, color, rest = "–", yellow, "its folder is gone"
	case reload.EventRefused:
		mark, color = "✗", red
	case reload.EventPanic:
		mark, color, what = "!", red, fmt.Sprintf("v%d panics", e.Version)
	case reload.EventNotNative:
		mark, color, what = "!", yellow, "not native"
	case journal.KindSwitchFailed:
		mark, color, what = "✗", red, "not "+string(e.Mode)
	default:
		mark, color, rest = "!", yellow, e.What()
	}
	head := "  " + t.style(dim, e.Time.Format(time.TimeOnly)) + "  " + t.style(color, mark) + " " +
		t.cell(bold, e.Module, max(len(e.Module)+1, 9)) + t.cell(color, what, max(len(what)+2, 10))
	switch e.Kind {
	case reload.EventRefused, reload.EventPanic, reload.EventNotNative, journal.KindSwitchFailed:
		t.write(t.problems(head, e))
		return
	}
	t.write(head + rest + "\n")
}

// live is what went live, and how soon: after the save, or after its mode was asked for.
func (t *terminal) live(e journal.Entry) (what, rest string) {
	if e.SameSource {
		return fmt.Sprintf("v%d %s", e.Version, e.Mode), "after " + duration(e.After)
	}
	parts := fmt.Sprintf("settle %.0f, work %.1f, safe point %.0f", e.Settle, e.Work, e.Wait)
	if e.Build > 0 {
		parts += fmt.Sprintf(", native build %.0f", e.Build)
	}
	detail := fmt.Sprintf("(%s)  generation %d  %s", parts, e.Generation,
		strings.Join(append([]string{string(e.Edit.Class)}, e.Edit.Details...), " "))
	rest = fmt.Sprintf("%.0f ms after save ", e.SaveToLive)
	if e.Mode == reload.ModeNative {
		rest = fmt.Sprintf("native, %.0f ms after save ", e.SaveToLive)
	}
	return fmt.Sprintf("v%d live", e.Version), rest + t.style(dim, detail)
}

// duration renders milliseconds as people say them.
func duration(ms float64) string {
	if ms < 100 {
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}

// problems prints one line for each diagnostic, and what still runs.
func (t *terminal) problems(head string, e journal.Entry) string {
	serving := "nothing runs until it is fixed"
	switch {
	case e.Kind == reload.EventPanic:
		serving = "the world goes on without it"
	case e.Kind == reload.EventNotNative:
		serving = fmt.Sprintf("v%d goes on interpreted", e.Serving)
	case e.Serving > 0:
		serving = fmt.Sprintf("v%d still runs", e.Serving)
	}
	var b strings.Builder
	indent := strings.Repeat(" ", 33)
	if len(e.Diagnostics) == 0 {
		fmt.Fprintf(&b, "%s%s\n", head, e.What())
	}
	for i, d := range e.Diagnostics {
		if i > 0 {
			head = indent
		}
		message, more, _ := strings.Cut(d.Message, "\n")
		fmt.Fprintf(&b, "%s%s %s\n", head, t.style(bold, t.path(journal.Where(d))), message)
		for line := range strings.Lines(more) { // such as what a function is and what it should be
			b.WriteString(indent + "  " + strings.TrimSpace(line) + "\n")
		}
		if d.Hint != "" {
			b.WriteString(indent + t.style(dim, "hint: "+d.Hint) + "\n")
		}
	}
	b.WriteString(indent + t.style(yellow, serving) + "\n")
	return b.String()
}

// printed shows a line that a module printed.
func (t *terminal) printed(module, line string) {
	t.write("  " + t.style(dim, time.Now().Format(time.TimeOnly)) + "    " + t.cell(bold, module, 9) +
		t.style(dim, "│ ") + line + "\n")
}

// path is a module's file as the user would type it.
func (t *terminal) path(where string) string {
	if where == "" {
		return ""
	}
	return filepath.Join(t.dir, where) + ":"
}

// shorten returns the path relative to the working directory if that is shorter.
func shorten(path string) string {
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, path); err == nil && len(rel) < len(path) {
			return rel
		}
	}
	return path
}

func version(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("v%d", n)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
