// Command midair is the command line of midair, hot reload inside a running Go process.
//
//	midair check [flags] PATH...        find every mistake in modules before they run
//	midair build -host BINARY -o DIR    build modules ahead, for machines without a Go installation
//	midair run [flags] PATH [ARG...]    run a program through the interpreter, as a module is
//	midair parity [flags] PATH...       run programs interpreted and compiled, and compare
//	midair explain RULE...              tell about a rule of the check, with examples
//	midair rules [-json]                list the rules of the check
//	midair symbols [flags] PACKAGE...   generate the symbol tables through which modules import packages
//
// Run midair help COMMAND for a command's flags and examples. The exit status is 0 when all is well, 1 when the command
// found something wrong, and 2 when it was called wrongly.
package main

import (
	"fmt"
	"io"
	"os"
)

// Exit statuses.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
)

// command is one subcommand.
type command struct {
	name, summary string
	run           func(args []string, stdout, stderr io.Writer) int
}

var commands = []command{
	{"check", "find every mistake in modules before they run", runCheck},
	{"build", "build modules ahead, for machines without a Go installation", runBuild},
	{"run", "run a program through the interpreter, as a module is", runRun},
	{"parity", "run programs interpreted and compiled, and compare", runParity},
	{"explain", "tell about a rule of the check, with examples", runExplain},
	{"rules", "list the rules of the check", runRules},
	{"symbols", "generate the symbol tables through which modules import packages", runSymbols},
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	name := args[0]
	switch name {
	case "help", "-h", "-help", "--help":
		if len(args) < 2 {
			usage(stdout)
			return exitOK
		}
		name, args = args[1], []string{args[1], "-h"}
	}
	for _, c := range commands {
		if c.name == name {
			return c.run(args[1:], stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "midair: unknown command %q\n\n", name)
	usage(stderr)
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: midair COMMAND [flags] [arguments]\n\ncommands:\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprint(w, "\nmidair help COMMAND tells more.\n")
}
