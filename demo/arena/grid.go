package arena

import (
	"math"

	"midair/demo/game"
)

// grid sorts entities into square cells, so that the search for neighbours looks at a few of them instead of all. It is
// built anew every tick; its memory is used again.
type grid struct {
	cell       float64
	cols, rows int
	first      []int // by cell, where its entities begin in sorted; one more at the end
	sorted     []*game.Entity
	at         []int // cell of each entity while the grid is built
}

const cellSize = 50

// build sorts the entities. They are kept in order within a cell, so the same world gives the same grid.
func (g *grid) build(width, height float64, all []*game.Entity) {
	g.cell = cellSize
	g.cols = int(width/g.cell) + 1
	g.rows = int(height/g.cell) + 1
	g.first = resize(g.first, g.cols*g.rows+1)
	clear(g.first)
	g.at = resize(g.at, len(all))
	g.sorted = resize(g.sorted, len(all))
	for i, e := range all {
		g.at[i] = g.row(e.Y)*g.cols + g.col(e.X)
		g.first[g.at[i]+1]++
	}
	for c := range g.cols * g.rows {
		g.first[c+1] += g.first[c]
	}
	// Filling moves each beginning to the next one's; walking backwards restores them.
	for i := len(all) - 1; i >= 0; i-- {
		c := g.at[i] + 1
		g.first[c]--
		g.sorted[g.first[c]] = all[i]
	}
	copy(g.first, g.first[1:])
	g.first[g.cols*g.rows] = len(all)
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

func (g *grid) col(x float64) int { return min(max(int(x/g.cell), 0), g.cols-1) }
func (g *grid) row(y float64) int { return min(max(int(y/g.cell), 0), g.rows-1) }

// near is one result of a search.
type near struct {
	e      *game.Entity
	square float64 // of the distance
}

// nearest appends to buf the entities that want accepts within a distance of (x, y), at most most of them, nearest first.
func (g *grid) nearest(x, y, within float64, most int, want func(*game.Entity) bool, buf []near) []near {
	if len(g.sorted) == 0 || most <= 0 {
		return buf
	}
	limit := within * within
	for row := g.row(y - within); row <= g.row(y+within); row++ {
		from, to := row*g.cols+g.col(x-within), row*g.cols+g.col(x+within)
		for _, e := range g.sorted[g.first[from]:g.first[to+1]] {
			dx, dy := e.X-x, e.Y-y
			square := dx*dx + dy*dy
			if square > limit || len(buf) == most && square >= buf[most-1].square || !want(e) {
				continue
			}
			buf = insert(buf, near{e, square}, most)
		}
	}
	return buf
}

// insert keeps buf sorted by distance and no longer than most.
func insert(buf []near, n near, most int) []near {
	if len(buf) < most {
		buf = append(buf, n)
	} else {
		buf[most-1] = n
	}
	for i := len(buf) - 1; i > 0 && buf[i].square < buf[i-1].square; i-- {
		buf[i], buf[i-1] = buf[i-1], buf[i]
	}
	return buf
}

func distance(a, b *game.Entity) float64 { return math.Hypot(a.X-b.X, a.Y-b.Y) }
