package arena

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/demo/game"
)

func TestSameSeedSameWorld(t *testing.T) {
	one, two, other := tuned(7), tuned(7), tuned(8)
	for range 600 {
		one.Step(compiledMind())
		two.Step(compiledMind())
		other.Step(compiledMind())
		require.Equal(t, one.Hash(), two.Hash())
	}
	assert.NotEqual(t, one.Hash(), other.Hash())
	assert.Positive(t, one.metrics.Catches)
	assert.Positive(t, one.metrics.Escapes)
}

// commander is a mind that gives the orders of a list, tick by tick.
type commander struct {
	mind
	orders map[int][]game.Order
}

func (c commander) Judge(w *game.World, events []*game.Event, spawn bool) {
	w.Orders = append(w.Orders, c.orders[w.Tick]...)
}

// The same orders at the same ticks lead to the same world; other orders to another.
func TestSameOrdersSameWorld(t *testing.T) {
	run := func(orders map[int][]game.Order) uint64 {
		w := tuned(7)
		for range 120 {
			w.Step(commander{compiledMind(), orders})
		}
		return w.Hash()
	}
	orders := func(count int) map[int][]game.Order {
		return map[int][]game.Order{
			10: {{Kind: "spawn", Team: 1, Count: 12, X: 300, Y: 200}, {Kind: "retire", Team: 0, Count: 5}},
			60: {{Kind: "spawn", Team: 2, Count: count, X: 900, Y: 500}},
		}
	}
	assert.Equal(t, run(orders(3)), run(orders(3)))
	assert.NotEqual(t, run(orders(3)), run(orders(4)))
}

func TestOrdersAreBounded(t *testing.T) {
	w := tuned(1)
	before := w.count(0)
	w.Step(commander{compiledMind(), map[int][]game.Order{0: {
		{Kind: "spawn", Team: 0, Count: math.MaxInt, X: math.NaN(), Y: math.Inf(1)}, {Kind: "spawn", Team: 0, Count: 7},
		{Kind: "spawn", Team: -1, Count: 1}, {Kind: "spawn", Team: 99, Count: 1}, {Kind: "spawn", Team: 1, Count: -5},
		{Kind: "dance", Team: 1, Count: 3},
	}}})
	assert.Equal(t, before+maxSpawn, w.count(0))
	for range 50 {
		w.Step(commander{compiledMind(), map[int][]game.Order{w.shared.Tick: {{Kind: "spawn", Team: 0, Count: 99}}}})
	}
	assert.Equal(t, maxBoids, w.count(0))
}

// vandal is a mind that does to a world whatever its types allow.
type vandal struct{ mind }

func (vandal) Steer(w *game.World, boids []*game.Entity) {
	for i, b := range boids {
		b.Team, b.X, b.VX, b.AX = i%9-3, math.NaN(), math.Inf(1), math.NaN()
		b.VY, b.AY = math.MaxFloat64, -math.MaxFloat64
		b.Mates = append(b.Mates, nil)
	}
	clear(w.Boids)
	w.Teams, w.Hunters, w.Width, w.Points = nil, nil, math.NaN(), nil
}

func (vandal) Hunt(w *game.World, hunters []*game.Entity) {
	for _, h := range hunters {
		h.Team, h.Rest, h.Prey = 77, -1, nil
	}
	clear(hunters)
}

func TestNothingThatAModuleDoesBreaksAWorld(t *testing.T) {
	w := tuned(5)
	for range 120 {
		w.Step(vandal{compiledMind()})
	}
	for range 120 {
		w.Step(compiledMind())
	}
	for _, b := range w.boids {
		require.True(t, b.X >= 0 && b.X <= Width && b.Y >= 0 && b.Y <= Height, "%+v", b)
	}
	_, err := json.Marshal(w.metrics)
	require.NoError(t, err, "metrics are numbers")
}

// The table of balance is live: teams and hunters come and go with its rows.
func TestTune(t *testing.T) {
	w := tuned(2)
	s := settings()
	s.Species = append(slices.Clone(s.Species[:1]), game.Species{Name: "Slate", Boids: 1e6, Hunters: 1e6, Speed: math.NaN()},
		s.Species[2], game.Species{Name: "New", Boids: 10, Hunters: 1, Speed: 100, HunterSpeed: 100, Sight: 50})
	w.teams[0].Score = 5
	w.Tune(s)
	require.Len(t, w.teams, 4)
	assert.Equal(t, "Slate", w.teams[1].Name)
	assert.Equal(t, 5, w.teams[0].Score, "the score stays")
	assert.Len(t, w.hunters, 2+maxHunters+2+1)
	for range 60 {
		w.Step(compiledMind())
	}
	assert.Positive(t, w.count(3), "the rules fill the new team")
	s.Species = s.Species[:1]
	w.Tune(s)
	w.Step(compiledMind())
	assert.Len(t, w.hunters, 2)
	assert.Len(t, w.boids, w.count(0))
	w.Tune(Settings{})
	w.Step(compiledMind())
	assert.Empty(t, w.boids)
}

// The grid finds what a search through all entities finds.
func TestGrid(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var all []*game.Entity
	for i := range 300 {
		all = append(all, &game.Entity{ID: i, X: random.Float64() * Width, Y: random.Float64() * Height, Team: i % 3})
	}
	all[0].X, all[0].Y, all[1].X, all[1].Y = 0, 0, Width, Height
	var g grid
	for range 2 { // its memory is used again
		g.build(Width, Height, all)
	}
	for range 200 {
		x, y, within := random.Float64()*Width, random.Float64()*Height, random.Float64()*300
		most, team := 1+random.IntN(12), random.IntN(3)
		want := func(e *game.Entity) bool { return e.Team == team }
		var expect []float64
		for _, e := range all {
			if d := math.Hypot(e.X-x, e.Y-y); d <= within && want(e) {
				expect = append(expect, d)
			}
		}
		slices.Sort(expect)
		expect = expect[:min(most, len(expect))]
		found := g.nearest(x, y, within, most, want, nil)
		require.Len(t, found, len(expect))
		for i, n := range found {
			require.InDelta(t, expect[i], math.Sqrt(n.square), 1e-9)
		}
	}
}

func TestFrame(t *testing.T) {
	w := tuned(1)
	w.Step(compiledMind())
	f := w.Frame(42)
	n := len(w.boids) + len(w.hunters)
	require.Len(t, f, frameHeader+n*frameEntity)
	assert.Equal(t, n, int(binary.LittleEndian.Uint16(f[2:])))
	assert.EqualValues(t, 42, binary.LittleEndian.Uint32(f[8:]))
	first, last := f[frameHeader:], f[len(f)-frameEntity:]
	assert.InDelta(t, w.boids[0].X, float64(binary.LittleEndian.Uint16(first))/frameScale, 0.02)
	assert.Zero(t, first[5]&frameHunter)
	assert.NotZero(t, last[5]&frameHunter)
}

// BenchmarkStep is the price of a tick of one room.
func BenchmarkStep(b *testing.B) {
	for _, mode := range []string{"compiled", "interpreted"} {
		b.Run(mode, func(b *testing.B) {
			w := tuned(1)
			m := compiledMind()
			if mode == "interpreted" {
				m = interpretedMind(b)
			}
			for b.Loop() {
				w.Step(m)
			}
			b.ReportMetric(float64(len(w.boids)+len(w.hunters)), "entities")
		})
	}
}
