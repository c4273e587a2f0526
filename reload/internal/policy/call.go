package policy

import (
	"go/ast"
	"go/constant"
	"go/types"
	"slices"
	"strings"
)

// call looks at a call and returns the nodes of its results.
func (f *flow) call(x *ast.CallExpr) []node {
	if f.Info.Types[x.Fun].IsType() {
		return f.conversion(x)
	}
	fun := ast.Unparen(x.Fun)
	switch i := fun.(type) {
	case *ast.IndexExpr:
		if _, ok := f.callee(i.X).(*types.Func); ok {
			fun = ast.Unparen(i.X)
		}
	case *ast.IndexListExpr:
		fun = ast.Unparen(i.X)
	}
	switch fn := f.callee(fun).(type) {
	case *types.Builtin:
		return f.builtin(x, fn.Name())
	case *types.Func:
		return f.callFunc(x, fun, fn)
	case nil:
		if lit, ok := fun.(*ast.FuncLit); ok {
			return f.callLit(x, lit)
		}
	}
	return f.callValue(x)
}

// callee returns the function, method or builtin that an expression names.
func (f *flow) callee(fun ast.Expr) types.Object {
	switch x := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return f.Info.Uses[x]
	case *ast.SelectorExpr:
		if s := f.Info.Selections[x]; s != nil && s.Kind() == types.MethodExpr {
			return nil
		}
		return f.Info.Uses[x.Sel]
	}
	return nil
}

func (f *flow) conversion(x *ast.CallExpr) []node {
	if len(x.Args) != 1 {
		return nil
	}
	t := f.Info.Types[x].Type
	return []node{f.alias(f.value(x.Args[0], t), t)}
}

// args looks at a call's arguments: one node for each, as values of the parameters. The arguments of a variadic
// parameter are elements of it.
func (f *flow) args(x *ast.CallExpr, sig *types.Signature) []argument {
	spread := x.Ellipsis.IsValid()
	if len(x.Args) == 1 && !spread {
		if tuple, ok := f.Info.Types[x.Args[0]].Type.(*types.Tuple); ok {
			nodes, from := f.multi(x.Args[0])
			list := make([]argument, 0, tuple.Len())
			for i, n := range nodes {
				p, element := parameter(sig, i, false)
				list = append(list, argument{f.conv(n, from[i], p, x.Args[0]), x.Args[0], p, from[i], element})
			}
			return list
		}
	}
	list := make([]argument, len(x.Args))
	for i, arg := range x.Args {
		p, element := parameter(sig, i, spread)
		list[i] = argument{f.value(arg, p), arg, p, f.typ(arg), element}
	}
	return list
}

// argument is one argument of a call.
type argument struct {
	n       node
	at      ast.Expr
	to      types.Type // of the parameter, or of its elements
	from    types.Type
	element bool // of a variadic parameter
}

func parameter(sig *types.Signature, i int, spread bool) (t types.Type, element bool) {
	n := sig.Params().Len()
	if n == 0 {
		return nil, false
	}
	if sig.Variadic() && i >= n-1 {
		last := sig.Params().At(n - 1).Type()
		if spread {
			return last, false
		}
		return elementOf(last), true
	}
	return sig.Params().At(min(i, n-1)).Type(), false
}

// pass lets arguments flow into a function's own parameters.
func (f *flow) pass(args []argument, params *types.Tuple) {
	for i, a := range args {
		if params.Len() == 0 {
			return
		}
		p := f.object(params.At(min(i, params.Len()-1)))
		if a.element {
			f.connect(a.n, p, inserted)
		} else {
			f.graph.assign(a.n, p)
		}
	}
}

// packed returns the arguments as nodes of the parameters.
func (f *flow) packed(args []argument, sig *types.Signature) []node {
	nodes := make([]node, sig.Params().Len())
	for i, a := range args {
		switch j := min(i, len(nodes)-1); {
		case j < 0:
		case !a.element:
			nodes[j] = a.n
		case a.n != 0:
			if nodes[j] == 0 {
				nodes[j] = f.of(sig.Params().At(j).Type())
			}
			f.connect(a.n, nodes[j], inserted)
		}
	}
	return nodes
}

// signatureOf is the signature that a call goes by.
func (f *flow) signatureOf(x *ast.CallExpr) *types.Signature {
	sig, _ := coreOf(f.typ(x.Fun)).(*types.Signature)
	if sig == nil {
		if t := f.Info.Types[x.Fun].Type; t != nil {
			sig, _ = coreOf(t).(*types.Signature)
		}
	}
	if sig == nil {
		sig = types.NewSignatureType(nil, nil, nil, nil, nil, false)
	}
	return sig
}

