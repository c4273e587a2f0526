package policy

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"midair/reload/internal/edit"
)

var keepRules = []Rule{
	{ID: "keep/type", Reason: "functions, channels and what interfaces hold belong to the version that made them",
		Hint:    "keep data of concrete types, and make the rest anew in OnStart",
		Example: "package m\n\n//midair:keep\nvar handlers map[string]func()\n\nfunc F() int { return len(handlers) }\n",
		Instead: "package m\n\n//midair:keep\nvar names map[string]bool\n\nfunc F() int { return len(names) }\n"},
	{ID: "keep/goroutine", Reason: "a goroutine would go on with the old version's copy, or change it while it is copied",
		Hint:    "have the goroutine send what it finds to a visit, or keep the state in the host",
		Example: "package m\n\n//midair:keep\nvar n int\n\nfunc F() { go func() { n++ }() }\n",
		Instead: "package m\n\n//midair:keep\nvar n int\n\nfunc F() { n++ }\n"},
	{ID: "keep/place", Reason: "only package variables can be kept", Warning: true,
		Hint:    "put the comment directly above the declaration of a package variable",
		Example: "package m\n\n//midair:keep\nfunc F() int { return 1 }\n",
		Instead: "package m\n\n//midair:keep\nvar n int\n\nfunc F() int { return n }\n"},
}

// kept looks at the variables that are to be carried from version to version.
func (c *checker) kept() {
	kept := map[types.Object]bool{}
	for _, f := range c.Files {
		for _, id := range edit.Kept(f.Syntax) {
			v, ok := c.Info.Defs[id].(*types.Var)
			if !ok || id.Name == "_" {
				continue
			}
			kept[v] = true
			if what := c.uncarried(v.Type(), v.Name(), map[types.Type]bool{}); what != "" {
				c.report(id, "keep/type", fmt.Sprintf("%s cannot be kept: %s", v.Name(), what), "keep data of concrete types, and make the rest anew in OnStart")
			}
		}
		c.misplaced(f)
	}
	if len(kept) > 0 {
		c.keptInGoroutines(kept)
	}
}

// uncarried says which part of a type cannot be carried, "" if all of it can.
func (c *checker) uncarried(t types.Type, path string, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && !c.isOwnPath(n.Obj().Pkg().Path()) {
		return "" // the host's: it is handed on as it is
	}
	switch u := t.Underlying().(type) {
	case *types.Signature:
		return path + " is a func"
	case *types.Chan:
		return path + " is a channel"
	case *types.Interface:
		return path + " is an interface, which may hold a value of the module's own types"
	case *types.Basic:
		if u.Kind() == types.UnsafePointer || u.Kind() == types.Uintptr {
			return path + " is an address"
		}
	case *types.Pointer:
		return c.uncarried(u.Elem(), path, seen)
	case *types.Slice:
		return c.uncarried(u.Elem(), path+"[]", seen)
	case *types.Array:
		return c.uncarried(u.Elem(), path+"[]", seen)
	case *types.Map:
		if what := c.uncarried(u.Key(), path+"[key]", seen); what != "" {
			return what
		}
		return c.uncarried(u.Elem(), path+"[]", seen)
	case *types.Struct:
		for f := range u.Fields() {
			if what := c.uncarried(f.Type(), path+"."+f.Name(), seen); what != "" {
				return what
			}
		}
	}
	return ""
}

// misplaced warns of marks that mark nothing.
func (c *checker) misplaced(f File) {
	used := map[*ast.CommentGroup]bool{}
	for _, d := range f.Syntax.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			used[g.Doc] = true
			for _, s := range g.Specs {
				used[s.(*ast.ValueSpec).Doc] = true
			}
		}
	}
	for _, group := range f.Syntax.Comments {
		for _, comment := range group.List {
			if (comment.Text == edit.Keep || strings.HasPrefix(comment.Text, edit.Keep+" ")) && !used[group] {
				c.report(comment, "keep/place", "this comment keeps nothing: it is not directly above a package variable",
					"put the comment directly above the declaration of a package variable")
			}
		}
	}
}

