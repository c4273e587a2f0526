package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const parityHelp = `usage: midair parity [-allow LIST] [-timeout TIME] PATH...

Runs programs interpreted and compiled, and compares standard output and exit status. A PATH is a file of package main, a
directory that is one, or a directory of such files. A program that the check refuses is told and is no difference. The
exit status is 1 if any program behaves differently, and 0 if none does. It needs the go command.

  go run ./cmd/midair parity ./probes
  go run ./cmd/midair parity -allow all prog.go

flags:
`

// parityOptions are the flags of midair parity.
type parityOptions struct {
	allow   string
	timeout time.Duration
}

// ran is how a program ended.
type ran struct {
	stdout, stderr string
	status         int
	late           bool
}

func runParity(args []string, stdout, stderr io.Writer) int {
	var o parityOptions
	f := flag.NewFlagSet("parity", flag.ContinueOnError)
	f.StringVar(&o.allow, "allow", "", "also allow what is in `LIST`: packages, symbols (os.Getenv), patterns (net/...), all")
	f.DurationVar(&o.timeout, "timeout", 20*time.Second, "how much `TIME` a run may take")
	if status, done := parseFlags(f, parityHelp, args, stdout, stderr); done {
		return status
	}
	if f.NArg() == 0 {
		printHelp(f, parityHelp, stderr)
		return exitUsage
	}
	programs, err := programsIn(f.Args())
	if err != nil {
		return misused(stderr, "parity", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	count := map[string]int{}
	for _, p := range programs {
		verdict, why := o.compare(ctx, p)
		if ctx.Err() != nil {
			return exitFail
		}
		count[verdict]++
		if verdict != "same" {
			fmt.Fprintf(stdout, "%s: %s\n%s", p, verdict, why)
		}
	}
	fmt.Fprintf(stdout, "%d programs: %d the same, %d refused, %d different\n", len(programs), count["same"], count["refused"],
		count["different"])
	if count["different"] > 0 {
		return exitFail
	}
	return exitOK
}

// programsIn lists the programs that paths name.
func programsIn(paths []string) (programs []string, err error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if _, err := readProgram(p); err == nil || !info.IsDir() {
			if !info.IsDir() || !manyMains(p) {
				programs = append(programs, p)
				continue
			}
		}
		files, err := filepath.Glob(filepath.Join(p, "*.go"))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s has no Go files", p)
		}
		programs = append(programs, files...)
	}
	return programs, nil
}

// manyMains says whether the files of a directory are programs of their own.
func manyMains(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	mains := 0
	for _, file := range files {
		if src, err := os.ReadFile(file); err == nil && bytes.Contains(src, []byte("\nfunc main() {")) {
			mains++
		}
	}
	return mains > 1
}

// compare runs a program both ways.
func (o *parityOptions) compare(ctx context.Context, path string) (verdict, why string) {
	interpreted := o.run(ctx, "interpreted", path)
	if interpreted.status == exitRefused && strings.HasPrefix(interpreted.stderr, "midair: refused") {
		return "refused", indentLines(strings.TrimPrefix(interpreted.stderr, "midair: refused\n"))
	}
	compiled := o.run(ctx, "native", path)
	var differences []string
	if interpreted.late != compiled.late {
		differences = append(differences, fmt.Sprintf("took more than %v: interpreted %t, compiled %t\n", o.timeout, interpreted.late, compiled.late))
	} else if interpreted.status != compiled.status {
		differences = append(differences, fmt.Sprintf("exit status: interpreted %d, compiled %d\n%s", interpreted.status,
			compiled.status, interpreted.stderr))
	}
	if interpreted.stdout != compiled.stdout {
		differences = append(differences, firstDifference(compiled.stdout, interpreted.stdout))
	}
	if len(differences) == 0 {
		return "same", ""
	}
	return "different", indentLines(strings.Join(differences, ""))
}

// firstDifference tells the first line that two outputs do not have in common.
func firstDifference(compiled, interpreted string) string {
	a, b := strings.Split(compiled, "\n"), strings.Split(interpreted, "\n")
	for i := range max(len(a), len(b)) {
		line := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return "(nothing)"
		}
		if line(a) != line(b) {
			return fmt.Sprintf("standard output, line %d\n\tcompiled     %s\n\tinterpreted  %s\n", i+1, line(a), line(b))
		}
	}
	return ""
}

func indentLines(s string) string {
	lines := strings.SplitAfter(strings.TrimSuffix(s, "\n"), "\n")
	return "\t" + strings.Join(lines, "\t") + "\n"
}

// run runs a program in a process of its own.
func (o *parityOptions) run(ctx context.Context, mode, path string) ran {
	self, err := os.Executable()
	if err != nil {
		return ran{status: exitInternal, stderr: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	args := slices.DeleteFunc([]string{"run", "-mode=" + mode, "-allow=" + o.allow, path}, func(a string) bool { return a == "-allow=" })
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	r := ran{stdout: stdout.String(), stderr: stderr.String(), late: ctx.Err() != nil}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		r.status = exit.ExitCode()
	} else if err != nil {
		r.status = exitInternal
	}
	return r
}
