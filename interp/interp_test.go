package interp_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp"
	"midair/reload"
)

func load[T any](t *testing.T, files map[string]string, change ...func(*reload.Config)) (*reload.Table[T], error) {
	t.Helper()
	cfg := reload.Config{ImportPath: "x/scripts", Backends: []reload.Backend{interp.New(interp.Config{})}}
	for _, c := range change {
		c(&cfg)
	}
	rt, err := reload.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { rt.Close() })
	table, err := reload.Bind[T](rt, "m")
	require.NoError(t, err)
	fsys := fstest.MapFS{}
	for name, src := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(src)}
	}
	_, err = rt.Apply(context.Background(), fsys, reload.Change{})
	return table, err
}

func mustLoad[T any](t *testing.T, src string, change ...func(*reload.Config)) *reload.Table[T] {
	t.Helper()
	table, err := load[T](t, map[string]string{"m/m.go": src}, change...)
	require.NoError(t, err)
	return table
}

type text struct{ F func() string }

// Every curated package can be imported and used.
func TestCuratedPackages(t *testing.T) {
	table := mustLoad[text](t, `package m

import (
	"bufio"
	"bytes"
	"container/heap"
	"container/list"
	"container/ring"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"io"
	"math"
	"math/bits"
	"math/rand/v2"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"
)

type byLength []string

func (b byLength) Len() int           { return len(b) }
func (b byLength) Less(i, j int) bool { return len(b[i]) < len(b[j]) }
func (b byLength) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

type ints []int

func (h ints) Len() int           { return len(h) }
func (h ints) Less(i, j int) bool { return h[i] < h[j] }
func (h ints) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ints) Push(x any)        { *h = append(*h, x.(int)) }
func (h *ints) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

func F() string {
	var out []string
	add := func(v ...any) { out = append(out, fmt.Sprint(v...)) }
	words := []string{"ccc", "a", "bb"}
	sort.Sort(byLength(words))
	add(strings.Join(words, ","))
	h := &ints{5, 2, 8}
	heap.Init(h)
	add(heap.Pop(h))
	l := list.New()
	l.PushBack(1)
	add(l.Len(), ring.New(3).Len())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	add(errors.Is(ctx.Err(), context.Canceled))
	b := make([]byte, 4)
	binary.LittleEndian.PutUint32(b, 258)
	add(b)
	j, _ := json.Marshal(map[string]int{"x": 1})
	add(string(j))
	add(crc32.ChecksumIEEE([]byte("midair")))
	f := fnv.New32a()
	f.Write([]byte("midair"))
	add(f.Sum32())
	r := bufio.NewReader(bytes.NewBufferString("line\nrest"))
	line, _ := r.ReadString('\n')
	rest, _ := io.ReadAll(r)
	add(strings.TrimSpace(line), string(rest))
	add(math.Sqrt(16), bits.Len(8))
	rnd := rand.New(rand.NewPCG(1, 2))
	add(rnd.IntN(1000))
	add(regexp.MustCompile("b+").FindString("abbbc"))
	n, _ := strconv.Atoi("42")
	add(n)
	var mu sync.Mutex
	mu.Lock()
	mu.Unlock()
	var c atomic.Int64
	c.Add(3)
	add(c.Load())
	var s strings.Builder
	template.Must(template.New("t").Parse("{{.}}!")).Execute(&s, "hi")
	add(s.String())
	add(time.Duration(1500) * time.Millisecond)
	add(unicode.IsUpper('A'), utf8.RuneCountInString("é"))
	return strings.Join(out, " ")
}
`)
	f := fnv.New32a()
	f.Write([]byte("midair"))
	assert.Equal(t, fmt.Sprintf(`a,bb,ccc 2 1 3 true [2 1 0 0] {"x":1} %d %d linerest 4 4 %d bbb 42 3 hi! 1.5s true 1`,
		crc32.ChecksumIEEE([]byte("midair")), f.Sum32(), rand.New(rand.NewPCG(1, 2)).IntN(1000)),
		strings.Join(strings.Fields(table.Load().F()), " "))
}

