package policy

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// flows is what an expression holds when it becomes a value of a type: a value of the module's own type that becomes an
// interface is something that was none before.
func (f *flow) flows(x ast.Expr, to types.Type) held {
	h := f.of(x)
	from := f.Info.TypeOf(x)
	if from == nil || to == nil || !isInterface(to) || isInterface(from) {
		return h
	}
	if tv := f.Info.Types[x]; tv.IsNil() {
		return h
	}
	if f.containsOwn(from) {
		h |= ownValue
	}
	return h
}

// typeOf is the type of an expression, an invalid one where go/types has none.
func (f *flow) typeOf(x ast.Expr) types.Type {
	if t := f.Info.TypeOf(x); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}

func isInterface(t types.Type) bool {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return false
	}
	_, ok := t.Underlying().(*types.Interface)
	return ok
}

// of is what an expression may hold.
func (f *flow) of(x ast.Expr) held {
	h := f.expr(ast.Unparen(x))
	if t := f.Info.TypeOf(x); t != nil && !f.mayHoldOwn(t) {
		h &^= escaping
	}
	return h
}

func (f *flow) expr(x ast.Expr) held {
	switch x := x.(type) {
	case *ast.FuncLit:
		return ownFunc
	case *ast.Ident:
		return f.object(f.Info.Uses[x])
	case *ast.SelectorExpr:
		return f.selector(x)
	case *ast.IndexExpr:
		if f.Info.Types[x.X].IsType() {
			return 0
		}
		if _, generic := f.typeOf(x.X).Underlying().(*types.Signature); generic {
			return f.of(x.X) // an instance of a generic function
		}
		return f.of(x.X)
	case *ast.IndexListExpr:
		return f.of(x.X)
	case *ast.SliceExpr:
		return f.of(x.X)
	case *ast.StarExpr:
		return f.of(x.X)
	case *ast.UnaryExpr:
		if x.Op == token.AND || x.Op == token.ARROW {
			return f.of(x.X)
		}
	case *ast.TypeAssertExpr:
		return f.of(x.X)
	case *ast.CallExpr:
		return f.result(x, 0)
	case *ast.CompositeLit:
		return f.literal(x)
	}
	return 0
}

func (f *flow) object(o types.Object) held {
	switch o := o.(type) {
	case *types.Var:
		if o.Pkg() != nil && !f.script[o.Pkg()] && !o.IsField() {
			return hostData
		}
		return f.holds[o.Origin()]
	case *types.Func:
		if f.isOwn(o) {
			return ownFunc
		}
	}
	return 0
}

// selector is a field, a method value, or a name of a package.
func (f *flow) selector(x *ast.SelectorExpr) held {
	s := f.Info.Selections[x]
	if s == nil {
		return f.object(f.Info.Uses[x.Sel])
	}
	switch s.Kind() {
	case types.FieldVal:
		v := s.Obj().(*types.Var)
		if f.isOwn(v) {
			return f.holds[v.Origin()]
		}
		h := f.of(x.X)
		if f.carrier(x.X) == nil {
			h |= hostData
		}
		return h
	case types.MethodVal, types.MethodExpr:
		if fn, ok := s.Obj().(*types.Func); ok && f.isOwn(fn) {
			return ownMethod
		}
		if f.of(x.X)&ownValue != 0 { // of an interface with a value of the module in it
			return ownMethod
		}
	}
	return 0
}

// literal is what a composite literal holds. Fields of the module's own structs are followed on their own.
func (f *flow) literal(lit *ast.CompositeLit) (h held) {
	t := f.Info.TypeOf(lit)
	if t == nil {
		return 0
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for i, e := range lit.Elts {
			field, value := fieldOf(f.Info, u, i, e)
			if field != nil && !f.isOwn(field) && !f.acceptedField(t, field) {
				h |= f.flows(value, field.Type()) & escaping
			}
		}
	case *types.Map:
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				h |= (f.flows(kv.Key, u.Key()) | f.flows(kv.Value, u.Elem())) & escaping
			}
		}
	default:
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				e = kv.Value
			}
			h |= f.flows(e, elementOf(t)) & escaping
		}
	}
	return h
}

func (f *flow) acceptedField(owner types.Type, field *types.Var) bool {
	n := namedOf(owner)
	return f.acceptedType(owner) || f.acceptedType(field.Type()) ||
		n != nil && n.Obj().Pkg() != nil && f.accepted(n.Obj().Pkg().Path(), n.Obj().Name()+"."+field.Name())
}

