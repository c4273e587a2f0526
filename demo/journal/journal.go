// Package journal turns the runtime's events into what a person wants to read: one entry for each thing that happened,
// with the time from the save to the moment that it was live.
package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"midair/reload"
)

// Entry is one thing that happened.
type Entry struct {
	ID          int                 `json:"id"` // counts up from 1
	Time        time.Time           `json:"time"`
	Kind        reload.EventKind    `json:"kind"`
	Module      string              `json:"module"`
	Version     int                 `json:"version"` // that went live or failed, 0 if there is none
	Serving     int                 `json:"serving"` // that runs now, 0 if none
	Generation  uint64              `json:"generation"`
	SaveToLive  float64             `json:"save_to_live"` // milliseconds from the save until now
	Settle      float64             `json:"settle"`       // the part of it that waited for the files to be quiet
	Work        float64             `json:"work"`         // the part that read, checked, loaded and bound the code
	Wait        float64             `json:"wait"`         // the part that waited for the safe point
	Build       float64             `json:"build"`        // the part that built native code
	Mode        reload.Mode         `json:"mode"`         // of the version; or that was asked for and cannot be had
	SameSource  bool                `json:"same_source"`  // the version differs from the one before in its mode only
	After       float64             `json:"after"`        // milliseconds since that mode was asked for, or the file was saved
	Diagnostics []reload.Diagnostic `json:"diagnostics"`
	Message     string              `json:"message"`
	Edit        reload.Edit         `json:"edit"` // what changed, as far as the check got
}

// Journal keeps the newest entries. Its methods are safe for concurrent use.
type Journal struct {
	rt   *reload.Runtime
	tell []func(Entry)

	telling sync.Mutex // keeps the order of entries

	mu      sync.Mutex
	entries []Entry
	next    int
	panics  map[panicKey]time.Time // when they were last told of
	batches batches
	asked   map[string]time.Time // when the native version that is to come was asked for, by module
}

// panicKey is what makes a panic the same as one before: a module that fails, fails sixty times a second.
type panicKey struct {
	module  string
	version int
	file    string
	line    int
}

const (
	kept       = 64               // entries
	panicAgain = 10 * time.Second // until the same panic is told of again
)

// New makes a journal that calls each of tell with every new entry, one after another.
func New(rt *reload.Runtime, tell ...func(Entry)) *Journal {
	return &Journal{rt: rt, tell: tell, panics: map[panicKey]time.Time{}, asked: map[string]time.Time{}}
}

// Events subscribes; what it returns reads until ctx ends. Nothing that happens after the call is missed.
func (j *Journal) Events(ctx context.Context) func() {
	seq := j.rt.Events(ctx)
	return func() {
		for e := range seq {
			j.take(e)
		}
	}
}

// Since returns the entries after the given ID, oldest first, as far as they are kept.
func (j *Journal) Since(id int) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := []Entry{}
	for _, e := range j.entries {
		if e.ID > id {
			list = append(list, e)
		}
	}
	return list
}

func (j *Journal) take(e reload.Event) {
	if entry, ok := j.entry(e); ok {
		j.add(entry)
	}
}

// add keeps an entry, and tells of it.
func (j *Journal) add(e Entry) {
	if e.Diagnostics == nil {
		e.Diagnostics = []reload.Diagnostic{}
	}
	j.telling.Lock()
	defer j.telling.Unlock()
	j.mu.Lock()
	j.next++
	e.ID = j.next
	j.entries = append(j.entries, e)
	if len(j.entries) > kept {
		j.entries = append(j.entries[:0], j.entries[len(j.entries)-kept:]...)
	}
	j.mu.Unlock()
	for _, tell := range j.tell {
		tell(e)
	}
}

// KindSwitchFailed is the kind of an entry that no event of the runtime is behind.
const KindSwitchFailed reload.EventKind = "switch-failed"

// SwitchFailed tells that a module cannot run in a mode that was asked for.
func (j *Journal) SwitchFailed(module string, mode reload.Mode, message string, diagnostics []reload.Diagnostic) {
	e := Entry{Time: time.Now(), Kind: KindSwitchFailed, Module: module, Mode: mode, Message: message, Diagnostics: diagnostics}
	g := j.rt.Generation()
	e.Generation = g.Number()
	if v := g.Version(module); v != nil {
		e.Serving = v.Number()
	}
	j.add(e)
}

