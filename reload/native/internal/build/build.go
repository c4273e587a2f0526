// Package build runs the go command on staged modules, and keeps what it built.
package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"midair/reload/native/internal/derive"
)

// Toolchain is a go command with the environment for one host. It is safe for concurrent use.
type Toolchain struct {
	Command string
	Version string // of the go command, such as "go1.26.8"
	flags   derive.Flags
	env     []string

	mu        sync.Mutex
	variables map[string]string  // what go env says
	recipes   map[string]*recipe // by key
	doubts    map[string]bool    // recipes that did not work; it may be for the source's sake
	strikes   map[string]int     // how often they were wrong
	lessons   map[string]int     // how often there was none to learn, in a row
}

// NewToolchain asks a go command for its version and its settings. command may be empty: it is then looked for in PATH.
func NewToolchain(ctx context.Context, command string, flags derive.Flags) (*Toolchain, error) {
	if command == "" {
		command = "go"
	}
	found, err := exec.LookPath(command)
	if err != nil {
		return nil, fmt.Errorf("there is no go command: %w", err)
	}
	t := &Toolchain{Command: found, flags: flags}
	ask := append(os.Environ(), "GOTOOLCHAIN=local", "GOFLAGS=-buildvcs=false")
	version, err := output(t.command(ctx, "", ask, "env", "GOVERSION"))
	if err != nil {
		return nil, err
	}
	t.Version, _, _ = strings.Cut(strings.TrimSpace(string(version)), " ")
	t.Version, _, _ = strings.Cut(t.Version, "-X:")
	changed, err := output(t.command(ctx, "", ask, "env", "-changed", "-json"))
	if err != nil {
		return nil, err
	}
	written := map[string]string{}
	if err := json.Unmarshal(changed, &written); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	t.env = flags.Environ(os.Environ(), written)
	return t, nil
}

// Flags are those that builds get.
func (t *Toolchain) Flags() derive.Flags { return t.flags }

// Failure is a build that the go command refused.
type Failure struct{ Output string }

// Error returns what the go command said.
func (f *Failure) Error() string { return "go build: " + strings.TrimSpace(f.Output) }

// Job is one build.
type Job struct {
	Root    string // working directory: that of go.mod
	Overlay string
	Target  string   // import path
	Output  string   // the file, which appears whole or not at all
	Extra   []string // arguments after the derived ones
	Debug   bool     // keep what debuggers need

	// Packages are those that the overlay holds, each after those it imports, the target last. Cache is a folder that keeps
	// what was learned about builds. Without both Direct does nothing.
	Packages []Package
	Cache    string
}

// Arguments are those of the go command for a job.
func (t *Toolchain) Arguments(j Job, output string) []string {
	return slices.Concat([]string{"build", "-o", output}, t.buildArguments(j), j.Extra, []string{j.Target})
}

// buildArguments are those that go list understands too.
func (t *Toolchain) buildArguments(j Job) []string {
	args := []string{"-buildmode=plugin", "-buildvcs=false"}
	if j.Overlay != "" {
		args = append(args, "-overlay", j.Overlay)
	}
	if !j.Debug {
		args = append(args, "-ldflags=-s -w")
	}
	return slices.Concat(args, t.flags.Args)
}

// environ is the go command's environment for a job.
func (t *Toolchain) environ(j Job) []string {
	return append(slices.Clone(t.env), "PWD="+j.Root) // the path by which the overlay knows it, links included
}

// Build runs a job by the go command, at low priority. When ctx ends, the go command and all that it started are killed. A
// *Failure is what the go command has against the source.
func (t *Toolchain) Build(ctx context.Context, j Job) error {
	temp, err := temporary(j)
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, "plugin.so")
	learn := t.learnable(j) && t.teachable(t.key(j))
	if learn {
		err = t.buildAndLearn(ctx, j, file)
	}
	if !learn || isFailure(err) { // it may have said what it does among what is wrong
		_, err = output(t.command(ctx, j.Root, t.environ(j), t.Arguments(j, file)...))
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	if err := seal(file); err != nil {
		return err
	}
	return os.Rename(file, j.Output)
}

// buildAndLearn runs the go command and keeps how it did it. That this cannot be repeated is no error.
func (t *Toolchain) buildAndLearn(ctx context.Context, j Job, file string) error {
	started, key := time.Now(), t.key(j)
	args := t.Arguments(j, file)
	cmd := t.command(ctx, j.Root, t.environ(j), slices.Insert(args, 1, "-x")...)
	var said bytes.Buffer
	err := run(cmd, nil, &said)
	t.settle(key, err == nil)
	if err != nil || t.distrusted(key) {
		return err
	}
	r, err := t.learn(ctx, j, said.String(), started)
	if t.learned(key, err); err != nil || t.key(j) != key {
		return nil
	}
	r.Driver, _ = newDriver(ctx, j.Cache, r.Linker, t.relevant()) // without it the C compiler does it
	r.merge(t.recipe(j.Cache, key))
	t.keep(j.Cache, key, r)
	return nil
}

// temporary makes a folder for a job beside its output.
func temporary(j Job) (string, error) {
	if err := os.MkdirAll(filepath.Dir(j.Output), 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(filepath.Dir(j.Output), "build-")
}

func (t *Toolchain) command(ctx context.Context, dir string, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.Command, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.WaitDelay = 5 * time.Second // for whoever holds the pipes
	separate(cmd)
	return cmd
}

// output runs a command and returns what it wrote to its standard output.
func output(cmd *exec.Cmd) ([]byte, error) {
	var out, errs bytes.Buffer
	err := run(cmd, &out, &errs)
	return out.Bytes(), err
}

// run runs a command at low priority. What it says when it fails is a *Failure.
func run(cmd *exec.Cmd, out io.Writer, errs *bytes.Buffer) error {
	cmd.Stdout, cmd.Stderr = out, errs
	if err := cmd.Start(); err != nil {
		return err
	}
	humble(cmd)
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && errs.Len() > 0 {
		return &Failure{errs.String()}
	}
	return err
}

func isFailure(err error) bool {
	var f *Failure
	return errors.As(err, &f)
}
