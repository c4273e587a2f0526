package native

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"midair/reload"
	"midair/reload/native/guard"
	"midair/reload/native/internal/gate"
	"midair/reload/native/internal/stage"
)

// loaded is what the process has opened. Plugins stay for good, so it is one for all backends.
var loaded = process{turn: make(chan struct{}, 1), freed: make(chan struct{}), libraries: map[string][]*library{},
	plugins: map[string]string{}, never: map[string]string{}}

// process keeps account of what was opened and of what must not be.
type process struct {
	self func() *host  // set by init
	turn chan struct{} // one file is opened at a time

	mu        sync.Mutex
	freed     chan struct{}         // closed and replaced when a library becomes free
	libraries map[string][]*library // by content; those of one content are twins
	plugins   map[string]string     // fingerprints of the packages that plugins brought
	never     map[string]string     // packages that no plugin may bring again, and why
	broken    error                 // plugin.Open itself has failed: nothing may be opened any more
}

// library is a plugin, or the place for one that is being built. Whoever has acquired it is the only one to change it.
type library struct {
	content string
	hash    string // content and twin, as in import paths
	twin    int
	open    bool
	symbols map[string]reflect.Value
	reset   func()
	setGo   func(func(any))
	vars    map[string]map[string]any // pointers to kept variables, by import path and name

	module string // whose content it is
	file   string // from here on written under process.mu
	mapped int64  // bytes
	opened time.Time

	users   int   // 0 or 1, guarded by process.mu
	pending bool  // its initialisation runs, guarded by process.mu
	dead    error // its initialisation failed or does not end, guarded by process.mu
}

// acquire returns a library for a content that nobody uses: one that is open, if there is one.
func (p *process) acquire(content string) (*library, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	var found *library
	twins := p.libraries[content]
	for _, l := range twins {
		if l.dead != nil {
			return nil, &againError{l.dead}
		}
		if l.users == 0 && (found == nil || l.open && !found.open) {
			found = l
		}
	}
	if found == nil {
		found = &library{content: content, twin: len(twins), hash: stage.Name(content, len(twins))}
		p.libraries[content] = append(twins, found)
	}
	found.users++
	return found, nil
}

// release makes a library free for the next who wants that content.
func (l *library) release() {
	loaded.mu.Lock()
	defer loaded.mu.Unlock()
	l.users--
	loaded.signal()
}

// initWait is how long a version waits for the initialisation of its content that an earlier caller has given up on.
const initWait = 5 * time.Second

