// Package derive finds out how to build a plugin so that it fits a program: with the flags and the environment that the
// program itself was built with.
package derive

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// Flags are arguments and environment of go build. They are immutable.
type Flags struct {
	Args      []string // such as -race and -tags=x
	Env       []string // KEY=value; to be used with Environ
	GoVersion string   // such as "go1.26.8", without experiments
	Trimpath  bool
	Race      bool
	Cover     bool   // packages are instrumented for coverage; which ones and how is not recorded, so it has to be probed
	Profile   string // the file of -pgo, "" if there is none
}

// From reads the flags from a program's build information. root is the directory of its main module. An error says why no
// plugin can ever fit the program.
func From(info *debug.BuildInfo, root string) (Flags, error) {
	if info == nil || len(info.Settings) == 0 {
		return Flags{}, errors.New("the host carries no build information: build it with the go command")
	}
	version, _, _ := strings.Cut(info.GoVersion, " ")
	version, _, _ = strings.Cut(version, "-X:") // experiments are in the settings too
	f := Flags{GoVersion: version, Env: []string{"GOENV=off", "GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=local"}}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
		switch {
		case buildFlags[s.Key]:
			f.Args = append(f.Args, s.Key+"="+s.Value)
		case recorded[s.Key] && s.Value != "":
			f.Env = append(f.Env, s.Key+"="+s.Value)
		}
	}
	switch {
	case set["CGO_ENABLED"] == "0":
		return f, errors.New("the host was built with CGO_ENABLED=0, and plugins need cgo")
	case set["-compiler"] != "" && set["-compiler"] != "gc":
		return f, fmt.Errorf("the host was built by the compiler %s, and plugins need gc", set["-compiler"])
	}
	f.Trimpath, f.Race, f.Cover = set["-trimpath"] == "true", set["-race"] == "true", set["-cover"] == "true"
	f.Profile = profile(set["-pgo"], info, root)
	if f.Profile == "" {
		f.Args = append(f.Args, "-pgo=off")
	} else {
		f.Args = append(f.Args, "-pgo="+f.Profile)
	}
	if mod := moduleMode(info); mod != "" {
		f.Args = append(f.Args, "-mod="+mod)
	}
	return f, nil
}

// buildFlags are the settings that are flags of go build. The linker's are no concern of a plugin.
var buildFlags = map[string]bool{"-race": true, "-msan": true, "-asan": true, "-trimpath": true, "-tags": true,
	"-gcflags": true, "-asmflags": true}

// recorded are the settings that are environment variables.
var recorded = map[string]bool{"CGO_ENABLED": true, "CGO_CFLAGS": true, "CGO_CPPFLAGS": true, "CGO_CXXFLAGS": true,
	"CGO_LDFLAGS": true, "GOARCH": true, "GOOS": true, "GOEXPERIMENT": true, "GOFIPS140": true, "GOAMD64": true, "GOARM64": true,
	"GOARM": true, "GO386": true, "GOMIPS": true, "GOMIPS64": true, "GOPPC64": true, "GORISCV64": true, "GOWASM": true}

// profile finds the file of -pgo. With -trimpath only its name is recorded: it is then looked for beside the main package,
// where default.pgo is.
func profile(recorded string, info *debug.BuildInfo, root string) string {
	if recorded == "" || recorded == "off" || filepath.IsAbs(recorded) {
		return strings.TrimPrefix(recorded, "off")
	}
	below := strings.TrimPrefix(strings.TrimPrefix(info.Path, info.Main.Path), "/")
	return filepath.Join(root, filepath.FromSlash(below), recorded)
}

// moduleMode tells whether dependencies came from the module cache, whose checksums are recorded, or from a vendor folder,
// where there are none. A program without dependencies does not tell.
func moduleMode(info *debug.BuildInfo) string {
	mode := ""
	for _, d := range info.Deps {
		switch {
		case d.Sum != "", d.Replace != nil && d.Replace.Sum != "":
			return "readonly"
		case d.Replace == nil:
			mode = "vendor"
		}
	}
	return mode
}

// Environ is the environment of a go command: that of the process and what `go env -w` has set, but nothing of both that
// would make the build another one than the host's.
func (f Flags) Environ(process []string, written map[string]string) []string {
	var env []string
	keep := func(key, value string) {
		harmful := key == "GOENV" || key == "GOFLAGS" || key == "GOTOOLCHAIN" || key == "GO111MODULE"
		if strings.HasPrefix(key, "CGO_") && f.Trimpath && key != "CGO_ENABLED" {
			harmful = false // -trimpath leaves them out of the build information
		} else if recorded[key] {
			harmful = true
		}
		if !harmful {
			env = append(env, key+"="+value)
		}
	}
	for key, value := range written {
		keep(key, value)
	}
	for _, kv := range process {
		if key, value, ok := strings.Cut(kv, "="); ok {
			keep(key, value)
		}
	}
	return append(env, f.Env...)
}