func TestStringAndErrorMethodsOfScriptTypes(t *testing.T) {
	table := mustLoad[text](t, `package m

import "fmt"

type Team int

func (t Team) String() string { return "team" }

type Bad struct{ Code int }

func (b *Bad) Error() string { return fmt.Sprintf("bad %d", b.Code) }

func F() string { return fmt.Sprint(Team(1)) + " " + fmt.Sprintf("%v", &Bad{7}) }
`)
	assert.Equal(t, "team bad 7", table.Load().F())
}

func TestGenericPackages(t *testing.T) {
	type contract struct {
		Sort    func([]int) []int
		Floats  func([]float64) []float64
		Words   func([]string) []string
		ByFunc  func([]int) []int
		Search  func([]int, int) (int, bool)
		Most    func([]int) (int, int)
		Edit    func([]int) []int
		Lookup  func([]string, string) (bool, int)
		MapWork func(map[string]int) map[string]int
		Reverse func([]int) []int
	}
	table := mustLoad[contract](t, `package m

import (
	"cmp"
	"maps"
	"slices"
)

type entry struct {
	key   int
	order int
}

func Sort(x []int) []int             { x = slices.Clone(x); slices.Sort(x); return x }
func Floats(x []float64) []float64   { slices.Sort(x); return x }
func Words(x []string) []string      { slices.Sort(x); return slices.Compact(x) }
func Search(x []int, n int) (int, bool) { i, ok := slices.BinarySearch(x, n); return i, ok }
func Most(x []int) (int, int)        { return slices.Max(x), slices.Min(x) }
func Reverse(x []int) []int          { slices.Reverse(x); return x }

func ByFunc(x []int) []int {
	var list []entry
	for i, v := range x {
		list = append(list, entry{v % 10, i})
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	var out []int
	for _, e := range list {
		out = append(out, x[e.order])
	}
	return out
}

func Edit(x []int) []int {
	x = slices.Insert(x, len(x)/2, 100, 200)
	x = slices.Delete(x, 0, 1)
	return slices.DeleteFunc(x, func(n int) bool { return n%3 == 0 })
}

func Lookup(x []string, s string) (bool, int) { return slices.Contains(x, s), slices.Index(x, s) }

func MapWork(m map[string]int) map[string]int {
	c := maps.Clone(m)
	maps.DeleteFunc(c, func(k string, v int) bool { return v%2 == 0 })
	maps.Copy(c, map[string]int{"new": 1})
	return c
}
`)
	c := table.Load()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		x := make([]int, 1+rnd.IntN(30))
		for i := range x {
			x[i] = rnd.IntN(40)
		}
		sorted := slices.Sorted(slices.Values(x))
		assert.Equal(t, sorted, c.Sort(x))
		n := rnd.IntN(40)
		i, ok := slices.BinarySearch(sorted, n)
		j, ok2 := c.Search(sorted, n)
		assert.Equal(t, []any{i, ok}, []any{j, ok2})
		hi, lo := c.Most(x)
		assert.Equal(t, []int{slices.Max(x), slices.Min(x)}, []int{hi, lo})
		byFunc := slices.Clone(x)
		slices.SortStableFunc(byFunc, func(a, b int) int { return a%10 - b%10 })
		assert.Equal(t, byFunc, c.ByFunc(x))
		edited := slices.Insert(slices.Clone(x), len(x)/2, 100, 200)
		edited = slices.DeleteFunc(slices.Delete(edited, 0, 1), func(n int) bool { return n%3 == 0 })
		assert.Equal(t, edited, c.Edit(slices.Clone(x)))
		back := slices.Clone(x)
		slices.Reverse(back)
		assert.Equal(t, back, c.Reverse(slices.Clone(x)))
	}
	assert.Equal(t, []float64{-1, 0.5, 2}, c.Floats([]float64{2, -1, 0.5}))
	assert.Equal(t, []string{"a", "b"}, c.Words([]string{"b", "a", "b"}))
	ok, i := c.Lookup([]string{"x", "y"}, "y")
	assert.Equal(t, []any{true, 1}, []any{ok, i})
	assert.Equal(t, map[string]int{"a": 1, "new": 1}, c.MapWork(map[string]int{"a": 1, "b": 2}))
}

