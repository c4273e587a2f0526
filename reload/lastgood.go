package reload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"midair/reload/internal/source"
)

// lastGood keeps the sources of what serves in a folder, for a start at which the module directory is broken. Its goroutine
// ends when there is nothing to save.
type lastGood struct {
	dir string

	mu     sync.Mutex
	want   map[string]*source.Module // to be saved
	saving bool
	idle   sync.WaitGroup
	err    error // of the last time, so that it is told once
}

// goodFile lists what is saved, by module.
type goodFile struct {
	Modules map[string]goodModule `json:"modules"`
}

type goodModule struct {
	Hash   string `json:"hash"`
	Folder string `json:"folder"` // with the module's source as in a module directory
}

const goodName = "last-good.json"

// save notes what serves now, and has it written in the background.
func (rt *Runtime) saveGood() {
	l := &rt.good
	if l.dir == "" {
		return
	}
	rt.mu.Lock()
	want := map[string]*source.Module{}
	for name, v := range rt.current.Load().versions {
		if v.source.want != nil {
			want[name] = v.source.want
		}
	}
	closed := rt.closed
	rt.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if closed {
		return
	}
	l.want = want
	if !l.saving {
		l.saving = true
		l.idle.Go(rt.saveAll)
	}
}

func (rt *Runtime) saveAll() {
	l := &rt.good
	for {
		l.mu.Lock()
		want := l.want
		l.want = nil
		if want == nil {
			l.saving = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		if err := l.write(want); err != nil && l.err == nil {
			l.err = err
			rt.log(slog.LevelError, EventNotice, "the last good versions cannot be saved", "err", err)
		} else {
			l.err = err
		}
	}
}

// write saves sources by content, and then the list that names them.
func (l *lastGood) write(want map[string]*source.Module) error {
	list := goodFile{Modules: map[string]goodModule{}}
	for name, m := range want {
		folder := strings.ReplaceAll(name, "/", "-") + "-" + m.Hash.String()
		if err := l.writeModule(filepath.Join(l.dir, folder), m); err != nil {
			return err
		}
		list.Modules[name] = goodModule{m.Hash.String(), folder}
	}
	data, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		return err
	}
	if err := writeWhole(filepath.Join(l.dir, goodName), append(data, '\n')); err != nil {
		return err
	}
	return l.clean(list)
}

// writeModule makes a folder whole or not at all.
func (l *lastGood) writeModule(folder string, m *source.Module) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(l.dir, "saving-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	put := func(name string, data []byte) error {
		file := filepath.Join(temp, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		return os.WriteFile(file, data, 0o600)
	}
	for _, pkg := range append(slices.Clip(m.Libraries), m.Package) {
		for _, f := range pkg.Files {
			if err := put(f.Path, f.Source); err != nil {
				return err
			}
		}
		for _, e := range pkg.Embeds {
			for _, f := range e.Files {
				if err := put(pkg.Dir+"/"+f.Name, f.Data); err != nil {
					return err
				}
			}
		}
	}
	return os.Rename(temp, folder)
}

// writeWhole replaces a file in one step.
func writeWhole(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "saving-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// clean removes folders that are not in the list any more.
func (l *lastGood) clean(list goodFile) error {
	used := map[string]bool{goodName: true}
	for m := range maps.Values(list.Modules) {
		used[m.Folder] = true
	}
	entries, err := os.ReadDir(l.dir)
	for _, e := range entries {
		if e.IsDir() && !used[e.Name()] && strings.Contains(e.Name(), "-") {
			err = errors.Join(err, os.RemoveAll(filepath.Join(l.dir, e.Name())))
		}
	}
	return err
}

// startGood loads the last good version of every module that has nothing to serve. Its errors are told and no more: the
// modules have errors anyway.
func (rt *Runtime) startGood(ctx context.Context) {
	if rt.good.dir == "" {
		return
	}
	data, err := os.ReadFile(filepath.Join(rt.good.dir, goodName))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var list goodFile
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		rt.log(slog.LevelError, EventNotice, "the last good versions cannot be read", "err", err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(list.Modules)) {
		rt.mu.Lock()
		m := rt.modules[name]
		missing := m != nil && rt.next(name) == nil
		rt.mu.Unlock()
		if !missing {
			continue
		}
		if err := rt.loadGood(ctx, name, list.Modules[name]); err != nil {
			rt.log(slog.LevelError, EventNotice, "its last good version does not serve either", "module", name, "err", err)
		}
	}
}

// loadGood loads one module from what was saved.
func (rt *Runtime) loadGood(ctx context.Context, name string, good goodModule) error {
	tree, _, err := source.Read(os.DirFS(filepath.Join(rt.good.dir, filepath.Base(good.Folder))), nil)
	if err != nil {
		return err
	}
	want := tree.Resolve(rt.world, source.Resolution{}).Modules[name]
	if want == nil || want.Hash.String() != good.Hash {
		return errors.New("what was saved of it has been changed")
	}
	p := &part{name: name, want: want, stages: Stages{}, back: -1}
	a := &attempt{rt: rt, desired: rt.desired, stages: Stages{}, parts: []*part{p}, now: true, change: Change{Reason: "last good"}}
	a.check()
	if len(p.diags) == 0 {
		a.prepare(ctx)
	}
	if len(p.diags) > 0 {
		return p.err(rt.Generation().number)
	}
	a.conclude()
	rt.log(slog.LevelError, EventNotice, fmt.Sprintf("its files are broken: version %d is the last good one", p.version.number),
		"module", name, "hash", good.Hash)
	rt.emit(Event{Kind: EventNotice, Module: name, Version: p.version.number, Hash: good.Hash,
		Message: "its files are broken: the last good version serves"})
	return nil
}