func fieldOf(info *types.Info, s *types.Struct, i int, e ast.Expr) (*types.Var, ast.Expr) {
	if kv, ok := e.(*ast.KeyValueExpr); ok {
		if id, ok := kv.Key.(*ast.Ident); ok {
			if v, ok := info.Uses[id].(*types.Var); ok {
				return v, kv.Value
			}
		}
		return nil, kv.Value
	}
	if i < s.NumFields() {
		return s.Field(i), e
	}
	return nil, e
}

// composite flows the values of a literal of the module's own struct into its fields.
func (f *flow) composite(lit *ast.CompositeLit) {
	t := f.Info.TypeOf(lit)
	if t == nil {
		return
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i, e := range lit.Elts {
		if field, value := fieldOf(f.Info, s, i, e); field != nil && f.isOwn(field) {
			f.add(field.Origin(), f.flows(value, field.Type()))
		}
	}
}

// result is what the i-th result of an expression may hold; only calls have several, and forms with a second bool.
func (f *flow) result(x ast.Expr, i int) held {
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		if i > 0 {
			return 0
		}
		return f.of(x)
	}
	if f.Info.Types[call.Fun].IsType() {
		if len(call.Args) == 1 {
			return f.flows(call.Args[0], f.Info.TypeOf(call))
		}
		return 0
	}
	t := f.Info.TypeOf(call)
	if tuple, ok := t.(*types.Tuple); ok && i < tuple.Len() {
		t = tuple.At(i).Type()
	}
	if t == nil {
		return 0
	}
	h := f.returned(call, i, t)
	if !f.mayHoldOwn(t) {
		h &^= escaping
	}
	return h
}

// returned is what the function of a call may return.
func (f *flow) returned(call *ast.CallExpr, i int, t types.Type) (h held) {
	switch fn := f.callee(call).(type) {
	case *types.Builtin:
		if fn.Name() == "append" {
			for j, arg := range call.Args {
				switch {
				case j == 0:
					h |= f.of(arg)
				case call.Ellipsis.IsValid():
					h |= f.of(arg) & escaping
				default:
					h |= f.flows(arg, elementOf(f.Info.TypeOf(call))) & escaping
				}
			}
		}
		return h
	case *types.Func:
		switch {
		case f.isOwn(fn):
			for _, target := range f.targets(fn) {
				if r := target.Signature().Results(); i < r.Len() {
					h |= f.holds[r.At(i).Origin()]
				}
			}
			return h
		case !isStandard(fn.Pkg()):
			return hostData
		}
		return f.standardResult(call, fn, t)
	}
	h = f.of(call.Fun) & escaping // a func value: whatever functions of its type return
	if h != 0 {
		h = 0
		if sig, ok := f.typeOf(call.Fun).Underlying().(*types.Signature); ok {
			for _, other := range f.funcs[withoutNames(sig)] {
				if i < other.Results().Len() {
					h |= f.holds[other.Results().At(i).Origin()]
				}
			}
		}
	}
	return h
}

// standardResult is what a function of the standard library returns: what it was given. An error holds other errors, and
// nothing else that matters.
func (f *flow) standardResult(call *ast.CallExpr, fn *types.Func, result types.Type) (h held) {
	isError := types.Identical(result, types.Universe.Lookup("error").Type())
	if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && f.Info.Selections[s] != nil && !isError {
		h |= f.of(s.X)
	}
	sig := fn.Signature()
	for j, arg := range call.Args {
		if !isError || types.Implements(f.typeOf(arg), errorInterface) {
			h |= f.flows(arg, parameter(sig, j, call.Ellipsis.IsValid()))
		}
	}
	return h
}

var errorInterface = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

// parameter returns the type of the parameter that takes an argument.
func parameter(sig *types.Signature, i int, spread bool) types.Type {
	n := sig.Params().Len()
	if n == 0 {
		return nil
	}
	if sig.Variadic() && i >= n-1 {
		last := sig.Params().At(n - 1).Type()
		if spread {
			return last
		}
		return elementOf(last)
	}
	return sig.Params().At(min(i, n-1)).Type()
}

// callee returns the function that a call is known to call: a function, a method (perhaps of an interface), a builtin.
func (f *flow) callee(call *ast.CallExpr) types.Object {
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	switch x := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return origin(f.Info.Uses[x])
	case *ast.SelectorExpr:
		return origin(f.Info.Uses[x.Sel])
	}
	return nil
}

