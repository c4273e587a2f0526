package policy

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// form looks for what a module should not be like, and for kept variables that cannot be.
func (c *checker) form() {
	c.initOrder()
	c.kept()
	for _, f := range c.Files {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				c.goroutine(g)
			}
			return true
		})
	}
	if importers := c.h.SharedLibraries[c.Dir]; len(importers) > 1 {
		c.sharedVariables(importers)
	}
}

// initOrder warns of variables that are initialised in another order than they stand in.
func (c *checker) initOrder() {
	order := map[*types.Var]int{}
	for i, init := range c.Info.InitOrder {
		for _, v := range init.Lhs {
			order[v] = i
		}
	}
	for _, f := range c.Files {
		for _, d := range f.Syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				for _, id := range s.(*ast.ValueSpec).Names {
					if v, ok := c.Info.Defs[id].(*types.Var); ok {
						c.waitsFor(id, v, order)
					}
				}
			}
		}
	}
}

// waitsFor warns if a variable that stands behind this one is initialised before it.
func (c *checker) waitsFor(id *ast.Ident, v *types.Var, order map[*types.Var]int) {
	at, ok := order[v]
	if !ok {
		return
	}
	for other, i := range order {
		if i < at && other.Pos() > v.Pos() && other.Name() != "_" && c.dependsOn(c.Info.InitOrder[at].Rhs, other) {
			c.report(id, "module/init-order", fmt.Sprintf("%s is initialised after %s, which stands behind it", v.Name(),
				other.Name()), fmt.Sprintf("move %s in front of it", other.Name()))
			return
		}
	}
}

// dependsOn says whether an expression needs a variable, directly or through functions of the package.
func (c *checker) dependsOn(e ast.Node, v *types.Var) bool {
	seen := map[types.Object]bool{}
	var search func(ast.Node) bool
	search = func(n ast.Node) (found bool) {
		ast.Inspect(n, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || found {
				return !found
			}
			o := c.Info.Uses[id]
			if o == types.Object(v) {
				found = true
			} else if fn, ok := o.(*types.Func); ok && !seen[fn] {
				seen[fn] = true
				if body := c.bodyOf(fn); body != nil {
					found = search(body)
				}
			}
			return !found
		})
		return found
	}
	return search(e)
}

// bodyOf returns the body of a function of the package.
func (c *checker) bodyOf(fn *types.Func) *ast.BlockStmt {
	for _, f := range c.Files {
		for _, d := range f.Syntax.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && c.Info.Defs[fd.Name] == types.Object(fn.Origin()) {
				return fd.Body
			}
		}
	}
	return nil
}

// goroutine warns of one that nothing ends: it loops for ever, and listens to no context and no channel.
func (c *checker) goroutine(g *ast.GoStmt) {
	body, listens := c.goroutineBody(g.Call)
	if body == nil || listens {
		return
	}
	endless := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt:
			endless = endless || n.Cond == nil && !leaves(n.Body)
		case *ast.UnaryExpr:
			listens = listens || n.Op == token.ARROW
		case *ast.RangeStmt:
			if t := c.Info.TypeOf(n.X); t != nil {
				_, isChan := t.Underlying().(*types.Chan)
				listens = listens || isChan
			}
		case *ast.Ident:
			if o := c.Info.Uses[n]; o != nil {
				listens = listens || isContext(o.Type())
			}
		}
		return true
	})
	if endless && !listens {
		c.report(g, "module/goroutine", "nothing ends this goroutine: it runs the old code on after a reload",
			"end it when a context is done or a channel is closed: the host passes one in, or OnStart gets one")
	}
}

// goroutineBody returns the code of a goroutine if it is the module's, and whether it is given something to listen to.
func (c *checker) goroutineBody(call *ast.CallExpr) (body *ast.BlockStmt, listens bool) {
	for _, arg := range call.Args {
		if t := c.Info.TypeOf(arg); t != nil {
			_, isChan := t.Underlying().(*types.Chan)
			listens = listens || isChan || isContext(t)
		}
	}
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.FuncLit:
		return f.Body, listens
	case *ast.Ident:
		if fn, ok := c.Info.Uses[f].(*types.Func); ok {
			return c.bodyOf(fn), listens
		}
	case *ast.SelectorExpr:
		if fn, ok := c.Info.Uses[f.Sel].(*types.Func); ok {
			return c.bodyOf(fn), listens
		}
	}
	return nil, listens
}

// leaves says whether a loop's body has a way out.
func leaves(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			found = true
		case *ast.BranchStmt:
			found = found || n.Tok == token.BREAK || n.Tok == token.GOTO
		}
		return !found
	})
	return found
}

func isContext(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "context" && n.Obj().Name() == "Context"
}

// sharedVariables warns of variables of a library that change, and that several modules would think to be one.
func (c *checker) sharedVariables(importers []string) {
	changed := map[*types.Var]bool{}
	for _, p := range c.pkgs {
		for _, f := range p.Files {
			for _, d := range f.Syntax.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && fn.Name.Name != "init" {
					changes(p.Info, fn.Body, changed)
				}
			}
		}
	}
	for _, f := range c.Files {
		for _, d := range f.Syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				for _, id := range s.(*ast.ValueSpec).Names {
					if v, ok := c.Info.Defs[id].(*types.Var); ok && changed[v] {
						c.report(id, "module/shared-variable", fmt.Sprintf("each of the modules %s has a %s of its own",
							strings.Join(importers, ", "), id.Name), "keep what they share in the host, or do not rely on its being shared")
					}
				}
			}
		}
	}
}

// changes collects the package variables that code changes: assigned, counted, with their address taken, or with a method
// called that may change them.
func changes(info *types.Info, body ast.Node, changed map[*types.Var]bool) {
	mark := func(x ast.Expr) {
		for {
			switch e := ast.Unparen(x).(type) {
			case *ast.Ident:
				if v, ok := info.Uses[e].(*types.Var); ok {
					changed[v] = true
				}
				return
			case *ast.SelectorExpr:
				if info.Selections[e] == nil {
					if v, ok := info.Uses[e.Sel].(*types.Var); ok {
						changed[v] = true
					}
					return
				}
				x = e.X
			case *ast.IndexExpr:
				x = e.X
			case *ast.StarExpr:
				x = e.X
			default:
				return
			}
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, x := range n.Lhs {
				mark(x)
			}
		case *ast.IncDecStmt:
			mark(n.X)
		case *ast.SendStmt:
			mark(n.Chan)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				mark(n.X)
			}
		case *ast.CallExpr:
			switch f := ast.Unparen(n.Fun).(type) {
			case *ast.Ident:
				if b, ok := info.Uses[f].(*types.Builtin); ok && len(n.Args) > 0 && (b.Name() == "delete" || b.Name() == "clear" || b.Name() == "copy") {
					mark(n.Args[0])
				}
			case *ast.SelectorExpr:
				if s := info.Selections[f]; s != nil && s.Kind() == types.MethodVal {
					if fn, ok := s.Obj().(*types.Func); ok {
						if _, byPointer := fn.Signature().Recv().Type().(*types.Pointer); byPointer {
							mark(f.X)
						}
					}
				}
			}
		}
		return true
	})
}
