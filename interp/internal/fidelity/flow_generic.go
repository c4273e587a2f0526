package fidelity

import (
	"go/ast"
	"go/types"

	"midair/interp/internal/generic"
	"midair/reload"
)

// genericRules are about type parameters. The interpreter makes instances by replacing names, and infers type arguments
// one after another, so only plain forms go well.
var genericRules = []rule{
	{reload.Rule{
		ID:     "fidelity/generic-standard",
		Reason: "the interpreter has no source of this generic function of the standard library",
		Hint:   "write a loop, or a function of your own",
		Example: `package m

import "sync"

var Load = sync.OnceValue(func() int { return 1 })
`,
		Instead: `package m

func Load() int { return 1 }
`,
	}, genericStandard},
	{reload.Rule{
		ID:     "fidelity/generic-infer",
		Reason: "the interpreter cannot infer these type arguments rightly",
		Hint:   "write a function for the types that are needed",
		Example: `package m

func Sum[T int | float64](values ...T) (sum T) {
	for _, v := range values {
		sum += v
	}
	return sum
}

func Three() int { return Sum(1, 2) }
`,
		Instead: `package m

func Sum[T int | float64](values []T) (sum T) {
	for _, v := range values {
		sum += v
	}
	return sum
}

func Three() int { return Sum([]int{1, 2}) }
`,
	}, genericInfer},
	{reload.Rule{
		ID:     "fidelity/generic-constraint",
		Reason: "the interpreter does not know constraints with methods and types, or with other type parameters",
		Hint:   "use any, comparable or a list of types",
		Example: `package m

func First[S ~[]E, E any](s S) E { return s[0] }
`,
		Instead: `package m

func First[E any](s []E) E { return s[0] }
`,
	}, genericConstraint},
	{reload.Rule{
		ID:     "fidelity/generic-name",
		Reason: "the interpreter knows type parameters and instances by their names alone",
		Hint:   "give it another name",
		Example: `package m

type T struct{ N int }

func Zero[T any]() (zero T) { return zero }
`,
		Instead: `package m

type Team struct{ N int }

func Zero[T any]() (zero T) { return zero }
`,
	}, genericName},
	{reload.Rule{
		ID:     "fidelity/generic-type",
		Reason: "the interpreter does not compare or convert values to a type parameter rightly",
		Hint:   "write a function for each type",
		Example: `package m

func As[T any](v any) (T, bool) {
	t, ok := v.(T)
	return t, ok
}
`,
		Instead: `package m

func AsInt(v any) (int, bool) {
	n, ok := v.(int)
	return n, ok
}
`,
	}, genericType},
	{reload.Rule{
		ID:     "fidelity/generic-interface",
		Reason: "the interpreter does not know generic types that are interfaces or functions, or whose constraint has methods",
		Hint:   "write it for the types that are needed",
		Example: `package m

type Source[E any] interface{ Next() E }
`,
		Instead: `package m

type Source interface{ Next() int }
`,
	}, genericInterface},
	{reload.Rule{
		ID:     "fidelity/generic-value",
		Reason: "the interpreter cannot use a generic function as a value",
		Hint:   "write a function literal that calls it",
		Example: `package m

func same[E any](e E) E { return e }

var Same func(int) int = same
`,
		Instead: `package m

func same[E any](e E) E { return e }

func Same(n int) int { return same(n) }
`,
	}, genericValue},
	{reload.Rule{
		ID:     "fidelity/generic-embed",
		Reason: "the interpreter does not find what an embedded generic type has",
		Hint:   "give the field a name",
		Example: `package m

type List[T any] struct{ items []T }

func (l *List[T]) Len() int { return len(l.items) }

type Bag struct{ List[int] }
`,
		Instead: `package m

type List[T any] struct{ items []T }

func (l *List[T]) Len() int { return len(l.items) }

type Bag struct{ list List[int] }
`,
	}, genericEmbed},
}

