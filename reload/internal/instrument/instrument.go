// Package instrument edits the source of type-checked packages for native and static builds.
//
// The edits give a module what the interpreter's lowering gives it there: a panic in one of its goroutines is reported
// instead of ending the process, its package variables can be reached and be initialised again, and its packages can be
// imported under other paths. No edit moves a line, and line directives give the columns back, so that every position in
// compile errors, panics and stacks is the user's.
//
// Guarded are go statements, and what time.AfterFunc, context.AfterFunc and sync.WaitGroup.Go are called with; goroutines
// that other functions start with a module's function are not. Initialising again does what loading did, as far as it is
// in the package: a name registered elsewhere, as by flag.Int or expvar.NewInt, is still taken. Functions with the
// directive go:uintptrescapes lose its effect when a go statement calls them.
//
// All functions may be called from several goroutines at once.
package instrument

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"hash/fnv"
	"slices"
	"strings"
)

// Package is one type-checked package. Instrument does not change it.
type Package struct {
	ImportPath string
	Name       string
	FileSet    *token.FileSet
	Files      []File // in the order in which the compiler gets them: that of their names
	Types      *types.Package
	Info       *types.Info // with all its maps, FileVersions aside
	Variables  []string    // package variables that Vars is to give access to
}

// File is one Go file.
type File struct {
	Path   string // what positions are to say: absolute, or relative to whatever suits their reader
	Source []byte
	Syntax *ast.File // parsed from Source with comments
}

// Options say what Instrument is to do.
type Options struct {
	// Imports maps import paths to those that replace them. Packages of the input are found there by their old path; one
	// that is missing keeps its path.
	Imports map[string]string

	// Report names a function func(any) that a panic in a goroutine is reported to until SetGo is called. Without it such
	// a panic ends the process, as in any Go program, which matters for goroutines that package initialisation starts.
	Report Symbol

	// Output, if it names a package, is where modules print that would print to the process's own streams: by fmt.Print,
	// fmt.Println, fmt.Printf and the builtin functions print and println. The default logger of log/slog comes from there too,
	// and fmt.Scan and its likes read nothing.
	Output Output
}

// Symbol is an exported function of a package.
type Symbol struct{ ImportPath, Name string }

// Result is an instrumented module.
type Result struct {
	Packages []Instrumented // as in the input
}

// Instrumented is one instrumented package.
type Instrumented struct {
	ImportPath string // the old one
	NewPath    string
	Files      [][]byte       // the edited sources, in the order of the input
	Extra      Extra          // a generated file, to be compiled with the others
	Unguarded  []token.Pos    // go statements, and calls that start goroutines, that could not be guarded: hardly ever any
	types      *types.Package // for the shim
	entry      string         // the generated file's exported function
}

// Extra is a generated file. Its name sorts before those of the other files.
type Extra struct {
	Name   string
	Source []byte
}

// Instrument edits a module's packages: each after those it imports, the module last. An error means that a package
// uses names that are reserved for generated code, or is not what Package asks for.
func Instrument(packages []Package, opts Options) (*Result, error) {
	if len(packages) == 0 {
		return nil, errors.New("instrument: no packages")
	}
	res := &Result{}
	carriers := carriers(packages)
	for i := range packages {
		p := &editor{Package: &packages[i], opts: opts, carries: carriers[packages[i].ImportPath]}
		out, err := p.run()
		if err != nil {
			return nil, fmt.Errorf("instrument %s: %w", packages[i].ImportPath, err)
		}
		res.Packages = append(res.Packages, *out)
	}
	return res, nil
}

// carriers chooses for each library one package that imports it. Through it the shim reaches the library, which it could
// not import by itself if that is internal to some other directory.
func carriers(packages []Package) map[string][]string {
	known, taken := map[string]bool{}, map[string]bool{}
	for _, p := range packages {
		known[p.ImportPath] = true
	}
	out := map[string][]string{}
	for _, p := range slices.Backward(packages) { // from the module down, so that what is taken is reached
		if p.ImportPath != packages[len(packages)-1].ImportPath && !taken[p.ImportPath] {
			continue
		}
		for _, f := range p.Files {
			for _, spec := range f.Syntax.Imports {
				path := importPath(spec)
				if known[path] && !taken[path] {
					taken[path] = true
					out[p.ImportPath] = append(out[p.ImportPath], path)
				}
			}
		}
	}
	return out
}

// editor instruments one package.
type editor struct {
	*Package
	opts    Options
	carries []string // the libraries that the shim reaches through this package

	edits     []*edits
	unguarded []token.Pos
	shapes    map[shape]bool // of the functions that go statements call
	guards    bool
	inits     int             // how many init functions there are
	embeds    []embed         // the variables that //go:embed fills
	prints    map[string]bool // what is used instead of functions that print
	static    []string        // functions that assign what the linker would have placed
	dynamic   []string        // functions that assign what package initialisation computes
}

func (p *editor) run() (*Instrumented, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	p.shapes, p.prints = map[shape]bool{}, map[string]bool{}
	for i, f := range p.Files {
		e := newEdits(p.FileSet, &p.Files[i])
		p.edits = append(p.edits, e)
		p.renameImports(e, f.Syntax)
		p.renameInits(e, f.Syntax)
		p.redirectOutput(e, f.Syntax)
		p.guardGoroutines(e, f.Syntax)
		p.findEmbeds(f.Syntax)
	}
	if err := p.repeatInitialisers(); err != nil {
		return nil, err
	}
	out := &Instrumented{ImportPath: p.ImportPath, NewPath: p.newPath(p.ImportPath), Unguarded: p.unguarded, types: p.Types,
		entry: entryName(p.ImportPath)}
	for _, e := range p.edits {
		out.Files = append(out.Files, e.file())
	}
	src, err := p.generate()
	out.Extra = Extra{Name: "0-hr.go", Source: src}
	return out, err
}

// validate refuses input that generated names or directives could clash with.
func (p *editor) validate() error {
	for _, f := range p.Files {
		if strings.ContainsAny(f.Path, "\r\n") || strings.Contains(f.Path, "*/") {
			return fmt.Errorf("%q cannot stand in a line directive", f.Path)
		}
		for _, spec := range f.Syntax.Imports {
			if importPath(spec) == "C" {
				return fmt.Errorf("%s: cgo is not supported", p.FileSet.Position(spec.Pos()))
			}
		}
		var bad *ast.Ident
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && reserved(id.Name) {
				bad = id
			}
			return bad == nil
		})
		if bad != nil {
			return fmt.Errorf("%s: the name %s is reserved for generated code", p.FileSet.Position(bad.Pos()), bad.Name)
		}
	}
	for _, name := range p.Variables {
		if _, ok := p.Types.Scope().Lookup(name).(*types.Var); !ok {
			return fmt.Errorf("there is no package variable %s", name)
		}
	}
	return nil
}

func (p *editor) newPath(path string) string {
	if n, ok := p.opts.Imports[path]; ok {
		return n
	}
	return path
}

// entryName is the name of a package's one exported addition. It differs from package to package, because one may import
// another with a dot.
func entryName(path string) string {
	h := fnv.New32a()
	h.Write([]byte(path))
	return fmt.Sprintf("X_hr_%08x", h.Sum32())
}
