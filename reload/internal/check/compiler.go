package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"midair/reload/internal/reflected"
	"midair/reload/internal/source"
)

// Limits of the compiler and the linker.
const (
	maxFrame   = 1 << 30 // bytes of a function's variables and temporaries
	maxLocal   = 1 << 17 // bytes of a local variable; larger ones are put on the heap
	maxElement = 1 << 16 // bytes of a channel's element
	maxSpace   = 1 << 47 // bytes of any type
)

// unsupported finds what the compiler refuses and go/types does not.
func unsupported(src *source.Package, info *types.Info) (ps []source.Problem) {
	c := compilerRules{src: src, info: info, sizes: map[types.Type]float64{}}
	for _, f := range src.Files {
		ast.Inspect(f.Syntax, c.visit)
		c.directives(f.Syntax)
	}
	return c.problems
}

type compilerRules struct {
	src      *source.Package
	info     *types.Info
	problems []source.Problem
	sizes    map[types.Type]float64
	named    ast.Expr // the type of the type declaration that is visited
}

func (c *compilerRules) problem(pos token.Pos, rule, message, hint string) {
	c.problems = append(c.problems, problemAt(c.src, pos, rule, message, hint))
}

func (c *compilerRules) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.TypeSpec:
		c.named = n.Type
	case *ast.FuncDecl:
		c.frame(n)
	case *ast.ChanType:
		if t, ok := c.info.TypeOf(n).(*types.Chan); ok && c.size(t.Elem()) >= maxElement {
			c.problem(n.Pos(), "limit/channel", "channel element type too large (>64kB)", "send a pointer or a slice")
		}
	case *ast.ArrayType:
		if t := c.info.TypeOf(n); t != nil && c.size(t) >= maxSpace {
			c.problem(n.Pos(), "limit/type", "type is larger than the address space", "make a slice of the size that is needed")
		}
	case *ast.InterfaceType:
		if t, ok := c.info.TypeOf(n).(*types.Interface); ok && n != c.named && recursive(t) {
			c.problem(n.Pos(), "limit/recursive", "invalid recursive type: anonymous interface refers to itself",
				"declare the inner interface with a name")
		}
	}
	return true
}

// size is the size of a type in bytes, as a number that does not overflow.
func (c *compilerRules) size(t types.Type) float64 {
	if known, ok := c.sizes[t]; ok {
		return known
	}
	c.sizes[t] = 0 // invalid types can contain themselves
	var size float64
	switch u := t.Underlying().(type) {
	case *types.Array:
		size = float64(u.Len()) * c.size(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			size += c.size(f.Type())
		}
	case *types.Basic:
		if u.Info()&types.IsUntyped == 0 && u.Kind() != types.Invalid {
			size = float64(reflected.Sizes.Sizeof(u))
		}
	case *types.Interface, *types.Tuple, *types.TypeParam:
		size = 16
	default:
		size = float64(reflected.Sizes.Sizeof(t))
	}
	c.sizes[t] = size
	return size
}

// frame adds up what a function keeps on its stack.
func (c *compilerRules) frame(f *ast.FuncDecl) {
	sum := 0.0
	add := func(t types.Type) {
		if t != nil {
			sum += c.size(t)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			v, ok := c.info.Defs[n].(*types.Var)
			if ok && (v.Kind() != types.LocalVar || c.size(v.Type()) <= maxLocal) {
				add(v.Type())
			}
		case *ast.CallExpr:
			if !c.info.Types[n.Fun].IsType() {
				add(c.info.TypeOf(n))
			}
		case *ast.CompositeLit:
			sum += c.backing(n)
		case *ast.RangeStmt:
			if n.Value != nil {
				add(array(c.info.TypeOf(n.X))) // the loop runs over a copy
			}
		}
		return true
	})
	if sum >= maxFrame-16<<20 {
		c.problem(f.Name.Pos(), "limit/frame", fmt.Sprintf("stack frame too large (>1GB): %.0f MB of variables", sum/1e6),
			"make a slice instead of a large array")
	}
}

