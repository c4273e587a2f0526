package reload

import (
	"context"
	"io/fs"
)

// ApplyDirs applies what changed in the named folders only, as the watcher does.
func ApplyDirs(rt *Runtime, fsys fs.FS, dirs ...string) error {
	rt.applying.Lock()
	defer rt.applying.Unlock()
	a := attempt{rt: rt, fsys: fsys, dirs: dirs}
	_, err := a.run(context.Background())
	return err
}
