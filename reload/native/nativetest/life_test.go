package nativetest_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native"
	"midair/reload/native/nativetest/world"
)

type combat struct {
	Damage func(e *world.Entity) int
	Boom   func(n int)
	Limit  int
	Name   string
	Motto  func() string
	Count  func() int
}

var combatTree = tree{
	"combat/combat.go": `package combat

import (
	"embed"
	"fmt"

	"HOST/world"
	"SCRIPTS/lib/sums"
)

// Limit is an untyped constant.
const Limit = 40

var Name = fmt.Sprint("com", "bat")

//go:embed motto.txt
var motto string

//go:embed all:moves
var moves embed.FS

func Damage(e *world.Entity) int {
	world.Hit(e, 3)
	return Limit - e.HP
}

func Motto() string {
	move, err := moves.ReadFile("moves/sub/one.txt")
	return fmt.Sprint(motto, ": ", string(move), err)
}

func Count() int { return sums.Next() }

func Boom(n int) {
	func() {
		var list []int
		fmt.Println(list[n])
	}()
}
`,
	"combat/motto.txt":         "strike first",
	"combat/moves/sub/one.txt": "left",
	"lib/sums/sums.go": `package sums

var n int

func init() { n = 100 }

func Next() int { n++; return n }
`,
}

func visit[T any](t testing.TB, table *reload.Table[T], f func(*T)) {
	t.Helper()
	require.NoError(t, table.Do(context.Background(), func(c *T) error { f(c); return nil }))
}

func TestLoadCallEdit(t *testing.T) {
	s := start(t)
	table := bind[combat](s, "combat")
	s.apply(combatTree)
	visit(t, table, func(c *combat) {
		e := &world.Entity{HP: 10}
		assert.Equal(t, 33, c.Damage(e))
		assert.Equal(t, 7, e.HP)
		assert.Equal(t, 40, c.Limit)
		assert.Equal(t, "combat", c.Name)
		assert.Equal(t, "strike first: left<nil>", c.Motto(), "embedded files")
		assert.Equal(t, 101, c.Count())
	})
	m, _ := s.Module("combat")
	assert.Equal(t, reload.ModeNative, m.Backend)

	old := table.Pin()
	defer old.Close()

	// The edit concerns the module only, but the library comes along: its variables are the version's own.
	s.apply(combatTree.with("combat/combat.go", "Limit = 40", "Limit = 50"))
	visit(t, table, func(c *combat) {
		assert.Equal(t, 43, c.Damage(&world.Entity{HP: 10}))
		assert.Equal(t, 101, c.Count())
	})
	require.NoError(t, old.Do(context.Background(), func(c *combat) error {
		assert.Equal(t, 33, c.Damage(&world.Entity{HP: 10}), "the old version answers as before")
		assert.Equal(t, 102, c.Count())
		return nil
	}))

	// An edit of an embedded file is an edit.
	s.apply(combatTree.with("combat/motto.txt", "first", "last"))
	visit(t, table, func(c *combat) { assert.Equal(t, "strike last: left<nil>", c.Motto()) })
}

func TestPanicNamesTheUsersFile(t *testing.T) {
	s := start(t)
	table := bind[combat](s, "combat")
	s.apply(combatTree)
	err := table.Do(context.Background(), func(c *combat) error { c.Boom(7); return nil })
	var p *reload.PanicError
	require.ErrorAs(t, err, &p)
	assert.ErrorContains(t, p, "index out of range [7]")
	assert.Equal(t, []reload.Frame{
		{Function: "combat.Boom.func1", File: "combat/combat.go", Line: 37},
		{Function: "combat.Boom", File: "combat/combat.go", Line: 38},
	}, p.Stack)
	assert.NotContains(t, err.Error(), "_hr_")
}

type counter struct{ Count func() int }

// Modules that share a library have each their own copy of its variables, as in the interpreter.
func TestModulesDoNotShareVariables(t *testing.T) {
	s := start(t)
	source := "package NAME\n\nimport \"SCRIPTS/lib/sums\"\n\nfunc Count() int { return sums.Next() }\n"
	first, second := bind[counter](s, "first"), bind[counter](s, "second")
	f := tree{"first/a.go": source, "second/a.go": source, "lib/sums/sums.go": combatTree["lib/sums/sums.go"]}
	s.apply(f.with("first/a.go", "NAME", "first").with("second/a.go", "NAME", "second"))
	visit(t, first, func(c *counter) { c.Count(); c.Count() })
	visit(t, second, func(c *counter) { assert.Equal(t, 101, c.Count()) })
}

