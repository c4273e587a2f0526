package hosttest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// module is a generated Go module with a built host.
type module struct {
	dir, path string
}

// goEnv is the environment of go commands: offline, and alone with the module.
func goEnv() []string {
	return append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=", "GONOSUMDB=*", "GONOSUMCHECK=1", "GOTOOLCHAIN=local")
}

func (m *module) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = m.dir, goEnv()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %v\n%s", name, args, out)
	return string(out)
}

// generate makes the module: its own go.mod, midair by replace, the symbol table by midair symbols, and builds it.
func generate(t *testing.T, path string, vendor bool) *module {
	t.Helper()
	here := &module{dir: "."}
	midair := strings.Fields(here.run(t, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}} {{.GoVersion}}"))
	m := &module{dir: t.TempDir(), path: path}
	sources := os.DirFS("testdata/host") // with MODULE for the module's path and MIDAIR for midair's
	require.NoError(t, fs.WalkDir(sources, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(sources, name)
		m.write(t, name, strings.NewReplacer("MODULE", path, "MIDAIR", midair[0]).Replace(string(src)))
		return err
	}))
	m.write(t, "go.mod", "module "+path+"\n\ngo "+midair[2]+"\n\nrequire "+midair[0]+" v0.0.0\n\nreplace "+midair[0]+" => "+midair[1]+"\n")
	sums, err := os.ReadFile(filepath.Join(midair[1], "go.sum"))
	require.NoError(t, err)
	m.write(t, "go.sum", string(sums))
	m.write(t, "gamesym/symbols.go", "package gamesym\n\nvar Symbols map[string]map[string]any\n") // until it is generated
	version := strings.Fields(here.run(t, "go", "list", "-m", "github.com/coder/websocket"))[1]
	m.run(t, "go", "mod", "edit", "-require=github.com/coder/websocket@"+version)
	m.run(t, "go", "mod", "tidy")
	require.NoError(t, os.Remove(filepath.Join(m.dir, "gamesym/symbols.go")))
	m.run(t, "go", "run", "-mod=mod", midair[0]+"/cmd/midair", "symbols", "-o", "gamesym", "./game")
	if vendor {
		m.run(t, "go", "mod", "vendor")
		require.DirExists(t, filepath.Join(m.dir, "vendor", filepath.FromSlash(midair[0])))
	}
	m.run(t, "go", "vet", "./...")
	m.run(t, "go", "build", "-o", "host", ".")
	return m
}

func (m *module) write(t *testing.T, name, src string) {
	t.Helper()
	name = filepath.Join(m.dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(src), 0o644))
}

// host is a running host.
type host struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	stderr bytes.Buffer
}

// start runs the host in a folder that is not the module's, with nothing of Go in its environment.
func (m *module) start(t *testing.T, args ...string) *host {
	t.Helper()
	h := &host{t: t, cmd: exec.Command(filepath.Join(m.dir, "host"), args...)}
	h.cmd.Dir, h.cmd.Env = t.TempDir(), []string{"PATH=", "HOME=" + t.TempDir()}
	h.cmd.Stderr = &h.stderr
	var err error
	h.in, err = h.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := h.cmd.StdoutPipe()
	require.NoError(t, err)
	h.out = bufio.NewScanner(out)
	h.out.Buffer(nil, 1<<20)
	require.NoError(t, h.cmd.Start())
	t.Cleanup(func() { h.cmd.Process.Kill() })
	return h
}

func (h *host) ask(what string) string {
	h.t.Helper()
	_, err := io.WriteString(h.in, what+"\n")
	require.NoError(h.t, err)
	require.True(h.t, h.out.Scan(), "the host has ended: %s", &h.stderr)
	return h.out.Text()
}

func (h *host) until(what, want string) {
	h.t.Helper()
	answer := ""
	require.Eventually(h.t, func() bool { answer = h.ask(what); return answer == want }, 20*time.Second, 5*time.Millisecond,
		"%q is not %q", &answer, want)
}

