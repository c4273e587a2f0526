//go:build !unix

package build

import "os/exec"

// Where there are no plugins, builds need no process group and no priority.
func separate(*exec.Cmd) {}
func humble(*exec.Cmd)   {}
