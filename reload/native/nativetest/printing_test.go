package nativetest_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp"
	"midair/reload"
	"midair/reload/native"
)

var printingTree = tree{"m/m.go": `package m

import (
	"context"
	"fmt"
	. "fmt"
	"log/slog"
	out "fmt"
	"strings"

	"SCRIPTS/lib"
)

var at = begin()

func begin() int {
	fmt.Println("a variable is initialised")
	go println("by a goroutine")
	return 1
}

func init() { fmt.Printf("%s %d\n", "init", at) }

type printer interface{ Println() }

type local struct{}

func (local) Println() {}

func Run() (string, error) {
	fmt.Print("one ", 2, 3, " ")
	fmt.Print("and the rest of the line\ntwo\n\n")
	Println("three", 4.5, 1e7, true, 'x')
	n, err := out.Printf("%5.2f|%v|%q\n", 3.14159, []int{1, 2}, "five")
	println("six", 7, false, 'x', uint8(9))
	print("seven\n")
	print := fmt.Println
	print("eight", n, err)
	do(fmt.Println, "nine")
	func(fmt printer) { fmt.Println() }(local{})
	defer fmt.Println("last")
	lib.Say("ten")
	slog.Info("eleven", "n", 11)
	slog.Default().With("a", 1).Warn("twelve")
	slog.With("b", 2).Error("thirteen")
	slog.LogAttrs(context.Background(), slog.LevelWarn, "fourteen", slog.Int("c", 3))
	done := make(chan bool)
	go func() { defer close(done); fmt.Println("fifteen") }()
	<-done
	fmt.Println(strings.Repeat("long ", 2000))
	var s string
	_, err = fmt.Scan(&s)
	fmt.Print("no end of line")
	return s, err
}

func do(f func(...any) (int, error), what string) { f(what) }
`, "lib/lib.go": `package lib

import "fmt"

func Say(what string) { fmt.Println("lib says", what) }
`}

// TestPrinting compares what a module prints when it is interpreted and when it is native.
func TestPrinting(t *testing.T) {
	needs(t)
	printed := map[reload.Mode][]map[string]any{}
	for mode, change := range map[reload.Mode]func(*reload.Config, *native.Config){
		reload.ModeNative: func(*reload.Config, *native.Config) {},
		reload.ModeInterpreted: func(c *reload.Config, _ *native.Config) {
			c.Backends = []reload.Backend{interp.New(interp.Config{})}
		},
	} {
		records := &logs{}
		s := start(t, func(c *reload.Config, _ *native.Config) { c.Logger = slog.New(slog.NewJSONHandler(records, nil)) }, change)
		table := bind[struct{ Run func() (string, error) }](s, "m")
		s.apply(printingTree)
		s.apply(printingTree.with("m/m.go", "one ", "two ")) // another plugin
		s.apply(printingTree)                                // the first plugin once more
		require.NoError(t, table.Do(context.Background(), func(m *struct{ Run func() (string, error) }) error {
			_, err := m.Run()
			assert.EqualError(t, err, "a module has no standard input")
			return nil
		}))
		require.Eventually(t, func() bool { return strings.Count(records.String(), "by a goroutine") == 3 }, time.Minute,
			time.Millisecond)
		require.NoError(t, s.Close())
		printed[mode] = recordsOf(t, records.String())
	}
	assert.Equal(t, printed[reload.ModeInterpreted], printed[reload.ModeNative])
	require.NotEmpty(t, printed[reload.ModeNative])
	for _, r := range printed[reload.ModeNative] {
		assert.Equal(t, "m", r["module"], r)
		assert.NotNil(t, r["version"], r)
	}
}

// recordsOf returns what modules have logged, but for what tells one run from another.
func recordsOf(t *testing.T, text string) (list []map[string]any) {
	var goroutines []map[string]any
	for line := range strings.Lines(text) {
		var r map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		if r["mode"] == nil || r["source"] == nil && !strings.HasSuffix(r["msg"].(string), "teen") {
			continue // of midair itself
		}
		delete(r, "time")
		delete(r, "mode")
		if r["msg"] == "by a goroutine" {
			delete(r, "generation") // it may print before the commit, and after
			goroutines = append(goroutines, r)
		} else {
			list = append(list, r)
		}
	}
	return append(list, goroutines...)
}

// TestBuiltinPrinters: what the interpreter does not print as the compiler does.
func TestBuiltinPrinters(t *testing.T) {
	s := start(t)
	table := bind[struct{ Run func() }](s, "m")
	s.apply(tree{"m/m.go": `package m

import "fmt"

type named float32

func (named) String() string { return "a method" }

func Run() {
	print("a", 1, -2.5, 1e7, named(0.1), "\n")
	println("b", 3, 1+2i, 'x', uint8(4), 1.0/3)
	println()
	fmt.Printf("%T\n", list[named]{})
	defer print("c")
}

type list[T any] []T
`})
	visit(t, table, func(m *struct{ Run func() }) { m.Run() })
	require.NoError(t, s.Close())
	for _, text := range []string{`msg=a1-2.51e+070.1`, `msg="b 3 (1+2i) 120 4 0.3333333333333333"`, `msg=""`, "msg=c",
		"msg=m.list[" + importPath + "/m.named]"} {
		assert.Contains(t, s.logs.String(), text+" module=m version=1 mode=native source=script")
	}
}