type status struct {
	Name, State string
	Version     int
	Diagnostics []struct {
		File, Message string
		Line, Column  int
	}
}

func (h *host) module(name string) (s status) {
	h.t.Helper()
	var all []status
	require.NoError(h.t, json.Unmarshal([]byte(h.ask("modules")), &all))
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	return status{}
}

func (h *host) untilState(name, state string) status {
	h.t.Helper()
	require.Eventually(h.t, func() bool { return h.module(name).State == state }, 20*time.Second, 5*time.Millisecond)
	return h.module(name)
}

// stop ends the host; it must have printed nothing but answers.
func (h *host) stop() {
	h.t.Helper()
	require.NoError(h.t, h.in.Close())
	assert.False(h.t, h.out.Scan(), "more than it was asked for: %s", h.out.Text())
	require.NoError(h.t, h.cmd.Wait())
	assert.Empty(h.t, h.stderr.String())
}

func TestHost(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: ", err)
	}
	for name, c := range map[string]struct {
		path   string
		vendor bool
	}{
		"dotted":   {"example.org/team/arcade", false},
		"dotless":  {"arcade", false},
		"vendored": {"example.org/team/arcade", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := generate(t, c.path, c.vendor)
			t.Run("edits", func(t *testing.T) { m.edits(t) })
			if name == "dotted" {
				t.Run("a copy elsewhere", func(t *testing.T) { m.elsewhere(t) })
			}
		})
	}
}

// edits: live, edit, broken edits, fix.
func (m *module) edits(t *testing.T) {
	h := m.start(t, "-scripts", filepath.Join(m.dir, "scripts"))
	require.Equal(t, "60", h.ask("score"))
	require.Equal(t, "StatusCode(-1)", h.ask("status"))
	require.Equal(t, 1, h.module("score").Version)

	library := "package sums\n\nfunc Add(list []int) int { return len(list) }\n"
	m.write(t, "scripts/sums/sums.go", library)
	h.until("score", "30")

	m.write(t, "scripts/sums/sums.go", library+"func typo( {\n")
	s := h.untilState("score", "degraded")
	require.Len(t, s.Diagnostics, 1)
	assert.Equal(t, "sums/sums.go", s.Diagnostics[0].File)
	assert.Equal(t, 4, s.Diagnostics[0].Line)
	assert.Equal(t, "30", h.ask("score"), "last good stays")

	m.write(t, "scripts/sums/sums.go", library)
	h.untilState("score", "live")
	src, err := os.ReadFile(filepath.Join(m.dir, "scripts/score/score.go"))
	require.NoError(t, err)
	m.write(t, "scripts/score/score.go", strings.Replace(string(src), "t.Points", "t.Pionts", 1))
	s = h.untilState("score", "degraded")
	assert.Equal(t, "score/score.go", s.Diagnostics[0].File)
	assert.Equal(t, 10, s.Diagnostics[0].Line)
	assert.Equal(t, "30", h.ask("score"))

	m.write(t, "scripts/score/score.go", strings.Replace(string(src), "game.Weight", "(game.Weight + 1)", 1))
	h.until("score", "33")
	assert.Empty(t, h.module("score").Diagnostics)
	h.stop()
	m.write(t, "scripts/score/score.go", string(src))
}

// elsewhere: a copy of the scripts in a folder of another name, with the import path said.
func (m *module) elsewhere(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(m.dir, "scripts"))))
	h := m.start(t, "-scripts", dir, "-import-path", m.path+"/scripts")
	assert.Equal(t, "30", h.ask("score"))
	h.stop()
	h = m.start(t, "-scripts", dir) // without it, the imports of the copy lead nowhere, which is said
	s := h.module("score")
	assert.Equal(t, "failed", s.State)
	require.NotEmpty(t, s.Diagnostics)
	assert.Contains(t, s.Diagnostics[0].Message, m.path+"/scripts/sums")
	h.stop()
}
