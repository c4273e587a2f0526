package static

import (
	"context"
	"errors"
	"reflect"
	"sync"

	"midair/reload"
)

// Backend serves what is linked into the process. It is safe for concurrent use. All backends of a process share what they
// serve.
type Backend struct{}

var _ reload.Builder = (*Backend)(nil)

// New returns the backend. Without the build tag midair_static there is nothing that it could serve.
func New() *Backend { return new(Backend) }

// Mode returns [reload.ModeStatic].
func (*Backend) Mode() reload.Mode { return reload.ModeStatic }

// Available implements [reload.Builder].
func (*Backend) Available(string) error {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if len(registry.modules) == 0 {
		return errors.New("no module is linked into this host: run midair build -static, then build it with -tags " + Tag)
	}
	return nil
}

// Built implements [reload.Builder]: whether the very content is linked in and can serve now.
func (*Backend) Built(c *reload.Checked) bool {
	content := Content(c)
	registry.mu.Lock()
	defer registry.mu.Unlock()
	_, no := find(c, content)
	return no == nil
}

// Build implements [reload.Builder]. It can only say why the module is not built.
func (*Backend) Build(_ context.Context, c *reload.Checked) error {
	content := Content(c)
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if _, no := find(c, content); no != nil {
		return no.explain(c)
	}
	return nil
}

// Prepare implements [reload.Backend].
func (*Backend) Prepare(ctx context.Context, c *reload.Checked, _ reload.Env) (reload.Instance, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, timeout(c, err)
	}
	i, again, err := start(c)
	if err != nil {
		return nil, err
	}
	if err := i.renew(ctx, c, again); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

// start takes the module into use.
func start(c *reload.Checked) (*instance, []*linked, error) {
	content := Content(c)
	registry.mu.Lock()
	defer registry.mu.Unlock()
	m, no := find(c, content)
	if no != nil {
		return nil, nil, no.explain(c)
	}
	return &instance{module: m, symbols: m.Symbols(), places: newPlaces(c)}, m.begin(), nil
}

// instance is one version: a linked module in use.
type instance struct {
	module  *module
	symbols Symbols
	places  places
	once    sync.Once
}

var _ reload.Keeper = (*instance)(nil)

// Lookup implements [reload.Instance].
func (i *instance) Lookup(name string) (reflect.Value, bool) {
	v, ok := i.symbols[name]
	return v, ok
}

// Variable implements [reload.Keeper]. It finds all package variables.
func (i *instance) Variable(importPath, name string) (reflect.Value, bool) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	for _, p := range i.module.packages() {
		if p.ImportPath != importPath || p.Vars == nil {
			continue
		}
		if pointer, ok := p.Vars()[name]; ok {
			return reflect.ValueOf(pointer).Elem(), true
		}
	}
	return reflect.Value{}, false
}

// Panic implements [reload.Instance].
func (i *instance) Panic(recovered any) (any, []reload.Frame) { return recovered, i.places.stack() }

// Close implements [reload.Instance]. The module may serve again then.
func (i *instance) Close() error {
	i.once.Do(func() {
		registry.mu.Lock()
		defer registry.mu.Unlock()
		i.module.end()
	})
	return nil
}
