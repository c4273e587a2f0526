package instrument

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// displaced finds identifiers that the edited form of a package shows at other positions than the user's file does.
func displaced(p *Package, out Instrumented) error {
	places, names := map[string]bool{}, map[string]bool{}
	for _, f := range p.Files {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if n == nil {
				return false
			}
			places[place(p.FileSet, n.Pos())] = true
			if id, ok := n.(*ast.Ident); ok && id.Name != "init" && !redirected(p, id) {
				names[place(p.FileSet, n.Pos())+id.Name] = true
			}
			return true
		})
	}
	seen := map[string]bool{}
	for i, f := range p.Files {
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, f.Path, out.Files[i], parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for id := range identifiers(syntax) {
			at := place(fset, id.Pos())
			seen[at+id.Name] = true
			if id.Name != "_" && !reserved(id.Name) && !places[at] {
				return fmt.Errorf("%s is at %s, where the user has nothing", id.Name, at)
			}
		}
	}
	for name := range names {
		if !seen[name] {
			return fmt.Errorf("%s has moved", name)
		}
	}
	return nil
}

// redirected says whether another name may stand in the place of one.
func redirected(p *Package, id *ast.Ident) bool {
	name, _ := printerName(p.Info.Uses[id])
	imported, ok := p.Info.Uses[id].(*types.PkgName)
	return printers[name] != "" || ok && witnesses[imported.Imported().Path()] != ""
}

func place(fset *token.FileSet, pos token.Pos) string {
	p := fset.Position(pos)
	return fmt.Sprintf("%s:%d:%d ", p.Filename, p.Line, p.Column)
}

func identifiers(f *ast.File) map[*ast.Ident]bool {
	out := map[*ast.Ident]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			out[id] = true
		}
		return true
	})
	return out
}

// instrumentOne instruments a package in both ways, and checks that the result is correct and has all at its place.
func instrumentOne(imp types.Importer, p *Package) (*Instrumented, error) {
	if out, err := instrumentSo(imp, p, Output{}); err != nil {
		return out, err
	}
	return instrumentSo(withOutput(imp), p, output)
}

func instrumentSo(imp types.Importer, p *Package, output Output) (*Instrumented, error) {
	res, err := Instrument([]Package{*p}, Options{Imports: map[string]string{p.ImportPath: p.ImportPath + staged}, Output: output})
	if err != nil {
		return nil, err
	}
	out := res.Packages[0]
	if _, err := recheck(imp, p, out); err != nil {
		return &out, fmt.Errorf("type check: %w", err)
	}
	if err := displaced(p, out); err != nil {
		return &out, fmt.Errorf("positions: %w", err)
	}
	return &out, nil
}

func TestPositions(t *testing.T) {
	std := newStandard(t, used...)
	for name, text := range map[string]string{
		"nothing":          "package p",
		"byte order mark":  "\ufeffpackage p; func init() { go func() { println(1) }() }; var x = 1",
		"carriage returns": "package p\r\n\r\nfunc init() {\r\n\tgo println(\r\n\t\t\"a\",\r\n\t)\r\n}\r\nvar a,\r\n\tb = f(\r\n1)\r\nfunc f(int) (x, y int) { return }",
		"one line":         "package p; import \"fmt\"; var a, _ = fmt.Println(1); func init() { go fmt.Println(a); a = 2 }; func init() {}; var b = a",
		"two on a line":    "package p\nfunc f() func() { return f() }\nfunc g() { go f(); go f()(); go func() { go f(); go f() }(); f() }",
		"printing":         "package p\nimport (\n\t\"fmt\"\n\tf \"fmt\"\n\t. \"log/slog\"\n\tl \"log/slog\"\n)\nvar a, b = fmt.\n\tPrintln, f.Printf\nfunc g[T any](T) {}\nfunc h() (int, error) {\n\tgo println(1); go g(fmt.Print); go (f.\n\tPrint)(1); go g(Info); go g(l.Warn)\n\tInfo(\"x\"); l.\n\tInfo(\"x\"); l.SetDefault(Default())\n\t(println)(h()); defer print(1, 'a', 1.5)\n\treturn f.\n\t\tPrint(l.With(1) == nil)\n}",
		"local printers":   "package p\ntype S struct{ Println func() }\nfunc f(fmt S, print func()) { fmt.Println(); print() }\nfunc println() {}\nfunc g() { println() }\ntype string int\ntype error int\ntype int bool",
		"own types":        "package p\nimport \"fmt\"\ntype string rune\ntype error bool\ntype int bool\ntype any bool\nfunc f() { fmt.Printf(\"a\"); fmt.Scanf(\"a\"); fmt.Scan() }",
		"only SetDefault":  "package p\nimport \"log/slog\"\nfunc f() { slog.SetDefault(nil) }",
		"line directives":  "package p\n//line a.y:10\nfunc init() { go f(1); f(2) }; var a = 1 + 2\n//line b.y:5:3\nfunc f(int) { go f(1); f(2) }; var b = a + a\n/*line :7:9*/func g() { go print(\n1, a,\n\"\"); f(1) }",
		"comments":         "package p\nfunc f(...int) {}\nfunc g(x int) {\n\tgo /* a */ f /* b */ ( /* c */ x, // d\n\t1, /* e */ ) // f\n\tgo println( // a\n\t\t1, /* b\n\t\t*/ x, // c\n\t) ; go print /* */ (x)\n}",
		"conversions":      "package p\ntype B bool\nfunc f[T any](b B, i int64, t T) {}\nfunc g(n int) { go f(n == 1, 1<<n, 'a'); go delete(map[B]int{}, n < 2 && n > 3); go println(1<<n) }",
		"initialisers":     "package p\nimport t \"time\"\nvar (\n\ta, b = func() (x, y t.Duration) {\n\t\tgo func() { println(1) }()\n\t\treturn\n\t}()\n\t_ interface {\n\t\tM()\n\t\tN() } = nil\n)",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := check(std, "example.com/p", source{"/user/p/p.go", []byte(text)})
			require.NoError(t, err)
			out, err := instrumentOne(std, p)
			if !assert.NoError(t, err) {
				t.Logf("%s", out.Files[0])
			}
			assert.Empty(t, out.Unguarded)
		})
	}
	files, err := filepath.Glob("testdata/cases/*.txtar")
	require.NoError(t, err)
	std = newStandard(t, used...)
	for _, file := range files {
		m := loadModule(t, std, file, Symbol{})
		for i := range m.packages {
			assert.NoError(t, displaced(&m.packages[i], m.result.Packages[i]))
		}
	}
}

