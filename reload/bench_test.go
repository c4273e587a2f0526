package reload_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"midair/reload"
)

type compiled struct{ F func(int) int }

var sink int

// The first figure: Table.Load and a call of a compiled func, against a plain atomic.Pointer and the same call.
func BenchmarkLoad(b *testing.B) {
	var plain atomic.Pointer[compiled]
	plain.Store(&compiled{twice})
	rt, err := reload.New(config(func(c *reload.Config) { c.Backends = []reload.Backend{native{}} }))
	require.NoError(b, err)
	table := bind[compiled](b, rt, "m")
	apply(b, rt, tree{"m/m.go": "package m\nfunc F(n int) int { return 2*n }\n"})
	require.Equal(b, 6, table.Load().F(3))
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			sink = plain.Load().F(i)
		}
	})
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			sink = table.Load().F(i)
		}
	})
	view := rt.View()
	defer view.Close()
	b.Run("view", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			sink = table.In(view).Load().F(i)
		}
	})
}

func BenchmarkDo(b *testing.B) {
	rt, err := reload.New(config(func(c *reload.Config) { c.Backends = []reload.Backend{native{}} }))
	require.NoError(b, err)
	table := bind[compiled](b, rt, "m")
	apply(b, rt, tree{"m/m.go": "package m\nfunc F(n int) int { return 2*n }\n"})
	ctx := context.Background()
	visit := func(*compiled) error { return nil }
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			table.Do(ctx, visit)
		}
	})
	view := rt.View()
	defer view.Close()
	b.Run("view", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			table.In(view).Do(ctx, visit)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				table.Do(ctx, visit)
			}
		})
	})
}

// moduleOf makes a module of about so many lines of ordinary code. seed changes its content.
func moduleOf(lines, seed int) string {
	var b strings.Builder
	b.WriteString("package m\n\nimport (\n\t\"fmt\"\n\t\"math\"\n\t\"strings\"\n)\n\n")
	fmt.Fprintf(&b, "const seed = %d\n\nfunc F(n int) int { return n * 2 }\n", seed)
	for i := 0; strings.Count(b.String(), "\n") < lines-10; i++ {
		fmt.Fprintf(&b, `
type thing%[1]d struct {
	x, y float64
	name string
}

func (t *thing%[1]d) move(dx, dy float64) { t.x += dx; t.y += dy }

func step%[1]d(list []*thing%[1]d, speed float64) string {
	var out []string
	for _, t := range list {
		d := math.Sqrt(t.x*t.x + t.y*t.y)
		if d > 10 {
			t.move(-t.x*speed, -t.y*speed)
			continue
		}
		t.move(speed, speed/2)
		out = append(out, fmt.Sprintf("%%s at %%.1f", t.name, d))
	}
	return strings.Join(out, ", ")
}
`, i)
	}
	return b.String()
}

// From files to a version that is live, interpreted: everything but the settling.
func BenchmarkSnapshotToReady(b *testing.B) {
	for _, lines := range []int{64, 200, 500} {
		b.Run(fmt.Sprintf("lines=%d", lines), func(b *testing.B) {
			rt := newRuntime(b)
			bind[calc](b, rt, "m")
			i := 0
			for b.Loop() {
				i++
				apply(b, rt, tree{"m/m.go": moduleOf(lines, i)})
			}
		})
	}
}

// One edit among 10 and among 1,000 modules, as the watcher applies it: by the folder that it names.
func BenchmarkEditAmong(b *testing.B) {
	for _, modules := range []int{10, 1000} {
		b.Run(fmt.Sprintf("modules=%d", modules), func(b *testing.B) {
			files := tree{}
			for i := range modules {
				files[fmt.Sprintf("m%d/m.go", i)] = strings.Replace(moduleOf(64, i), "package m", fmt.Sprintf("package m%d", i), 1)
			}
			rt := newRuntime(b)
			start := time.Now()
			apply(b, rt, files)
			first := time.Since(start)
			fsys := files.fs()
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				fsys["m3/m.go"].Data = []byte(strings.Replace(moduleOf(64, 1e6+i), "package m", "package m3", 1))
				start := time.Now()
				require.NoError(b, reload.ApplyDirs(rt, fsys, "m3"))
				took = append(took, time.Since(start))
			}
			b.ReportMetric(percentile(took, 0.5), "edit-median-ms")
			b.ReportMetric(percentile(took, 0.99), "edit-p99-ms")
			b.ReportMetric(float64(first.Milliseconds()), "first-load-ms")
		})
	}
}

// What a module's code costs interpreted, against the same code compiled into the host.
func BenchmarkInterpreted(b *testing.B) {
	rt := newRuntime(b)
	type contract struct {
		F   func(int) int
		Sum func([]*World) int
	}
	table := bind[contract](b, rt, "m")
	apply(b, rt, tree{"m/m.go": `package m

import "host/game"

func F(n int) int { return n * 2 }

func Sum(ws []*game.World) int {
	sum := 0
	for _, w := range ws {
		sum += w.N
	}
	return sum
}
`})
	worlds := make([]*World, 1000)
	for i := range worlds {
		worlds[i] = &World{N: i}
	}
	b.Run("call", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			sink = table.Load().F(i)
		}
	})
	b.Run("loop over 1000 host structs", func(b *testing.B) {
		for b.Loop() {
			sink = table.Load().Sum(worlds)
		}
	})
	b.Run("loop over 1000 host structs, compiled", func(b *testing.B) {
		for b.Loop() {
			sink = sum(worlds)
		}
	})
}

//go:noinline
func sum(ws []*World) int {
	sum := 0
	for _, w := range ws {
		sum += w.N
	}
	return sum
}