// genericStandard finds generic functions of the standard library for which there is no source.
func genericStandard(p *pass) {
	only[*ast.Ident](p, func(n ast.Node, _ []ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		fn, ok := p.info.Uses[id].(*types.Func)
		if !ok || fn.Pkg() == nil || p.isModuleObject(fn) {
			return true
		}
		source, _ := generic.Source(fn.Pkg().Path())
		has := source != "" && generic.Provides(fn.Pkg().Path(), fn.Name())
		if (source != "" || fn.Signature().TypeParams().Len() > 0) && !has {
			p.report(id, "the interpreter does not have %s.%s", fn.Pkg().Name(), fn.Name())
		}
		return true
	})
}

// instances visits every use of a generic function or type of the module, with its type arguments.
func (p *pass) instances(visit func(id *ast.Ident, o types.Object, i types.Instance)) {
	for id, i := range p.info.Instances {
		if o := p.info.Uses[id]; o != nil && p.isModuleObject(o) {
			visit(id, o, i)
		}
	}
}

// genericInfer finds calls of generic functions whose type arguments follow from more than plain parameters.
func genericInfer(p *pass) {
	only[*ast.CallExpr](p, func(n ast.Node, _ []ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		fn := p.callee(call)
		if fn == nil || !p.isModuleObject(fn) || fn.Signature().TypeParams().Len() == 0 {
			return true
		}
		if why := p.hardToInfer(fn.Signature(), call); why != "" {
			p.report(call.Fun, "the interpreter cannot infer the type arguments: %s", why)
		}
		return true
	})
	p.instances(func(id *ast.Ident, o types.Object, i types.Instance) {
		for k := range i.TypeArgs.Len() {
			if isLocalType(i.TypeArgs.At(k)) {
				p.report(id, "the interpreter cannot tell an instance for a local type from others")
			}
		}
	})
}

// hardToInfer says why type arguments are hard to infer, "" if they are not.
func (p *pass) hardToInfer(sig *types.Signature, call *ast.CallExpr) string {
	params := sig.Params()
	if sig.Variadic() && mentionsParameter(params.At(params.Len()-1).Type()) {
		return "a variadic parameter mentions one"
	}
	if p.hasConstant(sig, call) {
		return "an argument is a constant"
	}
	switch ast.Unparen(call.Fun).(type) {
	case *ast.IndexExpr, *ast.IndexListExpr:
		return ""
	}
	direct := map[*types.TypeParam]bool{}
	for i := range params.Len() {
		t := params.At(i).Type()
		if passesInstance(t) {
			return "a parameter is of a generic type"
		}
		for _, tp := range plainParameters(t) {
			direct[tp] = true
		}
	}
	for tp := range sig.TypeParams().TypeParams() {
		if !direct[tp] && params.Len() > 1 {
			return "no parameter but a function mentions " + tp.Obj().Name()
		}
	}
	return ""
}

// hasConstant says whether a constant is passed for a type parameter that has types to choose from.
func (p *pass) hasConstant(sig *types.Signature, call *ast.CallExpr) bool {
	for i := range min(sig.Params().Len(), len(call.Args)) {
		tp, ok := sig.Params().At(i).Type().(*types.TypeParam)
		if ok && p.info.Types[call.Args[i]].Value != nil && !isPlainConstraint(tp) {
			return true
		}
	}
	return false
}

// plainParameters returns the type parameters that a type mentions outside of function types.
func plainParameters(t types.Type) []*types.TypeParam {
	switch t := t.(type) {
	case *types.TypeParam:
		return []*types.TypeParam{t}
	case *types.Slice:
		return plainParameters(t.Elem())
	case *types.Pointer:
		return plainParameters(t.Elem())
	case *types.Array:
		return plainParameters(t.Elem())
	case *types.Chan:
		return plainParameters(t.Elem())
	case *types.Map:
		return append(plainParameters(t.Key()), plainParameters(t.Elem())...)
	}
	return nil
}

// mentionsParameter says whether a type mentions a type parameter.
func mentionsParameter(t types.Type) bool {
	switch t := t.(type) {
	case *types.TypeParam:
		return true
	case *types.Signature:
		for v := range t.Params().Variables() {
			if mentionsParameter(v.Type()) {
				return true
			}
		}
		for v := range t.Results().Variables() {
			if mentionsParameter(v.Type()) {
				return true
			}
		}
	case *types.Named:
		for a := range t.TypeArgs().Types() {
			if mentionsParameter(a) {
				return true
			}
		}
		return false
	case *types.Struct:
		for f := range t.Fields() {
			if mentionsParameter(f.Type()) {
				return true
			}
		}
	}
	return len(plainParameters(t)) > 0 || passesInstance(t)
}

