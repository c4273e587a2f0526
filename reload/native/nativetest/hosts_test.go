package nativetest_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// program is a host of its own, in a Go module of its own.
type program struct {
	t     testing.TB
	dir   string
	cache string
	env   []string
}

// outcome is what it says.
type outcome struct {
	Supported, Said, Error, Hint string
	Warnings                     []string
	Loaded                       int
	Alive                        bool
}

const module = "example.org/host"

// newProgram writes the sources of testdata/host with a go.mod that leads to midair.
func newProgram(t testing.TB) *program {
	t.Helper()
	needs(t)
	p := &program{t: t, dir: filepath.Join(t.TempDir(), "a host"), cache: t.TempDir(), env: append(os.Environ(), "GOFLAGS=-buildvcs=false",
		"GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off", "GOCOVERDIR="+t.TempDir())}
	midair := path.Clean(path.Join(importPath, "../../../..")) // native/nativetest below reload
	require.NoError(t, fs.WalkDir(os.DirFS("testdata/host"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := os.ReadFile(filepath.Join("testdata", "host", name))
		p.write(name, strings.NewReplacer("MODULE/", module+"/", "MIDAIR/", midair+"/").Replace(string(src)))
		return err
	}))
	root, err := moduleRoot()
	require.NoError(t, err)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(mod), "\n") // all but the module line: the same dependencies
	p.write("go.mod", "module "+module+"\n"+rest+"\nrequire "+midair+" v0.0.0\nreplace "+midair+" => "+strconv.Quote(root)+"\n")
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	p.write("go.sum", string(sum))
	return p
}

func (p *program) write(name, src string) {
	p.t.Helper()
	file := filepath.Join(p.dir, filepath.FromSlash(name))
	require.NoError(p.t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(p.t, os.WriteFile(file, []byte(src), 0o600))
}

func (p *program) read(name string) string {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, filepath.FromSlash(name)))
	require.NoError(p.t, err)
	return string(data)
}

// build runs go build with arguments.
func (p *program) build(args ...string) {
	p.t.Helper()
	cmd := exec.Command("go", append([]string{"build", "-o", "host"}, append(args, ".")...)...)
	cmd.Dir, cmd.Env = p.dir, p.env
	began := time.Now()
	out, err := cmd.CombinedOutput()
	require.NoError(p.t, err, "%s", out)
	p.t.Logf("%v %s", time.Since(began).Round(time.Millisecond), cmd)
}

// run starts the host, which loads its module and goes on. Flags are for native.Config.BuildFlags.
func (p *program) run(flags ...string) outcome {
	p.t.Helper()
	cmd := exec.Command(filepath.Join(p.dir, "host"), append([]string{p.cache}, flags...)...)
	cmd.Dir, cmd.Env = p.dir, p.env
	var errs strings.Builder
	cmd.Stderr = &errs
	began := time.Now()
	out, err := cmd.Output()
	require.NoError(p.t, err, "the host died: %s", &errs)
	p.t.Logf("%v for a run", time.Since(began).Round(time.Millisecond))
	var o outcome
	require.NoError(p.t, json.Unmarshal(out, &o), "%s", out)
	require.True(p.t, o.Alive)
	require.NotContains(p.t, string(out)+errs.String(), "_hr_")
	for line := range strings.Lines(errs.String()) {
		require.Regexp(p.t, "^time=", line, "all goes by the host's logger")
	}
	return o
}

const said = "hello Ada, HEY ADA"

// Hosts that were built in many ways: the plugin is built alike.
func TestHosts(t *testing.T) {
	for name, c := range map[string]struct {
		slow    bool // needs another standard library
		prepare func(p *program)
		env     []string
		flags   []string
		off     string // why native mode is off
	}{
		"plain":          {},
		"harmless":       {flags: []string{"-tags=some,others", "-ldflags=-s -w", "-gcflags=-N -l"}},
		"cover":          {flags: []string{"-cover"}},
		"cover packages": {flags: []string{"-cover", "-covermode=atomic", "-coverpkg=" + module + "/game"}},
		"trimpath":       {flags: []string{"-trimpath"}},
		"profile":        {slow: true, prepare: (*program).profile},
		"race":           {slow: true, flags: []string{"-race"}},
		"level":          {slow: true, env: []string{"GOAMD64=v3"}},
		"vendored":       {prepare: (*program).vendor},
		"workspace":      {prepare: (*program).workspace},
		"linked":         {prepare: (*program).linked},
		"no cgo":         {env: []string{"CGO_ENABLED=0"}, off: "built without cgo"},
		"static":         {flags: []string{"-ldflags=-linkmode=external -extldflags=-static"}, off: "cannot open plugins"},
		"own linker":     {flags: []string{"-ldflags=-linkmode=internal"}, off: "cannot open plugins"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.slow && os.Getenv("MIDAIR_NATIVE") == "" {
				t.Skip("compiles the standard library anew: set MIDAIR_NATIVE=1")
			}
			p := newProgram(t)
			p.env = append(p.env, c.env...)
			if c.prepare != nil {
				c.prepare(p)
			}
			p.build(c.flags...)
			o := p.run()
			if c.off != "" {
				assert.Contains(t, o.Supported, c.off)
				assert.Contains(t, o.Error, "native mode is off: "+o.Supported)
				return
			}
			assert.Empty(t, o.Supported)
			assert.Empty(t, o.Error, o.Hint)
			assert.Equal(t, said, o.Said)
			assert.Equal(t, 1, o.Loaded)
		})
	}
}

