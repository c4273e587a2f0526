package check

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"midair/reload/internal/source"
)

// Limits on what is handed to go/types, which recurses over syntax and computes constants of any size. They are far above
// what people write.
const (
	maxNesting  = 2_000    // expressions, statements and types within each other
	maxConstant = 16 << 20 // bytes of a constant string
	maxSource   = 16 << 20 // bytes of a package's files
)

// tooMuch finds what would take the check's time or memory beyond reason.
func tooMuch(src *source.Package) (ps []source.Problem) {
	size := 0
	for _, f := range src.Files {
		size += len(f.Source)
	}
	if size > maxSource {
		return []source.Problem{{Path: src.Dir, Rule: "limit/source",
			Message: fmt.Sprintf("the package has more than %d MiB of Go source", maxSource>>20),
			Hint:    "keep data in files and embed them, or split the package"}}
	}
	for _, f := range src.Files {
		if n := nestedTooDeep(f.Syntax); n != nil {
			ps = append(ps, problemAt(src, n.Pos(), "limit/nesting",
				fmt.Sprintf("more than %d levels of nesting", maxNesting), "split it into parts with names"))
		}
	}
	if len(ps) == 0 {
		ps = slices.Concat(hugeConstants(src), hugeTypes(src))
	}
	return ps
}

func problemAt(src *source.Package, pos token.Pos, rule, message, hint string) source.Problem {
	p := src.FileSet.PositionFor(pos, false)
	return source.Problem{Path: p.Filename, Line: p.Line, Column: p.Column, Rule: rule, Message: message, Hint: hint}
}

// nestedTooDeep returns the first node below too many others.
func nestedTooDeep(f *ast.File) (found ast.Node) {
	depth := 0
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			depth--
			return true
		}
		if found != nil {
			return false
		}
		if depth++; depth > maxNesting {
			found = n
			depth--
			return false
		}
		return true
	})
	return found
}

// hugeConstants finds constant strings that double and double again: a + a, with a declared as b + b, and so on. Sizes are
// worked out by name, without regard to scopes, so they are upper bounds.
func hugeConstants(src *source.Package) (ps []source.Problem) {
	c := constants{values: map[string][]ast.Expr{}, sizes: map[string]int{}}
	for _, f := range src.Files {
		ast.Inspect(f.Syntax, c.collect)
	}
	for _, f := range src.Files {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			e, ok := n.(*ast.BinaryExpr)
			if !ok || e.Op != token.ADD || c.size(e) <= maxConstant {
				return true
			}
			ps = append(ps, problemAt(src, e.Pos(), "limit/constant",
				fmt.Sprintf("a constant string of more than %d MiB", maxConstant>>20), "build it at run time, or embed a file"))
			return false
		})
	}
	return ps
}

type constants struct {
	values map[string][]ast.Expr
	sizes  map[string]int
}

// collect notes a constant declaration; an omitted value repeats the one before it.
func (c *constants) collect(n ast.Node) bool {
	d, ok := n.(*ast.GenDecl)
	if !ok || d.Tok != token.CONST {
		return true
	}
	var before []ast.Expr
	for _, s := range d.Specs {
		s, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		if len(s.Values) > 0 {
			before = s.Values
		}
		for i, id := range s.Names {
			if i < len(before) {
				c.values[id.Name] = append(c.values[id.Name], before[i])
			}
		}
	}
	return true
}

// size bounds the length of a constant string.
func (c *constants) size(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			return len(e.Value)
		}
	case *ast.ParenExpr:
		return c.size(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return min(c.size(e.X)+c.size(e.Y), 1<<40)
		}
	case *ast.CallExpr: // a conversion
		if len(e.Args) == 1 {
			return c.size(e.Args[0])
		}
	case *ast.Ident:
		return c.named(e.Name)
	}
	return 0
}

func (c *constants) named(name string) int {
	if size, ok := c.sizes[name]; ok {
		return size
	}
	c.sizes[name] = 0 // a constant that refers to itself is an error anyway
	most := 0
	for _, v := range c.values[name] {
		most = max(most, c.size(v))
	}
	c.sizes[name] = most
	return most
}

// intValue returns the value of a constant expression that is an int.
func intValue(tv types.TypeAndValue) (int64, bool) {
	if tv.Value == nil {
		return 0, false
	}
	return constant.Int64Val(constant.ToInt(tv.Value))
}