// passesInstance says whether a type is, or holds, a generic type with type parameters for arguments.
func passesInstance(t types.Type) bool {
	switch t := t.(type) {
	case *types.Named:
		return t.TypeArgs().Len() > 0 && mentionsParameter(t)
	case *types.Slice:
		return passesInstance(t.Elem())
	case *types.Pointer:
		return passesInstance(t.Elem())
	case *types.Map:
		return passesInstance(t.Key()) || passesInstance(t.Elem())
	case *types.Chan:
		return passesInstance(t.Elem())
	}
	return false
}

// isPlainConstraint says whether a type parameter's constraint is any or comparable.
func isPlainConstraint(tp *types.TypeParam) bool {
	i, ok := tp.Constraint().Underlying().(*types.Interface)
	return ok && (i.Empty() || i.NumEmbeddeds() == 0 && i.NumMethods() == 0 || i.IsComparable() && i.IsMethodSet())
}

func isLocalType(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		o := t.Obj()
		return o.Pkg() != nil && o.Parent() != o.Pkg().Scope()
	case *types.Pointer:
		return isLocalType(t.Elem())
	case *types.Slice:
		return isLocalType(t.Elem())
	}
	return false
}

// typeParameters visits every type parameter that a declaration has; receivers repeat those of their type.
func (p *pass) typeParameters(visit func(id *ast.Ident, tp *types.TypeParam)) {
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		var list *ast.FieldList
		switch n := n.(type) {
		case *ast.FuncType:
			list = n.TypeParams
		case *ast.TypeSpec:
			list = n.TypeParams
		}
		if list == nil {
			return true
		}
		for _, f := range list.List {
			for _, id := range f.Names {
				if o := p.info.Defs[id]; o != nil {
					if tp, ok := o.Type().(*types.TypeParam); ok {
						visit(id, tp)
					}
				}
			}
		}
		return true
	})
}

func genericConstraint(p *pass) {
	p.typeParameters(func(id *ast.Ident, tp *types.TypeParam) {
		i, ok := tp.Constraint().Underlying().(*types.Interface)
		if !ok {
			return
		}
		if i.NumMethods() > 0 && !i.IsMethodSet() {
			p.report(id, "the interpreter does not know a constraint with methods and types")
			return
		}
		if n, ok := types.Unalias(tp.Constraint()).(*types.Named); ok && n.TypeArgs().Len() > 0 {
			p.report(id, "the interpreter does not know a generic constraint")
			return
		}
		for e := range i.EmbeddedTypes() {
			if u, ok := e.(*types.Union); ok {
				for term := range u.Terms() {
					if mentionsParameter(term.Type()) {
						p.report(id, "the interpreter does not know a constraint with another type parameter")
						return
					}
				}
			} else if mentionsParameter(e) {
				p.report(id, "the interpreter does not know a constraint with another type parameter")
				return
			}
		}
	})
}

// genericName finds type parameters that share the name of a package's type, and generic functions of one name in several
// packages.
func genericName(p *pass) {
	p.typeParameters(func(id *ast.Ident, _ *types.TypeParam) {
		for _, pkg := range append(p.checked.Libraries[:len(p.checked.Libraries):len(p.checked.Libraries)], p.checked.Package) {
			if o := pkg.Types.Scope().Lookup(id.Name); o != nil {
				p.report(id, "the interpreter takes %s for that of package %s", id.Name, pkg.Name)
				return
			}
		}
	})
	used := p.standardGenerics()
	only[*ast.FuncDecl](p, func(n ast.Node, _ []ast.Node) bool {
		fn, ok := n.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || fn.Type.TypeParams.NumFields() == 0 {
			return true
		}
		other := used[fn.Name.Name]
		for _, lib := range p.checked.Libraries {
			if f, ok := lib.Types.Scope().Lookup(fn.Name.Name).(*types.Func); ok && f.Pkg() != p.pkg.Types &&
				f.Signature().TypeParams().Len() > 0 {
				other = lib.ImportPath
			}
		}
		if other != "" {
			p.report(fn.Name, "the interpreter cannot tell %s from that of package %s", fn.Name.Name, other)
		}
		return true
	})
}

