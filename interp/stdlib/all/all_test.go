package all

import (
	"go/constant"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp/stdlib"
)

// leftOut are the packages that packages.txt gives reasons for.
var leftOut = map[string]bool{"syscall": true, "log/syslog": true, "plugin": true, "runtime/cgo": true,
	"net/http/pprof": true, "expvar": true, "runtime/race": true, "time/tzdata": true, "unsafe": true}

func TestComplete(t *testing.T) {
	out, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		t.Skip("needs the go command: ", err)
	}
	have := map[string]bool{}
	for key := range Symbols {
		have[path.Dir(key)] = true
	}
	for _, importPath := range strings.Fields(string(out)) {
		if elem := "/" + importPath + "/"; strings.Contains(elem, "/internal/") || strings.HasPrefix(elem, "/vendor/") {
			continue
		}
		assert.NotEqual(t, leftOut[importPath], have[importPath], "%s belongs in packages.txt, or among what is left out",
			importPath)
	}
}

func TestWhatIsCuratedIsHereToo(t *testing.T) {
	for key, symbols := range stdlib.Symbols {
		for name := range symbols {
			assert.Contains(t, Symbols[key], name, key)
		}
	}
	assert.Contains(t, Symbols["log/slog/slog"], "SetDefault", "what is left out there is not here")
	assert.NotContains(t, stdlib.Symbols["log/slog/slog"], "SetDefault", "the curated table is not touched")
	assert.Equal(t, constant.MakeInt64(os.PathSeparator), Symbols["os/os"]["PathSeparator"].Interface())
}

func TestRestricted(t *testing.T) {
	exit := Symbols["os/os"]["Exit"].Interface().(func(int))
	assert.PanicsWithValue(t, "os.Exit(3) called by a module", func() { exit(3) })
	fatal := Symbols["log/log"]["Fatal"].Interface().(func(...any))
	assert.Panics(t, func() { fatal("end") })
	find := Symbols["os/os"]["FindProcess"].Interface().(func(int) (*os.Process, error))
	_, err := find(os.Getpid())
	require.Error(t, err)
}
