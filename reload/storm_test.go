package reload_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"midair/reload"
)

// Everything at once from everywhere, and Close in the middle of it: nothing hangs, races or goes on after its end.
func TestStorm(t *testing.T) {
	rt, _ := watched(t, three(), atSafePoint)
	table := bind[calc](t, rt, "c")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	until := time.Now().Add(400 * time.Millisecond)
	often := func(f func(i int) error) {
		wg.Go(func() {
			for i := 0; time.Now().Before(until); i++ {
				if err := f(i); err != nil && !expected(err) {
					assert.NoError(t, err)
					return
				}
				pace()
			}
		})
	}
	for g := range 3 {
		often(func(i int) error {
			_, err := rt.Apply(ctx, three().with("c/c.go", fmt.Sprintf("package c\nfunc F(n int) int { return %d }\n", g*1000+i)).fs(), reload.Change{})
			return err
		})
		often(func(int) error { return table.Do(ctx, func(c *calc) error { c.F(1); return rt.Commit() }) })
	}
	often(func(int) error { return rt.Commit() })
	often(func(i int) error {
		_, err := rt.Plan(ctx, three().with("a/a.go", fmt.Sprintf("package a\nconst X = %d\n", i)).fs())
		return err
	})
	often(func(int) error {
		view := rt.View()
		defer view.Close()
		view.Refresh()
		return table.In(view).Do(ctx, func(c *calc) error { c.F(1); return nil })
	})
	often(func(int) error {
		pin := table.Pin()
		defer pin.Close()
		return pin.Do(ctx, func(c *calc) error { c.F(1); return nil })
	})
	often(func(i int) error {
		type one struct{ F func(int) int }
		type two struct{ F, G func(int) int }
		var err error
		if name := []string{"a", "b", "c", "none"}[rand.IntN(4)]; i%2 == 0 {
			_, err = reload.Bind[one](rt, name)
		} else {
			_, err = reload.Bind[two](rt, "none")
		}
		return err
	})
	often(func(int) error {
		short, stop := context.WithTimeout(ctx, 3*time.Millisecond)
		defer stop()
		for range rt.Events(short) {
		}
		rt.Modules()
		return nil
	})
	wg.Go(func() {
		time.Sleep(300 * time.Millisecond)
		assert.NoError(t, rt.Close())
	})
	wg.Wait()
	assert.ErrorIs(t, table.Do(ctx, func(*calc) error { return nil }), reload.ErrClosed)
}

func expected(err error) bool {
	var e *reload.Error
	return errors.As(err, &e)
}
