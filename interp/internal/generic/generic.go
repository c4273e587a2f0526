// Package generic holds Go source of the standard packages cmp, maps and slices for the interpreter.
//
// No symbol table can hold a generic function, so the interpreter has to run them from source, and it does not understand
// that of the standard library. These are the functions that it runs rightly, written in the part of Go that it knows:
//
//   - It infers type arguments one after another, as the parameters mention them, and knows nothing of ~[]E. A function
//     that returns the slice it got has the slice's type as its only type parameter, which is enough for it to keep a
//     named type; others take []E. Parameters that are followed by more to infer from are declared one by one.
//   - It takes a type parameter for a type of that name in the calling package, hence the trailing underscores.
//   - It does not infer from variadic parameters, so slices.Concat is missing, and slices.Insert and slices.Replace
//     return []E and must be given at least one value.
//   - It cannot range over functions, so whatever has to do with iterators is missing.
//
// A module learns that a function is missing when it is loaded. The interpreter identifies an instance of a generic
// function by its name and type arguments alone, not by its package: see [Provides].
package generic

import (
	"embed"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"sync"
)

//go:embed *.go.txt
var sources embed.FS

// Source returns the source of a generic standard package.
func Source(importPath string) (src string, ok bool) {
	b, err := sources.ReadFile(importPath + ".go.txt")
	return string(b), err == nil
}

// Pick returns the source of a generic standard package reduced to the named functions and what they need, because the
// time to load it grows with its length. Names that it does not have are passed over.
func Pick(importPath string, names []string) (src string, ok bool) {
	l, ok := libraries()[importPath]
	if !ok {
		return "", false
	}
	var b strings.Builder
	b.WriteString(l.header)
	done := map[string]bool{}
	for len(names) > 0 {
		f, ok := l.functions[names[0]]
		if ok && !done[names[0]] {
			done[names[0]] = true
			b.WriteString("\n" + f.text + "\n")
			names = append(slices.Clone(names), f.needs...)
		}
		names = names[1:]
	}
	return b.String(), true
}

// Provides says whether the source of a package has an exported function or type. A generic function of the same name
// in a module that also uses this one can silently be taken for it, and the other way round.
func Provides(importPath, name string) bool {
	l := libraries()[importPath]
	return l != nil && (l.functions[name].text != "" || l.types[name])
}

// A library is the source of one package, taken apart.
type library struct {
	header    string // all but the functions
	types     map[string]bool
	functions map[string]function
}

type function struct {
	text  string
	needs []string // names that may be other functions
}

// libraries takes the sources apart, once.
var libraries = sync.OnceValue(func() map[string]*library {
	all := map[string]*library{}
	for _, importPath := range []string{"cmp", "maps", "slices"} {
		src, _ := Source(importPath)
		l, err := takeApart(src)
		if err != nil {
			panic(err) // a test reads them all
		}
		all[importPath] = l
	}
	return all
})

func takeApart(src string) (*library, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	text := func(n ast.Node) string { return src[fset.Position(n.Pos()).Offset:fset.Position(n.End()).Offset] }
	l := &library{header: "package " + f.Name.Name + "\n", types: map[string]bool{}, functions: map[string]function{}}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			fn := function{text: text(d)}
			ast.Inspect(d.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					fn.needs = append(fn.needs, id.Name)
				}
				return true
			})
			l.functions[d.Name.Name] = fn
		case *ast.GenDecl:
			l.header += "\n" + text(d) + "\n"
			for _, s := range d.Specs {
				if t, ok := s.(*ast.TypeSpec); ok && t.Name.IsExported() {
					l.types[t.Name.Name] = true
				}
			}
		}
	}
	return l, nil
}
