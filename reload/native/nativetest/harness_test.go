package nativetest_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native"
	"midair/reload/native/nativetest/world"
)

// importPath is where the modules of these tests would be. The folder does not exist.
var importPath = path.Join(path.Dir(reflect.TypeFor[world.Entity]().PkgPath()), "scripts")

// cache is shared by all tests of a run.
var cache string

func TestMain(m *testing.M) {
	var err error
	if cache, err = os.MkdirTemp("", "nativetest"); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(cache)
	os.Exit(status)
}

// needs skips a test where native modules cannot be built, and says why.
func needs(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds plugins")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("needs a C compiler: ", err)
	}
	root, err := moduleRoot()
	if err == nil {
		err = native.New(native.Config{Race: true, Dir: cache}).Supported(root)
	}
	if err != nil {
		t.Skip("native mode is off: ", err)
	}
}

// moduleRoot is the directory of the go.mod that these tests belong to.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	return string(bytes.TrimSpace(out)), err
}

// tree is a module directory: file name to source. HOST/ and SCRIPTS/ stand for the beginnings of import paths.
type tree map[string]string

func (f tree) fs() fstest.MapFS {
	m := fstest.MapFS{}
	for name, src := range f {
		src = strings.NewReplacer("HOST/", path.Dir(importPath)+"/", "SCRIPTS/", importPath+"/").Replace(src)
		m[name] = &fstest.MapFile{Data: []byte(src), Mode: 0o644}
	}
	return m
}

// logs keeps what is logged.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// server is a runtime whose modules are native.
type server struct {
	*reload.Runtime
	logs *logs
	t    testing.TB
}

func start(t testing.TB, change ...func(*reload.Config, *native.Config)) *server {
	t.Helper()
	needs(t)
	s := &server{t: t, logs: &logs{}}
	nc := native.Config{Race: true, Dir: cache}
	cfg := reload.Config{
		ImportPath: importPath,
		Symbols: reload.Symbols{path.Dir(importPath) + "/world/world": {
			"Entity": reflect.ValueOf((*world.Entity)(nil)),
			"Hit":    reflect.ValueOf(world.Hit),
			"Call":   reflect.ValueOf(world.Call),
		}},
		PrepareTimeout: 10 * time.Minute, // the first build of a machine takes long
		Logger:         slog.New(slog.NewTextHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&cfg, &nc)
	}
	if cfg.Backends == nil {
		cfg.Backends = []reload.Backend{native.New(nc)}
	}
	var err error
	s.Runtime, err = reload.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// with returns a copy with one file changed.
func (f tree) with(name, old, new string) tree {
	out := maps.Clone(f)
	out[name] = strings.Replace(f[name], old, new, 1)
	return out
}

func (s *server) apply(f tree) *reload.Report {
	s.t.Helper()
	began := time.Now()
	r, err := s.Apply(context.Background(), f.fs(), reload.Change{})
	require.NoError(s.t, err, "%s", s.logs)
	s.t.Logf("live after %v", time.Since(began).Round(time.Millisecond))
	return r
}

// refuse returns the diagnostics of the one module that is refused.
func (s *server) refuse(f tree) []reload.Diagnostic {
	s.t.Helper()
	_, err := s.Apply(context.Background(), f.fs(), reload.Change{})
	require.Error(s.t, err)
	var e *reload.Error
	require.ErrorAs(s.t, err, &e)
	require.NotEmpty(s.t, e.Diagnostics)
	require.NotContains(s.t, err.Error(), "_hr_")
	return e.Diagnostics
}

func bind[T any](s *server, module string) *reload.Table[T] {
	s.t.Helper()
	table, err := reload.Bind[T](s.Runtime, module)
	require.NoError(s.t, err)
	return table
}