func (f *flow) callLit(x *ast.CallExpr, lit *ast.FuncLit) []node {
	f.expr(lit)
	sig, ok := f.Info.TypeOf(lit).(*types.Signature)
	if !ok {
		return nil
	}
	f.pass(f.args(x, sig), sig.Params())
	return f.tuple(sig.Results())
}

// callValue calls what is in a variable: any function of its type, or one of the host.
func (f *flow) callValue(x *ast.CallExpr) []node {
	fun := f.expr(x.Fun)
	sig := f.signatureOf(x)
	args := f.args(x, sig)
	results := f.fresh(sig.Results())
	f.calls = append(f.calls, dynamicCall{sig: sig, args: f.packed(args, sig), results: results})
	for _, r := range results {
		f.connect(fun, r, taken)
	}
	if f.acceptedType(f.typ(x.Fun)) {
		return results
	}
	for _, a := range args {
		if fun != 0 && !f.acceptedType(a.to) {
			f.sink(sink{n: a.n, when: fun, at: a.at, what: "is given to a function of the host"})
		}
	}
	return results
}

// callFunc calls a function or method that is known by name.
func (f *flow) callFunc(x *ast.CallExpr, fun ast.Expr, fn *types.Func) []node {
	var base node
	var recvType types.Type
	if s, ok := fun.(*ast.SelectorExpr); ok {
		if sel := f.Info.Selections[s]; sel != nil {
			base, recvType = f.path(f.expr(s.X), sel.Recv(), sel.Index()[:len(sel.Index())-1])
		}
	}
	origin := fn.Origin()
	recv := origin.Signature().Recv()
	if recv != nil && isInterface(recv.Type()) {
		return f.callInterface(x, origin, base)
	}
	switch f.packageOwner(fn.Pkg()) {
	case ofScript:
		args := f.args(x, f.signatureOf(x))
		f.pass(args, origin.Signature().Params())
		if recvType != nil {
			f.receive(base, recvType, recv)
		}
		return f.tuple(origin.Signature().Results())
	case ofStd:
		return f.callStd(x, origin, base)
	}
	return f.callHost(x, origin, base)
}

// callInterface calls any script method of the name, or one of the host.
func (f *flow) callInterface(x *ast.CallExpr, fn *types.Func, base node) []node {
	sig := f.signatureOf(x)
	args := f.args(x, sig)
	results := f.fresh(sig.Results())
	f.virtual = append(f.virtual, virtualCall{name: fn.Name(), args: f.packed(args, sig), results: results})
	owner := f.packageOwner(fn.Pkg())
	for _, r := range results {
		f.connect(base, r, taken)
		if owner == ofHost && r != 0 {
			f.add(r, hostMemory|hostInside)
		}
	}
	if owner == ofHost && f.acceptedMethod(fn) || fullName(fn) == "context.Context.Value" || forgetful[fullName(fn)] {
		return results
	}
	for _, a := range args {
		s := sink{n: a.n, at: a.at, what: "is given to " + f.display(fn)}
		if owner != ofHost {
			s.when = base
		}
		if !f.acceptedType(a.to) && (owner == ofHost || base != 0) {
			f.sink(s)
		}
	}
	return results
}

// callHost calls a function that may keep what it is given.
func (f *flow) callHost(x *ast.CallExpr, fn *types.Func, base node) []node {
	sig := fn.Signature() // the generic one: a type parameter of the host may make anything an interface
	args := f.args(x, sig)
	results := f.fresh(f.signatureOf(x).Results())
	accepts := f.acceptedMethod(fn) || forgetful[fullName(fn)]
	for _, a := range args {
		switch {
		case accepts || f.acceptedType(a.to):
			f.accept(a.n, a.to)
			for _, r := range results {
				f.connect(a.n, r, mixed)
			}
		default:
			f.sink(sink{n: a.n, at: a.at, what: "is given to " + f.display(fn) + ", which may keep it"})
		}
	}
	for _, r := range results {
		if r != 0 {
			f.add(r, hostMemory|hostInside)
			f.connect(base, r, taken)
		}
	}
	return results
}

func (f *flow) display(fn *types.Func) string {
	if fn.Pkg() == nil {
		return fn.Name()
	}
	return fn.Pkg().Name() + "." + shortName(fn)
}

// callStd calls a function of a reviewed package: it keeps nothing beyond its results and what storing says.
func (f *flow) callStd(x *ast.CallExpr, fn *types.Func, base node) []node {
	name := fullName(fn)
	args := f.args(x, f.signatureOf(x))
	if hint, ok := retainers[name]; ok {
		for _, a := range args {
			f.sink(sink{n: a.n, at: a.at, what: "is kept by " + f.display(fn), hint: hint + "; "})
		}
	}
	results := f.fresh(f.signatureOf(x).Results())
	all := f.mix(base, args)
	back := node(0)
	if all != 0 {
		back = f.node(anything)
		data := f.mix(base, slices.DeleteFunc(slices.Clone(args), func(a argument) bool { return a.from != nil && isFunc(a.from) }))
		if data == 0 {
			data = f.node(anything)
		}
		f.connect(back, all, mixed)
		f.connect(back, data, mixed)
		for _, a := range args {
			if isFunc(a.from) || isInterface(a.to) {
				f.hostCalls(a.to, data, back)
			}
		}
	}
	f.stdResults(x, name, args, results, all, back)
	f.stdStores(fn, name, base, args)
	return results
}

