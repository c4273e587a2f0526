package policy

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// What flows is worked out for the whole module at once, without regard to the order in which code runs: every variable,
// field of the module's own types, parameter and result has a set of things that it may hold. Statements only ever add to
// these sets, so going over the module until nothing changes finds all of them; then one more time reports where one of
// them reaches something of the host that lasts longer than a visit.

// held says what a variable may hold, or hold on to.
type held uint8

const (
	ownValue  held = 1 << iota // a value of a type of the module, in an interface
	ownFunc                    // a function of the module
	ownMethod                  // a method value of the module
	hostData                   // memory that belongs to the host: what is put there stays
)

const escaping = ownValue | ownFunc | ownMethod

// flow is the analysis of one module.
type flow struct {
	*checker
	pkg     *Package
	holds   map[types.Object]held
	funcs   map[string][]*types.Signature // of the module's functions and literals, by their type
	methods map[string][]*types.Func      // of the module's types, by name
	changed bool
	report  bool
	results []*types.Tuple // of the functions around the statement, innermost last
	taken   []string       // what a contract takes of the function around it: its name, or ""
}

// flow looks for what leaves the module.
func (c *checker) flow() {
	f := &flow{checker: c, holds: map[types.Object]held{}, funcs: map[string][]*types.Signature{},
		methods: map[string][]*types.Func{}}
	f.collect()
	for f.changed = true; f.changed; {
		f.changed = false
		f.module()
	}
	f.report = true
	f.module()
}

// collect finds the module's functions, and marks what the host passes in.
func (f *flow) collect() {
	for _, p := range f.pkgs {
		for _, file := range p.Files {
			ast.Inspect(file.Syntax, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					fn, ok := p.Info.Defs[n.Name].(*types.Func)
					if !ok {
						return true
					}
					sig := fn.Signature()
					if sig.Recv() != nil {
						f.methods[fn.Name()] = append(f.methods[fn.Name()], fn)
					}
					f.addFunc(sig)
					if p == f.m.Package && f.contracted(fn) {
						for v := range sig.Params().Variables() {
							f.add(v, hostData)
						}
					}
				case *ast.FuncLit:
					if sig, ok := p.Info.TypeOf(n).(*types.Signature); ok {
						f.addFunc(sig)
					}
				}
				return true
			})
		}
	}
}

func (f *flow) addFunc(sig *types.Signature) {
	key := withoutNames(sig)
	f.funcs[key] = append(f.funcs[key], sig)
}

// contracted says whether the host may call a function of the module's package.
func (f *flow) contracted(o types.Object) bool {
	if fn, ok := o.(*types.Func); ok && fn.Signature().Recv() != nil || !o.Exported() {
		return false
	}
	return !f.m.Bound || slices.Contains(f.m.Contracted, o.Name())
}

// module goes over all code once.
func (f *flow) module() {
	for _, p := range f.pkgs {
		f.enter(p)
		f.pkg = p
		for _, file := range p.Files {
			for _, d := range file.Syntax.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if fn, ok := p.Info.Defs[d.Name].(*types.Func); ok && d.Body != nil {
						name := ""
						if p == f.m.Package && f.contracted(fn) {
							name = fn.Name()
						}
						f.function(d.Body, fn.Signature().Results(), name)
					}
				case *ast.GenDecl:
					f.statement(&ast.DeclStmt{Decl: d})
				}
			}
		}
		if p == f.m.Package && f.report {
			f.exportedVariables()
		}
	}
}

// exportedVariables reports what the host reads from the module's variables. A func is one of the function table, which
// ends with its version.
func (f *flow) exportedVariables() {
	scope := f.m.Package.Types.Scope()
	for _, name := range scope.Names() {
		v, ok := scope.Lookup(name).(*types.Var)
		if ok && f.m.Bound && slices.Contains(f.m.Contracted, name) {
			f.sink(&ast.Ident{NamePos: v.Pos(), Name: name}, f.holds[v]&ownValue, "the host's contract, from the variable "+name)
		}
	}
}

func (f *flow) function(body *ast.BlockStmt, results *types.Tuple, name string) {
	f.results, f.taken = append(f.results, results), append(f.taken, name)
	f.walk(body)
	f.results, f.taken = f.results[:len(f.results)-1], f.taken[:len(f.taken)-1]
}

// walk visits statements and the expressions in them; function literals have results of their own.
func (f *flow) walk(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			if sig, ok := f.Info.TypeOf(n).(*types.Signature); ok {
				f.function(n.Body, sig.Results(), "")
			}
			return false
		case *ast.CallExpr:
			f.call(n)
		case *ast.CompositeLit:
			f.composite(n)
		case ast.Stmt:
			f.statement(n)
		}
		return true
	})
}