// keptInGoroutines refuses kept variables in what go statements reach.
func (c *checker) keptInGoroutines(kept map[types.Object]bool) {
	g := reach{c: c, kept: kept, bodies: map[types.Object]*ast.FuncDecl{}, seen: map[types.Object]bool{}}
	for _, f := range c.Files {
		for _, d := range f.Syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				g.bodies[c.Info.Defs[fn.Name]] = fn
			}
		}
		ast.Inspect(f.Syntax, g.root)
	}
	for len(g.roots) > 0 {
		next := g.roots[0]
		g.roots = g.roots[1:]
		ast.Inspect(next, g.visit)
	}
}

// reach follows what goroutines call.
type reach struct {
	c       *checker
	kept    map[types.Object]bool
	bodies  map[types.Object]*ast.FuncDecl
	seen    map[types.Object]bool
	roots   []ast.Node
	dynamic bool // they call func values, so any of the module's may be called
}

// root finds what is started.
func (g *reach) root(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		g.roots = append(g.roots, n.Call)
	case *ast.CallExpr:
		if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && (sel.Sel.Name == "AfterFunc" || sel.Sel.Name == "Go") {
			if fn, ok := g.c.Info.Uses[sel.Sel].(*types.Func); ok && fn.Pkg() != nil && !g.c.isOwnPath(fn.Pkg().Path()) {
				for _, arg := range n.Args {
					g.roots = append(g.roots, arg)
				}
			}
		}
	}
	return true
}

func (g *reach) visit(n ast.Node) bool {
	if call, ok := n.(*ast.CallExpr); ok {
		g.call(call)
	}
	id, ok := n.(*ast.Ident)
	if !ok {
		return true
	}
	o := g.c.Info.Uses[id]
	if g.kept[o] && !g.seen[o] {
		g.seen[o] = true
		g.c.report(id, "keep/goroutine", fmt.Sprintf("the kept variable %s is reached from a go statement", o.Name()),
			"have the goroutine send what it finds to a visit, or keep the state in the host")
	}
	g.add(o)
	return true
}

func (g *reach) add(o types.Object) {
	if fn := g.bodies[o]; fn != nil && !g.seen[o] {
		g.seen[o] = true
		g.roots = append(g.roots, fn.Body)
	}
}

// call follows calls of which the source does not say what they call: of interface methods, and of func values.
func (g *reach) call(call *ast.CallExpr) {
	fun := ast.Unparen(call.Fun)
	id, _ := fun.(*ast.Ident)
	if sel, ok := fun.(*ast.SelectorExpr); ok {
		id = sel.Sel
	}
	if id == nil {
		return // a literal, or what a call returns, whose parts are visited
	}
	switch o := g.c.Info.Uses[id].(type) {
	case *types.Func:
		if recv := o.Signature().Recv(); recv != nil && types.IsInterface(recv.Type()) {
			for method := range g.bodies {
				if method != nil && method.Name() == o.Name() {
					g.add(method)
				}
			}
		}
	case *types.Var:
		if !g.dynamic {
			g.dynamic = true
			g.everyValue()
		}
	}
}

// everyValue adds all func literals, and all functions that are used as values.
func (g *reach) everyValue() {
	for _, f := range g.c.Files {
		called := map[*ast.Ident]bool{}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				g.roots = append(g.roots, n.Body)
			case *ast.CallExpr:
				switch fun := ast.Unparen(n.Fun).(type) {
				case *ast.Ident:
					called[fun] = true
				case *ast.SelectorExpr:
					called[fun.Sel] = true
				}
			case *ast.Ident:
				if !called[n] {
					g.add(g.c.Info.Uses[n])
				}
			}
			return true
		})
	}
}
