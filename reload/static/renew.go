package static

import (
	"context"
	"fmt"

	"midair/reload"
)

// renew makes packages as new. It returns when ctx ends; what has not come to an end then never serves again.
func (i *instance) renew(ctx context.Context, c *reload.Checked, packages []*linked) error {
	if len(packages) == 0 {
		return nil
	}
	done := make(chan *reload.PanicError, 1)
	go func() { done <- i.initialise(packages) }()
	select {
	case p := <-done:
		if p == nil {
			return nil
		}
		spoil(packages, fmt.Sprintf("a package variable could not be initialised again: %v", p.Value))
		return initPanic(c, p)
	case <-ctx.Done():
		spoil(packages, "package variables were initialised again, and that has not come to an end")
		return timeout(c, context.Cause(ctx))
	}
}

// initialise does what the start of the process has done with the packages.
func (i *instance) initialise(packages []*linked) (failed *reload.PanicError) {
	defer func() {
		if r := recover(); r != nil {
			failed = &reload.PanicError{Value: r, Stack: i.places.stack()}
		}
	}()
	for _, p := range packages {
		if p.Clear != nil {
			p.Clear()
		}
	}
	for _, p := range packages {
		if p.Start != nil {
			p.Start()
		}
	}
	return nil
}

// spoil notes that packages cannot serve again.
func spoil(packages []*linked, why string) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	for _, p := range packages {
		p.broken = why
	}
}
