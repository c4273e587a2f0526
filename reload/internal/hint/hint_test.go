package hint

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// std are the packages that the sources below may import.
var std = map[string]string{
	"fmt":     "package fmt; func Println(a ...any) {}; func Sprint(a ...any) string { return `` }; type Stringer interface{ String() string }",
	"strings": "package strings; func ToUpper(s string) string { return s }; func lower() {}; type Builder struct{ buf []byte }",
	"time":    "package time; type Duration int64; const Second Duration = 1; func Sleep(d Duration) {}",
}

type fakes map[string]*types.Package

func (f fakes) Import(path string) (*types.Package, error) {
	if f[path] == nil {
		src, ok := std[path]
		if !ok {
			return nil, errors.New("no such package")
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, src, 0)
		if err != nil {
			return nil, err
		}
		if f[path], err = (&types.Config{}).Check(path, fset, []*ast.File{file}, nil); err != nil {
			return nil, err
		}
	}
	return f[path], nil
}

// found is a first error and the hint for it.
type found struct{ message, hint string }

// firstMistake compiles a file as a check does.
func firstMistake(t *testing.T, src string) found {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "a.go", src, parser.ParseComments|parser.SkipObjectResolution|parser.AllErrors)
	if err != nil {
		var list scanner.ErrorList
		require.ErrorAs(t, err, &list)
		line := strings.Split(src, "\n")[list[0].Pos.Line-1]
		return found{list[0].Msg, For(list[0].Msg, line, nil)}
	}
	var errs []types.Error
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	conf := types.Config{Importer: fakes{}, Error: func(err error) { errs = append(errs, err.(types.Error)) }}
	pkg, _ := conf.Check("a", fset, []*ast.File{file}, info)
	require.NotEmpty(t, errs, "this is correct Go:\n%s", src)
	message := errs[0].Msg
	for _, more := range errs[1:] {
		if !strings.HasPrefix(more.Msg, "\t") {
			break
		}
		message += "\n" + more.Msg
	}
	place := Place{Package: pkg, Info: info, Files: []*ast.File{file}, Pos: errs[0].Pos}
	return found{message, For(message, "", func() []string { return place.Names(message) })}
}

func TestHints(t *testing.T) {
	for _, m := range mistakes {
		got := firstMistake(t, m.src)
		assert.Equal(t, found{m.message, m.hint}, got, m.src)
	}
}

func TestHintsAreShort(t *testing.T) {
	for _, m := range mistakes {
		assert.LessOrEqual(t, len(m.hint), 95, m.hint)
		assert.NotContains(t, m.hint, "\n")
		assert.NotContains(t, m.hint, m.message, "a hint does not repeat the message")
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		name, want string
		candidates []string
	}{
		{"Damge", "Damage", []string{"Damage", "Danger", "Image"}},
		{"damage", "Damage", []string{"damages", "Damage"}},
		{"frobnicate", "", []string{"Damage", "Heal"}},
		{"x", "", []string{"y", "z"}},
		{"lenght", "length", []string{"height", "length"}},
		{"same", "", []string{"same"}},
		{"größe", "Größe", []string{"Größe"}},
		{"ab", "AB", []string{"AB", "ac"}},
		{"name", "Name", []string{"named", "Name"}},
		{"", "", []string{"a", "b"}},
	} {
		assert.Equal(t, c.want, Nearest(c.name, c.candidates), c.name)
	}
}

func TestNamesAreAskedForWhenTheyMatter(t *testing.T) {
	names := func() []string { t.Error("asked for names"); return nil }
	assert.Empty(t, For("could not import x", "", names))
	assert.NotEmpty(t, For("missing return", "", names))
	assert.Empty(t, For("something new", "", nil))
	assert.Empty(t, For("undefined: x", "", nil))
}

// FuzzFor holds that no message and no line upsets the rules.
func FuzzFor(f *testing.F) {
	for _, m := range mistakes {
		f.Add(m.message, m.src)
	}
	f.Fuzz(func(t *testing.T, message, line string) {
		advice := For(message, line, func() []string { return []string{line, message} })
		assert.LessOrEqual(t, len(advice), 4*maxMessage)
	})
}

func BenchmarkFor(b *testing.B) {
	for b.Loop() {
		for _, m := range mistakes {
			For(m.message, "", nil)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(mistakes)), "ns/message")
}
