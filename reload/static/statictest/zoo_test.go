package statictest_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"midair/reload"
	"midair/reload/static"
	"midair/reload/static/generate"
	"midair/reload/static/statictest/game"
)

// midair is the path of the module under test.
var midair = strings.TrimSuffix(reflect.TypeFor[static.Backend]().PkgPath(), "/reload/static")

// recorder is a backend that keeps what it is given.
type recorder struct {
	mu  sync.Mutex
	all []*reload.Checked
}

func (*recorder) Mode() reload.Mode { return reload.ModeInterpreted }

func (r *recorder) Prepare(_ context.Context, c *reload.Checked, _ reload.Env) (reload.Instance, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, c)
	return nothing{}, nil
}

type nothing struct{}

func (nothing) Lookup(string) (reflect.Value, bool) { return reflect.Value{}, false }
func (nothing) Panic(v any) (any, []reload.Frame)   { return v, nil }
func (nothing) Close() error                        { return nil }

func symbols() reload.Symbols {
	return reload.Symbols{midair + "/reload/static/statictest/game/game": game.Symbols()}
}

// check returns the modules of a directory as backends get them.
func check(t *testing.T, dir string) []*reload.Checked {
	t.Helper()
	r := &recorder{}
	rt, err := reload.New(reload.Config{ImportPath: "example.com/zoo/scripts", Backends: []reload.Backend{r},
		Symbols: symbols()})
	require.NoError(t, err)
	defer rt.Close()
	_, err = rt.Apply(t.Context(), os.DirFS(dir), reload.Change{})
	require.NoError(t, err)
	return r.all
}

// project is a Go module of its own, with a host and modules.
type project struct{ dir string }

func newProject(t *testing.T) *project {
	t.Helper()
	if testing.Short() {
		t.Skip("builds programs")
	}
	p := &project{t.TempDir()}
	archive, err := txtar.ParseFile("testdata/zoo.txtar")
	require.NoError(t, err)
	for _, f := range archive.Files {
		p.write(t, f.Name, strings.NewReplacer("MODULE/", "example.com/zoo/", "MIDAIR/", midair+"/").Replace(string(f.Data)))
	}
	root := filepath.Dir((&project{"."}).goes(t, nil, "env", "GOMOD"))
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	text := regexp.MustCompile(`(?m)^module .*$`).ReplaceAllString(string(mod), "module example.com/zoo")
	p.write(t, "go.mod", text+"\nrequire "+midair+" v0.0.0\nreplace "+midair+" => "+strconv.Quote(root)+"\n")
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	p.write(t, "go.sum", string(sums))
	return p
}

// generate writes the generated files.
func (p *project) generate(t *testing.T) generate.Plan {
	t.Helper()
	checked := check(t, filepath.Join(p.dir, "scripts"))
	files, err := generate.Files(checked)
	require.NoError(t, err)
	plan := generate.Plan{}
	for dir, src := range files {
		plan.Add(filepath.Join(p.dir, "scripts", filepath.FromSlash(dir)), src)
	}
	host, err := generate.Host("main", checked)
	require.NoError(t, err)
	plan.Add(p.dir, host)
	_, err = plan.Apply()
	require.NoError(t, err)
	return plan
}

func (p *project) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(p.dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o777))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o666))
}

// edit replaces a text in a file, which must have it.
func (p *project) edit(t *testing.T, name, old, new string) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(p.dir, filepath.FromSlash(name)))
	require.NoError(t, err)
	require.Contains(t, string(src), old)
	p.write(t, name, strings.Replace(string(src), old, new, 1))
}

// goes runs the go command without cgo and without the network.
func (p *project) goes(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = p.dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off", "GOTOOLCHAIN=local",
		"GOPROXY=off", "GOSUMDB=off"), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	out, err := cmd.Output()
	t.Logf("%6v go %s", time.Since(start).Round(time.Millisecond), strings.Join(args, " "))
	require.NoError(t, err, "go %s\n%s%s", strings.Join(args, " "), out, &stderr)
	return strings.TrimSpace(string(out) + stderr.String())
}

// host is a running program that answers lines.
type host struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
}

// build makes the host.
func (p *project) build(t *testing.T, tags ...string) string {
	binary := filepath.Join(t.TempDir(), "zoo"+p.goes(t, nil, "env", "GOEXE"))
	p.goes(t, nil, "build", "-tags", strings.Join(tags, ","), "-o", binary, ".")
	return binary
}

// start runs a host, with the interpreter if anything is said.
func (p *project) start(t *testing.T, binary string, interpreter ...string) *host {
	t.Helper()
	cmd := exec.Command(binary, append([]string{filepath.Join(p.dir, "scripts")}, interpreter...)...)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &host{t, in, bufio.NewReader(out)}
}

// does has the host do something and returns its answer.
func (h *host) does(line string) string {
	h.t.Helper()
	_, err := io.WriteString(h.in, line+"\n")
	require.NoError(h.t, err)
	var b strings.Builder
	for {
		answer, err := h.out.ReadString('\n')
		require.NoError(h.t, err, "after %q the host ended", line)
		if answer == "\n" {
			return strings.TrimSuffix(b.String(), "\n")
		}
		b.WriteString(answer)
	}
}
