package static_test

import (
	"context"
	"path"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/static"
)

// world is a module directory whose modules can be linked into this process. Its name keeps tests apart.
type world struct {
	t     *testing.T
	name  string
	files fstest.MapFS
}

func newWorld(t *testing.T, files map[string]string) *world {
	w := &world{t, "example.com/" + t.Name(), fstest.MapFS{}}
	for name, src := range files {
		w.write(name, src)
	}
	return w
}

func (w *world) write(name, src string) { w.files[name] = &fstest.MapFile{Data: []byte(src)} }

// keeper is a backend that keeps what it is asked to check.
type keeper struct {
	reload.Backend
	seen map[string]*reload.Checked
}

func (k keeper) Check(c *reload.Checked) []reload.Diagnostic {
	k.seen[c.Module] = c
	return nil
}

// checked returns modules as backends get them.
func (w *world) checked() map[string]*reload.Checked {
	w.t.Helper()
	k := keeper{static.New(), map[string]*reload.Checked{}}
	_, err := reload.Check(w.t.Context(), w.files, reload.CheckConfig{
		Config: reload.Config{ImportPath: w.name, Backends: []reload.Backend{k}}})
	require.NoError(w.t, err)
	return k.seen
}

// linked is what a test says of a package besides its source.
type linked struct {
	clear, start func()
	vars         static.Vars
	once         string
	changing     []string // names of variables of the only library
}

// link does what generated files do.
func (w *world) link(packages map[string]linked) {
	w.t.Helper()
	libraries := map[string]bool{}
	for dir, c := range w.checked() {
		m := static.Module{Package: w.describe(dir, packages[dir]), Content: static.Content(c),
			Symbols: func() static.Symbols { return static.Symbols{"F": reflect.ValueOf(func() int { return 1 })} }}
		for _, lib := range c.Libraries {
			m.Libraries = append(m.Libraries, lib.ImportPath)
			for _, v := range packages[dir].changing {
				m.Changing = append(m.Changing, lib.ImportPath+"."+v)
			}
			if !libraries[lib.Dir] {
				static.RegisterLibrary(w.describe(lib.Dir, packages[lib.Dir]))
			}
			libraries[lib.Dir] = true
		}
		static.Register(m)
	}
}

func (w *world) describe(dir string, l linked) static.Package {
	sources := fstest.MapFS{static.FileName: &fstest.MapFile{}}
	for name, f := range w.files {
		if path.Dir(name) == dir {
			sources[path.Base(name)] = f
		}
	}
	p := static.Package{Format: static.Format, ImportPath: w.name + "/" + dir, Dir: dir, Sources: sources, Once: l.once,
		Clear: l.clear, Start: l.start}
	if l.clear != nil {
		p.Vars = func() static.Vars { return l.vars }
	}
	return p
}

// prepare loads a module by the static backend alone.
func (w *world) prepare(c *reload.Checked) (reload.Instance, error) {
	return static.New().Prepare(w.t.Context(), c, reload.Env{})
}

// serves prepares a module that must be able to.
func (w *world) serves(c *reload.Checked) reload.Instance {
	w.t.Helper()
	require.True(w.t, static.New().Built(c))
	require.NoError(w.t, static.New().Build(w.t.Context(), c))
	i, err := w.prepare(c)
	require.NoError(w.t, err)
	return i
}

// refuses says why a module cannot be prepared: the one diagnostic.
func (w *world) refuses(c *reload.Checked) reload.Diagnostic {
	w.t.Helper()
	require.False(w.t, static.New().Built(c))
	_, err := w.prepare(c)
	built := static.New().Build(w.t.Context(), c)
	require.Equal(w.t, built, err)
	var e *reload.Error
	require.ErrorAs(w.t, err, &e)
	require.Len(w.t, e.Diagnostics, 1)
	return e.Diagnostics[0]
}