func (p *program) vendor() {
	cmd := exec.Command("go", "mod", "vendor")
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "malformed") {
		p.t.Skip("go mod vendor does not take the path of midair")
	}
	require.NoError(p.t, err, "%s", out)
}

// linked has the host built and run in a folder that is reached by a link.
func (p *program) linked() {
	link := filepath.Join(p.t.TempDir(), "link")
	require.NoError(p.t, os.Symlink(p.dir, link))
	p.dir = link
	p.env = append(p.env, "PWD="+link)
}

func (p *program) workspace() {
	root, err := moduleRoot()
	require.NoError(p.t, err)
	version, _, _ := strings.Cut(strings.TrimPrefix(runtime.Version(), "go"), " ")
	p.write("go.work", "go "+version+"\n\nuse .\nuse "+strconv.Quote(root)+"\n")
	p.env = append(p.env, "GOWORK="+filepath.Join(p.dir, "go.work"))
}

func (p *program) profile() {
	p.t.Helper()
	p.write("pgo_test.go", "package main\n\nimport \"testing\"\n\nfunc BenchmarkX(b *testing.B) { n := 0; for b.Loop() { n++ } }\n")
	cmd := exec.Command("go", "test", "-run=^$", "-bench=.", "-cpuprofile=default.pgo", ".")
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.CombinedOutput()
	require.NoError(p.t, err, "%s", out)
}

// What a host was not built from is told before anything is opened, and the host goes on.
func TestDoctor(t *testing.T) {
	p := newProgram(t)
	p.build()
	game := p.read("game/game.go")

	t.Run("flags", func(t *testing.T) {
		p.t = t
		o := p.run("-gcflags=" + module + "/...=-N -l")
		assert.Contains(t, o.Error, "m/m.go:3:8: the native build does not fit the running host: package "+module+"/game differs from the host's")
		assert.Contains(t, o.Hint, "-gcflags is not set in the host and")
		assert.Zero(t, o.Loaded)
	})
	t.Run("changed package", func(t *testing.T) {
		p.t = t
		p.write("game/game.go", strings.Replace(game, `"hello "`, `"goodbye "`, 1))
		o := p.run()
		assert.Contains(t, o.Error, "package "+module+"/game differs from the host's [native/fit]")
		assert.Equal(t, "its source has changed since the host was built: build and start the host anew", o.Hint)
		assert.Empty(t, o.Said)
		assert.Zero(t, o.Loaded)
	})
	t.Run("changed body", func(t *testing.T) {
		p.t = t
		p.write("game/game.go", strings.Replace(game, `"hey "`, `"hoy "`, 1))
		o := p.run()
		assert.Equal(t, "hello Ada, HOY ADA", o.Said, "no fingerprint tells")
		assert.Equal(t, []string{"m/m.go:3:8: warning: package " + module + "/game has changed since the host was built, so native " +
			"code may run other functions of it than the host [native/stale-host]"}, o.Warnings)
	})
	t.Run("built anew", func(t *testing.T) {
		p.t = t
		p.build()
		o := p.run()
		assert.Equal(t, "hello Ada, HOY ADA", o.Said)
		assert.Empty(t, o.Warnings)
	})
	t.Run("restart needs no build", func(t *testing.T) {
		p.t = t
		env := p.env
		defer func() { p.env = env }()
		p.env = append(p.env, "CC=/nowhere/gcc", "GOCACHE="+t.TempDir())
		assert.Equal(t, "hello Ada, HOY ADA", p.run().Said)
	})
	t.Run("damaged files are built anew", func(t *testing.T) {
		p.t = t
		files, err := filepath.Glob(filepath.Join(p.cache, "m-*.so"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			require.NoError(t, os.WriteFile(file, []byte("nothing"), 0o600))
		}
		assert.Equal(t, "hello Ada, HOY ADA", p.run().Said)
	})
	t.Run("nothing is left behind", func(t *testing.T) {
		p.t = t
		entries, err := os.ReadDir(p.cache)
		require.NoError(t, err)
		for _, e := range entries {
			helper := strings.HasPrefix(e.Name(), "recipe-") || strings.HasPrefix(e.Name(), "driver-") // of direct builds
			assert.True(t, !e.IsDir() && (helper || filepath.Ext(e.Name()) == ".so"), e.Name())
		}
		source, err := os.ReadDir(filepath.Join(p.dir, "scripts", "m"))
		require.NoError(t, err)
		assert.Len(t, source, 1)
	})
}
