package instrument

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// renameInits gives init functions names by which they can be called. One generated init function calls them in order.
func (p *editor) renameInits(e *edits, f *ast.File) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			p.inits++
			e.replace(fn.Name.Pos(), fn.Name.End(), fmt.Sprintf("_hr_init_%d", p.inits))
		}
	}
}

// repeatInitialisers appends to each file functions that assign to package variables what their declarations there say:
// names mean in a file what its imports make of them.
//
// What the linker places in memory is there before any code runs, and a function called by an initialiser may see it
// although the language knows of no dependency. Such initialisers are therefore kept apart, to be run first.
func (p *editor) repeatInitialisers() error {
	specs := p.variableSpecs()
	for i, init := range p.Info.InitOrder {
		e := p.editsAt(init.Rhs.Pos())
		spec := specs[init.Lhs[0].Pos()]
		if e == nil || spec == nil {
			return fmt.Errorf("the initialiser of %s is in none of the files", init.Lhs[0].Name())
		}
		name := fmt.Sprintf("_hr_set_%d", i+1)
		e.after = append(e.after, appended{"func " + name + "() { " + assignment(e, init, spec), " }", init.Rhs.Pos(), init.Rhs.End()})
		if p.isStatic(init.Rhs) {
			p.static = append(p.static, name)
		} else {
			p.dynamic = append(p.dynamic, name)
		}
	}
	return nil
}

// assignment is the part of a statement before the initialiser's expression. A blank variable's type still counts, as in
// var _ I = nil, and needs a declaration.
func assignment(e *edits, init *types.Initializer, spec *ast.ValueSpec) string {
	blank := true
	var names []string
	for _, v := range init.Lhs {
		blank = blank && v.Name() == "_"
		names = append(names, e.resetFile(v.Pos())+v.Name())
	}
	left := strings.Join(names, ", ")
	if blank && spec.Type != nil {
		return "var " + left + " " + e.resetFile(spec.Type.Pos()) + e.oneLine(spec.Type.Pos(), spec.Type.End()) + " = "
	}
	return left + " = "
}

// variableSpecs finds the declarations of package variables by the positions of the names.
func (p *editor) variableSpecs() map[token.Pos]*ast.ValueSpec {
	specs := map[token.Pos]*ast.ValueSpec{}
	for _, f := range p.Files {
		eachVariableSpec(f.Syntax, func(spec *ast.ValueSpec) {
			for _, name := range spec.Names {
				specs[name.Pos()] = spec
			}
		})
	}
	return specs
}

func eachVariableSpec(f *ast.File, do func(*ast.ValueSpec)) {
	for _, d := range f.Decls {
		if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.VAR {
			for _, spec := range d.Specs {
				do(spec.(*ast.ValueSpec))
			}
		}
	}
}

// isStatic says whether the compiler computes an expression while it compiles: if it consists of constants, functions,
// addresses of variables and composites of these. It depends on no variable's value, so it may be computed at any time.
func (p *editor) isStatic(x ast.Expr) bool {
	tv := p.Info.Types[x]
	if tv.Value != nil || tv.IsNil() || p.isFunction(x) {
		return true
	}
	switch x := x.(type) {
	case *ast.ParenExpr:
		return p.isStatic(x.X)
	case *ast.FuncLit:
		return true
	case *ast.UnaryExpr:
		return x.Op == token.AND && p.isStaticTarget(x.X)
	case *ast.CompositeLit:
		return p.isStaticLiteral(x, tv.Type)
	case *ast.CallExpr:
		return p.Info.Types[x.Fun].IsType() && p.isStatic(x.Args[0])
	}
	return false
}

func (p *editor) isStaticTarget(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.CompositeLit:
		return p.isStatic(x)
	case *ast.Ident:
		v, ok := p.Info.Uses[x].(*types.Var)
		return ok && v.Parent() == p.Types.Scope()
	}
	return false
}

func (p *editor) isStaticLiteral(x *ast.CompositeLit, t types.Type) bool {
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = ptr.Elem() // an element &T{} written {}
	}
	switch t.Underlying().(type) {
	case *types.Struct, *types.Array, *types.Slice:
	default:
		return false
	}
	for _, elt := range x.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			elt = kv.Value
		}
		if !p.isStatic(elt) {
			return false
		}
	}
	return true
}
