package web

import (
	"sync"
	"sync/atomic"
)

// Hub hands what rooms publish to the browsers that watch them. It never waits for one: a browser that is slow gets
// the newest frame and the newest status, and misses those between. It implements arena.Sink.
type Hub struct {
	watched map[string]*atomic.Int32 // by room; the map itself does not change

	mu      sync.Mutex
	viewers map[*viewer]struct{}
	news    chan struct{}
}

// viewer is one browser that watches one room. Each channel has room for one message.
type viewer struct {
	room   string
	frames chan []byte
	status chan []byte
}

// NewHub makes a hub for rooms of the given names.
func NewHub(rooms []string) *Hub {
	h := &Hub{watched: map[string]*atomic.Int32{}, viewers: map[*viewer]struct{}{}, news: make(chan struct{}, 1)}
	for _, name := range rooms {
		h.watched[name] = new(atomic.Int32)
	}
	return h
}

// Watched implements arena.Sink.
func (h *Hub) Watched(room string) bool {
	n := h.watched[room]
	return n != nil && n.Load() > 0
}

// Frame implements arena.Sink.
func (h *Hub) Frame(room string, frame []byte) {
	h.each(room, func(v *viewer) { replace(v.frames, frame) })
}

// News has the status sent soon instead of with the next quarter of a second.
func (h *Hub) News() {
	select {
	case h.news <- struct{}{}:
	default:
	}
}

func (h *Hub) each(room string, do func(*viewer)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for v := range h.viewers {
		if v.room == room {
			do(v)
		}
	}
}

// replace puts a message into a channel with room for one, over what waits there. Hub.mu makes it the only sender.
func replace(ch chan []byte, message []byte) {
	for {
		select {
		case ch <- message:
			return
		default:
		}
		select {
		case <-ch:
		default:
		}
	}
}

// watch adds a viewer; nil if there is no such room. The caller calls leave at the end.
func (h *Hub) watch(room string) (v *viewer, leave func()) {
	n := h.watched[room]
	if n == nil {
		return nil, nil
	}
	v = &viewer{room: room, frames: make(chan []byte, 1), status: make(chan []byte, 1)}
	h.mu.Lock()
	h.viewers[v] = struct{}{}
	h.mu.Unlock()
	n.Add(1)
	return v, func() {
		n.Add(-1)
		h.mu.Lock()
		delete(h.viewers, v)
		h.mu.Unlock()
	}
}