// array returns the type if it is an array, else nil.
func array(t types.Type) types.Type {
	if t != nil {
		if a, ok := t.Underlying().(*types.Array); ok {
			return a
		}
	}
	return nil
}

// backing is the size of the array that a slice literal makes.
func (c *compilerRules) backing(lit *ast.CompositeLit) float64 {
	t := c.info.TypeOf(lit)
	if t == nil {
		return 0
	}
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		return 0
	}
	last, index, computed := int64(-1), int64(-1), false
	for _, e := range lit.Elts {
		index++
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if i, ok := intValue(c.info.Types[kv.Key]); ok {
				index = i
			}
			e = kv.Value
		}
		computed = computed || c.info.Types[e].Value == nil
		last = max(last, index)
	}
	if !computed {
		return 0 // copied from the program's data
	}
	return float64(last+1) * c.size(s.Elem())
}

// recursive says whether an interface without a name has methods whose types lead back to it. The compiler would have to
// write its type out without end.
func recursive(start *types.Interface) bool {
	seen := map[types.Type]bool{}
	var visit func(t types.Type) bool
	visit = func(t types.Type) bool {
		if t == types.Type(start) && len(seen) > 0 {
			return true
		}
		if seen[t] {
			return false
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.Alias:
			return visit(types.Unalias(t))
		case *types.Interface:
			for m := range t.Methods() {
				if visit(m.Type()) {
					return true
				}
			}
		case *types.Signature:
			return visit(t.Params()) || visit(t.Results())
		case *types.Tuple:
			for v := range t.Variables() {
				if visit(v.Type()) {
					return true
				}
			}
		case *types.Struct:
			for f := range t.Fields() {
				if visit(f.Type()) {
					return true
				}
			}
		case *types.Map:
			return visit(t.Key()) || visit(t.Elem())
		case interface{ Elem() types.Type }: // pointers, slices, arrays, channels
			return visit(t.Elem())
		}
		return false
	}
	return visit(start)
}

// Compiler directives, and what the compiler wants of them.
var (
	ofFunctions = map[string]bool{"noinline": true, "noescape": true, "nosplit": true, "norace": true, "nocheckptr": true,
		"uintptrescapes": true}
	ofRuntime = map[string]bool{"nowritebarrier": true, "nowritebarrierrec": true, "yeswritebarrierrec": true,
		"systemstack": true, "uintptrkeepalive": true, "cgo_unsafe_args": true, "cgo_ldflag": true,
		"cgo_import_dynamic": true, "cgo_import_static": true, "cgo_export_static": true, "cgo_export_dynamic": true}
)

// directives finds compiler directives where they mean nothing, or that are not for everybody.
func (c *compilerRules) directives(f *ast.File) {
	for _, group := range f.Comments {
		for _, comment := range group.List {
			text, ok := strings.CutPrefix(comment.Text, "//go:")
			if !ok {
				continue
			}
			verb, _, _ := strings.Cut(strings.TrimSpace(text), " ")
			switch {
			case ofRuntime[verb]:
				c.problem(comment.Pos(), "directive", "//go:"+verb+" is only allowed in the standard library", "remove it")
			case ofFunctions[verb]:
				c.directive(f, comment, verb)
			}
		}
	}
}

// directive checks one that belongs above a function.
func (c *compilerRules) directive(f *ast.File, comment *ast.Comment, verb string) {
	for _, d := range f.Decls {
		if d.End() < comment.Pos() {
			continue
		}
		fn, ok := d.(*ast.FuncDecl)
		switch {
		case !ok || comment.Pos() > fn.Type.Pos() || comment.Pos() < f.Name.Pos():
		case verb == "noescape" && fn.Body != nil:
			c.problem(comment.Pos(), "directive", "can only use //go:noescape with external func implementations", "remove it")
			return
		default:
			return
		}
		break
	}
	c.problem(comment.Pos(), "directive", "misplaced compiler directive //go:"+verb, "put it directly above a function")
}
