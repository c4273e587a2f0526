package diff

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestUnified(t *testing.T) {
	assert.Empty(t, Unified("a", "b", "x\n", "x\n"))
	assert.Equal(t, "--- a\n+++ b\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n", Unified("a", "b", "one\ntwo\nthree\n", "one\n2\nthree\n"))
	assert.Equal(t, "--- a\n+++ b\n@@ -0,0 +1 @@\n+one\n", Unified("a", "b", "", "one\n"))
	assert.Equal(t, "--- a\n+++ b\n@@ -1 +0,0 @@\n-one\n", Unified("a", "b", "one\n", ""))
}

// TestPatchAgrees has the tool of that name make the new text of the old one.
func TestPatchAgrees(t *testing.T) {
	patch, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("needs the tool patch: ", err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		var a, b []string
		for range r.IntN(60) {
			line := fmt.Sprintf("line %d\n", r.IntN(8))
			if r.IntN(5) > 0 {
				a = append(a, line)
			}
			if r.IntN(5) > 0 {
				b = append(b, line)
			}
		}
		old, new := strings.Join(a, ""), strings.Join(b, "")
		d := Unified("old", "new", old, new)
		if d == "" {
			require.Equal(t, old, new)
			continue
		}
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, []byte(old), 0o600))
		cmd := exec.Command(patch, "-s", file)
		cmd.Stdin = strings.NewReader(d)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", out, d)
		got, _ := os.ReadFile(file)
		require.Equal(t, new, string(got), d)
	}
}

func TestLongTexts(t *testing.T) {
	a := strings.Repeat("x\n", 20000)
	b := strings.Repeat("y\n", 20000)
	assert.Contains(t, Unified("a", "b", "same\n"+a, "same\n"+b), "@@ -1,20001 +1,20001 @@\n same\n-x\n")
}
