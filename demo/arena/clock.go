package arena

import (
	"slices"
	"time"
)

// clock remembers the last ticks of a room: how long they took, and how far apart they began.
type clock struct {
	last  time.Time
	took  []time.Duration // the newest at next-1
	apart []time.Duration
	next  int
	worst time.Duration // between two beginnings, ever
}

// clockWindow is how many ticks a clock looks back: ten seconds.
const clockWindow = 10 * TicksPerSecond

// ClockStatus sums up a room's last ten seconds, in milliseconds.
type ClockStatus struct {
	Rate   float64 `json:"rate"` // ticks a second
	P50    float64 `json:"p50"`  // time that a tick took
	P99    float64 `json:"p99"`
	Gap    float64 `json:"gap"`     // the longest between two ticks' beginnings
	MaxGap float64 `json:"max_gap"` // the longest since the room opened
}

func newClock() *clock { return &clock{} }

func (c *clock) tick(start time.Time, took time.Duration) {
	if c.last.IsZero() {
		c.last = start
		return
	}
	apart := start.Sub(c.last)
	c.last = start
	c.worst = max(c.worst, apart)
	if len(c.took) < clockWindow {
		c.took, c.apart = append(c.took, took), append(c.apart, apart)
		return
	}
	c.took[c.next], c.apart[c.next] = took, apart
	c.next = (c.next + 1) % clockWindow
}

func (c *clock) status() (s ClockStatus) {
	if len(c.took) == 0 {
		return s
	}
	var sum time.Duration
	for _, d := range c.apart {
		sum += d
	}
	sorted := slices.Sorted(slices.Values(c.took))
	return ClockStatus{
		Rate:   float64(len(c.apart)) / sum.Seconds(),
		P50:    ms(sorted[len(sorted)/2]),
		P99:    ms(sorted[len(sorted)*99/100]),
		Gap:    ms(slices.Max(c.apart)),
		MaxGap: ms(c.worst),
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
