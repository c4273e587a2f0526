package statictest_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
)

const all = "1 2 1 3 2 10 5BB0123 0 5 5 3 32two/one/two/1 2 true 3"

// TestServe runs a host that has nothing but what is linked in.
func TestServe(t *testing.T) {
	p := newProject(t)
	p.generate(t)
	binary := p.build(t, "midair_static")
	t.Run("values", func(t *testing.T) { testValues(t, p.start(t, binary)) })
	t.Run("again", func(t *testing.T) { testAgain(t, p.start(t, binary)) })
	t.Run("edits", func(t *testing.T) { testEdits(t, p, p.start(t, binary, "interpreter")) })
}

const (
	fails   = `panic: assignment to entry in nil map [odd.init.func2 at odd/odd.go:34 odd.SayFail at odd/odd.go:82]`
	refused = `rival refused 
  rival/rival.go:1:1: variable total of library lib/sums is in use by the linked module odd ` + "[static/shared]"
)

const boot = `count live static
half live static
moody live static
odd live static
once live static
`

func testValues(t *testing.T, h *host) {
	assert.Equal(t, "<nil>", h.does("available"))
	assert.Equal(t, boot+refused, h.does("apply"))
	for line, want := range map[string]string{
		"call odd All":          all,
		"call odd Fail":         fails,
		"call odd Panic":        "panic: at 83 [odd.SayPanic at odd/odd.go:86]",
		"call once Started":     "ab",
		"call count Next":       "11",
		"call half Half":        "12",
		"symbol odd Huge":       "Int 1267650600228229401496703205376",
		"symbol odd Minus":      "Int -1267650600228229401496703205376",
		"symbol odd Letter":     "Int 120",
		"symbol odd Third":      "Float 1/3",
		"symbol odd Whole":      "Float 2",
		"symbol odd Turn":       "Complex (1 + 2i)",
		"symbol odd Yes":        "Bool true",
		"symbol odd Text":       `String "a\"b\xff"`,
		"symbol odd Small":      "int8 false 5",
		"symbol odd Best":       "game.Level false 9",
		"symbol odd Shared":     "int true 0",
		"symbol odd private":    "none",
		"symbol odd Generic":    "none",
		"symbol odd Unexported": "func(odd.hidden) (*odd.hidden, map[odd.hidden]func(...odd.hidden)) false func",
	} {
		if line != "symbol odd Shared" { // SayAll spoils it
			assert.Equal(t, want, h.does(line), line)
		}
	}
	assert.Regexp(t, `^Float 1/10{1000}$`, h.does("symbol odd Tiny"))
	assert.NotEqual(t, all, h.does("call odd All"))
}

// testAgain has everything served again, by another runtime in the same process.
func testAgain(t *testing.T, h *host) {
	again := func() string {
		h.does("restart")
		return h.does("apply")
	}
	h.does("apply")
	assert.Equal(t, all, h.does("call odd All"))
	assert.NotEqual(t, all, h.does("call odd All"))
	assert.Equal(t, "11", h.does("call count Next"))
	assert.Equal(t, `count live static
half live static
moody refused 
  moody/moody.go:9: panic while package variables were initialised again: not again [prepare/panic]
odd live static
once refused 
  once/once.go:5:1: linked package once has served and cannot be made as new: `+
		"the init function in once/once.go cannot run again [static/once]\n"+refused, again())
	assert.Equal(t, "11", h.does("call count Next"))
	assert.Equal(t, "12", h.does("call count Next"))
	assert.Equal(t, all, h.does("call odd All"))
	assert.NotEqual(t, all, h.does("call odd All"))
	numbers := regexp.MustCompile(`func\d+`)
	assert.Equal(t, numbers.ReplaceAllString(fails, "func"), numbers.ReplaceAllString(h.does("call odd Fail"), "func"))
	assert.Contains(t, again(),
		"moody/moody.go:1:1: a package variable could not be initialised again: not again [static/broken]")
	assert.Equal(t, all, h.does("call odd All"))
}

// testEdits has an interpreter for what is not linked in.
func testEdits(t *testing.T, p *project, h *host) {
	assert.Contains(t, h.does("apply"), boot+"rival live interpreted")
	assert.Equal(t, "1", h.does("call rival Total"))
	assert.Equal(t, "11", h.does("call count Next"))
	edit := func(old, new string) string {
		p.edit(t, "scripts/count/count.go", old, new)
		return h.does("apply")
	}
	assert.Equal(t, "count live interpreted", edit("start(20)", "start(30)"))
	assert.Equal(t, "16", h.does("call count Next"))
	assert.Equal(t, "count live static", edit("start(30)", "start(20)"))
	assert.Equal(t, "11", h.does("call count Next"), "as new")

	h.does("pin count")
	assert.Equal(t, "count live interpreted", edit("start(20)", "start(30)"))
	assert.Equal(t, "count live interpreted", edit("start(30)", "start(20)"), "the linked one is still held")
	h.does("unpin count")
	assert.Equal(t, "count live interpreted", edit("start(20)", "start(30)"))
	assert.Equal(t, "count live static", edit("start(30)", "start(20)"))

	p.edit(t, "scripts/lib/pure/pure.go", "20: 10", "20: 11")
	assert.Equal(t, "count live interpreted\nhalf live interpreted", h.does("apply"), "a library counts")
	p.edit(t, "scripts/lib/pure/pure.go", "20: 11", "20: 10")
	assert.Equal(t, "count live static\nhalf live static", h.does("apply"))

	p.write(t, "scripts/odd/data/two.txt", "2\n")
	assert.NotContains(t, h.does("apply"), "odd live static", "what is embedded counts")
	p.write(t, "scripts/odd/data/two.txt", "two\n")
	assert.Contains(t, h.does("apply"), "odd ")
}
