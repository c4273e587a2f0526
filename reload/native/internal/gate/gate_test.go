package gate

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func info(version string, settings ...string) *debug.BuildInfo {
	bi := &debug.BuildInfo{GoVersion: version, Main: debug.Module{Path: "example.com/m"}}
	for i := 0; i < len(settings); i += 2 {
		bi.Settings = append(bi.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
	}
	return bi
}

func TestCompare(t *testing.T) {
	host := map[string]string{"fmt": "1", "example.com/m/game": "2", "os": "3"}
	version := func(v string) *debug.BuildInfo {
		bi := info("go1.26.8")
		bi.Deps = []*debug.Module{{Path: "example.com/dep", Version: v}}
		return bi
	}
	for name, c := range map[string]struct {
		plugin          map[string]string
		host, info      *debug.BuildInfo
		message, advice string
	}{
		"fits": {map[string]string{"fmt": "1", "new": "9"}, info("go1.26.8"), info("go1.26.8"), "", ""},
		"source": {map[string]string{"fmt": "1", "example.com/m/game": "7"}, info("go1.26.8", "-ldflags", "x"), info("go1.26.8"),
			"package example.com/m/game differs from the host's", "its source has changed"},
		"flag": {map[string]string{"fmt": "7", "os": "8"}, info("go1.26.8", "-trimpath", "true"), info("go1.26.8"),
			"2 packages differ (fmt, os) from the host's", `-trimpath is "true" in the host and not set in the plugin`},
		"toolchain": {map[string]string{"fmt": "7"}, info("go1.26.8"), info("go1.26.9"),
			"package fmt differs", `Go is "go1.26.8" in the host and "go1.26.9" in the plugin`},
		"dependency": {map[string]string{"fmt": "7"}, version("v1.0.0"), version("v1.1.0"),
			"package fmt differs", `example.com/dep is "v1.0.0" in the host and "v1.1.0" in the plugin: go.mod has changed`},
		"unexplained": {map[string]string{"fmt": "7"}, info("go1.26.8"), info("go1.26.8"), "package fmt differs", "the go command must be"},
		"another module's": {map[string]string{"lib": "7"}, info("go1.26.8"), info("go1.26.8"),
			"package lib differs from what another module brought", "restart the host"},
	} {
		t.Run(name, func(t *testing.T) {
			m, warnings := Compare(Loaded{Host: host, Plugins: map[string]string{"lib": "5"}, Info: c.host}, c.plugin, c.info)
			assert.Empty(t, warnings)
			if c.message == "" {
				require.Nil(t, m)
				return
			}
			require.NotNil(t, m)
			assert.Contains(t, m.Message(), c.message)
			assert.Contains(t, m.Advice(), c.advice)
		})
	}
}

func TestManyPackagesAreCounted(t *testing.T) {
	assert.Equal(t, "5 packages differ (a, b, c and 2 more)", differ([]string{"a", "b", "c", "d", "e"}))
}

func TestSilentSettingsWarn(t *testing.T) {
	m, warnings := Compare(Loaded{Info: info("go1.26.8", "GOAMD64", "v3")}, nil, info("go1.26.8", "GOAMD64", "v1"))
	assert.Nil(t, m)
	assert.Equal(t, []Difference{{Key: "GOAMD64", Host: "v3", Plugin: "v1"}}, warnings)
}

func TestNotPlugins(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.so")
	require.NoError(t, os.WriteFile(text, []byte("no ELF file"), 0o600))
	_, err := Plugin(text)
	assert.Error(t, err)
	_, err = Plugin(filepath.Join(t.TempDir(), "missing.so"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	if runtime.GOOS != "linux" {
		return
	}
	self, err := os.Executable() // this test cannot open plugins: package plugin is not in it
	require.NoError(t, err)
	_, err = Host(self)
	assert.ErrorIs(t, err, errNoPlugins)
}

func TestBuildID(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("ELF files only")
	}
	command, err := exec.LookPath("go")
	if err != nil {
		t.Skip("needs the go command: ", err)
	}
	self, err := os.Executable()
	require.NoError(t, err)
	want, err := exec.Command(command, "tool", "buildid", self).Output()
	require.NoError(t, err)
	assert.Equal(t, string(want), BuildID(self)+"\n")
	assert.Empty(t, BuildID("gate_test.go"))
}
