package arena

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"midair/demo/game"
)

// TicksPerSecond is how often a room's world moves.
const TicksPerSecond = 60

// Size of a world.
const (
	Width  = 1200.0
	Height = 720.0
)

// Bounds that no module can move, so that a slip of the pen in one does not take the host's time.
const (
	maxTeams   = 6
	maxBoids   = 220 // a team
	maxHunters = 12  // a team
	maxMates   = 24
	maxSpawn   = 40 // boids that one tick brings or takes, a team
	maxPush    = 3000.0
	maxSpeed   = 900.0
	maxSight   = 400.0
)

// Mind is the code that decides for a world. A room's mind is the live version of its modules; a test may use compiled
// functions.
type Mind interface {
	Steer(w *game.World, boids []*game.Entity)
	Hunt(w *game.World, hunters []*game.Entity)
	// Judge has the rules handle events in order, then order births if it is time for that.
	Judge(w *game.World, events []*game.Event, spawn bool)
}

// Settings are the values that modules give a world.
type Settings struct {
	Species []game.Species
	Points  map[string]int
	Mates   int     // of a boid
	Sight   float64 // of a hunter
}

// World is one room's world. It owns everything in it and hands modules the part of it that is in package game; what
// they do to their slices changes nothing here. The same seed, settings and minds give the same world at every tick.
// It is not safe for concurrent use: its room's goroutine owns it.
type World struct {
	shared   game.World
	settings Settings
	random   *rand.Rand

	teams   []*game.Team
	boids   []*game.Entity
	hunters []*game.Entity
	nextID  int

	grid    grid
	found   []near
	chased  map[*game.Entity]*game.Entity // by hunter: the boid that it had close last
	events  []*game.Event
	metrics Metrics
}

// NewWorld makes an empty world. Tune fills it.
func NewWorld(room string, seed uint64) *World {
	return &World{
		shared: game.World{Room: room, Width: Width, Height: Height, PerSecond: TicksPerSecond},
		random: rand.New(rand.NewPCG(seed, 0x6d6964616972)),
		chased: map[*game.Entity]*game.Entity{},
	}
}

// Tune gives the world other settings: teams and hunters come and go with the rows of the table, flocks grow and shrink
// by what the rules order.
func (w *World) Tune(s Settings) {
	w.settings = Settings{Species: s.Species, Points: s.Points, Mates: clamp(s.Mates, 0, maxMates),
		Sight: clampFloat(s.Sight, 0, maxSight)}
	rows := s.Species[:min(len(s.Species), maxTeams)]
	first := len(w.teams) == 0
	clear(w.chased) // its hunters may leave
	for i, row := range rows {
		if i == len(w.teams) {
			angle := 2*math.Pi*float64(i)/float64(len(rows)) - math.Pi/2
			w.teams = append(w.teams, &game.Team{
				HomeX: Width/2 + Width*0.32*math.Cos(angle), HomeY: Height/2 + Height*0.32*math.Sin(angle)})
		}
		w.teams[i].Name, w.teams[i].Species = row.Name, bounded(row)
	}
	w.teams = w.teams[:len(rows)]
	w.boids = keep(w.boids, func(e *game.Entity) bool { return e.Team < len(rows) })
	w.hunters = keep(w.hunters, func(e *game.Entity) bool { return e.Team < len(rows) })
	for i, t := range w.teams {
		if first {
			w.spawn(i, t.Species.Boids, t.HomeX, t.HomeY)
		}
		w.staff(i)
	}
	w.share()
}

// bounded is a row of the table within what the host allows.
func bounded(s game.Species) game.Species {
	s.Boids = clamp(s.Boids, 0, maxBoids)
	s.Hunters = clamp(s.Hunters, 0, maxHunters)
	s.Speed = clampFloat(s.Speed, 1, maxSpeed)
	s.HunterSpeed = clampFloat(s.HunterSpeed, 1, maxSpeed)
	s.Sight = clampFloat(s.Sight, 0, maxSight)
	s.Reach = clampFloat(s.Reach, 0, maxSight)
	s.Rest = clampFloat(s.Rest, 0, 3600)
	return s
}

// staff gives a team the hunters that its row asks for.
func (w *World) staff(team int) {
	t, have := w.teams[team], 0
	w.hunters = keep(w.hunters, func(e *game.Entity) bool {
		if e.Team == team {
			have++
		}
		return e.Team != team || have <= t.Species.Hunters
	})
	for ; have < t.Species.Hunters; have++ {
		w.hunters = append(w.hunters, w.born(team, Width/2, Height/2, 120, t.Species.HunterSpeed))
	}
}

