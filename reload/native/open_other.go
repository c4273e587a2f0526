//go:build !cgo || !(linux || freebsd)

package native

import (
	"errors"
	"fmt"
	"runtime"
)

// pluginsBuiltIn says why plugins cannot be opened at all.
func pluginsBuiltIn() error {
	switch runtime.GOOS {
	case "linux", "freebsd":
		return errors.New("the host was built without cgo, which plugins need: build it with CGO_ENABLED=1 and a C compiler")
	}
	return fmt.Errorf("native modules are not supported on %s", runtime.GOOS)
}

func openPlugin(string, func(any)) (*symbols, error) { return nil, pluginsBuiltIn() }
