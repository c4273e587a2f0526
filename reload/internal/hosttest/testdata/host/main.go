// Command host is driven by its standard input: a line names the module to call, "modules" asks for the state of all.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/coder/websocket"

	"MIDAIR/interp"
	"MIDAIR/reload"
	"MODULE/game"
	"MODULE/gamesym"
)

type Score struct {
	Total func(*game.Team) (int, error)
}

func main() {
	dir := flag.String("scripts", "scripts", "")
	importPath := flag.String("import-path", "", "")
	flag.Parse()
	rt, err := reload.New(reload.Config{
		Source: reload.Dir(*dir), ImportPath: *importPath, Symbols: gamesym.Symbols, Boot: reload.BootDegraded,
		Backends: []reload.Backend{interp.New(interp.Config{})}, Settle: 10 * time.Millisecond,
	})
	check(err)
	score, err := reload.Bind[Score](rt, "score")
	check(err)
	ctx, cancel := context.WithCancel(context.Background())
	check(rt.Start(ctx))
	done := make(chan error)
	go func() { done <- rt.Run(ctx) }()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "score":
			err := score.Do(ctx, func(s *Score) error {
				n, err := s.Total(&game.Team{Name: "red", Points: []int{1, 2, 3}})
				fmt.Println(n)
				return err
			})
			if err != nil {
				fmt.Println("error:", err)
			}
		case "modules":
			_, modules := rt.Modules()
			b, err := json.Marshal(modules)
			check(err)
			fmt.Printf("%s\n", b)
		case "status": // the third-party dependency, used
			fmt.Println(websocket.CloseStatus(errors.New("x")))
		}
	}
	cancel()
	check(<-done)
	check(rt.Close())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
