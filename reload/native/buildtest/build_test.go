// Package buildtest has tests of how plugins are built, in hosts of their own.
package buildtest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The go command builds the first version, and shows how; later ones need it only for what they have not used before.
func TestDirect(t *testing.T) {
	p := newProgram(t).start()
	embedding := with(version(5), "m/m.go", "const edit", "//go:embed a.txt\nvar text string\n\nconst edit",
		"import (", "import (\n\t_ \"embed\"")
	embedding["m/a.txt"] = "hello"
	edited := with(embedding, "m/m.go", "= 5", "= 6")
	edited["m/a.txt"] = "edited"
	for _, c := range []struct {
		name  string
		files map[string]string
		said  string
		slow  bool
	}{
		{"first", version(0), said(0), true},
		{"line", version(1), said(1), false},
		{"line again", version(2), said(2), false},
		{"import known", with(version(3), "m/m.go", "edit,", "strconv.Itoa(edit),", `"math"`, "\"math\"\n\"strconv\"",
			"%d %v", "%s %v"), said(3), false},
		{"import new", embedding, said(5), true},
		{"embedded file", edited, said(6), false},
	} {
		got, direct := p.apply(c.files)
		assert.Equal(t, c.said, got, c.name)
		assert.Equal(t, !c.slow, direct, c.name)
	}
	q := p.again()
	got, direct := q.apply(version(7))
	assert.Equal(t, said(7), got)
	assert.True(t, direct, "another process knows too")
}

// Warming up teaches what the host has of the standard library.
func TestWarm(t *testing.T) {
	p := newProgram(t).start()
	require.Empty(t, p.do(request{Do: "warm"}).Error)
	_, direct := p.apply(version(0))
	assert.False(t, direct, "it imports a package of the host")
	got, direct := p.apply(with(version(1), "m/m.go", "import (", "import (\n\t_ \"encoding/json\""))
	assert.Equal(t, said(1), got)
	assert.True(t, direct)
}

// What is unusual works, by the go command if need be.
func TestHosts(t *testing.T) {
	for name, c := range map[string]struct {
		host, flags  []string
		direct, slow bool
	}{
		"own flags": {flags: []string{"-tags=some"}},
		"coverage":  {host: []string{"-cover"}},
		"trimpath":  {host: []string{"-trimpath"}, direct: true},
		"race":      {host: []string{"-race"}, direct: true, slow: true},
		"tags":      {host: []string{"-tags=some", "-ldflags=-s -w", "-gcflags=-N -l"}, direct: true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.slow && os.Getenv("MIDAIR_NATIVE") == "" {
				t.Skip("compiles the standard library anew: set MIDAIR_NATIVE=1")
			}
			p := newProgram(t, c.host...).start(c.flags...)
			// With -trimpath the go command knows again what an earlier test run built, so that there is nothing to learn.
			edit := int(time.Now().UnixNano() & (1<<40 - 1))
			p.do(request{Do: "apply", Files: version(edit)})
			for n := range 2 {
				edit++
				a := p.do(request{Do: "apply", Files: version(edit)})
				require.Empty(t, a.Error)
				assert.Equal(t, said(edit), a.Said)
				if c.direct {
					assert.Equal(t, n+1, a.Direct)
				} else {
					assert.Zero(t, a.Direct)
				}
			}
		})
	}
}

// What was learned is not used when it is true no more, and learned again.
func TestRecovery(t *testing.T) {
	p := newProgram(t).start()
	p.apply(version(0))
	n := 0
	edit := func(name string, want bool) {
		t.Helper()
		n++
		got, direct := p.apply(version(n))
		assert.Equal(t, said(n), got, name)
		assert.Equal(t, want, direct, name)
	}
	edit("at first", true)

	archives := p.archives()
	require.NoError(t, os.Remove(archives[module+"/game"]))
	edit("an archive is gone", false)
	edit("and back", true)

	src, err := os.ReadFile(filepath.Join(p.dir, "game", "game.go"))
	require.NoError(t, err)
	p.write("game/game.go", string(src)+"\n// changed\n")
	edit("a package of the host has changed", false)
	edit("and is known again", true)

	for _, file := range p.cached("driver-*") {
		require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\nexit 1\n"), 0o700))
	}
	edit("the driver is broken", false)
	edit("and made anew", true)

	sum, err := os.ReadFile(filepath.Join(p.dir, "go.sum"))
	require.NoError(t, err)
	p.write("go.sum", string(sum)+"\n")
	edit("go.sum has changed", false)
	edit("and was learned", true)

	require.NoError(t, os.WriteFile(p.cached("recipe-*")[0], []byte("{"), 0o600))
	require.NoError(t, os.WriteFile(p.cached("recipe-*")[1], []byte("{"), 0o600))
	p = p.again()
	edit("what is on disk is broken", false)
	edit("and written anew", true)
}

// archives are the compiled packages of the recipe.
func (p *program) archives() map[string]string {
	p.t.Helper()
	data, err := os.ReadFile(p.cached("recipe-*")[0])
	require.NoError(p.t, err)
	var r struct {
		Archives map[string]struct{ File string }
	}
	require.NoError(p.t, json.Unmarshal(data, &r))
	files := map[string]string{}
	for path, a := range r.Archives {
		files[path] = a.File
	}
	return files
}

func (p *program) cached(pattern string) []string {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.cache, "cache", pattern))
	require.NoError(p.t, err)
	require.NotEmpty(p.t, files)
	return files
}

// Errors are told at their places, and do not cost the next version its short way.
func TestErrors(t *testing.T) {
	p := newProgram(t).start()
	p.apply(version(0))
	bad := with(version(1), "m/m.go", "const edit", "func init() { missing() }\n\nconst edit")
	a := p.do(request{Do: "apply", Files: bad})
	require.NotEmpty(t, a.Diagnostics)
	assert.Contains(t, a.Diagnostics[0], "m/m.go:")
	assert.Contains(t, a.Diagnostics[0], "missing")
	_, direct := p.apply(version(2))
	assert.True(t, direct)
}

// Processes that share a folder do not disturb each other.
func TestShared(t *testing.T) {
	p := newProgram(t).start()
	q := p.again()
	for n := range 3 {
		r := request{Do: "apply", Files: version(n)}
		require.NoError(t, p.ask.Encode(r))
		require.NoError(t, q.ask.Encode(r))
		for _, x := range []*program{p, q} {
			var a answer
			require.NoError(t, x.reply.Decode(&a))
			require.Empty(t, a.Error)
			assert.Equal(t, said(n), a.Said)
			assert.Less(t, a.Took, time.Minute)
		}
	}
}
