package watch

import "strings"

// dropping says that a file of this name is left by an editor on its way to another name: no hint by itself. A
// directory of such a name is an ordinary directory.
func dropping(name string) bool {
	for _, prefix := range [...]string{".#", ".goutputstream", ".nfs", ".fuse_hidden"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	for _, suffix := range [...]string{"~", ".tmp", ".bak", ".bck"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	switch {
	case name == "4913", name == ".DS_Store": // vim tries whether it may create files here
		return true
	case len(name) > 1 && name[0] == '#' && name[len(name)-1] == '#':
		return true
	case strings.Contains(name, "___jb_"):
		return true
	}
	return swap(name)
}

// swap knows vim's swap files: .x.swp, and .swo, .swn, .swx beside it.
func swap(name string) bool {
	n := len(name)
	return n > 5 && name[0] == '.' && name[n-4:n-1] == ".sw" && 'a' <= name[n-1] && name[n-1] <= 'z'
}

// hidden says that a directory of this name is not looked into.
func hidden(name string) bool { return strings.HasPrefix(name, ".") }

// swapped says that an event on this name may have changed everything: Kubernetes swaps ..data.
func swapped(name string) bool { return strings.HasPrefix(name, "..") }
