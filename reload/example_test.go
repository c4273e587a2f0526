package reload_test

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"midair/interp"
	"midair/reload"
)

// moduleDir is a module directory in memory; a real host uses reload.Dir and Run.
func moduleDir(source string) fstest.MapFS {
	return fstest.MapFS{"shop/shop.go": {Data: []byte(source)}}
}

// Shop is the contract of the examples.
type Shop struct {
	Price    func(item string) (int, error)
	Discount float64
	Commands map[string]func(args ...string) string `midair:"prefix=Cmd"`
}

const shopSource = `package shop

import "errors"

const Discount = 0.1

func Price(item string) (int, error) {
	if item == "" {
		return 0, errors.New("no item")
	}
	return 10 * len(item), nil
}

func CmdHello(args ...string) string { return "hello " + args[0] }
`

func newShop() (*reload.Runtime, *reload.Table[Shop]) {
	rt, err := reload.New(reload.Config{Backends: []reload.Backend{interp.New(interp.Config{})}})
	if err != nil {
		panic(err)
	}
	shop, err := reload.Bind[Shop](rt, "shop")
	if err != nil {
		panic(err)
	}
	return rt, shop
}

func Example() {
	ctx := context.Background()
	rt, shop := newShop()
	defer rt.Close()
	if _, err := rt.Apply(ctx, moduleDir(shopSource), reload.Change{Reason: "first"}); err != nil {
		fmt.Println(err)
	}
	price := func() {
		err := shop.Do(ctx, func(s *Shop) error {
			p, err := s.Price("sword")
			fmt.Println(shop.Version().Number(), p, s.Discount, s.Commands["Hello"]("you"))
			return err
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	price()

	// A mistake is refused, and what was live goes on.
	_, err := rt.Apply(ctx, moduleDir("package shop\n\nfunc Price(item string) int { return 1 }\n"), reload.Change{})
	var e *reload.Error
	if errors.As(err, &e) {
		for _, d := range e.Diagnostics {
			fmt.Println(d)
		}
	}
	price()
	// Output:
	// 1 50 0.1 hello you
	// shop/shop.go:1:1: variable or constant Discount is missing; have none; want var Discount float64 [contract/missing]
	// shop/shop.go:3:6: function Price has the wrong signature; have func Price(item string) int; want func Price(string) (int, error) [contract/signature]
	// 1 50 0.1 hello you
}

// A panic in a module ends the visit and nothing else.
func ExampleTable_Do() {
	ctx := context.Background()
	rt, shop := newShop()
	defer rt.Close()
	rt.Apply(ctx, moduleDir(shopSource), reload.Change{})
	err := shop.Do(ctx, func(s *Shop) error {
		s.Commands["Hello"]() // it expects an argument
		return nil
	})
	fmt.Println(err)
	// Output:
	// reload: shop version 1 (generation 1): visit: panic: reflect: slice index out of range (shop.CmdHello at shop/shop.go:14)
}

// A func for a mux or a timer runs what is live at each call.
func ExampleFunc() {
	ctx := context.Background()
	rt, shop := newShop()
	defer rt.Close()
	price := reload.Func(shop, func(s *Shop) func(string) (int, error) { return s.Price })
	_, err := price("bow")
	fmt.Println(errors.Is(err, reload.ErrNotLoaded))
	rt.Apply(ctx, moduleDir(shopSource), reload.Change{})
	fmt.Println(price("bow"))
	// Output:
	// true
	// 30 <nil>
}

// Each room adopts a new generation when it is ready for it.
func ExampleRuntime_View() {
	ctx := context.Background()
	rt, shop := newShop()
	defer rt.Close()
	rt.Apply(ctx, moduleDir(shopSource), reload.Change{})
	room := rt.View()
	defer room.Close()
	rt.Apply(ctx, moduleDir(shopSource+"\nvar changed = true\n"), reload.Change{})
	fmt.Println(shop.In(room).Version().Number(), shop.Version().Number())
	room.Refresh() // between two ticks of the room
	fmt.Println(shop.In(room).Version().Number())
	// Output:
	// 1 2
	// 2
}
