package derive

import (
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func info(settings ...string) *debug.BuildInfo {
	bi := &debug.BuildInfo{GoVersion: "go1.26.8", Path: "example.com/m/cmd/host", Main: debug.Module{Path: "example.com/m"}}
	for i := 0; i < len(settings); i += 2 {
		bi.Settings = append(bi.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
	}
	return bi
}

func TestArguments(t *testing.T) {
	for name, c := range map[string]struct {
		settings []string
		want     []string
	}{
		"plain":     {[]string{"-buildmode", "exe", "-compiler", "gc"}, []string{"-pgo=off"}},
		"race":      {[]string{"-race", "true"}, []string{"-race=true", "-pgo=off"}},
		"trimpath":  {[]string{"-trimpath", "true"}, []string{"-trimpath=true", "-pgo=off"}},
		"tags":      {[]string{"-tags", "a,b"}, []string{"-tags=a,b", "-pgo=off"}},
		"compiler":  {[]string{"-gcflags", "all=-N -l", "-asmflags", "-x"}, []string{"-gcflags=all=-N -l", "-asmflags=-x", "-pgo=off"}},
		"linker":    {[]string{"-ldflags", "-linkmode=internal"}, []string{"-pgo=off"}},
		"profile":   {[]string{"-pgo", "/p/default.pgo"}, []string{"-pgo=/p/default.pgo"}},
		"base name": {[]string{"-pgo", "default.pgo", "-trimpath", "true"}, []string{"-trimpath=true", "-pgo=/root/cmd/host/default.pgo"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := From(info(c.settings...), "/root")
			require.NoError(t, err)
			assert.Equal(t, c.want, f.Args)
		})
	}
}

func TestImpossible(t *testing.T) {
	for name, bi := range map[string]*debug.BuildInfo{
		"no information": nil,
		"no settings":    info(),
		"no cgo":         info("CGO_ENABLED", "0"),
		"gccgo":          info("-compiler", "gccgo"),
	} {
		_, err := From(bi, "/root")
		assert.Error(t, err, name)
	}
}

func TestModuleMode(t *testing.T) {
	cached := &debug.Module{Path: "a", Sum: "h1:x"}
	vendored := &debug.Module{Path: "b"}
	replaced := &debug.Module{Path: "c", Replace: &debug.Module{Path: "../c"}}
	for name, c := range map[string]struct {
		deps []*debug.Module
		want string
	}{
		"none":     {nil, ""},
		"cached":   {[]*debug.Module{replaced, cached}, "-mod=readonly"},
		"vendored": {[]*debug.Module{replaced, vendored}, "-mod=vendor"},
		"replaced": {[]*debug.Module{replaced}, ""},
	} {
		bi := info("-compiler", "gc")
		bi.Deps = c.deps
		f, err := From(bi, "/root")
		require.NoError(t, err)
		i := slices.IndexFunc(f.Args, func(a string) bool { return len(a) > 5 && a[:5] == "-mod=" })
		if c.want == "" {
			assert.Negative(t, i, name)
		} else {
			assert.Equal(t, c.want, f.Args[i], name)
		}
	}
}

func TestGoVersion(t *testing.T) {
	for _, v := range []string{"go1.26.8", "go1.26.8-X:nogreenteagc", "go1.26.8 X:nogreenteagc"} {
		bi := info("GOEXPERIMENT", "nogreenteagc")
		bi.GoVersion = v
		f, err := From(bi, "")
		require.NoError(t, err)
		assert.Equal(t, "go1.26.8", f.GoVersion)
		assert.Contains(t, f.Env, "GOEXPERIMENT=nogreenteagc")
	}
}

func TestEnviron(t *testing.T) {
	f, err := From(info("GOAMD64", "v3", "CGO_ENABLED", "1", "CGO_CFLAGS", "-O1"), "")
	require.NoError(t, err)
	env := f.Environ([]string{"PATH=/bin", "GOFLAGS=-race", "GOEXPERIMENT=x", "CGO_CFLAGS=-O3", "GOWORK=/w", "GOTOOLCHAIN=go1.0"},
		map[string]string{"GOPROXY": "off", "GOAMD64": "v1"})
	assert.ElementsMatch(t, []string{"GOPROXY=off", "PATH=/bin", "GOWORK=/w", "GOENV=off", "GOFLAGS=-buildvcs=false",
		"GOTOOLCHAIN=local", "GOAMD64=v3", "CGO_ENABLED=1", "CGO_CFLAGS=-O1"}, env)
}

func TestEnvironTrimmed(t *testing.T) {
	f, err := From(info("-trimpath", "true", "CGO_ENABLED", "1"), "")
	require.NoError(t, err)
	assert.Contains(t, f.Environ([]string{"CGO_CFLAGS=-O3"}, nil), "CGO_CFLAGS=-O3")
}
