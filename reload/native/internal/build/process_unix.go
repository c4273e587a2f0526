//go:build unix

package build

import (
	"os/exec"
	"syscall"
)

// niceness of builds: the host's loops come first.
const niceness = 10

// separate puts a command into a process group of its own, all of which ends when the command is cancelled.
func separate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// humble lowers the priority of a command that was just started, and of all that it starts. That it cannot does not matter.
func humble(cmd *exec.Cmd) { _ = syscall.Setpriority(syscall.PRIO_PGRP, cmd.Process.Pid, niceness) }
