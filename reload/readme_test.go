package reload_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var codeBlock = regexp.MustCompile("(?s)```go\n// ([a-z/]+\\.go)\n(.*?)```")

// The host and the module in the README are built, run, and edited.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: ", err)
	}
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	dir := t.TempDir()
	overlay := map[string]map[string]string{"Replace": {}}
	for _, m := range codeBlock.FindAllStringSubmatch(string(text), -1) {
		name := filepath.Join(dir, m[1])
		write(t, name, m[2])
		if m[1] == "main.go" {
			virtual, err := filepath.Abs("internal/readme/main.go")
			require.NoError(t, err)
			overlay["Replace"][virtual] = name
			lines := strings.Count(strings.SplitN(m[2], "func main() {", 2)[1], "\n")
			assert.LessOrEqual(t, lines, 32, "a host is 25 lines and a helper")
		}
	}
	require.Len(t, overlay["Replace"], 1)
	list, err := json.Marshal(overlay)
	require.NoError(t, err)
	write(t, filepath.Join(dir, "overlay.json"), string(list))
	build := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", filepath.Join(dir, "host"), "./internal/readme")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	host := exec.Command(filepath.Join(dir, "host"))
	host.Dir = dir
	stdout, err := host.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, host.Start())
	defer func() {
		host.Process.Kill()
		host.Wait()
	}()
	lines := bufio.NewScanner(stdout)
	next := func() string {
		require.True(t, lines.Scan())
		return lines.Text()
	}
	require.Equal(t, "hello gopher, time 1", next())
	module := filepath.Join(dir, "scripts/greeter/greeter.go")
	src, err := os.ReadFile(module)
	require.NoError(t, err)
	write(t, module, strings.Replace(string(src), "hello", "goodbye", 1))
	for range 100 {
		if strings.HasPrefix(next(), "goodbye gopher") {
			return
		}
	}
	t.Fatal("the edit did not go live")
}