// standardGenerics returns the packages of the generic functions of the standard library that the module uses, by name.
func (p *pass) standardGenerics() map[string]string {
	used := map[string]string{}
	pkgs := append(p.checked.Libraries[:len(p.checked.Libraries):len(p.checked.Libraries)], p.checked.Package)
	for _, pkg := range pkgs {
		for _, o := range pkg.Info.Uses {
			if fn, ok := o.(*types.Func); ok && fn.Pkg() != nil && generic.Provides(fn.Pkg().Path(), fn.Name()) {
				used[fn.Name()] = fn.Pkg().Path()
			}
		}
	}
	return used
}

// genericType finds assertions, conversions and cases of a type parameter.
func genericType(p *pass) {
	isParameter := func(e ast.Expr) bool {
		if e == nil {
			return false
		}
		return p.info.Types[e].IsType() && mentionsParameter(p.typeOf(e))
	}
	p.walk(func(n ast.Node, _ []ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeAssertExpr:
			if isParameter(n.Type) {
				p.report(n.Type, "the interpreter does not compare with a type parameter rightly")
			}
		case *ast.CallExpr:
			if p.isConversion(n) && isParameter(n.Fun) {
				p.report(n.Fun, "the interpreter does not convert to a type parameter rightly")
			}
		case *ast.TypeSwitchStmt:
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					if isParameter(e) {
						p.report(e, "the interpreter does not compare with a type parameter rightly")
					}
				}
			}
		}
		return true
	})
}

// genericInterface finds generic types of the kinds that go wrong.
func genericInterface(p *pass) {
	only[*ast.TypeSpec](p, func(n ast.Node, _ []ast.Node) bool {
		t, ok := n.(*ast.TypeSpec)
		if !ok || t.TypeParams == nil {
			return true
		}
		switch p.typeOf(t.Type).Underlying().(type) {
		case *types.Interface, *types.Signature:
			if !isConstraint(p.typeOf(t.Type)) {
				p.report(t.Name, "the interpreter does not know generic interfaces and function types")
			}
		}
		for _, f := range t.TypeParams.List {
			if i, ok := p.typeOf(f.Type).Underlying().(*types.Interface); ok && i.NumMethods() > 0 {
				p.report(f, "the interpreter does not know generic types with a constraint that has methods")
			}
		}
		return true
	})
}

func isConstraint(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && !i.IsMethodSet()
}

// genericValue finds generic functions that are not called there and then.
func genericValue(p *pass) {
	only[*ast.Ident](p, func(n ast.Node, around []ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		fn, ok := p.info.Uses[id].(*types.Func)
		if !ok || !p.isModuleObject(fn) || fn.Signature().TypeParams().Len() == 0 {
			return true
		}
		var used ast.Node = id
		for i := len(around) - 1; i >= 0; i-- {
			switch outer := around[i].(type) {
			case *ast.SelectorExpr, *ast.IndexExpr, *ast.IndexListExpr, *ast.ParenExpr:
				used = outer
				continue
			case *ast.CallExpr:
				if outer.Fun == used {
					return true
				}
			}
			break
		}
		p.report(id, "the interpreter cannot use a generic function as a value")
		return true
	})
}

func genericEmbed(p *pass) {
	only[*ast.StructType](p, func(n ast.Node, _ []ast.Node) bool {
		s, ok := n.(*ast.StructType)
		if !ok {
			return true
		}
		for _, f := range s.Fields.List {
			if len(f.Names) > 0 {
				continue
			}
			t := p.typeOf(f.Type)
			if ptr, ok := t.(*types.Pointer); ok {
				t = ptr.Elem()
			}
			if named, ok := types.Unalias(t).(*types.Named); ok && named.TypeArgs().Len() > 0 {
				p.report(f.Type, "the interpreter does not find what an embedded generic type has")
			}
		}
		return true
	})
}
