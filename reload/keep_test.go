package reload_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

type keeper struct {
	Hit  func(name string) int
	Dump func() string
}

const keeping = `package m

import "fmt"

//midair:keep
var hits map[string]int

//midair:keep
var (
	last  unit
	units []*unit
)

var calls int

type unit struct {
	name string
	n    int
}

func Hit(name string) int {
	if hits == nil {
		hits = make(map[string]int)
	}
	hits[name]++
	calls++
	u := &unit{name: name, n: hits[name]}
	units = append(units, u)
	last = *u
	return hits[name]
}

func Dump() string { return fmt.Sprint(len(hits), last.name, last.n, len(units), units[0].n, calls) }
`

func TestKeptVariablesAreCarried(t *testing.T) {
	rt := newRuntime(t)
	table := bind[keeper](t, rt, "m")
	events := rt.Events(t.Context())
	apply(t, rt, tree{"m/m.go": keeping})
	for range 3 {
		table.Load().Hit("a")
	}
	first := table.Load()
	apply(t, rt, tree{"m/m.go": keeping + "\nvar more int\n"})
	assert.Equal(t, "1a3 3 1 0", table.Load().Dump(), "kept, but for calls")
	assert.Equal(t, 4, table.Load().Hit("a"))
	assert.Equal(t, "1a3 3 1 3", first.Dump(), "the old version has its own")

	changed := `package m

import "fmt"

//midair:keep
var hits map[string]float64

//midair:keep
var units []*unit

//midair:keep
var fresh = 7

type unit struct {
	level int
	name  string
	n     string
}

func Hit(name string) int { hits[name] += 0.5; return int(hits[name] * 2) }
func Dump() string        { return fmt.Sprint(hits["a"], len(units), units[0].name, units[0].n, units[0].level, fresh) }
`
	apply(t, rt, tree{"m/m.go": changed})
	assert.Equal(t, "4 4a0 7", table.Load().Dump())
	for e := range events {
		if e.Kind == reload.EventCarried {
			assert.Equal(t, "added fresh (it is new); dropped last (it is not kept any more); added unit.level (it is new); "+
				"lost unit.n (int cannot become string)", e.Message)
			break
		}
	}
	warnings := rt.Versions("m")[0]
	assert.Equal(t, reload.EditState, warnings.Edit.Class)
	require.NoError(t, rt.Rollback(t.Context(), "m", 1))
	assert.Equal(t, 5, table.Load().Hit("a"), "and back, without what the way forth has lost")
}

func TestKeptInLibraries(t *testing.T) {
	rt := newRuntime(t)
	table := bind[struct{ Next func() int }](t, rt, "m")
	files := tree{"lib/lib.go": "package lib\n\n//midair:keep\nvar n int\n\nfunc Next() int { n++; return n }\n",
		"m/m.go": "package m\n\nimport \"x/scripts/lib\"\n\nfunc Next() int { return lib.Next() }\n"}
	apply(t, rt, files)
	table.Load().Next()
	apply(t, rt, files.with("m/m.go", files["m/m.go"]+"var more int\n"))
	assert.Equal(t, 2, table.Load().Next())
}

const migrating = `package m

import (
	"errors"
	"fmt"

	"RELOAD"
)

//midair:keep
var hits map[string]hit

type hit struct{ n, by int }

type was struct {
	name string
	n    int
}

func OnMigrate(old reload.State) error {
	if fmt.Sprint(old.Names()) != "[hits last units]" {
		return errors.New(fmt.Sprint(old.Names()))
	}
	before := map[string]int{}
	if err := old.Decode("hits", &before); err != nil {
		return err
	}
	var last was
	if err := old.Decode("last", &last); err != nil {
		return err
	}
	hits = map[string]hit{}
	for name, n := range before {
		hits[name] = hit{n, last.n * 10}
	}
	return old.Decode("none", &last)
}

func Hit(name string) int { return hits[name].by }
func Dump() string        { return fmt.Sprint(hits) }
`

func TestOnMigrate(t *testing.T) {
	rt := newRuntime(t)
	table := bind[keeper](t, rt, "m")
	apply(t, rt, tree{"m/m.go": keeping})
	table.Load().Hit("a")
	table.Load().Hit("a")
	source := withReload(migrating)
	_, err := refuse(t, rt, tree{"m/m.go": source})
	require.ErrorContains(t, err, "OnMigrate: the version before has kept no none, but hits, last, units")
	assert.Equal(t, "hook/migrate", state(t, rt, "m").Diagnostics[0].Rule)
	assert.Equal(t, 3, table.Load().Hit("a"), "nothing was lost")
	apply(t, rt, tree{"m/m.go": replace(source, `return old.Decode("none", &last)`, "return nil")})
	assert.Equal(t, "map[a:{3 30}]", table.Load().Dump())
	apply(t, rt, tree{"m/m.go": replace(source, `return old.Decode("none", &last)`, "panic(1)")})
	assert.Equal(t, "map[a:{3 30}]", table.Load().Dump(), "the shapes are the same: it does not run")
}

func TestKeptVariablesAreGuarded(t *testing.T) {
	rt := newRuntime(t, atSafePoint)
	table := bind[keeper](t, rt, "m")
	apply(t, rt, tree{"m/m.go": keeping})
	require.NoError(t, rt.Commit())
	apply(t, rt, tree{"m/m.go": keeping + "\nvar more int\n"})
	inside, leave := make(chan bool), make(chan bool)
	done := make(chan error)
	go func() {
		done <- table.Do(context.Background(), func(k *keeper) error {
			inside <- true
			<-leave
			k.Hit("a")
			return nil
		})
	}()
	<-inside
	require.ErrorIs(t, rt.Commit(), reload.ErrBusy)
	close(leave)
	require.NoError(t, <-done)
	require.NoError(t, rt.Commit())
	assert.Equal(t, 2, table.Load().Hit("a"))
}

func TestKeptStateAndProbation(t *testing.T) {
	rt := newRuntime(t, onProbation(reload.Probation{For: time.Hour}))
	table := bind[keeper](t, rt, "m")
	apply(t, rt, tree{"m/m.go": keeping})
	table.Load().Hit("a")
	apply(t, rt, tree{"m/m.go": replace(keeping, "\tcalls++\n", "\tpanic(name)\n")})
	require.Error(t, table.Do(t.Context(), func(k *keeper) error { k.Hit("a"); return nil }))
	assert.Equal(t, 1, table.Version().Number())
	assert.Equal(t, 2, table.Load().Hit("a"), "as it was at the swap")
}
