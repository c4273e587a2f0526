package instrument

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// FuzzInstrument instruments any correct file. The result is correct, and everything in it is where the user put it.
func FuzzInstrument(f *testing.F) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	require.NoError(f, err)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		require.NoError(f, err)
		for _, part := range archive.Files {
			if strings.HasSuffix(part.Name, ".go") {
				f.Add(part.Data)
			}
		}
	}
	f.Add([]byte("package p\nfunc g[F ~func(...int) (int, error)](f F, n int) { go f(n, n); go f([]int{}...); go (f)(1 << n) }"))
	f.Add([]byte("package p\nvar a, b, _ = func() (x, y, z int) { go func(...int) {}(); return }()\nfunc init() {}; func init() { go print(`\n`, a) }"))
	f.Add([]byte("package p\nimport . \"fmt\"\nimport l \"log/slog\"\nvar a, _ = Println(l.Default)\nfunc init() { go println(a); go func(...any) {}(Print, l.\n\tInfo) }"))
	std := newStandard(f, used...)
	f.Fuzz(func(t *testing.T, text []byte) {
		if strings.Contains(string(text), "//line ") || strings.Contains(string(text), "/*line ") { // tested by hand
			t.Skip()
		}
		p, err := check(std, "example.com/p", source{"/user/p.go", text})
		if err != nil {
			t.Skip()
		}
		out, err := instrumentOne(std, p)
		if err != nil && !strings.Contains(err.Error(), "reserved") && !strings.Contains(err.Error(), "cgo") {
			if out != nil {
				os.Stderr.Write(out.Files[0])
			}
			t.Fatal(err)
		}
	})
}