// await waits a while for a library of a content to become free, if all that are open are in use: an earlier version that
// drains is gone in a moment, while a twin stays for good. It also waits for an initialisation that goes on although its
// caller is gone.
func (p *process) await(ctx context.Context, content string, most time.Duration) {
	start := time.Now()
	for {
		p.mu.Lock()
		busy, free, abandoned := false, false, false
		for _, l := range p.libraries[content] {
			busy = busy || l.open && l.users > 0
			abandoned = abandoned || l.pending && l.dead != nil
			free = free || l.users == 0 || l.dead != nil
		}
		freed := p.freed
		p.mu.Unlock()
		left := most - time.Since(start)
		if abandoned {
			left = initWait - time.Since(start)
		}
		if !abandoned && (!busy || free) || left <= 0 {
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-freed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// signal tells those who wait that something of a library has changed. p.mu is held.
func (p *process) signal() {
	close(p.freed)
	p.freed = make(chan struct{})
}

// plugin is a file that can be opened.
type pluginFile struct {
	file   string
	prints map[string]string
}

// holds says whether the file has the packages of a version.
func (f pluginFile) holds(hash string) bool {
	for path := range f.prints {
		if strings.HasSuffix(path, "/"+stage.Mark+hash) {
			return true
		}
	}
	return false
}

// fit compares a file with all that is loaded. Its second result says what is wrong; the error, that it cannot be read.
func (p *process) fit(file string) (pluginFile, *gate.Misfit, []gate.Difference, error) {
	prints, err := gate.Plugin(file)
	if err != nil {
		return pluginFile{}, nil, nil, err
	}
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		info = nil // the fingerprints count
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.self()
	m, warnings := gate.Compare(gate.Loaded{Host: h.prints, Plugins: p.plugins, Info: h.info}, prints, info)
	return pluginFile{file, prints}, m, warnings, nil
}

// openFile opens a file that fits, and runs its package initialisation.
func (p *process) openFile(ctx context.Context, l *library, file pluginFile, i *instance) error {
	size := mapped(file.file)
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return &unfinishedError{context.Cause(ctx)}
	}
	defer func() { <-p.turn }()
	if n := Loaded(); i.limit > 0 && n >= i.limit {
		return &limitError{n, i.limit}
	}
	if !file.holds(l.hash) {
		return fmt.Errorf("%s has not what its name says", file.file)
	}
	fresh, err := p.reserve(file)
	if err != nil {
		return err
	}
	return p.finish(ctx, l, func() error {
		outputs.Store(l.hash, i)
		symbols, err := openGuarded(file.file, i)
		p.mu.Lock()
		l.file, l.mapped, l.opened = realPath(file.file), size, time.Now()
		p.mu.Unlock()
		return p.settle(l, fresh, file.prints, symbols, err)
	})
}

// reserve is the gate's last word. It returns the packages that the file brings, which nothing else may bring until it is
// known that their initialisation has ended.
func (p *process) reserve(file pluginFile) (fresh []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	h := p.self()
	if m, _ := gate.Compare(gate.Loaded{Host: h.prints, Plugins: p.plugins, Info: h.info}, file.prints, nil); m != nil {
		return nil, &misfitError{m}
	}
	for path := range file.prints {
		if why, ok := p.never[path]; ok {
			return nil, &neverError{stage.Clean(path), why}
		}
		if _, ok := h.prints[path]; !ok && p.plugins[path] == "" {
			fresh = append(fresh, path)
		}
	}
	for _, path := range fresh {
		p.never[path] = "its initialisation has not ended"
	}
	return fresh, nil
}

// settle notes how opening a file has ended, and returns the error to tell.
func (p *process) settle(l *library, fresh []string, prints map[string]string, s *symbols, err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, path := range fresh {
		delete(p.never, path)
	}
	var panicked *initPanic
	switch {
	case errors.As(err, &panicked):
		l.dead = err // also if nobody waits any more
		for _, path := range fresh {
			if panicked.touched(path) || strings.Contains(path, "/"+stage.Mark) {
				p.never[path] = "its initialisation panicked"
			}
		}
	case err != nil:
		err = &unsupportedError{fmt.Errorf("a plugin failed to open, which only a restart of the host mends: %w", err)}
		l.dead, p.broken = err, err
	default:
		l.symbols, l.reset, l.setGo, l.vars, l.open = s.table, s.reset, s.setGo, s.vars, true
	}
	for _, path := range fresh {
		if p.never[path] == "" {
			p.plugins[path] = prints[path]
		}
	}
	return err
}

// symbols are what a plugin gives access to.
type symbols struct {
	table map[string]reflect.Value
	reset func()
	setGo func(func(any))
	vars  map[string]map[string]any
}

// early is who hears of panics in goroutines that package initialisation has started. Those of a plugin that is being opened
// are likely its own; nobody can tell.
var early atomic.Pointer[instance]

func init() {
	guard.Handler = func(value any) {
		if i := early.Load(); i != nil {
			i.goroutinePanicked(value)
		}
	}
}

// openGuarded opens a file and survives a panic of its package initialisation.
func openGuarded(file string, i *instance) (s *symbols, err error) {
	defer func() {
		if r := recover(); r != nil {
			all := callers()
			err = &initPanic{value: clean(r), stack: i.stack(all), all: all}
		}
	}()
	early.Store(i)
	return openPlugin(file, i.goroutinePanicked)
}

// initPanic is a panic in package initialisation.
type initPanic struct {
	value any
	stack []reload.Frame
	all   []runtime.Frame
}

// touched says whether a package's initialisation was under way.
func (e *initPanic) touched(path string) bool {
	for _, f := range e.all {
		if rest, ok := strings.CutPrefix(f.Function, path+".init"); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}

// finish runs a library's initialisation, and waits for it as long as the context lasts. If it has not ended then, nobody
// gets the library until it has.
func (p *process) finish(ctx context.Context, l *library, initialise func() error) error {
	p.mu.Lock()
	l.pending = true
	p.mu.Unlock()
	done := make(chan error, 1)
	go func() {
		err := initialise()
		p.mu.Lock()
		defer p.mu.Unlock()
		l.pending = false
		var late *timeoutError
		if errors.As(l.dead, &late) {
			l.dead = nil
		}
		p.signal()
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		err := &timeoutError{context.Cause(ctx)}
		p.mu.Lock()
		defer p.mu.Unlock()
		if l.pending {
			l.dead = err
		}
		return err
	}
}

// Loaded returns how many plugins the process has opened. They are never unloaded.
func Loaded() (n int) {
	loaded.mu.Lock()
	defer loaded.mu.Unlock()
	for twins := range maps.Values(loaded.libraries) {
		for _, l := range twins {
			if l.open || l.dead != nil {
				n++
			}
		}
	}
	return n
}