func TestMade(t *testing.T) {
	w := newWorld(t, map[string]string{"a/a.go": "package a\n\nimport \"example.com/TestMade/lib\"\n\nvar X = lib.X\n",
		"lib/lib.go": "package lib\n\nvar X = 1\n"})
	var order []string
	note := func(what string) func() { return func() { order = append(order, what) } }
	assert.Equal(t, static.RuleMissing, w.refuses(w.checked()["a"]).Rule)
	w.link(map[string]linked{"a": {clear: note("clear a"), start: note("start a")},
		"lib": {clear: note("clear lib"), start: note("start lib")}})
	c := w.checked()["a"]
	i := w.serves(c)
	assert.Empty(t, order, "the start of the process has done it")
	f, ok := i.Lookup("F")
	assert.True(t, ok)
	assert.Equal(t, 1, f.Interface().(func() int)())
	_, ok = i.Lookup("G")
	assert.False(t, ok)

	assert.Equal(t, static.RuleInUse, w.refuses(c).Rule)
	require.NoError(t, i.Close())
	require.NoError(t, i.Close())
	i = w.serves(c)
	assert.Equal(t, []string{"clear lib", "clear a", "start lib", "start a"}, order)
	require.NoError(t, i.Close())

	w.write("lib/lib.go", "package lib\n\nvar X = 2\n")
	assert.Equal(t, static.RuleChanged, w.refuses(w.checked()["a"]).Rule)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := static.New().Prepare(ctx, c, reload.Env{})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, w.serves(c).Close())
}

func TestShared(t *testing.T) {
	w := newWorld(t, map[string]string{
		"a/a.go": "package a\n\nimport \"example.com/TestShared/lib\"\n\nfunc F() { lib.X++ }\n",
		"b/b.go": "package b\n\nimport _ \"example.com/TestShared/lib\"\n", "lib/lib.go": "package lib\n\nvar X int\n"})
	resets := 0
	w.link(map[string]linked{"a": {changing: []string{"X"}}, "lib": {clear: func() { resets++ }}})
	a, b := w.checked()["a"], w.checked()["b"]
	first := w.serves(b)
	d := w.refuses(a)
	assert.Equal(t, "a/a.go:1:1: variable X of library lib is in use by the linked module b [static/shared]", d.String())
	require.NoError(t, first.Close())
	second := w.serves(a)
	assert.Equal(t, 1, resets, "the other may have changed it")
	assert.Equal(t, static.RuleShared, w.refuses(b).Rule)
	require.NoError(t, second.Close())
}

func TestUnchanging(t *testing.T) {
	w := newWorld(t, map[string]string{
		"a/a.go": "package a\n\nimport _ \"example.com/TestUnchanging/lib\"\n",
		"b/b.go": "package b\n\nimport _ \"example.com/TestUnchanging/lib\"\n", "lib/lib.go": "package lib\n\nvar x = 1\n"})
	w.link(map[string]linked{"lib": {clear: func() { assert.Fail(t, "in use") }}})
	a, b := w.checked()["a"], w.checked()["b"]
	w.serves(a)
	for range 3 {
		require.NoError(t, w.serves(b).Close())
	}
}

func TestOnce(t *testing.T) {
	w := newWorld(t, map[string]string{
		"a/a.go":     "package a\n\nimport _ \"example.com/TestOnce/lib\"\n",
		"b/b.go":     "package b\n\nimport _ \"example.com/TestOnce/lib\"\n",
		"lib/lib.go": "package lib\n\nvar x = 1\n\n// ...\nfunc init() { print() }\n"})
	w.link(map[string]linked{"lib": {once: "it has an init function"}})
	a, b := w.checked()["a"], w.checked()["b"]
	first := w.serves(a)
	require.NoError(t, w.serves(b).Close(), "initialised by the start of the process")
	assert.Equal(t, static.RuleOnce, w.refuses(b).Rule)
	require.NoError(t, first.Close())
	assert.Equal(t, "lib/lib.go:6:1: linked package lib has served and cannot be made as new: it has an init function "+
		"[static/once]", w.refuses(a).String())
}

func TestBroken(t *testing.T) {
	w := newWorld(t, map[string]string{"a/a.go": "package a\n\nvar x = 1\n", "b/b.go": "package b\n\nvar x = 1\n"})
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	w.link(map[string]linked{"a": {clear: func() { panic("no") }}, "b": {clear: func() {}, start: func() { <-never }}})
	for module, want := range map[string]string{"a": "prepare/panic", "b": "prepare/timeout"} {
		c := w.checked()[module]
		require.NoError(t, w.serves(c).Close())
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if module == "a" {
			ctx = t.Context()
		}
		_, err := static.New().Prepare(ctx, c, reload.Env{})
		var e *reload.Error
		require.ErrorAs(t, err, &e)
		require.Len(t, e.Diagnostics, 1)
		assert.Equal(t, want, e.Diagnostics[0].Rule)
	}
	assert.Equal(t, static.RuleBroken, w.refuses(w.checked()["a"]).Rule)
}

