package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"

	"midair/reload"
)

// ParseMode reads what a module can be asked to run in.
func ParseMode(text string) (reload.Mode, error) {
	switch mode := reload.Mode(text); mode {
	case reload.ModeInterpreted, reload.ModeNative, reload.ModeAuto:
		return mode, nil
	case "":
		return "", errors.New("no mode was named: it is interpreted, native or auto")
	}
	return "", fmt.Errorf("%q is no mode: it is interpreted, native or auto", text)
}

// Switch is the change of a module's mode, while it goes on or after it has failed.
type Switch struct {
	Mode        reload.Mode         `json:"mode"` // asked for
	Failed      bool                `json:"failed"`
	Version     int                 `json:"version"` // that served when it failed; a newer one ends it
	Message     string              `json:"message"` // why it failed
	Diagnostics []reload.Diagnostic `json:"diagnostics"`
}

// Accepted is what POST /api/modules/NAME/mode answers: the switch has begun, GET /api/modules tells what becomes of it.
type Accepted struct {
	Module     string      `json:"module"`
	Mode       reload.Mode `json:"mode"`    // asked for now
	Backend    reload.Mode `json:"backend"` // that still serves
	Version    int         `json:"version"`
	Generation uint64      `json:"generation"`
}

// mistake is the answer to a request that cannot be served.
type mistake struct {
	Error string `json:"error"`
	Hint  string `json:"hint"`
}

const modeHint = `send {"mode": "interpreted"}, {"mode": "native"} or {"mode": "auto"} as application/json`

// mode begins the switch of a module's mode and answers at once: a build may take a while.
func (s *Server) mode(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutSuffix(r.PathValue("first")+"/"+r.PathValue("rest"), "/mode")
	if !ok {
		s.answer(w, http.StatusNotFound, mistake{"there is nothing at " + r.URL.Path, "POST /api/modules/NAME/mode"})
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		s.answer(w, http.StatusMethodNotAllowed, mistake{"a mode is changed by POST", modeHint})
		return
	}
	g, list := s.Runtime.Modules()
	at := slices.IndexFunc(list, func(m reload.Module) bool { return m.Name == name })
	if at < 0 {
		s.answer(w, http.StatusNotFound, mistake{fmt.Sprintf("there is no module %q", name), "there are " + names(list)})
		return
	}
	mode, status, err := readMode(w, r)
	if err != nil {
		s.answer(w, status, mistake{err.Error(), modeHint})
		return
	}
	if !s.switches.begin(name, mode, s.switchMode, s.Hub.News) {
		s.answer(w, http.StatusServiceUnavailable, mistake{Error: "the arena closes"})
		return
	}
	s.Hub.News()
	s.answer(w, http.StatusAccepted, Accepted{Module: name, Mode: mode, Backend: list[at].Backend,
		Version: list[at].Version, Generation: g.Number()})
}

func names(list []reload.Module) string {
	all := make([]string, 0, len(list))
	for _, m := range list {
		all = append(all, m.Name)
	}
	return strings.Join(all, ", ")
}

// readMode reads {"mode": "..."}. Besides JSON it takes what curl -d calls its body unless told otherwise.
func readMode(w http.ResponseWriter, r *http.Request) (mode reload.Mode, status int, err error) {
	kind := r.Header.Get("Content-Type")
	switch name, _, _ := mime.ParseMediaType(kind); {
	case name == "application/json", name == "application/x-www-form-urlencoded", kind == "":
	default:
		return "", http.StatusUnsupportedMediaType, fmt.Errorf("the body is %s, not application/json", kind)
	}
	var body struct {
		Mode *string `json:"mode"`
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096))
	d.DisallowUnknownFields()
	if err = d.Decode(&body); err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows it")
		}
	}
	switch {
	case err != nil:
		return "", http.StatusBadRequest, fmt.Errorf("the body is not the JSON that was expected: %w", err)
	case body.Mode == nil:
		return "", http.StatusBadRequest, errors.New("the body names no mode")
	}
	mode, err = ParseMode(*body.Mode)
	return mode, http.StatusBadRequest, err
}

// switchMode does what was asked for, and tells when that fails.
func (s *Server) switchMode(ctx context.Context, name string, mode reload.Mode) *Switch {
	err := s.Runtime.SetMode(ctx, name, mode)
	if err == nil || ctx.Err() != nil || errors.Is(err, reload.ErrOvertaken) {
		return nil
	}
	failed := &Switch{Mode: mode, Failed: true, Message: err.Error(), Diagnostics: []reload.Diagnostic{}}
	if e, ok := errors.AsType[*reload.Error](err); ok {
		failed.Diagnostics = append(failed.Diagnostics, e.Diagnostics...)
		if e.Err != nil {
			failed.Message = e.Err.Error()
		}
	}
	if m, ok := s.Runtime.Module(name); ok {
		failed.Version = m.Version
	}
	s.Journal.SwitchFailed(name, mode, failed.Message, failed.Diagnostics)
	return failed
}

// switches are the changes of modes that go on or have failed. All methods are safe for concurrent use.
type switches struct {
	mu      sync.Mutex
	ctx     context.Context // of those that go on; nil before the first
	cancel  context.CancelFunc
	ended   bool
	running sync.WaitGroup
	latest  map[string]*Switch // by module
}

// begin does a switch in the background; false if it is too late for that. What do returns stays until the module's next
// switch. Then tell is called.
func (s *switches) begin(name string, mode reload.Mode, do func(context.Context, string, reload.Mode) *Switch,
	tell func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	if s.ctx == nil {
		s.ctx, s.cancel = context.WithCancel(context.Background())
		s.latest = map[string]*Switch{}
	}
	own, ctx := &Switch{Mode: mode, Diagnostics: []reload.Diagnostic{}}, s.ctx
	s.latest[name] = own
	s.running.Go(func() {
		defer tell()
		result := do(ctx, name, mode)
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case s.latest[name] != own: // a later one has taken over
		case result == nil:
			delete(s.latest, name)
		default:
			s.latest[name] = result
		}
	})
	return true
}

// of returns what there is of modules; what has failed counts as long as the same version serves.
func (s *switches) of(list []reload.Module) map[string]Switch {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]Switch{}
	for _, m := range list {
		if sw := s.latest[m.Name]; sw != nil && (!sw.Failed || sw.Version == m.Version) {
			all[m.Name] = *sw
		}
	}
	return all
}

// end stops what goes on and waits for it.
func (s *switches) end() {
	s.mu.Lock()
	s.ended = true
	if s.cancel != nil {
		s.cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
}