// Libraries whose paths repeat parts of each other's are each taken for what they are.
func TestLibraryPaths(t *testing.T) {
	table, err := load[text](t, map[string]string{
		"m/m.go":             "package m\nimport (\n\"x/scripts/util\"\nother \"x/scripts/m/util\"\n)\nfunc F() string { return util.Name() + other.Name() }\n",
		"util/u.go":          "package util\nimport \"x/scripts/scripts\"\nfunc Name() string { return \"outer \" + scripts.Name() }\n",
		"m/util/u.go":        "package util\nfunc Name() string { return \" inner\" }\n",
		"scripts/scripts.go": "package scripts\nfunc Name() string { return \"deep\" }\n",
	})
	require.NoError(t, err)
	assert.Equal(t, "outer deep inner", table.Load().F())
}

func TestSeveralFilesAndAFolderNamedOtherwise(t *testing.T) {
	table, err := load[text](t, map[string]string{
		"m/a.go":   "package fight\nvar order = \"a\"\nfunc F() string { return helper() + b.String() }\n",
		"m/b.go":   "package fight\nimport \"strings\"\nvar b strings.Builder\nfunc init() { b.WriteString(order) }\n",
		"m/c.go":   "package fight\nfunc helper() string { return \"from c, \" }\n",
		"m/c_x.go": "//go:build never\n\npackage fight\nfunc helper() string { return \"no\" }\n",
	})
	require.NoError(t, err)
	assert.Equal(t, "from c, a", table.Load().F())
}

func TestErrorsHaveTheUsersPlace(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"package m\n\nfunc F() string { return nothing }\n", "m/m.go:3:26: undefined: nothing"},
		{"package m\n\nvar x int = \"s\"\n\nfunc F() string { return \"\" }\n", "m/m.go:3:13: cannot use \"s\""},
		{"package m\n\nimport \"x/scripts/lib\"\n\nfunc F() string { return lib.Nope() }\n", "m/m.go:5:30: undefined: lib.Nope [type]"},
		{"package m\n\nfunc F() string {\n\tfor i := range 3 {\n\t\t_ = i\n\t}\n\treturn \"\"\n}\n", "m/m.go:4:17: the interpreter cannot range over an integer [fidelity/range-number]"},
		{"package m\n\nimport \"strings\"\n\nfunc F() string { return strings.Nope(\"\") }\n", "m/m.go:5:34: undefined: strings.Nope [type]"},
		{"package m\n\nconst k = 1 << 20\n\nvar x [k << 20]int\n\nfunc F() string { return \"\" }\n", "m/m.go:5:7: a type of more than 64 MiB [fidelity/large-type]"},
		{"package m\n\nimport \"x/scripts/lib\"\n\nfunc F() string {\n\tfor range lib.N {\n\t}\n\tfor i := range lib.Seq {\n\t\t_ = i\n\t}\n\treturn \"\"\n}\n",
			"m/m.go:6:12: the interpreter cannot range over an integer [fidelity/range-number]\n\tm/m.go:8:17: the interpreter cannot range over a function"},
	} {
		_, err := load[text](t, map[string]string{"m/m.go": c.src, "lib/lib.go": "package lib\n\nconst N = 3\n\nfunc Seq(yield func(int) bool) {}\n"})
		require.Error(t, err, c.src)
		assert.ErrorContains(t, err, c.want)
		var e *reload.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, reload.StageCheck, e.Stage)
	}
}

// Generic functions of one name in two packages would run in each other's place.
func TestSameGenericNames(t *testing.T) {
	_, err := load[text](t, map[string]string{
		"m/m.go": "package m\nimport \"slices\"\nfunc Index[T any](a, b T) int { return 77 }\nfunc F() string { return string(rune(slices.Index([]int{1}, 1) + Index(1, 1))) }\n"})
	require.ErrorContains(t, err, "m/m.go:3:6: the interpreter cannot tell Index from that of package slices")
	_, err = load[text](t, map[string]string{
		"lib/l.go": "package lib\nfunc Max[T int](a, b T) T { return a }\n",
		"m/m.go":   "package m\nimport \"x/scripts/lib\"\nfunc Max[T int](a, b T) T { return b }\nfunc F() string { return string(rune(lib.Max(1, 2) + Max(1, 2))) }\n"})
	require.ErrorContains(t, err, "m/m.go:3:6: ")
	_, err = load[text](t, map[string]string{
		"m/m.go": "package m\nimport \"slices\"\nfunc Index[T any](a, b T) int { return 77 }\nfunc F() string { return string(rune(slices.Max([]int{1}) + Index(1, 1))) }\n"})
	require.NoError(t, err, "slices.Index is not used")
}