func origin(o types.Object) types.Object {
	if fn, ok := o.(*types.Func); ok {
		return fn.Origin()
	}
	return o
}

// targets returns the functions that a call of one may run: of a method of an interface, every method of the name.
func (f *flow) targets(fn *types.Func) []*types.Func {
	if recv := fn.Signature().Recv(); recv != nil && isInterface(recv.Type()) {
		return append([]*types.Func{fn}, f.methods[fn.Name()]...)
	}
	return []*types.Func{fn}
}

// call flows arguments into parameters.
func (f *flow) call(call *ast.CallExpr) {
	if f.Info.Types[call.Fun].IsType() {
		return
	}
	sig, ok := f.typeOf(call.Fun).Underlying().(*types.Signature)
	if !ok {
		return
	}
	args := make([]held, len(call.Args))
	for i, arg := range call.Args {
		args[i] = f.flows(arg, parameter(sig, i, call.Ellipsis.IsValid()))
	}
	if len(call.Args) == 1 && sig.Params().Len() > 1 { // f(g())
		args = nil
		for i := range sig.Params().Len() {
			args = append(args, f.result(call.Args[0], i))
		}
	}
	switch fn := f.callee(call).(type) {
	case *types.Builtin:
		if fn.Name() == "copy" && len(call.Args) == 2 {
			f.store(call.Args[0], f.of(call.Args[1]), call)
		}
	case *types.Func:
		f.callFunc(call, fn, args)
	default:
		if lit, ok := ast.Unparen(call.Fun).(*ast.FuncLit); ok {
			if s, ok := f.Info.TypeOf(lit).(*types.Signature); ok {
				f.parameters(s, args)
			}
			return
		}
		f.connect(sig, args)
		if h := f.of(call.Fun); h&hostData != 0 && h&escaping == 0 { // a func of the host
			f.hostCall(call, args, "a func of the host")
		}
	}
}

// parameters flows arguments into a function's own parameters.
func (f *flow) parameters(sig *types.Signature, args []held) {
	for i, h := range args {
		if n := sig.Params().Len(); n > 0 {
			f.add(sig.Params().At(min(i, n-1)), h)
		}
	}
}

func (f *flow) callFunc(call *ast.CallExpr, fn *types.Func, args []held) {
	var receiver ast.Expr
	if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && f.Info.Selections[s] != nil {
		receiver = s.X
	}
	switch {
	case f.isOwn(fn):
		for _, target := range f.targets(fn) {
			f.parameters(target.Signature(), args)
			if recv := target.Signature().Recv(); receiver != nil && recv != nil {
				f.add(recv, f.of(receiver))
			}
		}
	case isStandard(fn.Pkg()):
		f.standardCall(call, fn, receiver, args)
	default:
		if recv := fn.Signature().Recv(); recv != nil && isInterface(recv.Type()) {
			for _, target := range f.methods[fn.Name()] { // it may be the module's own behind the host's interface
				f.parameters(target.Signature(), args)
			}
		}
		f.hostCall(call, args, symbolOf(fn), fn)
	}
}

// hostCall reports what a function of the host is given.
func (f *flow) hostCall(call *ast.CallExpr, args []held, where string, fn ...*types.Func) {
	sig, _ := f.typeOf(call.Fun).Underlying().(*types.Signature)
	if len(fn) == 1 {
		name := symbolName(fn[0])
		owner, _, _ := strings.Cut(name, ".")
		if fn[0].Pkg() != nil && f.accepted(fn[0].Pkg().Path(), name, owner) {
			return
		}
	}
	for i, h := range args {
		if t := parameter(sig, i, call.Ellipsis.IsValid()); f.acceptedType(t) {
			continue
		}
		at := ast.Node(call)
		if i < len(call.Args) {
			at = call.Args[i]
		}
		f.sink(at, h, where)
	}
}

func symbolOf(fn *types.Func) string {
	if fn.Pkg() == nil {
		return fn.Name()
	}
	name := symbolName(fn)
	if name == "" {
		name = fn.Name()
	}
	return fn.Pkg().Name() + "." + name
}

// keepers are types of the standard library whose values keep what their methods are given.
var keepers = map[string]bool{
	"sync.Map": true, "sync.Pool": true, "sync/atomic.Value": true, "sync/atomic.Pointer": true,
	"container/list.List": true, "container/ring.Ring": true, "net/http.ServeMux": true, "expvar.Map": true,
}

