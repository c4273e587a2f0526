package native

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"midair/reload/native/internal/build"
	"midair/reload/native/internal/gate"
	"midair/reload/native/internal/stage"
)

// host is what is known of the running program. It does not change.
type host struct {
	info     *debug.BuildInfo
	prints   map[string]string // package fingerprints
	identity string            // of this very build
	built    time.Time         // the zero time if unknown
	err      error             // why it cannot open plugins
}

func init() { loaded.self = sync.OnceValue(readSelf) }

// readSelf looks at the running executable, by a name that stands for it even when the file was replaced since.
func readSelf() *host {
	h := &host{}
	h.info, _ = debug.ReadBuildInfo()
	if h.err = pluginsBuiltIn(); h.err != nil {
		return h
	}
	file := "/proc/self/exe"
	if _, err := os.Stat(file); err != nil {
		if file, err = os.Executable(); err != nil {
			h.err = err
			return h
		}
	}
	prints, err := gate.Host(file)
	if err != nil {
		h.err = fmt.Errorf("the host cannot open plugins: %w; build it dynamically linked, with the go command's defaults", err)
		return h
	}
	h.prints, h.identity = prints, gate.BuildID(file)
	if info, err := os.Stat(file); err == nil {
		h.built = info.ModTime()
		if h.identity == "" {
			h.identity = fmt.Sprint(info.Size(), info.ModTime().UnixNano())
		}
	}
	return h
}

// supported returns why the process can have no native versions.
func (h *host) supported(dir string) error {
	if h.err != nil {
		return h.err
	}
	if dir == "" {
		return errors.New("there is no cache folder (set native.Config.Dir)")
	}
	return nil
}

// Supported returns why modules below a go.mod cannot run natively in this process, in one sentence, or nil. It asks the go
// command, once. With a bundle that fits the process the answer is nil, as far as the modules in it go.
func (b *Backend) Supported(moduleRoot string) error {
	if err := b.raceOff(); err != nil {
		return err
	}
	if b.cfg.Bundle != nil || b.signedOnly() {
		return b.supportedByBundle(moduleRoot)
	}
	return b.supportedByBuilding(moduleRoot)
}

// raceOff returns why there are no native modules in a host with the race detector.
func (b *Backend) raceOff() error {
	info := loaded.self().info
	if b.cfg.Race || info == nil || !slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return nil
	}
	return errors.New("the host was built with -race, and the race detector does not know the variables of plugins: it would " +
		"report races that are none, and may end the process (native.Config.Race allows it all the same)")
}

func (b *Backend) supportedByBuilding(moduleRoot string) error {
	if err := loaded.self().supported(b.cfg.Dir); err != nil {
		return err
	}
	if _, err := stage.Find(moduleRoot); err != nil {
		return err
	}
	_, err := b.tools(context.Background(), moduleRoot)
	return err
}

// salt is what decides about a build besides the module.
func salt(t *build.Toolchain, identity string, more []string, debug bool) string {
	f := t.Flags()
	profile := ""
	if f.Profile != "" {
		data, err := os.ReadFile(f.Profile)
		profile = fmt.Sprint(digest(data), err)
	}
	return fmt.Sprintf("%q", []any{f.GoVersion, f.Args, f.Env, more, debug, identity, profile})
}
