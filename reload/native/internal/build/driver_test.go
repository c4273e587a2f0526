//go:build linux

package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeCompiler writes a C compiler that notes its arguments, and would call a linker which does so too.
func fakeCompiler(t *testing.T) (dir, cc string) {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("needs a shell: ", err)
	}
	dir = t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\n"+strings.ReplaceAll(text, "DIR", "'"+dir+"'")), 0o700))
		return file
	}
	write("ld", `echo ld "$@" >>DIR/log; test ! -e DIR/broken`)
	return dir, write("a cc", `echo cc "$@" >>DIR/log
case "$1 $*" in
-print-prog-name=ld*) echo DIR/ld ;;
-###*)
	echo version >&2
	shift
	printf ' /lib/collect2 "-plugin-opt=-fresolution=/tmp/x.res" "--build-id=0x12" "a \\$b" -o x %s\n' "$4" >&2
	;;
*-Qunused*) exit 1 ;;
esac
exit 0
`)
}

func TestDriver(t *testing.T) {
	dir, cc := fakeCompiler(t)
	_, err := newDriver(t.Context(), dir, cc, nil)
	require.ErrorContains(t, err, "more than a program", "its name has a space")
	require.NoError(t, os.Rename(cc, filepath.Join(dir, "cc")))
	for _, name := range []string{"mv", "rm"} { // and no linker that would be taken
		file, err := exec.LookPath(name)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(file, filepath.Join(dir, name)))
	}
	t.Setenv("PATH", dir)
	driver, err := newDriver(t.Context(), dir, "cc", nil)
	require.NoError(t, err)
	same, err := newDriver(t.Context(), dir, "cc", nil)
	require.NoError(t, err)
	assert.Equal(t, driver, same)
	other, err := newDriver(t.Context(), dir, "cc", []string{"PATH=x"})
	require.NoError(t, err)
	assert.NotEqual(t, driver, other)

	log := filepath.Join(dir, "log")
	call := func(args ...string) (lines []string, err error) {
		require.NoError(t, os.WriteFile(log, nil, 0o600))
		_, err = exec.Command(driver, args...).Output()
		data, e := os.ReadFile(log)
		require.NoError(t, e)
		return strings.Split(strings.TrimSpace(string(data)), "\n"), err
	}
	final := []string{"-shared", "-Wl,--build-id=0x12", "-o", "x", "a.o"}
	linked := "ld -plugin-opt=-fresolution=link.res --build-id=0x12 a $b -o x x"
	for _, c := range []struct {
		name string
		args []string
		log  []string
		fail bool
	}{
		{"a probe", []string{"-m64", "-Wl,--build-id=0x1234567890abcdef", "/tmp/trivial.c"}, []string{""}, false},
		{"a probe that fails", []string{"-Qunused-arguments", "/tmp/trivial.c"}, []string{""}, true},
		{"another probe", []string{"-new", "/tmp/trivial.c"}, []string{"cc -new /tmp/trivial.c"}, false},
		{"another linker", []string{"-fuse-ld=x", "a.o"}, []string{"cc -fuse-ld=x a.o"}, false},
		{"arguments in a file", []string{"@file"}, []string{"cc @file"}, false},
		{"a link", final, []string{"cc -### " + strings.Join(final, " "), linked}, false},
		{"the same", final, []string{linked}, false},
		{"another identity", []string{"-shared", "-Wl,--build-id=0x34", "-o", "x", "a.o"},
			[]string{strings.Replace(linked, "0x12", "0x34", 1)}, false},
	} {
		got, err := call(c.args...)
		assert.Equal(t, c.log, got, c.name)
		assert.Equal(t, c.fail, err != nil, c.name)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "broken"), nil, 0o600))
	got, err := call(final...)
	require.NoError(t, err, "the compiler does it")
	assert.Equal(t, []string{linked, "cc " + strings.Join(final, " ")}, got)
	assert.NoFileExists(t, driver+".plan")
}
