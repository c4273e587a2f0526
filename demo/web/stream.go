package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"midair/demo/arena"
	"midair/demo/journal"
)

const (
	statusEvery  = 250 * time.Millisecond
	writeTimeout = 5 * time.Second
	shownEntries = 20 // of the journal, in each status
)

// status is the text message of the stream: everything but the entities. Each is complete, so one that a slow browser
// misses is made good by the next. Frames are binary: see arena.World.Frame.
type status struct {
	Modules                 // inlined
	Width   float64         `json:"width"`
	Height  float64         `json:"height"`
	Rooms   []string        `json:"rooms"`
	Room    *arena.Status   `json:"room"`
	Palette arena.Palette   `json:"palette"`
	Entries []journal.Entry `json:"entries"`
}

// stream sends one browser frames and statuses of one room. Accept refuses browsers of another origin.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	room := r.URL.Query().Get("room")
	if room == "" && len(s.Arena.Rooms()) > 0 {
		room = s.Arena.Rooms()[0].Name()
	}
	v, leave := s.Hub.watch(room)
	if v == nil {
		http.Error(w, "no such room", http.StatusNotFound)
		return
	}
	defer leave()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	s.Hub.News()
	ctx := conn.CloseRead(r.Context())
	for {
		var kind websocket.MessageType
		var message []byte
		select {
		case <-ctx.Done():
			conn.Close(websocket.StatusGoingAway, "the arena closes")
			return
		case message = <-v.frames:
			kind = websocket.MessageBinary
		case message = <-v.status:
			kind = websocket.MessageText
		}
		if err := write(ctx, conn, kind, message); err != nil {
			return
		}
	}
}

func write(ctx context.Context, conn *websocket.Conn, kind websocket.MessageType, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return conn.Write(ctx, kind, message)
}

// Run sends the status of every watched room four times a second, and at once when there is news, until ctx ends. Then it
// stops the switches of modes that are still under way.
func (s *Server) Run(ctx context.Context) {
	defer s.switches.end()
	ticker := time.NewTicker(statusEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.Hub.news:
		case <-ticker.C:
		}
		s.tellAll()
	}
}

func (s *Server) tellAll() {
	var names []string
	for _, room := range s.Arena.Rooms() {
		names = append(names, room.Name())
	}
	for _, room := range s.Arena.Rooms() {
		if !s.Hub.Watched(room.Name()) {
			continue
		}
		entries := s.Journal.Since(0)
		st := room.Status()
		b, err := json.Marshal(status{Width: arena.Width, Height: arena.Height, Rooms: names, Room: st,
			Palette: st.Palette, Modules: s.all(),
			Entries: append([]journal.Entry{}, entries[max(len(entries)-shownEntries, 0):]...)})
		if err != nil {
			s.Logger.Error("a status cannot be rendered", "err", err)
			continue
		}
		s.Hub.each(room.Name(), func(v *viewer) { replace(v.status, b) })
	}
}
