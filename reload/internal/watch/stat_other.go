//go:build !linux

package watch

import "io/fs"

// changed is for systems whose change time is not looked at.
func changed(fs.FileInfo) int64 { return 0 }

// inode is for systems that know a watched directory by its path.
type inode struct{}

func inodeOf(fs.FileInfo) (inode, bool) { return inode{}, false }