// TestCompileErrors compares what the compiler says of a package, plain and instrumented, when the library that it
// imports is no longer the one it was checked with.
func TestCompileErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the compiler")
	}
	const user = `package m

import "example.com/t/lib"; import other "example.com/t/lib"; var early = lib.New("a")

var a, b = lib.Two(), other.Gone

func init() { go lib.F("x"); go lib.G("y", lib.Gone); lib.F("z") }

func init() { lib.F("in init") }

func more(n int) {
	go lib.Generic(n,
		"text", lib.Gone)
	go println("a", lib.Gone); lib.F("b")
	go func() { go lib.F("c"); lib.F("d") }(); lib.F("e")
}
`
	std := newStandard(t, used...)
	lib, err := check(std, "example.com/t/lib", source{"lib.go", []byte("package lib\n\nfunc F(any) {}\nfunc G(_, _ any) {}\nfunc Two() int { return 0 }\nfunc New(string) int { return 0 }\nfunc Generic[T any](T, ...any) {}\nvar Gone int\n")})
	require.NoError(t, err)
	p, err := check(importerFunc(func(string) (*types.Package, error) { return lib.Types, nil }), "example.com/t/m",
		source{"/user/m.go", []byte(user)})
	require.NoError(t, err)
	res, err := Instrument([]Package{*p}, Options{Imports: map[string]string{"example.com/t/m": "example.com/t/m" + staged,
		"example.com/t/lib": "example.com/t/lib" + staged}})
	require.NoError(t, err)

	root := t.TempDir()
	changed := []byte("package lib\n\nfunc F(int) {}\nfunc G(_, _ int) {}\nfunc Two() int { return 0 }\nfunc New(int) int { return 0 }\nfunc Generic[T any](T, ...int) {}\n")
	write(t, filepath.Join(root, "go.mod"), []byte("module example.com/t\n\ngo 1.26\n"))
	write(t, filepath.Join(root, "lib", "lib.go"), changed)
	write(t, filepath.Join(root, "lib", staged, "lib.go"), changed)
	write(t, filepath.Join(root, "m", "m.go"), []byte("//line /user/m.go:1:1\n"+user))
	write(t, filepath.Join(root, "m", staged, "m.go"), res.Packages[0].Files[0])
	write(t, filepath.Join(root, "m", staged, res.Packages[0].Extra.Name), res.Packages[0].Extra.Source)
	build := func(pkg string) []string {
		cmd := exec.Command("go", "build", "-gcflags=-e", pkg)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		return errorPlaces(string(out))
	}
	plain, instrumented := build("example.com/t/m"), build("example.com/t/m"+staged)
	assert.Len(t, plain, 13)
	assert.Equal(t, plain, instrumented)
}

// errorPlaces lists the errors in a compiler's output, each once.
func errorPlaces(out string) []string {
	var list []string
	for line := range strings.Lines(out) {
		if m := regexp.MustCompile(`m\.go:\d+:\d+: .*`).FindString(line); m != "" {
			list = append(list, CleanName(m))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestReservedNames(t *testing.T) {
	std := newStandard(t, used...)
	for _, text := range []string{"package p; var _hr_x int", "package p; func f() { X_hr_ := 1; _ = X_hr_ }"} {
		p, err := check(std, "example.com/p", source{"p.go", []byte(text)})
		require.NoError(t, err)
		_, err = Instrument([]Package{*p}, Options{})
		assert.ErrorContains(t, err, "reserved for generated code")
	}
	p, err := check(std, "example.com/p", source{"p.go", []byte("package p")})
	require.NoError(t, err)
	p.Variables = []string{"missing"}
	_, err = Instrument([]Package{*p}, Options{})
	assert.ErrorContains(t, err, "no package variable missing")
}
