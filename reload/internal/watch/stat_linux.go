package watch

import (
	"io/fs"
	"syscall"
)

// changed is the inode's change time. Nobody can set it back, as tools that keep the modification time do.
func changed(info fs.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ctim.Nano()
	}
	return 0
}

// inode is what inotify knows a directory by. It is not part of prints: some network file systems make numbers up.
type inode struct{ dev, ino uint64 }

func inodeOf(info fs.FileInfo) (inode, bool) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return inode{uint64(st.Dev), st.Ino}, true
	}
	return inode{}, false
}
