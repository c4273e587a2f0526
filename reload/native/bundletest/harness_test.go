package bundletest_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/native"
)

const module = "example.org/host"

// fixture is a bundle and the programs that it may meet. There is no source of them any more.
type fixture struct {
	dir    string
	bundle string // signed with key
	key    string // file of the public key
	other  string // file of another one
	misfit string // what midair build says to a host that was built from other source
}

// outcome is what the host says.
type outcome struct {
	OpenError, Supported, Mode, Said, Error, Hint, NotNative string
	Modules, Frames, Toggles                                 []string
	Loaded                                                   int
	Alive                                                    bool
}

const said = "hello Ada, GOOD MORNING"

var (
	once sync.Once
	made fixture
)

func TestMain(m *testing.M) {
	status := m.Run()
	if made.dir != "" {
		os.RemoveAll(made.dir)
	}
	os.Exit(status)
}

// theFixture builds hosts and bundle once for all tests.
func theFixture(t testing.TB) *fixture {
	t.Helper()
	if testing.Short() {
		t.Skip("builds plugins")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("needs a C compiler: ", err)
	}
	root := repository(t)
	if err := native.New(native.Config{Dir: t.TempDir()}).Supported(root); err != nil {
		t.Skip("native mode is off: ", err)
	}
	once.Do(func() {
		dir, err := os.MkdirTemp("", "bundletest")
		require.NoError(t, err)
		made.dir = dir
		made.make(t, root)
	})
	require.NotEmpty(t, made.bundle, "the fixture could not be made")
	return &made
}

// repository is the directory of the go.mod that these tests belong to.
func repository(t testing.TB) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	require.NoError(t, err)
	return string(bytes.TrimSpace(out))
}

func (f *fixture) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f *fixture) make(t testing.TB, root string) {
	midair := path.Dir(reflect.TypeFor[reload.Mode]().PkgPath())
	src := f.path("src")
	f.sources(t, src, midair, root)
	goBuild(t, root, f.path("midair"), midair+"/cmd/midair")
	run(t, src, f.path("midair"), "symbols", "-o", "gamesym", "./game")
	goBuild(t, src, f.path("host"), ".")
	run(t, src, f.path("midair"), "build", "-genkey", f.path("key"))
	run(t, src, f.path("midair"), "build", "-genkey", f.path("other"))
	out := run(t, src, f.path("midair"), "build", "-host", f.path("host"), "-o", f.path("signed"), "-sign", f.path("key"))
	require.Contains(t, out, "1 module, signed: ")
	require.NotContains(t, out, "warning")
	goBuild(t, src, f.path("host-trimpath"), ".", "-trimpath")
	run(t, src, "env", "CGO_ENABLED=0", "go", "build", "-o", f.path("host-no-cgo"), ".")
	if os.Getenv("MIDAIR_NATIVE") != "" {
		goBuild(t, src, f.path("host-race"), ".", "-race")
	}
	game := filepath.Join(src, "game", "game.go")
	data, err := os.ReadFile(game)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(game, bytes.Replace(data, []byte(`"hello "`), []byte(`"goodbye "`), 1), 0o600))
	cmd := exec.Command(f.path("midair"), "build", "-host", f.path("host"), "-o", f.path("misfit"))
	cmd.Dir = src
	data, err = cmd.CombinedOutput()
	f.misfit = string(data)
	require.Error(t, err, "%s", data)
	goBuild(t, src, f.path("host-changed"), ".")
	require.NoError(t, os.Rename(filepath.Join(src, "scripts"), f.path("scripts")))
	require.NoError(t, os.RemoveAll(src))
	f.bundle, f.key, f.other = f.path("signed"), f.path("key.pub"), f.path("other.pub")
}

// sources writes the sources of testdata/host with a go.mod that leads to midair.
func (f *fixture) sources(t testing.TB, dir, midair, root string) {
	write := func(name, src string) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(src), 0o600))
	}
	require.NoError(t, fs.WalkDir(os.DirFS("testdata/host"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := os.ReadFile(filepath.Join("testdata", "host", name))
		write(name, strings.NewReplacer("MODULE/", module+"/", "MIDAIR/", midair+"/").Replace(string(src)))
		return err
	}))
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(mod), "\n") // all but the module line: the same dependencies
	write("go.mod", "module "+module+"\n"+rest+"\nrequire "+midair+" v0.0.0\nreplace "+midair+" => "+strconv.Quote(root)+"\n")
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	write("go.sum", string(sum))
}

func goBuild(t testing.TB, dir, out, pkg string, args ...string) {
	t.Helper()
	run(t, dir, "go", append(append([]string{"build", "-o", out}, args...), pkg)...)
}

// run runs a tool that has to succeed.
func run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off")
	began := time.Now()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", cmd, out)
	t.Logf("%v %s", time.Since(began).Round(time.Millisecond), cmd)
	return string(out)
}

// copyOf is the bundle in a folder of its own, to be altered.
func (f *fixture) copyOf(t testing.TB) string {
	dir := filepath.Join(t.TempDir(), "bundle")
	require.NoError(t, os.CopyFS(dir, os.DirFS(f.bundle)))
	return dir
}

// start runs a host with nothing in its environment, from a folder of its own.
func (f *fixture) start(t testing.TB, host string, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(f.path(host), args...)
	cmd.Dir, cmd.Env = t.TempDir(), []string{"PATH="}
	var errs strings.Builder
	cmd.Stderr = &errs
	began := time.Now()
	out, err := cmd.Output()
	require.NoError(t, err, "the host died: %s", &errs)
	t.Logf("%v for a run", time.Since(began).Round(time.Millisecond))
	var o outcome
	require.NoError(t, json.Unmarshal(out, &o), "%s", out)
	require.True(t, o.Alive)
	require.NotContains(t, string(out)+errs.String(), "_hr_")
	if t.Failed() || testing.Verbose() {
		t.Logf("%s%s", out, &errs)
	}
	return o
}

// plugins are the files of a bundle that are opened.
func plugins(t testing.TB, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*.so"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}
