package native

import (
	"context"
	"log/slog"

	"midair/reload"
	"midair/reload/native/internal/stage"
)

var (
	_ reload.Builder = (*Backend)(nil)
	_ reload.Warmer  = (*Backend)(nil)
)

// Available implements [reload.Builder]. It is [Backend.Supported].
func (b *Backend) Available(moduleRoot string) error { return b.Supported(moduleRoot) }

// Built implements [reload.Builder]. It is true if a plugin of the content is loaded and nobody uses it, or if the cache
// has one that fits.
func (b *Backend) Built(c *reload.Checked) bool {
	tools, m, err := b.plan(context.Background(), c)
	if err != nil {
		return false
	}
	if tools == nil {
		return true // the bundle has it
	}
	open, twin := loaded.next(m.Hash())
	if open {
		return true
	}
	file := b.cache.File(m.Module, stage.Name(m.Hash(), twin))
	if !b.cache.Use(file) {
		return false
	}
	_, misfit, _, err := loaded.fit(file)
	return err == nil && misfit == nil
}

// Build implements [reload.Builder]. The result goes to the cache.
func (b *Backend) Build(ctx context.Context, c *reload.Checked) error {
	tools, m, err := b.plan(ctx, c)
	if err != nil {
		return explain(c, err)
	}
	loaded.await(ctx, m.Hash(), b.cfg.ReuseWait)
	if tools == nil {
		return nil // the bundle has it
	}
	open, twin := loaded.next(m.Hash())
	if open {
		return nil
	}
	if err := b.budget(); err != nil {
		return explain(c, err)
	}
	l := &library{content: m.Hash(), twin: twin, hash: stage.Name(m.Hash(), twin)}
	i := &instance{library: l, places: stage.NewPlaces(m), logger: slog.New(slog.DiscardHandler)}
	if _, err := b.plugin(ctx, m, tools, i); err != nil {
		if ctx.Err() != nil {
			err = &unfinishedError{context.Cause(ctx)}
		}
		return explain(c, err)
	}
	return nil
}

// next says whether a content is loaded and free to serve, and else which twin of it the next one will be.
func (p *process) next(content string) (open bool, twin int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	twins := p.libraries[content]
	twin = len(twins)
	for _, l := range twins {
		switch {
		case l.dead != nil:
			return true, l.twin // Prepare says at once what is wrong with it
		case l.users == 0 && l.open:
			return true, l.twin
		case l.users == 0:
			twin = min(twin, l.twin)
		}
	}
	return false, twin
}
