package instrument

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestGoPrograms instruments the single-file programs of the Go installation's own tests. What is correct must stay so.
func TestGoPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("reads some 1,500 programs")
	}
	programs, imports := goPrograms(t)
	std := newStandard(t, append(imports, used...)...)
	var checked, statements, unguarded atomic.Int32
	var group sync.WaitGroup
	work := make(chan string)
	for range 2 {
		group.Go(func() {
			for file := range work {
				text, _ := os.ReadFile(file)
				p, err := check(std, "example.com/main", source{file, text})
				if err != nil {
					continue
				}
				checked.Add(1)
				out, err := instrumentOne(std, p)
				if err != nil {
					t.Errorf("%s: %v", file, err)
					continue
				}
				statements.Add(int32(bytes.Count(text, []byte("\tgo "))))
				for _, pos := range out.Unguarded {
					unguarded.Add(1)
					t.Logf("%s is not guarded", p.FileSet.Position(pos))
				}
			}
		})
	}
	for _, file := range programs {
		work <- file
	}
	close(work)
	group.Wait()
	t.Logf("%d programs, about %d go statements, %d not guarded", checked.Load(), statements.Load(), unguarded.Load())
	assert.Greater(t, int(checked.Load()), len(programs)*9/10)
}

// goPrograms lists the programs and what they import.
func goPrograms(t *testing.T) (programs, imports []string) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "test")
	var files []*ast.File
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(text, []byte("// run\n")) && !bytes.HasPrefix(text, []byte("// compile\n")) {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly)
		if err != nil || slices.Contains(importsOf(f), "C") {
			return nil
		}
		programs, files = append(programs, path), append(files, f)
		return nil
	})
	if len(programs) == 0 {
		t.Skip("the Go installation has no test programs")
	}
	imports = slices.DeleteFunc(importsOf(files...), func(path string) bool {
		return strings.HasPrefix(path, ".") || strings.Contains(path, "internal") || strings.Contains(path, "/") && !standardPath(path)
	})
	return programs, imports
}

// standardPath says whether a path may be one of the standard library.
func standardPath(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "test" && first != "cmd"
}
