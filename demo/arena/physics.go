package arena

import (
	"math"

	"midair/demo/game"
)

// Metrics are what can be seen of a world's behaviour: they change when its modules do.
type Metrics struct {
	Speed    float64 `json:"speed"`    // average of the boids, pixels a second
	Spread   float64 `json:"spread"`   // average distance of a boid to its mates, or as far as it sees without any
	Polarity float64 `json:"polarity"` // how much mates fly the same way, from 0 to 1
	Push     float64 `json:"push"`     // average of what hunters and boids want
	Catches  int     `json:"catches"`  // since the room opened
	Escapes  int     `json:"escapes"`
}

// sense finds out for everybody who is near, and measures the flocks on the way.
func (w *World) sense() {
	w.repair()
	w.grid.build(Width, Height, w.boids)
	catches, escapes := w.metrics.Catches, w.metrics.Escapes
	m := Metrics{Catches: catches, Escapes: escapes}
	for _, b := range w.boids {
		w.lookAround(b, &m)
	}
	for _, h := range w.hunters {
		h.Prey = nil
		w.found = w.grid.nearest(h.X, h.Y, w.settings.Sight, 1,
			func(e *game.Entity) bool { return e.Team != h.Team }, w.found[:0])
		if len(w.found) > 0 {
			h.Prey = w.found[0].e
		}
		m.Push += math.Hypot(h.AX, h.AY)
	}
	if n := float64(len(w.boids)); n > 0 {
		m.Speed /= n
		m.Spread /= n
		m.Polarity /= n
		m.Push /= n + float64(len(w.hunters))
	}
	w.metrics = m
}

// lookAround tells a boid of its mates and of the nearest hunter.
func (w *World) lookAround(b *game.Entity, m *Metrics) {
	sight := w.teams[b.Team].Species.Sight
	w.found = w.grid.nearest(b.X, b.Y, sight, w.settings.Mates,
		func(e *game.Entity) bool { return e.Team == b.Team && e != b }, w.found[:0])
	b.Mates = b.Mates[:0]
	var sum, vx, vy float64
	for _, f := range w.found {
		b.Mates = append(b.Mates, f.e)
		sum += math.Sqrt(f.square)
		speed := math.Hypot(f.e.VX, f.e.VY) + 1e-9
		vx += f.e.VX / speed
		vy += f.e.VY / speed
	}
	if n := float64(len(w.found)); n > 0 {
		m.Spread += sum / n
		m.Polarity += math.Hypot(vx, vy) / n
	} else {
		m.Spread += sight
	}
	m.Speed += math.Hypot(b.VX, b.VY)
	m.Push += math.Hypot(b.AX, b.AY)
	b.Threat = nil
	closest := sight * sight
	for _, h := range w.hunters {
		if h.Team == b.Team {
			continue
		}
		dx, dy := h.X-b.X, h.Y-b.Y
		if square := dx*dx + dy*dy; square < closest {
			b.Threat, closest = h, square
		}
	}
}

// repair undoes what no module should do to an entity.
func (w *World) repair() {
	for _, list := range [][]*game.Entity{w.boids, w.hunters} {
		for _, e := range list {
			e.Team = clamp(e.Team, 0, len(w.teams)-1)
			e.X, e.Y = clampFloat(e.X, 0, Width), clampFloat(e.Y, 0, Height)
			e.VX, e.VY = clampFloat(e.VX, -maxSpeed, maxSpeed), clampFloat(e.VY, -maxSpeed, maxSpeed)
			e.AX, e.AY = clampFloat(e.AX, -maxPush, maxPush), clampFloat(e.AY, -maxPush, maxPush)
		}
	}
}

// move lets everybody fly for one tick.
func (w *World) move() {
	w.repair()
	for _, b := range w.boids {
		most := w.teams[b.Team].Species.Speed
		fly(b, most*0.4, most)
	}
	for _, h := range w.hunters {
		fly(h, 0, w.teams[h.Team].Species.HunterSpeed)
		h.Rest = clamp(h.Rest-1, 0, TicksPerSecond*3600)
	}
}

// fly applies the push and moves an entity, which keeps to the given speeds and bounces off the walls.
func fly(e *game.Entity, least, most float64) {
	const dt = 1.0 / TicksPerSecond
	e.VX += e.AX * dt
	e.VY += e.AY * dt
	speed := math.Hypot(e.VX, e.VY)
	switch {
	case speed < 1e-6 && least > 0:
		e.VX = least
	case speed > most:
		e.VX, e.VY = e.VX*most/speed, e.VY*most/speed
	case speed < least:
		e.VX, e.VY = e.VX*least/speed, e.VY*least/speed
	}
	e.X, e.VX = bounce(e.X+e.VX*dt, e.VX, Width)
	e.Y, e.VY = bounce(e.Y+e.VY*dt, e.VY, Height)
	e.Age++
}

func bounce(x, v, wall float64) (float64, float64) {
	switch {
	case x < 0:
		return 0, math.Abs(v)
	case x > wall:
		return wall, -math.Abs(v)
	}
	return x, v
}

// catch finds the boids that a hunter reached and those that got away from one.
func (w *World) catch() {
	caught := map[*game.Entity]bool{}
	for _, h := range w.hunters {
		reach := w.teams[h.Team].Species.Reach
		if prey := h.Prey; prey != nil && h.Rest == 0 && !caught[prey] && distance(h, prey) <= reach {
			caught[prey] = true
			h.Rest = int(w.teams[h.Team].Species.Rest * TicksPerSecond)
			w.metrics.Catches++
			w.events = append(w.events, &game.Event{Kind: "Catch", Team: h.Team, Who: h, Other: prey})
		}
	}
	w.escape(caught)
	if len(caught) == 0 {
		return
	}
	for e := range caught {
		w.teams[e.Team].Lost++
	}
	w.boids = keep(w.boids, func(e *game.Entity) bool { return !caught[e] })
	for i, t := range w.teams {
		if t.Boids > 0 && w.count(i) == 0 {
			w.events = append(w.events, &game.Event{Kind: "Extinct", Team: i})
		}
	}
}

// escape tells of boids that a hunter had close and has close no more.
func (w *World) escape(caught map[*game.Entity]bool) {
	for _, h := range w.hunters {
		reach := w.teams[h.Team].Species.Reach
		last := w.chased[h]
		switch {
		case last != nil && caught[last]:
			delete(w.chased, h)
		case last != nil && distance(h, last) > 6*reach:
			w.metrics.Escapes++
			w.events = append(w.events, &game.Event{Kind: "Escape", Team: last.Team, Who: last, Other: h})
			delete(w.chased, h)
		case last == nil && h.Prey != nil && !caught[h.Prey] && distance(h, h.Prey) < 3*reach:
			w.chased[h] = h.Prey
		}
	}
}
