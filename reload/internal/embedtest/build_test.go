package embedtest_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	_ "midair/interp" // so that all modules which the host needs were fetched to build this test
)

// variant is a way in which somebody has midair in a Go module.
type variant struct {
	path   string // of the module
	vendor bool
}

// project is a generated Go module with a built host.
type project struct {
	variant
	midair string // the path of midair's own module, which may have been renamed
	dir    string
	binary string
	env    []string
}

// build makes the module as a user would: sources, go.mod with a replace line, midair symbols, go mod tidy, go build.
func (v variant) build(t *testing.T) *project {
	t.Helper()
	p := &project{variant: v, dir: filepath.Join(t.TempDir(), "the arcade")}
	require.NoError(t, os.Mkdir(p.dir, 0o777))
	p.offline("")
	p.binary = filepath.Join(p.dir, "arcade"+p.goes(t, "env", "GOEXE"))
	p.requireMidair(t)
	p.source(t, ".", p.dir)

	// Nothing can be tidied before the table is there, since the host imports it.
	p.goes(t, "get", "-tool", p.midair+"/cmd/midair")
	p.goes(t, "tool", "midair", "symbols", "-o", "gamesym", "./game")
	p.goes(t, "mod", "tidy")
	if v.vendor {
		p.goes(t, "mod", "vendor")
		p.offline("-mod=vendor")
		require.Equal(t, filepath.Join(p.dir, "vendor", filepath.FromSlash(p.midair), "reload"),
			p.goes(t, "list", "-f", "{{.Dir}}", p.midair+"/reload"))
	}
	p.goes(t, "tool", "midair", "symbols", "-check", "-o", "gamesym", "./game")
	p.goes(t, "run", p.midair+"/cmd/midair", "symbols", "-check", "-o", "gamesym", "./game")
	p.goes(t, "build", "-o", p.dir+"/", "./...")
	return p
}

// requireMidair writes go.mod and go.sum. midair is the module that this test belongs to, whatever its path is.
func (p *project) requireMidair(t *testing.T) {
	t.Helper()
	here := &project{dir: ".", env: p.env}
	root := filepath.Dir(here.goes(t, "env", "GOMOD"))
	if p.vendor && strings.Contains(root, " ") {
		t.Skipf("go mod vendor cannot note that midair comes from %q: it has a space", root)
	}
	var mod struct {
		Module  struct{ Path string }
		Go      string
		Require []struct{ Path, Version string }
	}
	require.NoError(t, json.Unmarshal([]byte(here.goes(t, "mod", "edit", "-json")), &mod))
	p.midair = mod.Module.Path
	lines := []string{"module " + p.path, "go " + mod.Go, "require " + p.midair + " v0.0.0",
		"replace " + p.midair + " => " + strconv.Quote(root)}
	for _, r := range mod.Require { // of the versions that midair has, so that nothing has to be fetched
		if strings.HasPrefix(r.Path, "github.com/coder/") || strings.HasPrefix(r.Path, "github.com/stretchr/") {
			lines = append(lines, "require "+r.Path+" "+r.Version)
		}
	}
	write(t, filepath.Join(p.dir, "go.mod"), strings.Join(lines, "\n")+"\n")
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	write(t, filepath.Join(p.dir, "go.sum"), string(sums))
}

// source writes the sources below a folder of testdata/arcade, or some of them, to a directory.
func (p *project) source(t *testing.T, from, to string) {
	t.Helper()
	sources, err := fs.Sub(os.DirFS("testdata/arcade"), from)
	require.NoError(t, err)
	require.NoError(t, fs.WalkDir(sources, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(sources, name)
		write(t, filepath.Join(to, filepath.FromSlash(name)),
			strings.NewReplacer("MODULE/", p.path+"/", "MIDAIR/", p.midair+"/").Replace(string(src)))
		return err
	}))
}

// offline is the environment of go commands: alone with the module and what is in the module cache.
func (p *project) offline(flags string) {
	p.env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace("-buildvcs=false "+flags), "GOWORK=off", "GOTOOLCHAIN=local",
		"GOPROXY=off", "GOSUMDB=off", "GONOSUMDB=*", "GO111MODULE=on")
}

// goes runs the go command in the module and returns what it says.
func (p *project) goes(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	out, err := cmd.Output()
	t.Logf("%6v go %s", time.Since(start).Round(time.Millisecond), strings.Join(args, " "))
	require.NoError(t, err, "go %s\n%s%s", strings.Join(args, " "), out, &stderr)
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, name, src string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
	require.NoError(t, os.WriteFile(name, []byte(src), 0o666))
}
