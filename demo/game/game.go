// Package game is what the arena's compiled host and its modules have in common: plain structs that the host fills and
// the modules read and write.
//
// The types are fields rather than methods, because a module may be interpreted: there, reading a field costs some ten
// nanoseconds and a call some hundreds. For the same reason the host does the searching (who is near whom) and hands the
// modules whole slices, so that one call a tick thinks for a whole flock.
//
// Everything that must outlive a reload is one of these types and lives in the host. A module can be replaced between
// two ticks, and the world does not notice.
package game

//go:generate go run midair/cmd/midair symbols -o ../gamesym .

// World is one room's world as its modules see it. Distances are in pixels of an arena of Width by Height, with the
// origin in the upper left corner; speeds are in pixels a second.
type World struct {
	Room          string
	Width, Height float64
	Tick          int // since the room opened
	PerSecond     int // ticks a second

	Boids   []*Entity // all that are alive
	Hunters []*Entity
	Teams   []*Team

	// Points is what module balance gives for what happens, by event kind.
	Points map[string]int

	// Orders is what a module wants the host to do at the end of this tick. Append to it; the host empties it.
	Orders []Order
}

// Entity is a boid or a hunter. The host moves it: a module only says in which direction it wants to be pushed.
type Entity struct {
	ID   int
	Team int // index into World.Teams
	Age  int // in ticks

	X, Y   float64 // where it is
	VX, VY float64 // how fast it flies
	AX, AY float64 // where it wants to go: the acceleration that a module sets; stays until it is set again

	// Mates are the nearest boids of the same team within sight, nearest first. Hunters have none.
	Mates []*Entity
	// Threat is the nearest hunter of another team within sight of a boid, or nil.
	Threat *Entity
	// Prey is the nearest boid of another team within sight of a hunter, or nil.
	Prey *Entity
	// Rest is how many ticks a hunter still digests its last catch; it catches nothing meanwhile.
	Rest int
}

// Team is one colour: a flock, and the hunters that hunt the other flocks for it.
type Team struct {
	Name         string
	Score        int
	Boids        int // alive now
	Lost         int // since the room opened
	HomeX, HomeY float64
	Species      Species // its row in module balance
}

// Species is one row of the table in module balance.
type Species struct {
	Name        string
	Boids       int     // how many the flock should have
	Hunters     int     // how many hunt for it
	Speed       float64 // the most that a boid flies
	HunterSpeed float64 // the most that a hunter flies
	Sight       float64 // how far a boid sees
	Reach       float64 // how near a hunter must come
	Rest        float64 // seconds that a hunter digests
}

// Event is something that happened in the world during a tick. The host calls the function of module rules whose name
// is Handle and the event's Kind, if there is one.
//
//   - Catch: the hunter Who caught the boid Other; Team is the hunter's.
//   - Escape: the boid Who got away from the hunter Other, which had been close; Team is the boid's.
//   - Second: a second has passed; Who and Other are nil.
//   - Extinct: a flock lost its last boid; Team says which.
type Event struct {
	Kind       string
	Team       int
	Who, Other *Entity
}

// Order is something that a module wants done. Kinds are "spawn" (Count new boids for Team at X, Y) and "retire" (Count
// boids of Team leave, the oldest first). The host bounds what it does for one tick.
type Order struct {
	Kind  string
	Team  int
	Count int
	X, Y  float64
}

// Colours is how the page paints the world. Every colour is "#rrggbb".
type Colours struct {
	Background string   `json:"background"`
	Lines      string   `json:"lines"`
	Hunter     string   `json:"hunter"` // the rim of every hunter
	Flash      string   `json:"flash"`  // of entities whose code was just replaced
	Teams      []string `json:"teams"`  // by index of the team
}
