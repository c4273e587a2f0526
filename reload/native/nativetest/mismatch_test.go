package nativetest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// library is a Go module that hosts have from a folder, in two editions.
func (p *program) library() {
	p.t.Helper()
	for edition, text := range map[string]string{"one": "hello ", "two": "goodbye "} {
		p.write("lib/"+edition+"/go.mod", "module example.org/lib\n\ngo 1.26\n")
		p.write("lib/"+edition+"/lib.go", "package lib\n\nfunc Word() string { return \""+text+"\" }\n")
	}
	p.write("go.mod", p.read("go.mod")+"\nrequire example.org/lib v0.0.0\nreplace example.org/lib => ./lib/one\n")
	game := strings.Replace(p.read("game/game.go"), `"hello "`, "lib.Word()", 1)
	p.write("game/game.go", strings.Replace(game, `import "strings"`, "import (\n\t\"strings\"\n\n\t\"example.org/lib\"\n)", 1))
}

// TestMismatch builds a host once. Whatever is otherwise when a plugin is built for it, the host is told what is wrong and
// goes on, or nothing is wrong.
func TestMismatch(t *testing.T) {
	p := newProgram(t)
	p.library()
	p.build("-tags=one")
	mod := p.read("go.mod")
	for _, c := range []struct {
		name   string
		slow   bool // needs another standard library
		change func(p *program)
		flags  []string // of the plugin
		says   string   // "" if all is well
		hint   string
	}{
		{name: "nothing"},
		{name: "environment", change: func(p *program) {
			p.env = append(p.env, "GOFLAGS=-trimpath -race -tags=two -mod=mod -ldflags=-X=main.x=1", "GOAMD64=v3", "CGO_CFLAGS=-O1",
				"GOEXPERIMENT=none")
		}},
		{name: "another tag", flags: []string{"-tags=two"}, change: func(p *program) {
			p.write("game/tagged.go", "//go:build two\n\npackage game\n\nfunc Two() int { return 2 }\n")
		}, says: "package " + module + "/game differs from the host's", hint: `-tags is "one" in the host and "two" in the plugin`},
		{name: "trimpath", flags: []string{"-trimpath"}, says: "packages differ (",
			hint: `-trimpath is not set in the host and "true" in the plugin`},
		{name: "race", slow: true, flags: []string{"-race"}, says: "packages differ (",
			hint: `-race is not set in the host and "true" in the plugin`},
		{name: "cover", flags: []string{"-cover"}, says: "cover"},
		{name: "another edition of a replaced module", change: func(p *program) {
			p.write("go.mod", strings.Replace(mod, "./lib/one", "./lib/two", 1))
		}, says: "example.org/lib", hint: "build and start the host anew"},
		{name: "go.mod without a dependency", change: func(p *program) {
			p.write("go.mod", strings.Replace(mod, "require example.org/lib", "// require example.org/lib", 1))
		}, says: "example.org/lib"},
		{name: "broken go.mod", change: func(p *program) { p.write("go.mod", mod+"\nrequire require\n") }, says: "go.mod:"},
		{name: "no go.mod", change: func(p *program) {
			require.NoError(p.t, os.Remove(filepath.Join(p.dir, "go.mod")))
		}, says: "go.mod"},
		{name: "another go command", change: func(p *program) {
			p.env = append(p.env, "PATH="+filepath.Dir(otherGo(t))+string(filepath.ListSeparator)+os.Getenv("PATH"))
		}, says: "is go1.2.3, and the host was built by go"},
		{name: "no go command", change: func(p *program) { p.env = append(p.env, "PATH="+t.TempDir()) },
			says: "there is no go command"},
		{name: "no C compiler", change: func(p *program) { p.env = append(p.env, "CC=/nowhere/gcc") },
			says: "/nowhere/gcc", hint: "native builds need cgo and a C compiler"},
		{name: "nothing any more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.slow && os.Getenv("MIDAIR_NATIVE") == "" {
				t.Skip("compiles the standard library anew: set MIDAIR_NATIVE=1")
			}
			q := *p
			q.t, q.cache = t, t.TempDir()
			defer p.write("go.mod", mod)
			defer os.Remove(filepath.Join(p.dir, "game", "tagged.go"))
			if c.change != nil {
				c.change(&q)
			}
			o := q.run(c.flags...)
			assert.Contains(t, o.Error, c.says)
			assert.Contains(t, o.Hint, c.hint)
			if c.says == "" {
				assert.Empty(t, o.Error, o.Hint)
				assert.Equal(t, said, o.Said)
			} else {
				assert.Empty(t, o.Said)
				assert.Zero(t, o.Loaded)
			}
		})
	}
}

// TestOpenFails: a plugin that fits cannot be opened, because it needs a library that is not there. Nothing is opened after
// that, and the host goes on.
func TestOpenFails(t *testing.T) {
	p := newProgram(t)
	p.build()
	dir := t.TempDir()
	gcc := exec.Command("gcc", "-shared", "-o", filepath.Join(dir, "libnowhere.so"), "-x", "c", "/dev/null")
	out, err := gcc.CombinedOutput()
	require.NoError(t, err, "%s", out)
	o := p.run("-ldflags=-s -w -extldflags=-Wl,--no-as-needed,-L" + dir + ",-lnowhere")
	assert.Contains(t, o.Error, "native mode is off: a plugin failed to open, which only a restart of the host mends: ")
	assert.Contains(t, o.Error, "libnowhere.so")
	assert.Contains(t, o.Error, "[native/unsupported]")
	assert.Empty(t, o.Said)
}
