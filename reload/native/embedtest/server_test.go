package embedtest_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"midair/reload"
)

// patience is how long something may take on a busy machine. Nothing that succeeds waits for it.
const patience = 3 * time.Minute

// server is a running host. Its standard output has answers and nothing else, its standard error log lines.
type server struct {
	t      testing.TB
	in     io.WriteCloser
	out    *bufio.Reader
	errors *strings.Builder
	cmd    *exec.Cmd
}

type request struct {
	Do     string
	Module string
	Mode   reload.Mode
	Times  int
}

type event struct {
	Version    int
	Generation uint64
	Mode       reload.Mode
	Hash       string
}

type answer struct {
	Text   string
	Error  string
	Module reload.Module
	Events []event // that the module went live
	Loaded int     // plugins
	Builds int
	Calls  int64
}

// start runs the host in a folder.
func (p *project) start(t testing.TB, dir string, args ...string) *server {
	t.Helper()
	args = append([]string{"-cache", t.TempDir()}, args...)
	s := &server{t: t, errors: &strings.Builder{}, cmd: exec.Command(p.binary, args...)}
	s.cmd.Dir, s.cmd.Env, s.cmd.Stderr = dir, append(p.env, "PWD="+dir), s.errors
	var err error
	s.in, err = s.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	s.out = bufio.NewReader(out)
	require.NoError(t, s.cmd.Start())
	kill := time.AfterFunc(3*patience, func() { s.cmd.Process.Kill() })
	t.Cleanup(func() {
		kill.Stop()
		s.cmd.Process.Kill()
	})
	return s
}

// ask has the host do something.
func (s *server) ask(r request) (a answer) {
	s.t.Helper()
	require.NoError(s.t, json.NewEncoder(s.in).Encode(r))
	return s.answer()
}

func (s *server) answer() (a answer) {
	s.t.Helper()
	line, err := s.out.ReadBytes('\n')
	if err != nil {
		s.cmd.Wait()
	}
	require.NoError(s.t, err, "the host does not answer: %s", s.errors)
	require.NoError(s.t, json.Unmarshal(line, &a), "%s", line)
	require.Empty(s.t, a.Error)
	return a
}

// until waits for a module to serve in a mode, and its answer to be as wanted.
func (s *server) until(what, module string, mode reload.Mode, text string) answer {
	s.t.Helper()
	var a answer
	require.Eventually(s.t, func() bool {
		a = s.ask(request{Do: what, Module: module})
		require.Empty(s.t, a.Module.Diagnostics)
		require.Empty(s.t, a.Module.NotNative)
		seen := len(a.Events) > 0 && a.Events[len(a.Events)-1].Version == a.Module.Version
		return seen && a.Module.Backend == mode && !a.Module.Building && a.Text == text
	}, patience, 5*time.Millisecond)
	return a
}

// stop ends the host, which must say nothing that is not a line of its log.
func (s *server) stop() {
	s.t.Helper()
	require.NoError(s.t, s.in.Close())
	require.Equal(s.t, "bye", s.answer().Text)
	require.NoError(s.t, s.cmd.Wait(), "%s", s.errors)
	for line := range strings.Lines(s.errors.String()) {
		require.Regexp(s.t, "^time=", line)
		require.NotContains(s.t, line, "_hr_")
	}
}

// edit changes a file of the scripts, as an editor does that writes another and renames it.
func edit(t testing.TB, file, old, new string) {
	t.Helper()
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(src), old)
	file, err = filepath.EvalSymlinks(file)
	require.NoError(t, err)
	write(t, file+"~", strings.Replace(string(src), old, new, 1))
	require.NoError(t, os.Rename(file+"~", file))
}