func counterTree(start string) tree {
	return tree{"counter/c.go": "package counter\n\nvar n = " + start + "\n\nfunc Count() int { n++; return n }\n"}
}

func TestSameContentAgain(t *testing.T) {
	s := start(t)
	table := bind[counter](s, "counter")
	s.apply(counterTree("10"))
	visit(t, table, func(c *counter) { assert.Equal(t, 11, c.Count()); c.Count() })
	s.apply(counterTree("20"))
	loaded := native.Loaded()
	s.apply(counterTree("10"))
	visit(t, table, func(c *counter) { assert.Equal(t, 11, c.Count(), "a new version begins anew") })
	assert.Equal(t, loaded, native.Loaded(), "the plugin is used again")

	// While a version is held, its content gets a twin.
	pin := table.Pin()
	s.apply(counterTree("20"))
	s.apply(counterTree("10"))
	visit(t, table, func(c *counter) { assert.Equal(t, 11, c.Count()) })
	require.NoError(t, pin.Do(context.Background(), func(c *counter) error {
		assert.Equal(t, 12, c.Count())
		return nil
	}))
	assert.Equal(t, loaded+1, native.Loaded())
	require.NoError(t, pin.Close())
}

// Two runtimes that have the same content live have a plugin each.
func TestTwoRuntimes(t *testing.T) {
	first, second := start(t), start(t)
	one, two := bind[counter](first, "counter"), bind[counter](second, "counter")
	first.apply(counterTree("30"))
	visit(t, one, func(c *counter) { assert.Equal(t, 31, c.Count()) })
	second.apply(counterTree("30"))
	visit(t, two, func(c *counter) { assert.Equal(t, 31, c.Count()) })
	visit(t, one, func(c *counter) { assert.Equal(t, 32, c.Count()) })
}

// Runtimes that go to and fro between the same contents, while they are called, never meet half a version, and need no
// more plugins than there can be versions at once.
func TestToAndFro(t *testing.T) {
	source := func(n string) tree {
		return tree{"pair/p.go": "package pair\n\nvar a = N\n\nvar b = a\n\nfunc Sum() int { return a - b + N }\n"}.with("pair/p.go", "a = N", "a = "+n).
			with("pair/p.go", "+ N", "+ "+n)
	}
	trees := []tree{source("1"), source("2")}
	before := native.Loaded()
	servers := []*server{start(t), start(t)}
	var tables []*reload.Table[pair]
	for _, s := range servers {
		tables = append(tables, bind[pair](s, "pair"))
	}
	for _, f := range trees { // what both runtimes need is built before anybody keeps the processors busy
		for _, s := range servers {
			s.apply(f)
		}
	}
	var all sync.WaitGroup
	for i, s := range servers {
		stop := make(chan struct{})
		all.Go(func() { call(t, tables[i], stop) })
		all.Go(func() {
			defer close(stop)
			for n := range 50 {
				if _, err := s.Apply(context.Background(), trees[n%2].fs(), reload.Change{}); !assert.NoError(t, err) {
					return
				}
			}
		})
	}
	all.Wait()
	// Of each content, either runtime holds at most a live version, one that is prepared, and the caller's.
	assert.LessOrEqual(t, native.Loaded()-before, 2*2*3)
}

type pair struct{ Sum func() int }

// call visits a module until it is told to stop.
func call(t testing.TB, table *reload.Table[pair], stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
			assert.NoError(t, table.Do(context.Background(), func(p *pair) error {
				assert.Contains(t, []int{1, 2}, p.Sum())
				return nil
			}))
			runtime.Gosched()
		}
	}
}

// A panic in a goroutine of a module is logged, and the host goes on.
func TestGoroutines(t *testing.T) {
	s := start(t)
	table := bind[struct{ Start func() chan int }](s, "m")
	s.apply(tree{"m/m.go": `package m

var early = begin()

func Start() chan int { return early }

func begin() chan int {
	c := make(chan int)
	go fail(c)
	return c
}

func fail(c chan int) {
	defer close(c)
	panic("out of arrows")
}
`})
	visit(t, table, func(m *struct{ Start func() chan int }) { <-m.Start() })
	require.Eventually(t, func() bool { return strings.Contains(s.logs.String(), "out of arrows") }, 10*time.Second, time.Millisecond)
	assert.Contains(t, s.logs.String(), "m.fail at m/m.go:15")
	assert.Contains(t, s.logs.String(), `stack="[m.fail m/m.go:15]"`)
	assert.Contains(t, s.logs.String(), "module=m version=1 mode=native error=")
	assert.NotContains(t, s.logs.String(), "_hr_")
}
