// Command demo is the arena: a game server whose rules are edited while it runs.
//
//	go run ./demo
//
// opens a page where flocks fly and hunters hunt, decided by the modules under scripts/. Save one of them, and the
// running world flies by the new code a moment later. See -help.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"midair/demo/web"
)

const usage = `The arena: a game server whose rules are edited while it runs.

  go run ./demo                   open the printed address, edit scripts/boids/boids.go, save
  go run ./demo -mode native      all modules as machine code; the page switches single ones
  go run ./demo -selftest         break and mend a running arena in every way, and report

Flags:
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	opts := options{out: newTerminal(stdout), stderr: stderr}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&opts.addr, "addr", "127.0.0.1:7070", "`address` to listen on; port 0 takes a free one")
	flags.StringVar(&opts.scripts, "scripts", "", "module `directory` (default: scripts, here or in a directory above)")
	flags.Func("mode", "how modules run: interpreted, native, or `auto`: interpreted at once, native when that is built\n"+
		"(default: auto where native code works, else interpreted)", func(text string) (err error) {
		opts.mode, err = web.ParseMode(text)
		return err
	})
	flags.BoolVar(&opts.headless, "headless", false,
		"no page and no stream: the world, the lines in the terminal, and what is under /api/")
	selftest := flags.Bool("selftest", false,
		"run the arena on a copy of the modules, edit them in every way, check what happens, and exit")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "demo takes no arguments, only flags: %q\n", flags.Args())
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl+C ends the process at once, should a module hold a room for ever
	if *selftest {
		return runSelftest(ctx, opts)
	}
	if err := serve(ctx, opts); err != nil {
		fmt.Fprintln(stderr, "demo:", err)
		return 1
	}
	return 0
}

// serve runs the arena until ctx ends.
func serve(ctx context.Context, opts options) error {
	a, err := open(ctx, opts)
	if err != nil {
		return err
	}
	opts.out.banner(a)
	err = a.run(ctx)
	opts.out.goodbye(a)
	return err
}