func (f *flow) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		f.assignAll(s.Lhs, s.Rhs)
	case *ast.DeclStmt:
		d, ok := s.Decl.(*ast.GenDecl)
		if !ok {
			return
		}
		for _, spec := range d.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.VAR {
				lhs := make([]ast.Expr, len(v.Names))
				for i, id := range v.Names {
					lhs[i] = id
				}
				f.assignAll(lhs, v.Values)
				if s.Decl.Pos().IsValid() && len(f.results) == 0 {
					for _, x := range v.Values { // a package variable's: the statement is not walked
						f.walk(x)
					}
				}
			}
		}
	case *ast.SendStmt:
		f.store(s.Chan, f.flows(s.Value, elementOf(f.Info.TypeOf(s.Chan))), s)
	case *ast.ReturnStmt:
		f.returns(s)
	case *ast.RangeStmt:
		h := f.of(s.X)
		f.rangeOver(s, h)
	case *ast.TypeSwitchStmt:
		f.typeSwitch(s)
	}
}

// assignAll flows values into what they are assigned to.
func (f *flow) assignAll(lhs, rhs []ast.Expr) {
	if len(rhs) == 1 && len(lhs) > 1 {
		for i, x := range lhs {
			f.assign(x, f.result(rhs[0], i), rhs[0])
		}
		return
	}
	for i, x := range lhs {
		if i < len(rhs) {
			f.assign(x, f.flows(rhs[i], f.Info.TypeOf(x)), rhs[i])
		}
	}
}

// assign flows something into a variable, or into a part of one.
func (f *flow) assign(x ast.Expr, h held, at ast.Node) {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		o := f.Info.Defs[x]
		if o == nil {
			o = f.Info.Uses[x]
		}
		if v, ok := o.(*types.Var); ok {
			f.variable(v, h, at)
		}
	case *ast.SelectorExpr:
		v, ok := f.Info.Uses[x.Sel].(*types.Var)
		switch {
		case !ok:
		case !v.IsField() || f.isOwn(v):
			f.variable(v.Origin(), h, at)
		case f.carrier(x.X) != nil:
			f.add(f.carrier(x.X), h)
		default:
			f.sinkField(at, h, f.Info.TypeOf(x.X), v)
		}
	case *ast.IndexExpr:
		f.store(x.X, h, at)
	case *ast.StarExpr:
		f.store(x.X, h, at)
	}
}

// variable adds to a variable, which may be the host's.
func (f *flow) variable(v *types.Var, h held, at ast.Node) {
	if v.Pkg() != nil && !f.script[v.Pkg()] && !v.IsField() {
		if !f.accepted(v.Pkg().Path(), v.Name()) && !f.acceptedType(v.Type()) {
			f.sink(at, h, "the variable "+v.Pkg().Name()+"."+v.Name())
		}
		return
	}
	f.add(v, h)
}

// isOwn says whether an object is the module's.
func (f *flow) isOwn(o types.Object) bool { return o.Pkg() != nil && f.script[o.Pkg()] }

// carrier is the local variable that an expression is a part of by value: a host struct that the module has made and not
// given away yet.
func (f *flow) carrier(x ast.Expr) types.Object {
	switch e := ast.Unparen(x).(type) {
	case *ast.Ident:
		v, ok := f.Info.Uses[e].(*types.Var)
		if !ok || v.Pkg() == nil || !f.script[v.Pkg()] || f.holds[v]&hostData != 0 {
			return nil
		}
		if _, isPointer := v.Type().Underlying().(*types.Pointer); isPointer {
			return nil
		}
		return v
	case *ast.SelectorExpr:
		if s := f.Info.Selections[e]; s != nil && !s.Indirect() {
			if v, ok := s.Obj().(*types.Var); ok && f.isOwn(v) {
				return v
			}
			return f.carrier(e.X)
		}
	case *ast.IndexExpr:
		if t := f.Info.TypeOf(e.X); t != nil {
			if _, isArray := t.Underlying().(*types.Array); isArray {
				return f.carrier(e.X)
			}
		}
	}
	return nil
}

// store flows something into a container, or through a pointer.
func (f *flow) store(container ast.Expr, h held, at ast.Node) {
	if h&escaping != 0 && (f.of(container)&hostData != 0 || f.hostNamed(f.Info.TypeOf(container))) {
		if !f.acceptedType(f.Info.TypeOf(container)) && !f.acceptedType(elementOf(f.Info.TypeOf(container))) {
			f.sink(at, h, "a "+f.describe(f.Info.TypeOf(container))+" of the host")
		}
	}
	for x := container; ; {
		switch e := ast.Unparen(x).(type) {
		case *ast.Ident:
			if v, ok := f.Info.Uses[e].(*types.Var); ok {
				f.add(v, h)
			}
			return
		case *ast.SelectorExpr:
			if v, ok := f.Info.Uses[e.Sel].(*types.Var); ok && f.isOwn(v) {
				f.add(v.Origin(), h)
				return
			}
			x = e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.SliceExpr:
			x = e.X
		case *ast.UnaryExpr:
			x = e.X
		case *ast.CallExpr:
			if fn, ok := f.callee(e).(*types.Func); ok && f.isOwn(fn) && fn.Signature().Results().Len() > 0 {
				f.add(fn.Signature().Results().At(0), h)
			}
			return
		default:
			return
		}
	}
}

