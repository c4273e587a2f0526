package generate

import (
	"go/token"
	"go/types"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

const stateLibrary = `package lib

import (
	"errors"
	"regexp"
	"time"
)

type point struct{ x, y int }

func (p *point) move() { p.x++ }

func (p point) sum() int { return p.x + p.y }

type list []int

func (l list) set() { l[0] = 1 }

var (
	V      = 1
	Err    = errors.New("x")
	Table  = map[string]int{}
	Deep   = map[string][]int{}
	Points = [2]point{}
	One    point
	Word   = regexp.MustCompile("a")
	Start  = time.Now()
	Func   = func() {}
	Next   = counter()
	List   = list{1}
	Ptr    = &point{}
	Ready  int
	Chan   = make(chan int)
	Any    any = 1
)

func counter() func() int { n := 0; return func() int { n++; return n } }

func init() { Ready = 1 }
`

// TestChanging says which uses of variables may change them.
func TestChanging(t *testing.T) {
	fset := token.NewFileSet()
	imp := compiled(t, fset, "errors", "regexp", "time")
	for body, want := range map[string]string{
		"":                                  "",
		"_ = V + len(Table) + Table[`a`]":   "",
		"v, ok := Table[`a`]; _, _ = v, ok": "",
		"for k, v := range Table { _, _ = k, v }; for range Points {}; return Err":                      "",
		"_ = Points[1].x + One.y + One.sum() + Points[0].sum(); p := One; p.x++":                        "",
		"_ = Word.FindString(``); _ = Start.Year(); Func(); f := Func; f(); println(V, Ready, List[0])": "",
		"switch V { case 1: }; if Err == nil { return (Err) }":                                          "",
		"V = 1":                                "V",
		"V++":                                  "V",
		"V += 2":                               "V",
		"p := &V; _ = p":                       "V",
		"(V), Ready = 1, 2":                    "Ready V",
		"for V = range 3 {}":                   "V",
		"Table[`a`] = 1":                       "Table",
		"delete(Table, `a`)":                   "Table",
		"t := Table; _ = t":                    "Table",
		"for _, v := range Deep { _ = v }":     "Deep",
		"_ = Deep[`a`]":                        "Deep",
		"_ = Deep[`a`][0]":                     "",
		"Points[0].x = 1":                      "Points",
		"s := Points[:]; _ = s":                "Points",
		"One.move()":                           "One",
		"f := One.move; f()":                   "One",
		"_ = Next()":                           "Next",
		"Func = nil":                           "Func",
		"List.set()":                           "List",
		"_ = append(List, 1)":                  "List",
		"_ = Ptr.x":                            "",
		"Ptr.x = 1":                            "Ptr",
		"*Ptr = point{}":                       "Ptr",
		"Ptr.move()":                           "Ptr",
		"_ = Ptr.sum()":                        "Ptr",
		"Chan <- 1":                            "Chan",
		"<-Chan":                               "Chan",
		"_ = Any":                              "Any",
		"func() { V = 1 }()":                   "V",
		"defer func() { recover() }(); V--":    "V",
		"_ = []any{&Points[1].x, point{V, 1}}": "Points",
	} {
		c, err := newChecked(fset, imp, "lib", "lib.go", []byte(stateLibrary+"\nfunc use() error { "+body+"; return nil }\n"))
		require.NoError(t, err, body)
		c.Libraries = []reload.Package{c.Package}
		c.Package = reload.Package{Types: types.NewPackage("p", "p"), Info: &types.Info{}}
		got := ""
		for i, name := range changing(c) {
			if i > 0 {
				got += " "
			}
			got += name[len("lib."):]
		}
		assert.Equal(t, want, got, body)
	}
}

// TestChangingElsewhere changes a library's variable in the module.
func TestChangingElsewhere(t *testing.T) {
	fset := token.NewFileSet()
	lib, err := newChecked(fset, nil, "lib", "lib.go", []byte("package lib\n\nvar V, W int\n"))
	require.NoError(t, err)
	c, err := newChecked(fset, importing{lib.Package.Types}, "m", "m.go",
		[]byte("package m\n\nimport . \"lib\"\nimport l \"lib\"\n\nfunc F() { W++; _ = l.V }\nfunc init() { l.V = 1 }\n"))
	require.NoError(t, err)
	c.Libraries = []reload.Package{lib.Package}
	assert.Equal(t, []string{"lib.V", "lib.W"}, changing(c))
}

type importing struct{ p *types.Package }

func (i importing) Import(string) (*types.Package, error) { return i.p, nil }
