package build

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSeal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.so")
	content := make([]byte, 5000)
	require.NoError(t, os.WriteFile(file, content, 0o600))
	assert.False(t, sealed(file))
	require.NoError(t, seal(file))
	assert.True(t, sealed(file))
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	for name, change := range map[string]func([]byte) []byte{
		"a byte":     func(b []byte) []byte { b[100] = 1; return b },
		"the seal":   func(b []byte) []byte { b[len(b)-1]++; return b },
		"cut":        func(b []byte) []byte { return b[:len(b)-1] },
		"longer":     func(b []byte) []byte { return append(b, 0) },
		"very short": func(b []byte) []byte { return b[:3] },
		"empty":      func(b []byte) []byte { return nil },
	} {
		require.NoError(t, os.WriteFile(file, change(append([]byte(nil), whole...)), 0o600))
		assert.False(t, sealed(file), name)
	}
	assert.False(t, sealed(file+"x"))
}