// A panic's functions are told apart by goroutine and from panics that the module recovered itself.
func TestPanicsAtOnce(t *testing.T) {
	type contract struct {
		A, B func(int) int
	}
	table := mustLoad[contract](t, `package m

func A(n int) int { return deepA(n) }

func deepA(n int) int {
	if n == 0 {
		var p *int
		return *p
	}
	return deepA(n - 1)
}

func B(n int) int {
	quiet()
	var m map[string]int
	m["x"] = n
	return 0
}

func quiet() {
	defer func() { recover() }()
	deepA(3)
}
`)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				err := table.Do(context.Background(), func(c *contract) error {
					if i%2 == 0 {
						c.A(4)
					} else {
						c.B(1)
					}
					return nil
				})
				var p *reload.PanicError
				if !assert.ErrorAs(t, err, &p) {
					return
				}
				var names []string
				for _, f := range p.Stack {
					names = append(names, f.Function)
				}
				if i%2 == 0 {
					assert.Equal(t, []string{"m.deepA", "m.deepA", "m.deepA", "m.deepA", "m.deepA", "m.A"}, names)
				} else {
					assert.Equal(t, []string{"m.B"}, names)
				}
			}
		})
	}
	wg.Wait()
}

// What is printed without a newline appears at the next one, or when the version is retired; long lines come in pieces.
func TestPrintedText(t *testing.T) {
	var log bytes.Buffer
	type contract struct{ F func(string) }
	table := mustLoad[contract](t, "package m\nimport \"fmt\"\nfunc F(s string) { fmt.Print(s) }\n", func(c *reload.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	log.Reset()
	table.Load().F("one\ntwo")
	assert.Equal(t, 1, strings.Count(log.String(), "\n"))
	table.Load().F(" and more\n\n")
	assert.Contains(t, log.String(), `msg="two and more"`)
	table.Load().F(strings.Repeat("x", 20000))
	assert.Contains(t, log.String(), "xxxx")
}

func TestNoStandardInput(t *testing.T) {
	table := mustLoad[text](t, "package m\nimport \"fmt\"\nfunc F() string { var s string; _, err := fmt.Scan(&s); return err.Error() }\n")
	assert.Equal(t, "a module has no standard input", table.Load().F())
}

// Interfaces of packages that the module does not import are still implemented by its types.
func TestScriptTypeAsHostInterface(t *testing.T) {
	sym := reload.Symbols{"host/say/say": {
		"Say": reflect.ValueOf(func(s fmt.Stringer) string { return "said " + s.String() }),

		reload.AcceptsKey: reflect.ValueOf([]string{"Say"}),
	}}
	table := mustLoad[text](t, "package m\nimport \"host/say\"\ntype N struct{}\nfunc (N) String() string { return \"n\" }\nfunc F() string { return say.Say(N{}) }\n",
		func(c *reload.Config) { c.Symbols = sym })
	assert.Equal(t, "said n", table.Load().F())
}

// Channels work in visits, although loading was made cancellable, which compiles them differently.
func TestChannels(t *testing.T) {
	type contract struct{ F func(n int) int }
	table := mustLoad[contract](t, `package m

import "sync"

var results = make(chan int, 100)

func worker(in chan int, wg *sync.WaitGroup) {
	for n := range in {
		results <- n * n
	}
	wg.Done()
}

func F(n int) int {
	in := make(chan int)
	wg := &sync.WaitGroup{}
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go worker(in, wg)
	}
	for i := 0; i < n; i++ {
		in <- i
	}
	close(in)
	wg.Wait()
	sum := 0
	for i := 0; i < n; i++ {
		r := <-results
		sum += r
	}
	return sum - len(results)
}
`)
	for range 5 {
		assert.Equal(t, 285, table.Load().F(10))
	}
}
