package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// parseFlags parses a command's arguments. done says that there is nothing left to do: help was asked for, or a flag is
// wrong. What was asked for goes to stdout, what is wrong to stderr.
func parseFlags(f *flag.FlagSet, help string, args []string, stdout, stderr io.Writer) (status int, done bool) {
	f.SetOutput(io.Discard)
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		printHelp(f, help, stdout)
		return exitOK, true
	case err != nil:
		return misused(stderr, f.Name(), err), true
	}
	return exitOK, false
}

// printHelp writes a command's help, which ends with its flags.
func printHelp(f *flag.FlagSet, help string, w io.Writer) {
	fmt.Fprint(w, help)
	f.SetOutput(w)
	f.PrintDefaults()
}

// misused says that a command was called wrongly.
func misused(stderr io.Writer, command string, err error) int {
	fmt.Fprintf(stderr, "midair %s: %v\nmidair help %[1]s tells more.\n", command, err)
	return exitUsage
}