// entry makes an entry of an event, if it is worth one.
func (j *Journal) entry(e reload.Event) (Entry, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := Entry{Time: e.Time, Kind: e.Kind, Module: e.Module, Version: e.Version, Generation: e.Generation,
		Diagnostics: e.Diagnostics, Message: e.Message, Edit: e.Edit, Mode: e.Mode}
	if v := j.rt.Generation().Version(e.Module); v != nil {
		out.Serving = v.Number()
	}
	switch e.Kind {
	case reload.EventReady:
		j.batches.ready(e)
		return out, false
	case reload.EventRetired:
		return out, false
	case reload.EventMode:
		j.asked[e.Module] = e.Time
		return out, false // the version that follows is worth telling
	case reload.EventBuild:
		if j.asked[e.Module].IsZero() {
			j.asked[e.Module] = e.Time
		}
		return out, false
	case reload.EventLive:
		j.timeLive(e, &out)
	case reload.EventNoOp:
		out.Message = "only formatting and comments changed: " + e.Edit.Consequence
	case reload.EventPanic:
		if !j.worthTelling(e) {
			return out, false
		}
		out.Diagnostics = explain(e)
	}
	if out.Message == "" && e.Err != nil {
		out.Message = e.Err.Error()
	}
	if e.Kind == reload.EventDropped {
		out.Message = fmt.Sprintf("%d events were dropped", e.Dropped)
	}
	return out, true
}

// timeLive notes how long it took until a version was live. An interpreted one that a save has brought may have a native
// one follow: for that, the time counts from the save.
func (j *Journal) timeLive(e reload.Event, out *Entry) {
	out.Settle, out.Work, out.Wait = j.batches.live(e)
	out.Build = ms(e.Stages[reload.StageBuild])
	out.SameSource = e.Edit.Class == reload.EditMode
	asked := j.asked[e.Module]
	delete(j.asked, e.Module)
	if !out.SameSource {
		out.SaveToLive = out.Settle + out.Work + out.Wait + out.Build
		if e.Mode == reload.ModeInterpreted {
			j.asked[e.Module] = e.Time.Add(-time.Duration(out.SaveToLive * float64(time.Millisecond)))
		}
		return
	}
	out.After = out.Build + out.Work + out.Wait
	if !asked.IsZero() {
		out.After = ms(e.Time.Sub(asked))
	}
}

// explain is a panic's diagnostic with the function in which it happened; its place says the rest.
func explain(e reload.Event) []reload.Diagnostic {
	p, ok := errors.AsType[*reload.PanicError](e.Err)
	if !ok || len(e.Diagnostics) == 0 || len(p.Stack) == 0 {
		return e.Diagnostics
	}
	d := e.Diagnostics[0]
	d.Message = fmt.Sprintf("panic in %s: %v", p.Stack[0].Function, p.Value)
	return []reload.Diagnostic{d}
}

func (j *Journal) worthTelling(e reload.Event) bool {
	key := panicKey{module: e.Module, version: e.Version}
	if len(e.Diagnostics) > 0 {
		key.file, key.line = e.Diagnostics[0].File, e.Diagnostics[0].Line
	}
	if e.Time.Sub(j.panics[key]) < panicAgain {
		return false
	}
	if len(j.panics) > kept {
		clear(j.panics)
	}
	j.panics[key] = e.Time
	return true
}

// batches adds up what the modules of one batch took: they are prepared one after another and go live together, so each
// waits for all.
type batches struct {
	modules map[string]bool
	work    time.Duration // what is each module's own
	since   time.Time     // when the batch was ready
	open    bool          // more modules of the batch may be announced
}

func (b *batches) ready(e reload.Event) {
	if !b.open || b.modules[e.Module] {
		*b = batches{modules: map[string]bool{}, open: true}
	}
	b.modules[e.Module] = true
	b.since = e.Time
	b.work += e.Stages[reload.StageCheck] + e.Stages[reload.StagePrepare] + e.Stages[reload.StageBind]
}

func (b *batches) live(e reload.Event) (settle, work, wait float64) {
	b.open = false
	s := e.Stages
	own := s[reload.StageCheck] + s[reload.StagePrepare] + s[reload.StageBind]
	waited := time.Duration(0)
	if b.modules[e.Module] {
		own, waited = max(own, b.work), max(e.Time.Sub(b.since), 0)
	}
	own += s[reload.StageSnapshot] + s[reload.StageParse] + s[reload.StageCommit]
	return ms(s[reload.StageSettle]), ms(own), ms(waited)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Where is the place that an entry is about, as editors and terminals know it: file:line:col, or "".
func (e Entry) Where() string {
	if len(e.Diagnostics) == 0 {
		return ""
	}
	return Where(e.Diagnostics[0])
}

// Where renders a diagnostic's place.
func Where(d reload.Diagnostic) string {
	switch {
	case d.File == "" || d.Line == 0:
		return d.File
	case d.Column == 0:
		return fmt.Sprintf("%s:%d", d.File, d.Line)
	}
	return fmt.Sprintf("%s:%d:%d", d.File, d.Line, d.Column)
}

// What is what an entry has to say, on one line.
func (e Entry) What() string {
	text := e.Message
	if len(e.Diagnostics) > 0 {
		text = e.Diagnostics[0].Message
	}
	return OneLine(text)
}

// OneLine is a message of several lines on one.
func OneLine(message string) string {
	lines := strings.Split(message, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "; ")
}
