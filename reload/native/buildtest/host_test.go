package buildtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload/native"
)

const module = "example.org/host"

// program is a host in a Go module of its own, and its process.
type program struct {
	t     testing.TB
	dir   string
	cache string
	env   []string
	ask   *json.Encoder
	reply *json.Decoder
	input io.Closer
	errs  bytes.Buffer
}

// request and answer are those of testdata/host.
type request struct {
	Do    string
	Files map[string]string
	Loop  bool
}

type answer struct {
	Said, Error      string
	Diagnostics      []string
	Direct, Indirect int
	Took, Gap        time.Duration
}

// newProgram writes the host's sources with a go.mod that leads to midair, and builds it.
func newProgram(t testing.TB, flags ...string) *program {
	t.Helper()
	if testing.Short() {
		t.Skip("builds plugins")
	}
	root := moduleRoot(t)
	p := &program{t: t, dir: filepath.Join(t.TempDir(), "a host"), cache: t.TempDir(),
		env: append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off")}
	if err := native.New(native.Config{Dir: p.cache}).Supported(root); err != nil {
		t.Skip("native mode is off: ", err)
	}
	midair, _, _ := strings.Cut(reflect.TypeFor[native.Config]().PkgPath(), "/reload/native")
	require.NoError(t, fs.WalkDir(os.DirFS("testdata/host"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := os.ReadFile(filepath.Join("testdata", "host", name))
		p.write(name, strings.NewReplacer("MODULE/", module+"/", "MIDAIR/", midair+"/").Replace(string(src)))
		return err
	}))
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(mod), "\n") // all but the module line: the same dependencies
	p.write("go.mod", "module "+module+"\n"+rest+
		"\nrequire "+midair+" v0.0.0\nreplace "+midair+" => "+strconv.Quote(root)+"\n")
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	p.write("go.sum", string(sum))
	cmd := exec.Command("go", append([]string{"build", "-o", "host"}, append(flags, ".")...)...)
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return p
}

// moduleRoot is the directory of the go.mod that these tests belong to.
func moduleRoot(t testing.TB) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	require.NoError(t, err)
	return string(bytes.TrimSpace(out))
}

func (p *program) write(name, src string) {
	p.t.Helper()
	file := filepath.Join(p.dir, filepath.FromSlash(name))
	require.NoError(p.t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(p.t, os.WriteFile(file, []byte(src), 0o600))
}

// start starts the host. Flags are for native.Config.BuildFlags.
func (p *program) start(flags ...string) *program {
	p.t.Helper()
	cmd := exec.Command(filepath.Join(p.dir, "host"), append([]string{p.cache}, flags...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = p.dir, p.env, &p.errs
	in, err := cmd.StdinPipe()
	require.NoError(p.t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, cmd.Start())
	p.ask, p.reply, p.input = json.NewEncoder(in), json.NewDecoder(out), in
	p.t.Cleanup(func() {
		in.Close()
		assert.NoError(p.t, cmd.Wait(), "the host died: %s", &p.errs)
	})
	return p
}

// again starts another process of the host.
func (p *program) again() *program {
	p.t.Helper()
	q := &program{t: p.t, dir: p.dir, cache: p.cache, env: p.env}
	return q.start()
}

func (p *program) do(r request) (a answer) {
	p.t.Helper()
	require.NoError(p.t, p.ask.Encode(r))
	require.NoError(p.t, p.reply.Decode(&a), "the host died: %s", &p.errs)
	return a
}

// apply makes a version of the module live, and says by which kind of build.
func (p *program) apply(files map[string]string) (said string, direct bool) {
	p.t.Helper()
	before := p.do(request{Do: "nothing"})
	a := p.do(request{Do: "apply", Files: files})
	require.Empty(p.t, a.Error)
	require.Equal(p.t, 1, a.Direct+a.Indirect-before.Direct-before.Indirect, "one build")
	p.t.Logf("live after %v", a.Took.Round(time.Millisecond))
	return a.Said, a.Direct > before.Direct
}

// with returns a copy with text in a file replaced.
func with(files map[string]string, name string, oldnew ...string) map[string]string {
	files = maps.Clone(files)
	files[name] = strings.NewReplacer(oldnew...).Replace(files[name])
	return files
}

// version is the n-th edit of an ordinary module, with a library.
func version(n int) map[string]string {
	return map[string]string{
		"m/m.go": fmt.Sprintf(`package m

import (
	"fmt"
	"math"
	"time"

	"%[1]s/game"
	"%[1]s/scripts/lib"
)

const edit = %[2]d

func Say(e *game.Entity) string {
	return fmt.Sprintf("%%d %%v %%v %%v", edit, math.Sqrt(16), 2*time.Second, lib.Double(e.Hit(1)))
}
`, module, n),
		"lib/lib.go": "package lib\n\nfunc Double(n int) int { return 2 * n }\n",
	}
}

func said(n int) string { return strconv.Itoa(n) + " 4 2s 18" }
