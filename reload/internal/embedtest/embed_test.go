package embedtest_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

func TestEmbedding(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: ", err)
	}
	lookAtSources(t)
	for name, v := range map[string]variant{
		"dotted":   {path: "example.org/arcade"},
		"dotless":  {path: "arcade"},
		"vendored": {path: "example.org/arcade", vendor: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := v.build(t)
			t.Run("edits", p.edits)
			t.Run("no toolchain", p.noToolchain)
			t.Run("another folder", p.anotherFolder)
			if name == "dotted" {
				t.Run("ordinary packages", p.ordinary)
			}
		})
	}
}

// lookAtSources tells the go command what the hosts are built of, so that it does not reuse a result from before a change:
// this test's own binary has only a small part of it.
func lookAtSources(t *testing.T) {
	for _, dir := range []string{"cmd", "interp", "reload"} {
		require.NoError(t, filepath.WalkDir(filepath.Join("..", "..", "..", dir), func(name string, _ fs.DirEntry, err error) error {
			os.Stat(name) // looking is enough
			return err
		}))
	}
}

// ordinary: to the go command, modules and the generated table are packages like any other.
func (p *project) ordinary(t *testing.T) {
	p.source(t, "scripts", filepath.Join(p.dir, "scripts"))
	p.goes(t, "vet", "./...")
	p.goes(t, "test", "./scripts/...")
}

// edits is a developer's session in the module's own folder. That the modules can import their library tells that the
// import path of the module directory was guessed rightly: it is not configured.
func (p *project) edits(t *testing.T) {
	scripts := filepath.Join(p.dir, "scripts")
	score := filepath.Join(scripts, "score", "score.go")
	sums := filepath.Join(scripts, "lib", "sums", "sums.go")
	a := p.start(t, p.dir, nil)
	a.says("score", "season one: 67, stays: true")
	a.says("greet", "welcome, Ada with 3 results: 6")
	assert.Equal(t, []string{"lib/sums"}, a.module("score").Libraries)

	edit(t, score, "season one", "season two")
	e := a.live("score")
	assert.Equal(t, 2, e.Version)
	a.says("score", "season two: 67, stays: true")

	// A library takes all who import it along, in one generation.
	replace(t, sums, "sum += n\n", "sum += 2 * n\n")
	greet := a.live("greet")
	assert.Equal(t, greet.Generation, a.live("score").Generation)
	a.says("score", "season two: 127, stays: true")
	a.says("greet", "welcome, Ada with 3 results: 12")

	edit(t, sums, "for _, n := range list {", "for _, n := range list")
	d := a.refused("greet", 2)
	assert.Equal(t, d, a.refused("score", 3))
	assert.Equal(t, "lib/sums/sums.go:7:24", place(d), d)
	assert.Equal(t, "syntax", d.Rule)
	a.says("score", "season two: 127, stays: true")
	replace(t, sums, "for _, n := range list\n", "for _, n := range list {\n")
	a.until(reload.EventFixed, "greet")
	a.until(reload.EventFixed, "score")
	require.Equal(t, reload.StateLive, a.module("score").State)

	// Types are those of the host.
	edit(t, score, "sums.Add(p.Points)*game.Weight", "sums.Add(p.Pionts)*game.Weight")
	d = a.refused("score", 3)
	assert.Equal(t, [2]any{"score/score.go", 23}, [2]any{d.File, d.Line}, d)
	assert.Contains(t, d.Message, "Pionts")
	a.says("score", "season two: 127, stays: true")
	replace(t, score, "p.Pionts)*game.Weight", "p.Points)*game.Wait")
	d = a.refused("score", 3)
	assert.Equal(t, [2]any{"score/score.go", 23}, [2]any{d.File, d.Line}, d)
	edit(t, score, "game.Wait +", "game.Weight +")
	a.until(reload.EventFixed, "score")

	// The contract is the host's.
	edit(t, score, "func Total(p *game.Player) (int, error)", "func Total(p *game.Player, n int) (int, error)")
	d = a.refused("score", 3)
	assert.Equal(t, "score/score.go:18:6", place(d), d)
	assert.Contains(t, d.Message, "want func Total(*game.Player) (int, error)")
	edit(t, score, "func Total(p *game.Player, n int) (int, error)", "func Total(p *game.Player) (int, error)")
	a.until(reload.EventFixed, "score")

	// So is the process.
	edit(t, score, `if p.Name == "" {`, `if p.Points[0] == 0 {`)
	assert.Greater(t, a.live("score").Version, 3)
	got := a.ask(request{Do: "score", Who: player{Name: "Bob"}})
	assert.Contains(t, got.Error, "index out of range")
	assert.Contains(t, got.Error, "score/score.go:19")
	a.says("score", "season two: 127, stays: true")

	logged := a.ask(request{Do: "log"}).Text
	assert.Contains(t, logged, `msg="score was loaded"`)
	assert.Contains(t, logged, `player="Ada with 3 results"`)
	assert.Contains(t, logged, `msg="refused: lib/sums/sums.go:7:24: `)
	a.stop()
}

func place(d reload.Diagnostic) string {
	d.Message, d.Rule = "", ""
	s := d.String()
	return s[:len(s)-len(": ")]
}

// noToolchain runs the built host on a machine that has the binary and a folder scripts, and no Go: interpreting needs
// none. The host has no logger, and its working directory is not the modules'.
func (p *project) noToolchain(t *testing.T) {
	t.Parallel()
	machine := t.TempDir()
	deployed := *p
	deployed.binary = filepath.Join(machine, "bin", "arcade")
	binary, err := os.ReadFile(p.binary)
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Dir(deployed.binary), 0o777))
	require.NoError(t, os.WriteFile(deployed.binary, binary, 0o777))
	scripts := filepath.Join(machine, "scripts")
	p.source(t, "scripts", scripts)
	a := deployed.start(t, t.TempDir(), []string{"PATH="}, "-scripts", scripts, "-quiet")
	a.says("score", "season one: 67, stays: true")
	edit(t, filepath.Join(scripts, "score", "score.go"), "season one", "season two")
	a.live("score")
	a.says("score", "season two: 67, stays: true")
	edit(t, filepath.Join(scripts, "score", "score.go"), "return sums.Add(p.Points)*", "return sum.Add(p.Points)*")
	assert.Equal(t, "score/score.go", a.refused("score", 2).File)
	a.says("score", "season two: 67, stays: true")
	a.stop()
}

// anotherFolder runs a copy of the modules in a folder of another name, whose import path has to be told.
func (p *project) anotherFolder(t *testing.T) {
	t.Parallel()
	copied := filepath.Join(t.TempDir(), "live-rules")
	p.source(t, "scripts", copied)
	a := p.start(t, p.dir, nil, "-scripts", copied, "-import-path", p.path+"/scripts")
	a.says("score", "season one: 67, stays: true")
	edit(t, filepath.Join(copied, "lib", "sums", "sums.go"), "sum := 0", "sum := 100")
	a.live("greet")
	a.live("score")
	a.says("score", "season one: 1067, stays: true")
	a.says("greet", "welcome, Ada with 3 results: 106")
	a.stop()

	a = p.start(t, p.dir, nil, "-scripts", copied, "-degraded") // without it, the modules' imports lead nowhere
	m := a.module("score")
	assert.Equal(t, reload.StateFailed, m.State)
	require.NotEmpty(t, m.Diagnostics)
	assert.Equal(t, "score/score.go:9:2", place(m.Diagnostics[0]), m.Diagnostics)
	assert.Contains(t, m.Diagnostics[0].Message, p.path+"/scripts/lib/sums")
	a.stop()
}
