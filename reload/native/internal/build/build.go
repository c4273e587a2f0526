// Package build runs the go command on staged modules, and keeps what it built.
package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"midair/reload/native/internal/derive"
)

// Toolchain is a go command with the environment for one host. It is immutable and safe for concurrent use.
type Toolchain struct {
	Command string
	Version string // of the go command, such as "go1.26.8"
	flags   derive.Flags
	env     []string
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
}

// Arguments are those of the go command for a job.
func (t *Toolchain) Arguments(j Job, output string) []string {
	args := []string{"build", "-buildmode=plugin", "-o", output, "-buildvcs=false"}
	if j.Overlay != "" {
		args = append(args, "-overlay", j.Overlay)
	}
	if !j.Debug {
		args = append(args, "-ldflags=-s -w")
	}
	return slices.Concat(args, t.flags.Args, j.Extra, []string{j.Target})
}

// Build runs a job at low priority. When ctx ends, the go command and all that it started are killed. A *Failure is what
// the go command has against the source.
func (t *Toolchain) Build(ctx context.Context, j Job) error {
	if err := os.MkdirAll(filepath.Dir(j.Output), 0o700); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(j.Output), "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, "plugin.so")
	env := append(slices.Clone(t.env), "PWD="+j.Root) // the path by which the overlay knows it, links included
	if _, err := output(t.command(ctx, j.Root, env, t.Arguments(j, file)...)); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return os.Rename(file, j.Output)
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
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	humble(cmd)
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && errs.Len() > 0 {
		return nil, &Failure{errs.String()}
	}
	return out.Bytes(), err
}