func (w *World) spawn(team, count int, x, y float64) {
	t := w.teams[team]
	count = min(count, maxBoids-w.count(team))
	for range count {
		w.boids = append(w.boids, w.born(team, x, y, 90, t.Species.Speed))
	}
}

// born makes an entity somewhere near (x, y), flying somewhere.
func (w *World) born(team int, x, y, within, speed float64) *game.Entity {
	w.nextID++
	angle := w.random.Float64() * 2 * math.Pi
	off := w.random.Float64() * within
	heading := w.random.Float64() * 2 * math.Pi
	return &game.Entity{ID: w.nextID, Team: team,
		X: clampFloat(x+off*math.Cos(angle), 1, Width-1), Y: clampFloat(y+off*math.Sin(angle), 1, Height-1),
		VX: speed * 0.7 * math.Cos(heading), VY: speed * 0.7 * math.Sin(heading)}
}

// retire takes the oldest boids of a team away: those that come first.
func (w *World) retire(team, count int) {
	w.boids = keep(w.boids, func(e *game.Entity) bool {
		if e.Team != team || count <= 0 {
			return true
		}
		count--
		return false
	})
}

func (w *World) count(team int) (n int) {
	for _, e := range w.boids {
		if e.Team == team {
			n++
		}
	}
	return n
}

// Step moves the world by one tick.
func (w *World) Step(m Mind) {
	w.sense()
	w.share()
	m.Steer(&w.shared, w.shared.Boids)
	w.share()
	m.Hunt(&w.shared, w.shared.Hunters)
	w.move()
	w.events = w.events[:0]
	w.catch()
	if w.shared.Tick%TicksPerSecond == TicksPerSecond-1 {
		w.events = append(w.events, &game.Event{Kind: "Second"})
	}
	w.share()
	m.Judge(&w.shared, w.events, w.shared.Tick%(TicksPerSecond/10) == 0)
	w.obey()
	w.shared.Tick++
}

// share gives modules fresh slices of what there is, whatever the one before did to its own.
func (w *World) share() {
	s := &w.shared
	s.Teams = append(s.Teams[:0], w.teams...)
	s.Boids = append(s.Boids[:0], w.boids...)
	s.Hunters = append(s.Hunters[:0], w.hunters...)
	s.Width, s.Height, s.PerSecond, s.Points = Width, Height, TicksPerSecond, w.settings.Points
	for i, t := range w.teams {
		t.Boids = w.count(i)
	}
}

// obey does what modules ordered, within bounds.
func (w *World) obey() {
	done := map[int]int{}
	for _, o := range w.shared.Orders {
		if o.Team < 0 || o.Team >= len(w.teams) {
			continue
		}
		n := clamp(o.Count, 0, maxSpawn-done[o.Team])
		done[o.Team] += n
		switch o.Kind {
		case "spawn":
			w.spawn(o.Team, n, finite(o.X), finite(o.Y))
		case "retire":
			w.retire(o.Team, n)
		}
	}
	w.shared.Orders = w.shared.Orders[:0]
}

// Hash identifies the state of the world: two worlds with the same one have been through the same.
func (w *World) Hash() uint64 {
	h := fnv.New64a()
	number := func(v uint64) {
		var b [8]byte
		for i := range b {
			b[i] = byte(v >> (8 * i))
		}
		h.Write(b[:])
	}
	number(uint64(w.shared.Tick))
	for _, list := range [][]*game.Entity{w.boids, w.hunters} {
		for _, e := range list {
			number(uint64(e.ID)<<8 | uint64(e.Team))
			for _, f := range [...]float64{e.X, e.Y, e.VX, e.VY} {
				number(math.Float64bits(f))
			}
		}
	}
	for _, t := range w.teams {
		number(uint64(t.Score))
	}
	return h.Sum64()
}

func keep(list []*game.Entity, want func(*game.Entity) bool) []*game.Entity {
	kept := list[:0]
	for _, e := range list {
		if want(e) {
			kept = append(kept, e)
		}
	}
	clear(list[len(kept):])
	return kept
}

func clamp(n, low, high int) int { return min(max(n, low), high) }

func clampFloat(f, low, high float64) float64 { return min(max(finite(f), low), high) }

// finite takes what is no number for zero.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
