package native

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"midair/reload"
	"midair/reload/native/internal/gate"
	"midair/reload/native/internal/stage"
)

var errSignedOnly = errors.New("this host opens nothing but modules of signed bundles, so nothing is built here " +
	"(native.Config.PublicKey, or the key that native.OpenBundle was given)")

// bundleRefusal says why a module does not come from the bundle. The zero value is that there is no bundle.
type bundleRefusal struct {
	rule, message, hint string
	packages            []string // that are not the same
	only                bool     // nothing else can be used instead
	otherwise           error    // why it cannot be built here either
}

func (r *bundleRefusal) diagnostic() reload.Diagnostic {
	d := reload.Diagnostic{Rule: r.rule, Message: r.message, Hint: r.hint}
	if r.otherwise != nil && !r.only {
		d.Message += "; nor can it be built here: " + r.otherwise.Error()
	}
	return d
}

func (r *bundleRefusal) Error() string { return r.diagnostic().String() }
func (r *bundleRefusal) Unwrap() error { return r.otherwise }

// or is the error of a module that can neither come from the bundle nor be built.
func (r *bundleRefusal) or(err error) error {
	if r.message == "" {
		return err
	}
	r.otherwise = err
	return r
}

// signedOnly says whether only signed bundles may be opened.
func (b *Backend) signedOnly() bool {
	return b.cfg.PublicKey != nil || b.cfg.Bundle != nil && b.cfg.Bundle.key != nil
}

// unusable returns why nothing of the bundle can be opened in this process.
func (b *Backend) unusable() *BundleError {
	if b.cfg.PublicKey != nil {
		if err := b.cfg.Bundle.verify(b.cfg.PublicKey); err != nil {
			return err
		}
	}
	return b.cfg.Bundle.misfit
}

// supportedByBundle returns why there can be no native modules, where there is a bundle or has to be one.
func (b *Backend) supportedByBundle(moduleRoot string) error {
	if err := loaded.self().err; err != nil {
		return err
	}
	if b.cfg.Bundle == nil {
		return errors.New("there is no bundle (native.Config.Bundle), and " + errSignedOnly.Error())
	}
	why := b.unusable()
	if why == nil {
		return nil
	}
	if b.signedOnly() {
		return why
	}
	if err := b.supportedByBuilding(moduleRoot); err != nil {
		return fmt.Errorf("%w; nor can modules be built here: %w", why, err)
	}
	return nil
}

// bundled returns the module as the bundle has it, ready to be opened. The refusal says why that cannot be.
func (b *Backend) bundled(c *reload.Checked) (stage.Module, *bundleRefusal) {
	m, refusal := b.fromBundle(c)
	if refusal != nil && refusal.message != "" {
		refusal.only = b.signedOnly()
		if refusal.rule == "" {
			refusal.rule = RuleBundle
		}
	}
	return m, refusal
}

func (b *Backend) fromBundle(c *reload.Checked) (stage.Module, *bundleRefusal) {
	if b.cfg.Bundle == nil {
		return stage.Module{}, &bundleRefusal{}
	}
	if err := b.unusable(); err != nil {
		return stage.Module{}, &bundleRefusal{rule: RuleFit, message: "bundle " + err.Dir + ": " + err.Message, hint: err.Hint}
	}
	entry, refusal := b.cfg.Bundle.find(c)
	if refusal != nil {
		return stage.Module{}, refusal
	}
	m := b.cfg.Bundle.staged(c, entry)
	open, twin := loaded.next(m.Hash())
	if open {
		return m, nil
	}
	if misfit := loaded.misfit(entry.Fingerprints); misfit != nil {
		return stage.Module{}, &bundleRefusal{rule: RuleFit, message: misfit.Message(), hint: bundleAdvice(misfit),
			packages: slices.Concat(misfit.Packages, misfit.Foreign)}
	}
	if _, refusal := b.copyOf(m, entry, twin); refusal != nil {
		return stage.Module{}, refusal
	}
	return m, nil
}

// bundleAdvice is what to do about a module that does not fit what is loaded.
func bundleAdvice(m *gate.Misfit) string {
	if len(m.Packages) == 0 {
		return m.Advice()
	}
	return advice(m)
}

// misfit compares fingerprints with all that is loaded.
func (p *process) misfit(prints map[string]string) *gate.Misfit {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.self()
	m, _ := gate.Compare(gate.Loaded{Host: h.prints, Plugins: p.plugins, Info: h.info}, prints, nil)
	return m
}