func TestVariable(t *testing.T) {
	w := newWorld(t, map[string]string{"a/a.go": "package a\n\nimport \"example.com/TestVariable/lib\"\n\nvar x = lib.F()\n",
		"lib/lib.go": "package lib\n\nvar n = 1\n\nfunc F() int { return n }\n"})
	x, n := 1, 2
	w.link(map[string]linked{"a": {clear: func() {}, vars: static.Vars{"x": &x}},
		"lib": {clear: func() {}, vars: static.Vars{"n": &n}}})
	k, ok := w.serves(w.checked()["a"]).(reload.Keeper)
	require.True(t, ok)
	for name, want := range map[string]int{"a x": 1, "lib n": 2, "lib x": 0, "other x": 0} {
		dir, variable, _ := strings.Cut(name, " ")
		v, ok := k.Variable(w.name+"/"+dir, variable)
		require.Equal(t, want != 0, ok, name)
		if ok {
			assert.Equal(t, want, v.Interface())
			v.SetInt(7)
		}
	}
	assert.Equal(t, 14, x+n)
}

func TestStale(t *testing.T) {
	w := newWorld(t, map[string]string{"a/a.go": "package a\n"})
	c := w.checked()["a"]
	w.write("a/a.go", "package a\n\nvar x int\n")
	static.Register(static.Module{Package: w.describe("a", linked{}), Content: static.Content(c),
		Symbols: func() static.Symbols { return nil }})
	assert.Equal(t, static.RuleStale, w.refuses(c).Rule)
	assert.Equal(t, static.RuleStale, w.refuses(w.checked()["a"]).Rule)
}

func TestRegister(t *testing.T) {
	p := static.Package{Format: static.Format, ImportPath: "example.com/m/a", Dir: "a", Sources: fstest.MapFS{}}
	symbols := func() static.Symbols { return nil }
	for want, m := range map[string]static.Module{
		"was generated by another version of midair":     {Package: static.Package{ImportPath: p.ImportPath}},
		"describes no module":                            {Package: p},
		"does not say how its package is initialised":    {Package: stateful(p)},
		"registers a package that is registered already": {Package: registered(p)},
	} {
		assert.PanicsWithValue(t, "midair: "+m.ImportPath+"/zz_midair.go "+want+
			"; run midair build -static to generate it anew", func() {
			if want != "describes no module" {
				m.Content, m.Symbols = "c", symbols
			}
			static.Register(m)
		})
	}
}

func stateful(p static.Package) static.Package {
	p.Vars = func() static.Vars { return nil }
	return p
}

func registered(p static.Package) static.Package {
	p.ImportPath = "example.com/m/twice"
	static.RegisterLibrary(p)
	return p
}

// TestContent says what contents depend on.
func TestContent(t *testing.T) {
	base := map[string]string{"a/a.go": "package a\n\nimport _ \"example.com/TestContent/lib\"\n\n" +
		"import _ \"embed\"\n\n//go:embed x.txt\nvar x string\n", "a/x.txt": "x", "lib/lib.go": "package lib\n"}
	content := func(changes map[string]string) string {
		w := newWorld(t, base)
		for name, src := range changes {
			w.write(name, src)
		}
		return static.Content(w.checked()["a"])
	}
	want := content(nil)
	assert.Len(t, want, 64)
	assert.Equal(t, want, content(map[string]string{
		"a/zz_midair.go": "//go:build midair_static\n\npackage a\n", "a/a_test.go": "package a\n", "b/b.go": "package b\n",
		"a/y.txt": "y", "lib/" + static.FileName: "//go:build midair_static\n\npackage lib\n"}))
	for name, src := range map[string]string{"a/a.go": base["a/a.go"] + "\n", "a/x.txt": "y", "a/more.go": "package a\n",
		"lib/lib.go": "package lib\n\n"} {
		assert.NotEqual(t, want, content(map[string]string{name: src}), name)
	}
}
