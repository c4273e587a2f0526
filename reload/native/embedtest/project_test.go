package embedtest_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	_ "midair/interp" // so that what hosts need was fetched to build this test
	"midair/reload"
	"midair/reload/native"

	_ "github.com/rogpeppe/go-internal/txtar"
)

const module = "example.org/server"

// project is a Go module with a built host.
type project struct {
	t      testing.TB
	dir    string
	binary string
	env    []string
}

// layout is how a project comes by midair.
type layout func(p *project, midair, root string)

// newProject writes the sources of testdata, and builds the host with arguments.
func newProject(t testing.TB, lay layout, args ...string) *project {
	t.Helper()
	p := &project{t: t, dir: filepath.Join(t.TempDir(), "a server"), env: append(os.Environ(),
		"GOFLAGS=-buildvcs=false", "GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off", "GOSUMDB=off")}
	root := moduleRoot(t)
	midair := path.Dir(reflect.TypeFor[reload.Config]().PkgPath())
	p.sources(midair, "testdata/host", p.dir)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(mod), "\n") // all but the module line: the same dependencies
	p.write("go.mod", "module "+module+"\n"+rest)
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	p.write("go.sum", string(sum))
	lay(p, midair, root)
	p.binary = filepath.Join(p.dir, "server.exe")
	p.goes(append(append([]string{"build", "-o", p.binary}, args...), "./cmd/server")...)
	return p
}

// moduleRoot is the directory of the go.mod that this test belongs to. It skips the test where it cannot run.
func moduleRoot(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs and plugins")
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Skip("needs the go command: ", err)
	}
	root := strings.TrimSpace(string(out))
	if err := native.New(native.Config{Dir: t.TempDir()}).Supported(root); err != nil {
		t.Skip("native mode is off: ", err)
	}
	return root
}

// sources copies a folder, with the import paths that hold.
func (p *project) sources(midair, from, to string) {
	p.t.Helper()
	require.NoError(p.t, fs.WalkDir(os.DirFS(from), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := os.ReadFile(filepath.Join(from, name))
		write(p.t, filepath.Join(to, name), strings.NewReplacer("MODULE/", module+"/", "MIDAIR/", midair+"/").Replace(string(src)))
		return err
	}))
}

func (p *project) write(name, src string) { write(p.t, filepath.Join(p.dir, name), src) }

func write(t testing.TB, file, src string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(src), 0o600))
}

// goes runs the go command.
func (p *project) goes(args ...string) {
	p.t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	began := time.Now()
	out, err := cmd.CombinedOutput()
	p.t.Logf("%6v go %s", time.Since(began).Round(time.Millisecond), strings.Join(args, " "))
	require.NoError(p.t, err, "%s", out)
}

func replaced(p *project, midair, root string) {
	p.goes("mod", "edit", "-require="+midair+"@v0.0.0", "-replace="+midair+"="+root)
}

func vendored(p *project, midair, root string) {
	if strings.Contains(root, " ") {
		p.t.Skip("go mod vendor cannot note a folder with a space in its name")
	}
	replaced(p, midair, root)
	p.goes("mod", "vendor")
}

// workspace has neither require nor replace: the go command finds midair by go.work alone.
func workspace(p *project, _, root string) {
	version, _, _ := strings.Cut(strings.TrimPrefix(runtime.Version(), "go"), " ")
	p.write("go.work", "go "+version+"\n\nuse .\nuse "+strconv.Quote(root)+"\n")
	p.env = append(p.env, "GOWORK=")
}