// retainers are functions of the standard library that keep what they are given beyond the call.
var retainers = map[string]bool{
	"time.AfterFunc": true, "context.AfterFunc": true, "runtime.SetFinalizer": true, "runtime.AddCleanup": true,
	"net/http.Handle": true, "net/http.HandleFunc": true, "expvar.Publish": true, "sync.OnceFunc": false,
	"encoding/gob.Register": true, "encoding/gob.RegisterName": true, "database/sql.Register": true, "flag.Var": true,
	"flag.Func": true, "testing.RegisterCover": true, "image.RegisterFormat": true, "crypto.RegisterHash": true,
	"math/rand.Seed": false, "log.SetOutput": true, "log/slog.SetDefault": true, "text/template.Funcs": false,
}

// standardCall follows what the standard library is given.
func (f *flow) standardCall(call *ast.CallExpr, fn *types.Func, receiver ast.Expr, args []held) {
	if fn.Pkg() == nil {
		return // Error
	}
	all := held(0)
	for _, h := range args {
		all |= h & escaping
	}
	if receiver == nil {
		if retainers[fn.Pkg().Path()+"."+fn.Name()] {
			for i, h := range args {
				f.sink(call.Args[min(i, len(call.Args)-1)], h, symbolOf(fn)+", which outlives the visit")
			}
		}
		if fn.Pkg().Path() == "container/heap" && len(call.Args) == 2 && fn.Name() == "Push" {
			for _, target := range f.methods["Push"] {
				f.parameters(target.Signature(), args[1:])
			}
		}
		return
	}
	n := namedOf(fn.Signature().Recv().Type())
	if n == nil || !keepers[fn.Pkg().Path()+"."+n.Obj().Name()] {
		return
	}
	f.store(receiver, all, call)
}

// isStandard says whether a package belongs to the standard library.
func isStandard(p *types.Package) bool {
	if p == nil {
		return true
	}
	root, _, _ := strings.Cut(p.Path(), "/")
	return standardPackages[root]
}

// containsOwn says whether a type is the module's, or made of such types.
func (f *flow) containsOwn(t types.Type) bool {
	t = types.Unalias(t)
	if known, ok := f.own[t]; ok {
		return known
	}
	f.own[t] = false // what contains itself is not decided by that
	found := false
	switch t := t.(type) {
	case *types.Named:
		found = f.isOwn(t.Obj())
		for arg := range t.TypeArgs().Types() {
			found = found || f.containsOwn(arg)
		}
	case *types.TypeParam:
		found = true
	case *types.Struct:
		for v := range t.Fields() {
			found = found || f.containsOwn(v.Type())
		}
	case *types.Map:
		found = f.containsOwn(t.Key()) || f.containsOwn(t.Elem())
	case *types.Signature:
		for v := range t.Params().Variables() {
			found = found || f.containsOwn(v.Type())
		}
		for v := range t.Results().Variables() {
			found = found || f.containsOwn(v.Type())
		}
	case interface{ Elem() types.Type }:
		found = f.containsOwn(t.Elem())
	}
	f.own[t] = found
	return found
}

// mayHoldOwn says whether a value of a type can hold a function of the module or a value of its types behind an
// interface. The module's own structs hold such things in fields, which are followed on their own.
func (f *flow) mayHoldOwn(t types.Type) bool {
	t = types.Unalias(t)
	if known, ok := f.mayHold[t]; ok {
		return known
	}
	f.mayHold[t] = false
	found := false
	switch u := t.(type) {
	case *types.Named:
		switch s := u.Underlying().(type) {
		case *types.Struct:
			if !f.isOwn(u.Obj()) {
				for v := range s.Fields() {
					found = found || v.Exported() && f.mayHoldOwn(v.Type())
				}
				key := ""
				if u.Obj().Pkg() != nil {
					key = u.Obj().Pkg().Path() + "." + u.Obj().Name()
				}
				found = found || keepers[key]
			}
		default:
			found = f.mayHoldOwn(s)
		}
	case *types.Interface, *types.Signature, *types.TypeParam:
		found = true
	case *types.Struct:
		for v := range u.Fields() {
			found = found || f.mayHoldOwn(v.Type())
		}
	case *types.Map:
		found = f.mayHoldOwn(u.Key()) || f.mayHoldOwn(u.Elem())
	case interface{ Elem() types.Type }:
		found = f.mayHoldOwn(u.Elem())
	}
	f.mayHold[t] = found
	return found
}