// hostNamed says whether a type is a container that the host has given a name: its values are the host's.
func (f *flow) hostNamed(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && !f.isOwn(n.Obj()) && !isStandard(n.Obj().Pkg())
}

func (f *flow) returns(s *ast.ReturnStmt) {
	if len(f.results) == 0 {
		return
	}
	results, name := f.results[len(f.results)-1], f.taken[len(f.taken)-1]
	for i := range results.Len() {
		v := results.At(i)
		switch {
		case len(s.Results) == results.Len():
			f.add(v, f.flows(s.Results[i], v.Type()))
		case len(s.Results) == 1:
			f.add(v, f.result(s.Results[0], i))
		}
		if name == "" || f.acceptedType(v.Type()) {
			continue
		}
		at := ast.Node(s)
		if len(s.Results) == results.Len() {
			at = s.Results[i]
			if f.flows(s.Results[i], v.Type())&escaping == 0 {
				continue // another return's
			}
		}
		if types.Identical(v.Type(), types.Universe.Lookup("error").Type()) {
			f.sinkError(at, f.holds[v], name)
			continue
		}
		f.sink(at, f.holds[v], "the host, which "+name+" returns it to")
	}
}

func (f *flow) rangeOver(s *ast.RangeStmt, h held) {
	for _, x := range []ast.Expr{s.Key, s.Value} {
		if x != nil && f.mayHoldOwn(f.Info.TypeOf(x)) {
			f.assign(x, h, s)
		}
	}
}

func (f *flow) typeSwitch(s *ast.TypeSwitchStmt) {
	var x ast.Expr
	switch a := s.Assign.(type) {
	case *ast.AssignStmt:
		if t, ok := ast.Unparen(a.Rhs[0]).(*ast.TypeAssertExpr); ok {
			x = t.X
		}
	case *ast.ExprStmt:
		return
	}
	if x == nil {
		return
	}
	h := f.of(x)
	for _, clause := range s.Body.List {
		if o := f.Info.Implicits[clause]; o != nil && f.mayHoldOwn(o.Type()) {
			f.add(o, h)
		}
	}
}

// connect flows arguments into the parameters of every function of the module with a type.
func (f *flow) connect(t types.Type, args []held) {
	sig, ok := t.Underlying().(*types.Signature)
	if !ok {
		return
	}
	for _, other := range f.funcs[withoutNames(sig)] {
		for i := range other.Params().Len() {
			if i < len(args) {
				f.add(other.Params().At(i), args[i])
			}
		}
	}
}

func (f *flow) add(o types.Object, h held) {
	if v, ok := o.(*types.Var); ok {
		if !f.mayHoldOwn(v.Type()) {
			h &^= escaping
		}
		o = v.Origin()
	}
	if o != nil && f.holds[o]|h != f.holds[o] {
		f.holds[o] |= h
		f.changed = true
	}
}

// sink reports what reaches the host.
func (f *flow) sink(at ast.Node, h held, where string) {
	if !f.report {
		return
	}
	const hint = "store plain data and let the host call the module by name, or have the host mark what takes it //midair:accepts"
	switch {
	case h&ownFunc != 0:
		f.checker.report(at, "escape/func", "a function of this module is kept in "+where+
			": after a reload it would still run the old code", hint)
	case h&ownMethod != 0:
		f.checker.report(at, "escape/method", "a method of this module is kept in "+where+
			": after a reload it would still run the old code", hint)
	case h&ownValue != 0:
		f.checker.report(at, "escape/value", "a value of this module's own type is kept in "+where+
			": it differs by mode, and after a reload it is of an old type", hint)
	}
}

func (f *flow) sinkField(at ast.Node, h held, owner types.Type, field *types.Var) {
	n := namedOf(owner)
	name := field.Name()
	if n != nil && n.Obj().Pkg() != nil {
		if f.accepted(n.Obj().Pkg().Path(), n.Obj().Name(), n.Obj().Name()+"."+field.Name()) {
			return
		}
		name = n.Obj().Pkg().Name() + "." + n.Obj().Name() + "." + field.Name()
	}
	if !f.acceptedType(field.Type()) {
		f.sink(at, h, name)
	}
}

// sinkError warns of an error of the module's own type.
func (f *flow) sinkError(at ast.Node, h held, name string) {
	if f.report && h&ownValue != 0 {
		f.checker.report(at, "escape/error", fmt.Sprintf(
			"%s returns an error of this module's own type: the host can print it, but not tell its type", name),
			"return one made by errors.New or fmt.Errorf, or of a type of the host")
	}
}

// accepted says whether the host marks one of the names of a package.
func (f *flow) accepted(path string, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(f.h.Accepts[path], name) })
}

func (f *flow) acceptedType(t types.Type) bool {
	if t == nil {
		return false
	}
	n := namedOf(t)
	return n != nil && n.Obj().Pkg() != nil && f.accepted(n.Obj().Pkg().Path(), n.Obj().Name())
}

func (f *flow) describe(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

func elementOf(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	if e, ok := t.Underlying().(interface{ Elem() types.Type }); ok {
		return e.Elem()
	}
	return nil
}
