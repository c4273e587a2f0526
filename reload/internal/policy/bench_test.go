package policy

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

// A module of some 500 lines with closures, interfaces, containers and calls.
func BenchmarkCheck(b *testing.B) {
	var src strings.Builder
	src.WriteString("package m\n\nimport (\n\"errors\"\n\"fmt\"\n\"slices\"\n\"strings\"\n)\n\ntype thinker interface{ think(n int) int }\n\n")
	for i := range 22 {
		fmt.Fprintf(&src, `type unit%[1]d struct {
	hp, x, y int
	name string
	on func(int)
	tags map[string]any
}

func (u *unit%[1]d) think(n int) int {
	if n > u.hp {
		u.hp += n * 2
	}
	u.on = func(k int) { u.hp -= k }
	u.on(n)
	return u.hp - n
}

func Step%[1]d(all []thinker, n int) (int, error) {
	if n < 0 {
		return 0, errors.New("negative " + fmt.Sprint(n))
	}
	total := 0
	for i, t := range all {
		total += t.think(i) * n
	}
	list := []int{n, total, len(all)}
	slices.SortFunc(list, func(a, b int) int { return a - b })
	return list[0] + len(strings.Fields("a b")), nil
}
`, i)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "m.go", src.String(), parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		b.Fatal(err)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Instances: map[*ast.Ident]types.Instance{},
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	pkg, err := conf.Check("m", fset, []*ast.File{file}, info)
	if err != nil {
		b.Fatal(err)
	}
	m := &Module{Name: "m", Package: &Package{Dir: "m", ImportPath: "m", Name: "m", FileSet: fset,
		Files: []File{{Path: "m.go", Syntax: file}}, Types: pkg, Info: info}}
	b.ReportMetric(float64(strings.Count(src.String(), "\n")), "lines")
	for b.Loop() {
		if found := Check(m, &Host{}); len(found) > 0 {
			b.Fatal(found)
		}
	}
}
