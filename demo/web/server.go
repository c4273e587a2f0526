// Package web shows the arena to a browser and to tools. All that a request can change is how modules run.
package web

import (
	"embed"
	"encoding/json"
	"log/slog"
	"net/http"

	"midair/demo/arena"
	"midair/demo/journal"
	"midair/reload"
)

//go:embed page
var page embed.FS

// Server answers for one arena.
type Server struct {
	Runtime *reload.Runtime
	Arena   *arena.Arena
	Journal *journal.Journal
	Hub     *Hub
	Logger  *slog.Logger

	// NativeOff is why no module can run natively, if that is so.
	NativeOff error

	// Headless leaves the page and its stream out and keeps what is under /api/.
	Headless bool

	switches switches
}

// Handler returns the routes. ServeMux itself answers other methods with 405.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/modules", s.modules)
	mux.HandleFunc("GET /api/world", s.world)
	mux.HandleFunc("/api/modules/{first}/{rest...}", s.mode) // a module's name may have slashes
	if !s.Headless {
		mux.HandleFunc("GET /{$}", file("page/index.html", "text/html; charset=utf-8"))
		mux.HandleFunc("GET /app.css", file("page/app.css", "text/css; charset=utf-8"))
		mux.HandleFunc("GET /app.js", file("page/app.js", "text/javascript; charset=utf-8"))
		mux.HandleFunc("GET /stream", s.stream)
	}
	return secure(http.NewCrossOriginProtection().Handler(mux))
}

// secure sets what every answer has: nothing is kept, and the page loads nothing from elsewhere.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "+
			"connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

func file(name, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		b, err := page.ReadFile(name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Write(b)
	}
}

// Modules is what GET /api/modules answers.
type Modules struct {
	Generation uint64            `json:"generation"`
	Modules    []reload.Module   `json:"modules"`
	Switches   map[string]Switch `json:"switches"`   // of modes, that go on or have failed, by module
	NativeOff  string            `json:"native_off"` // why no module can run natively, "" if they can
}

// World is what GET /api/world answers. Tick is that of the room that is furthest behind, Generation the newest that was
// published; a room may still run the one before.
type World struct {
	Tick       int             `json:"tick"`
	Generation uint64          `json:"generation"`
	Score      int             `json:"score"`
	Entities   int             `json:"entities"`
	Errors     int64           `json:"errors"`
	Rooms      []*arena.Status `json:"rooms"`
}

func (s *Server) modules(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, s.all())
}

// all is how the modules are at this moment.
func (s *Server) all() Modules {
	g, list := s.Runtime.Modules()
	all := Modules{Generation: g.Number(), Modules: list, Switches: s.switches.of(list)}
	if s.NativeOff != nil {
		all.NativeOff = s.NativeOff.Error()
	}
	return all
}

func (s *Server) world(w http.ResponseWriter, _ *http.Request) {
	out := World{Generation: s.Runtime.Generation().Number(), Rooms: []*arena.Status{}}
	for i, room := range s.Arena.Rooms() {
		st := room.Status()
		if i == 0 || st.Tick < out.Tick {
			out.Tick = st.Tick
		}
		out.Score += st.Score
		out.Entities += st.Boids + st.Hunters
		out.Errors += st.Errors
		out.Rooms = append(out.Rooms, st)
	}
	s.answer(w, http.StatusOK, out)
}

func (s *Server) answer(w http.ResponseWriter, status int, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		s.Logger.Error("an answer cannot be rendered", "err", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(append(b, '\n'))
}
