package reload_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"midair/reload"
)

func percentile(d []time.Duration, p float64) float64 {
	slices.Sort(d)
	return float64(d[min(len(d)-1, int(p*float64(len(d))))]) / float64(time.Millisecond)
}

// From the write of a file to the first call that runs the new code, with the default settle time.
func BenchmarkSaveToLive(b *testing.B) {
	rt, dir := watched(b, tree{"m/m.go": moduleOf(64, 0)}, func(c *reload.Config) { c.Settle = 0 })
	type stamped struct {
		Seed int `midair:"Seed"`
	}
	name := filepath.Join(dir, "m/m.go")
	source := func(i int) string { return moduleOf(64, i) + fmt.Sprintf("\nconst Seed = %d\n", i) }
	write(b, name, source(0))
	table := bind[stamped](b, rt, "m")
	eventually(b, func() bool { return table.Version() != nil }, "the first version")
	var took []time.Duration
	i := 0
	for b.Loop() {
		i++
		src := []byte(source(i))
		start := time.Now()
		require.NoError(b, os.WriteFile(name, src, 0o644))
		for table.Load().Seed != i {
			time.Sleep(200 * time.Microsecond)
		}
		took = append(took, time.Since(start))
	}
	b.ReportMetric(percentile(took, 0.5), "median-ms")
	b.ReportMetric(percentile(took, 0.99), "p99-ms")
}

// How late the ticks of a 60 Hz loop are at a commit of ten modules, against ticks without a commit. Preparing a batch
// takes a processor for some milliseconds, which alone can make a tick late on a busy machine; so the ticks without a
// commit are those after the same preparation in another runtime, which is not committed.
func BenchmarkTickLateness(b *testing.B) {
	rt, other := newRuntime(b, atSafePoint), newRuntime(b, atSafePoint)
	var tables []*reload.Table[calc]
	for i := range 10 {
		tables = append(tables, bind[calc](b, rt, fmt.Sprintf("m%d", i)))
		bind[calc](b, other, fmt.Sprintf("m%d", i))
	}
	var contents [2]fs.FS // of all modules, to go back and forth between
	for n := range contents {
		contents[n] = tenModules(n).fs()
		for _, r := range []*reload.Runtime{rt, other} {
			_, err := r.Apply(context.Background(), contents[n], reload.Change{})
			require.NoError(b, err)
			require.NoError(b, r.Commit())
		}
	}
	var prepared atomic.Bool // by the other runtime, since the last tick
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(40 * time.Millisecond):
			}
			if n%2 == 0 {
				rt.Apply(context.Background(), contents[n/2%2], reload.Change{})
				continue
			}
			other.Apply(context.Background(), contents[n/2%2], reload.Change{})
			prepared.Store(true)
		}
	}()
	var without, with []time.Duration
	next := time.Now()
	for b.Loop() {
		next = next.Add(time.Second / 60)
		time.Sleep(time.Until(next))
		before := rt.Generation()
		rt.Commit()
		for _, t := range tables {
			t.Do(context.Background(), func(c *calc) error { c.F(1); return nil })
		}
		late := time.Since(next)
		control := prepared.Swap(false)
		switch {
		case rt.Generation() != before:
			with = append(with, late)
		case control:
			without = append(without, late)
		}
	}
	close(stop)
	<-done
	if len(with) > 0 && len(without) > 0 {
		b.ReportMetric(float64(len(with)), "commits")
		b.ReportMetric(percentile(with, 0.99), "commit-p99-ms")
		b.ReportMetric(percentile(with, 0.99)-percentile(without, 0.99), "added-p99-ms")
		b.ReportMetric(percentile(with, 0.5)-percentile(without, 0.5), "added-median-ms")
	}
}

func tenModules(n int) tree {
	files := tree{}
	for i := range 10 {
		name := fmt.Sprintf("m%d", i)
		files[name+"/m.go"] = strings.Replace(moduleOf(64, n), "package m", "package "+name, 1)
	}
	return files
}

func heap() uint64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What reloads of a 200-line module leave behind.
func BenchmarkReloadLeak(b *testing.B) {
	rt := newRuntime(b)
	table := bind[calc](b, rt, "m")
	reloadTo := func(i int) {
		apply(b, rt, tree{"m/m.go": moduleOf(200, i)})
		require.NoError(b, table.Do(context.Background(), func(c *calc) error { c.F(i); return nil }))
	}
	for i := range 50 {
		reloadTo(i)
	}
	before, goroutines := heap(), runtime.NumGoroutine()
	n := 0
	for b.Loop() {
		n++
		reloadTo(100 + n)
	}
	b.ReportMetric((float64(heap())-float64(before))/(1<<20), "grown-MB")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines")
}

// A short form of BenchmarkReloadLeak that can fail.
func TestReloadsLeaveNothingBehind(t *testing.T) {
	rt := newRuntime(t)
	table := bind[calc](t, rt, "m")
	reloadTo := func(i int) {
		apply(t, rt, tree{"m/m.go": moduleOf(64, i)})
		require.NoError(t, table.Do(context.Background(), func(c *calc) error { c.F(i); return nil }))
	}
	for i := range 20 {
		reloadTo(i)
	}
	before, goroutines := heap(), runtime.NumGoroutine()
	const n = 300
	for i := range n {
		reloadTo(100 + i)
	}
	grown := int64(heap()) - int64(before)
	require.Less(t, grown, int64(n*10<<10), "10 KiB a reload; a version that was kept would be 180")
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
}

// The promises about the hot path that can be checked on any machine.
func TestHotPathAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	rt := newRuntime(t, func(c *reload.Config) { c.Backends = []reload.Backend{native{}} })
	table := bind[calc](t, rt, "m")
	apply(t, rt, tree{"m/m.go": calcSource(2)})
	view := rt.View()
	defer view.Close()
	ctx := context.Background()
	visit := func(c *calc) error { sink = c.F(1); return nil }
	for name, f := range map[string]func(){
		"Load":    func() { sink = table.Load().F(1) },
		"Do":      func() { table.Do(ctx, visit) },
		"In":      func() { sink = table.In(view).Load().F(1) },
		"In.Do":   func() { table.In(view).Do(ctx, visit) },
		"Refresh": func() { view.Refresh() },
		"Commit":  func() { rt.Commit() },
	} {
		require.Zero(t, testing.AllocsPerRun(200, f), name)
	}
}
