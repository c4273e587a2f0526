package embedtest_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// patience is how long one answer may take on a busy machine. Nothing that succeeds waits for it.
const patience = 30 * time.Second

// arcade is a running host. What it answers, it answers over a WebSocket: its standard output has two lines of its own
// and must have no others, its standard error none at all.
type arcade struct {
	t      *testing.T
	cmd    *exec.Cmd
	conn   *websocket.Conn
	seen   int // events
	stdout *bufio.Reader
	stderr strings.Builder
}

type player struct {
	Name   string
	Points []int
}

type request struct {
	Do    string
	After int
	Who   player
}

type answer struct {
	Text, Error string
	Event       event
	Modules     []reload.Module
}

type event struct {
	Kind        reload.EventKind
	Generation  uint64
	Module      string
	Version     int
	Diagnostics []reload.Diagnostic
	Error       string
}

// start runs the host in dir. With env nil it gets this process's environment.
func (p *project) start(t *testing.T, dir string, env []string, args ...string) *arcade {
	t.Helper()
	a := &arcade{t: t, cmd: exec.Command(p.binary, args...)}
	a.cmd.Dir, a.cmd.Env = dir, env
	a.cmd.Stderr = &a.stderr
	out, err := a.cmd.StdoutPipe()
	require.NoError(t, err)
	a.stdout = bufio.NewReader(out)
	require.NoError(t, a.cmd.Start())
	kill := time.AfterFunc(4*patience, func() { a.cmd.Process.Kill() }) // nothing below waits for ever
	t.Cleanup(func() {
		kill.Stop()
		a.cmd.Process.Kill()
	})
	line, err := a.stdout.ReadString('\n')
	if err != nil {
		a.cmd.Wait()
		require.NoError(t, err, "the host did not start: %s", &a.stderr)
	}
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "arcade at ")
	require.True(t, ok, "the host's first line is %q", line)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a.conn, _, err = websocket.Dial(ctx, url, nil)
	require.NoError(t, err)
	a.conn.SetReadLimit(1 << 20)
	if !slices.Contains(args, "-degraded") {
		a.until(reload.EventLive, "greet")
		a.until(reload.EventLive, "score")
	}
	return a
}

// ask has the host do something.
func (a *arcade) ask(r request) (out answer) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), patience)
	defer cancel()
	require.NoError(a.t, wsjson.Write(ctx, a.conn, r))
	if err := wsjson.Read(ctx, a.conn, &out); err != nil {
		require.NoError(a.t, err, "the host does not answer %+v", r)
	}
	return out
}

var ada = player{"Ada", []int{1, 2, 3}}

// says has the host call a module.
func (a *arcade) says(what, want string) {
	a.t.Helper()
	got := a.ask(request{Do: what, Who: ada})
	require.Empty(a.t, got.Error)
	require.Equal(a.t, want, got.Text)
}

// until waits for an event of a module that was not seen yet.
func (a *arcade) until(kind reload.EventKind, module string) event {
	a.t.Helper()
	for {
		e := a.ask(request{Do: "event", After: a.seen}).Event
		a.seen++
		if e.Kind == kind && e.Module == module {
			return e
		}
		a.t.Logf("passed over: %+v", e)
	}
}

// module returns how a module is.
func (a *arcade) module(name string) reload.Module {
	a.t.Helper()
	for _, m := range a.ask(request{Do: "modules"}).Modules {
		if m.Name == name {
			return m
		}
	}
	require.Fail(a.t, "no module "+name)
	return reload.Module{}
}

// refused waits until a module's new content is refused and returns why; the version before serves on.
func (a *arcade) refused(name string, serving int) reload.Diagnostic {
	a.t.Helper()
	e := a.until(reload.EventRefused, name)
	require.NotEmpty(a.t, e.Error)
	m := a.module(name)
	require.Equal(a.t, reload.StateDegraded, m.State)
	require.Equal(a.t, serving, m.Version, "last good stays")
	require.Len(a.t, m.Diagnostics, 1)
	require.Equal(a.t, e.Diagnostics, m.Diagnostics)
	return m.Diagnostics[0]
}

// live waits until a new version of a module serves.
func (a *arcade) live(name string) event {
	a.t.Helper()
	e := a.until(reload.EventLive, name)
	m := a.module(name)
	require.Equal(a.t, reload.StateLive, m.State)
	require.Equal(a.t, e.Version, m.Version)
	require.Empty(a.t, m.Diagnostics)
	return e
}

// stop ends the host and looks at all that it has printed.
func (a *arcade) stop() {
	a.t.Helper()
	require.NoError(a.t, a.conn.Close(websocket.StatusNormalClosure, ""))
	rest, err := io.ReadAll(a.stdout)
	require.NoError(a.t, err)
	require.NoError(a.t, a.cmd.Wait(), "%s", &a.stderr)
	assert.Equal(a.t, "bye\n", string(rest), "on standard output")
	assert.Empty(a.t, a.stderr.String(), "on standard error")
}

// edit replaces a text in a file, which must have it, as an editor does that writes in place.
func edit(t *testing.T, file, old, new string) {
	t.Helper()
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(src), old), "%q in %s", old, file)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(src), old, new, 1)), 0o666))
}

// replace is edit as editors do it that write a new file and move it over the old one.
func replace(t *testing.T, file, old, new string) {
	t.Helper()
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file+"~", src, 0o666))
	edit(t, file+"~", old, new)
	require.NoError(t, os.Rename(file+"~", file))
}