// find looks for a module with the very sources of a checked one.
func (b *Bundle) find(c *reload.Checked) (*bundledModule, *bundleRefusal) {
	entry := b.manifest.module(c.Module)
	if entry == nil {
		return nil, &bundleRefusal{message: fmt.Sprintf("the bundle %s has no module %s", b.dir, c.Module),
			hint: "build a bundle that has it (midair build)"}
	}
	if c.ImportPath != b.manifest.ImportPath {
		return nil, &bundleRefusal{message: fmt.Sprintf("the bundle %s was built for a module directory with the import path %s, "+
			"and here it is %s", b.dir, b.manifest.ImportPath, c.ImportPath),
			hint: "set reload.Config.ImportPath"}
	}
	if entry.Content != contentOf(c) {
		return nil, &bundleRefusal{message: fmt.Sprintf("the bundle %s was built from another source of module %s%s", b.dir,
			c.Module, b.changed(c)), hint: "build the bundle anew (midair build)"}
	}
	return entry, nil
}

// changed names a file of a module that is not the bundle's.
func (b *Bundle) changed(c *reload.Checked) string {
	sums := map[string]string{}
	for _, f := range b.manifest.Source {
		sums[f.File] = f.SHA256
	}
	files := filesOf(c)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if sum := sha256.Sum256(files[name]); sums[name] != hex.EncodeToString(sum[:]) {
			return ": " + name + " differs"
		}
	}
	return ""
}

// staged is a module as the rest of the package identifies it.
func (b *Bundle) staged(c *reload.Checked, entry *bundledModule) stage.Module {
	nowhere := filepath.Join(b.dir, manifestName) // a file: no go.mod is below it
	return stage.Module{Checked: c, Root: nowhere, Trimpath: true, Salt: "bundle " + entry.Build}
}

// copyOf returns a verified copy of one of a module's plugins, where nobody else can write.
func (b *Backend) copyOf(m stage.Module, entry *bundledModule, twin int) (string, *bundleRefusal) {
	if twin >= len(entry.Copies) {
		return "", &bundleRefusal{message: fmt.Sprintf("every copy of module %s in the bundle is in use by an earlier version of "+
			"the module, and there are %d", m.Module, len(entry.Copies)),
			hint: "let earlier versions end (visits, views and pins hold them), or build the bundle with -copies"}
	}
	file, err := b.cache.copyBundled(b.cfg.Bundle, stage.Name(m.Hash(), twin), entry.Copies[twin])
	if err != nil {
		return "", &bundleRefusal{message: "bundle " + b.cfg.Bundle.dir + ": " + err.Error(),
			hint: "if it was replaced, have the host open it again; else get it anew, or build it anew with midair build"}
	}
	return file, nil
}

// loadBundled opens a plugin of the bundle.
func (b *Backend) loadBundled(ctx context.Context, m stage.Module, i *instance) error {
	entry := b.cfg.Bundle.manifest.module(m.Module)
	file, refusal := b.copyOf(m, entry, i.library.twin)
	if refusal != nil {
		refusal.rule, refusal.only = RuleBundle, true
		return refusal
	}
	p, misfit, _, err := loaded.fit(file)
	if err != nil {
		return err
	}
	if misfit != nil {
		return &misfitError{misfit}
	}
	i.library.hash = stage.Name(entry.Build, i.library.twin) // as stacks have it
	if err := loaded.openFile(ctx, i.library, p, i); err != nil {
		return err
	}
	b.cache.opened(file)
	b.cfg.Bundle.tell(i)
	return nil
}

// tell logs that fingerprints cannot tell everything.
func (b *Bundle) tell(i *instance) {
	if b.manifest.Host.BuildID != loaded.self().identity {
		i.logger.Warn("the bundle was built for another build of the host, which it fits; a function that has changed since, and "+
			"that nobody inlines, is in native code as it was then", "bundle", b.dir)
	}
}

// private makes a folder that only this user can look into: below the cache's, if that can be written and nobody else can
// put another folder in its place.
func private(dir string) (string, error) {
	if dir != "" && os.MkdirAll(dir, 0o700) == nil && !shared(dir) {
		if made, err := os.MkdirTemp(dir, "stage-bundle-"); err == nil {
			return made, nil
		}
	}
	return os.MkdirTemp("", "midair-bundle-")
}

// shared says whether others may rename what is in a folder.
func shared(dir string) bool {
	info, err := os.Stat(dir)
	return err != nil || info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0
}
