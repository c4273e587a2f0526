package watch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// place is a name in a real directory: where a symbolic link is, or where something is missing.
type place struct{ dir, name string }

// resolver follows symbolic links one by one, because each of them may be turned elsewhere.
type resolver struct {
	// enter is called with a directory before it is relied upon that nothing changes in it unseen: it sets the watch.
	enter func(real string) error
	via   []place // the links passed, and the missing name if the path ends nowhere
	hops  int
}

const maxHops = 40 // as Linux has it

// walk resolves the names one after the other, starting in dir, which is real.
func (r *resolver) walk(dir string, names []string) (string, error) {
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		if name == ".." {
			dir = filepath.Dir(dir)
			continue
		}
		next := filepath.Join(dir, name)
		target, err := r.look(place{dir, name}, next)
		switch {
		case err != nil:
			return "", err
		case target == "":
			dir = next
		case filepath.IsAbs(target):
			vol := filepath.VolumeName(target)
			dir, names = vol+string(filepath.Separator), append(split(target[len(vol):]), names...)
		default:
			names = append(split(target), names...)
		}
	}
	return dir, nil
}

// look returns the target if there is a link at path, and "" if there is something else.
func (r *resolver) look(at place, path string) (target string, err error) {
	info, err := os.Lstat(path)
	if err == nil && info.Mode()&fs.ModeSymlink == 0 {
		return "", nil
	}
	r.via = append(r.via, at)
	if r.hops++; r.hops > maxHops {
		return "", &fs.PathError{Op: "resolve", Path: path, Err: syscall.ELOOP}
	}
	if e := r.enter(at.dir); e != nil {
		return "", e
	}
	// Once more: what was turned before the watch was set has no event.
	if info, err = os.Lstat(path); err != nil {
		return "", err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return "", nil
	}
	return os.Readlink(path)
}

// split gives the names of a path. It does not clean: x/link/.. need not be x.
func split(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c < 0x80 && os.IsPathSeparator(uint8(c)) })
}

// holds says that dir is path, or a directory above it. Both are real paths.
func holds(dir, path string) bool {
	if dir == path {
		return true
	}
	sep := string(filepath.Separator)
	return strings.HasPrefix(path, strings.TrimSuffix(dir, sep)+sep)
}
