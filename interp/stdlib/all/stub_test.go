package all

import (
	"go/parser"
	"go/token"
	"path"
	"reflect"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/interp/stdlib"
	"midair/reload"
)

// What a stub imports must be in the same set of tables, or no module could import its package.
func TestStubsImportWhatThereIs(t *testing.T) {
	for name, tables := range map[string]map[string]map[string]reflect.Value{"stdlib": stdlib.Symbols, "all": Symbols} {
		have := map[string]bool{"unsafe": true}
		for key := range tables {
			have[path.Dir(key)] = true
		}
		for key, symbols := range tables {
			stub, ok := symbols[reload.StubKey]
			if !ok {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), key, stub.String(), parser.SkipObjectResolution)
			require.NoError(t, err)
			assert.Equal(t, path.Base(key), f.Name.Name)
			for _, spec := range f.Imports {
				importPath, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				assert.True(t, have[importPath], "%s: the stub of %s imports %s", name, key, importPath)
			}
		}
	}
}

func TestRunesAreRunes(t *testing.T) {
	for key, want := range map[string]string{"unicode/utf8/utf8": `const RuneError = '\ufffd'`,
		"unicode/unicode": `const MaxRune = '\U0010ffff'`} {
		assert.Contains(t, Symbols[key][reload.StubKey].String(), want+"\n")
	}
	assert.Contains(t, Symbols["os/os"][reload.StubKey].String(), "const PathSeparator = '")
}