// mix joins all that a call is given.
func (f *flow) mix(base node, args []argument) (all node) {
	join := func(n node) {
		if n == 0 {
			return
		}
		if all == 0 {
			all = f.node(anything)
		}
		f.connect(n, all, mixed)
	}
	join(base)
	for _, a := range args {
		join(a.n)
	}
	return all
}

func (f *flow) stdResults(x *ast.CallExpr, name string, args []argument, results []node, all, back node) {
	kind := mixed
	if fresh[name] {
		kind = copied
	}
	tuple := f.signatureOf(x).Results()
	for i, r := range results {
		if r == 0 {
			continue
		}
		if !isError(tuple.At(i).Type()) {
			f.connect(all, r, kind)
			continue
		}
		f.connect(back, r, assigned)
		if errorCarriers[name] && (name != "fmt.Errorf" || wraps(f.Info, x)) {
			for _, a := range args {
				if a.from != nil && (isErrorLike(a.from) || !a.element) {
					f.connect(a.n, r, mixed)
				}
			}
		}
	}
}

func isErrorLike(t types.Type) bool { return types.Implements(t, errorInterface) }

// wraps says whether a call of fmt.Errorf may wrap an error.
func wraps(info *types.Info, x *ast.CallExpr) bool {
	if len(x.Args) == 0 {
		return false
	}
	v := info.Types[x.Args[0]].Value
	return v == nil || v.Kind() != constant.String || strings.Contains(constant.StringVal(v), "%w")
}

// stdStores lets arguments flow into what the function keeps them in.
func (f *flow) stdStores(fn *types.Func, name string, base node, args []argument) {
	into, except := base, -1
	if !receives(fn) {
		i, ok := storingFuncs[name]
		if !ok || i >= len(args) {
			return
		}
		into, except = args[i].n, i
	}
	if into == 0 {
		return
	}
	for i, a := range args {
		if i != except && a.n != 0 {
			f.connect(a.n, into, mixed)
			f.sink(sink{n: a.n, when: into, at: a.at, what: "is put by " + f.display(fn) + " into what the host has"})
		}
	}
}

// storingFunc says whether a function puts its arguments into one of them, or into its receiver.
func storingFunc(fn *types.Func) bool {
	_, ok := storingFuncs[fullName(fn)]
	return ok
}

// builtin looks at a call of one of the language's own functions.
func (f *flow) builtin(x *ast.CallExpr, name string) []node {
	switch name {
	case "append":
		return []node{f.appendCall(x)}
	case "copy":
		if len(x.Args) == 2 {
			to, from := f.expr(x.Args[0]), f.expr(x.Args[1])
			if to != 0 && from != 0 {
				element := f.via(from, taken, elementOf(f.typ(x.Args[1])))
				f.put(element, to, f.typ(x.Args[0]), x.Args[1])
			}
			return nil
		}
	case "panic":
		for _, a := range x.Args {
			f.connect(f.value(a, types.Universe.Lookup("any").Type()), f.panicked, assigned)
		}
		return nil
	case "recover":
		return []node{f.panicked}
	case "new", "make":
		return f.allocate(x)
	}
	f.exprs(x.Args)
	return nil
}

func (f *flow) allocate(x *ast.CallExpr) []node {
	t := f.Info.Types[x].Type
	n := f.of(t)
	for _, a := range x.Args {
		if f.Info.Types[a].IsType() {
			continue
		}
		v := f.expr(a)
		if p, ok := t.Underlying().(*types.Pointer); ok { // new(x)
			f.connect(f.conv(v, f.typ(a), p.Elem(), a), n, inserted)
		}
	}
	return []node{n}
}

func (f *flow) appendCall(x *ast.CallExpr) node {
	if len(x.Args) == 0 {
		return 0
	}
	t := f.Info.Types[x].Type
	base := f.expr(x.Args[0])
	n := f.of(t)
	f.graph.assign(base, n)
	for i, a := range x.Args[1:] {
		if x.Ellipsis.IsValid() && i == len(x.Args)-2 {
			from := f.expr(a)
			f.put(f.via(from, taken, elementOf(f.typ(a))), n, t, a)
			continue
		}
		f.put(f.value(a, elementOf(t)), n, t, a)
	}
	return n
}
