package check

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"midair/interp/stdlib"
	"midair/reload/internal/reflected"
	"midair/reload/internal/source"
)

// program makes a module of about so many lines, with eight imports.
func sample(lines int) string {
	var b strings.Builder
	b.WriteString("package m\n\nimport (\n\t\"errors\"\n\t\"fmt\"\n\t\"maps\"\n\t\"math\"\n\t\"slices\"\n\t\"sort\"\n" +
		"\t\"strings\"\n\t\"time\"\n)\n\ntype Unit struct {\n\tName string\n\tX, Y float64\n\tHP   int\n\tTags map[string]bool\n}\n\n" +
		"var errDead = errors.New(\"dead\")\n\nvar started = time.Now()\n\nfunc keys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }\n")
	for i := 0; strings.Count(b.String(), "\n") < lines; i++ {
		fmt.Fprintf(&b, `
// Step%[1]d moves the units.
func Step%[1]d(units []*Unit, dt float64) (int, error) {
	hit := 0
	for i, u := range units {
		if u.HP <= 0 {
			return hit, fmt.Errorf("unit %%d (%%s): %%w", i, strings.ToUpper(u.Name), errDead)
		}
		dx, dy := u.X-%[1]d, u.Y*math.Sin(dt)
		u.X, u.Y = u.X+dx*dt, u.Y+dy*dt
		if d := math.Hypot(dx, dy); d < 10 && u.Tags["solid"] {
			u.HP -= int(d)
			hit++
		}
	}
	sort.Slice(units, func(i, j int) bool { return units[i].HP < units[j].HP })
	return hit, nil
}
`, i)
	}
	return b.String()
}

func read(t testing.TB, src string) *source.Package {
	tree, _, err := source.Read(fstest.MapFS{"m/m.go": {Data: []byte(src)}}, nil)
	require.NoError(t, err)
	require.Empty(t, tree.Packages["m"].Problems)
	return tree.Packages["m"]
}

func newChecker(im *reflected.Importer) *Checker {
	return New(Config{Importer: im, GoVersion: "go1.26", Dir: func(string) string { return "" },
		Path: func(dir string) string { return "x/" + dir }})
}

// BenchmarkCheck checks one package with eight imports: cold with an importer that has built nothing, warm with one that
// has.
func BenchmarkCheck(b *testing.B) {
	for _, lines := range []int{50, 500, 5000} {
		pkg := read(b, sample(lines))
		m := &source.Module{Name: "m", Package: pkg}
		b.Run(fmt.Sprintf("cold/%d", lines), func(b *testing.B) {
			for b.Loop() {
				require.Empty(b, newChecker(reflected.New(stdlib.Symbols, nil)).Module(m).Problems)
			}
		})
		im := reflected.New(stdlib.Symbols, nil)
		b.Run(fmt.Sprintf("warm/%d", lines), func(b *testing.B) {
			for b.Loop() {
				require.Empty(b, newChecker(im).Module(m).Problems)
			}
		})
	}
}
