package policy

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// flow follows where values of script types, closures and methods go, and reports those that get into data of the host.
//
// Each variable, field of a script struct, parameter and result is one node of a graph, whatever the order of statements
// and however many values it stands for; elements belong to their container. Reading, writing and calling are edges.
// Where the graph leads into the host is noted as a sink and looked at when it is solved.
type flow struct {
	*checker
	graph

	objects  map[types.Object]node
	panicked node // what recover may return
	fromHost node // what the host passes
	frame    *frame
	target   ast.Expr // what is assigned to

	funcs   []funcValue // script functions that are used as values
	calls   []dynamicCall
	virtual []virtualCall
	methods map[string][]*types.Func // of scripts, by name
	sinks   []sink
}

// frame is the function whose body is being looked at.
type frame struct {
	results  *types.Tuple
	contract *types.Func // the function, if a contract takes it
}

// funcValue is a function that may be called through a variable.
type funcValue struct {
	sig             *types.Signature
	params, results []node
}

// dynamicCall is a call through a variable, to any function of the signature.
type dynamicCall struct {
	sig           *types.Signature
	args, results []node
	every         node // goes to every parameter, instead of args
}

// virtualCall is a call through an interface, to any script method of the name.
type virtualCall struct {
	name          string
	args, results []node
	every         node
}

func (c *checker) flow() {
	f := &flow{checker: c, objects: map[types.Object]node{}, methods: map[string][]*types.Func{}}
	f.graph.reset()
	f.fillTypeParams()
	f.panicked = f.node(anything)
	f.fromHost = f.node(anything)
	f.add(f.fromHost, hostMemory|hostInside)
	for _, p := range f.pkgs {
		f.enter(p)
		f.declareMethods()
	}
	for _, p := range f.pkgs {
		f.enter(p)
		for _, file := range p.Files {
			for _, d := range file.Syntax.Decls {
				f.decl(d)
			}
		}
	}
	f.resolve()
	f.solve()
	f.drain()
}

func (f *flow) declareMethods() {
	for _, file := range f.Files {
		for _, d := range file.Syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			if obj, ok := f.Info.Defs[fn.Name].(*types.Func); ok {
				f.methods[fn.Name.Name] = append(f.methods[fn.Name.Name], obj)
			}
		}
	}
}

func (f *flow) decl(d ast.Decl) {
	switch d := d.(type) {
	case *ast.GenDecl:
		f.genDecl(d)
	case *ast.FuncDecl:
		f.funcDecl(d)
	}
}

func (f *flow) genDecl(d *ast.GenDecl) {
	if d.Tok != token.VAR {
		return
	}
	for _, s := range d.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		lhs := make([]ast.Expr, len(spec.Names))
		for i, id := range spec.Names {
			lhs[i] = id
		}
		f.assignment(lhs, spec.Values)
		if f.frame == nil {
			f.contractedVariables(spec)
		}
	}
}

// contractedVariables are read by the host. One that is a function is as good as a function.
func (f *flow) contractedVariables(spec *ast.ValueSpec) {
	for _, id := range spec.Names {
		v, ok := f.Info.Defs[id].(*types.Var)
		switch {
		case !ok || f.Package != f.m.Package || !v.Exported() || f.m.Bound && !slices.Contains(f.m.Contracted, v.Name()):
		case isFunc(v.Type()):
			for r := range v.Type().Underlying().(*types.Signature).Results().Variables() {
				n := f.of(r.Type())
				f.hostCalls(v.Type(), f.fromHost, n)
				f.returned(n, r.Type(), id, v.Name())
			}
		case f.m.Bound:
			f.sink(sink{n: f.object(v), at: id, what: "is in variable " + v.Name() + ", which the host takes"})
		}
	}
}

func (f *flow) funcDecl(d *ast.FuncDecl) {
	fn, ok := f.Info.Defs[d.Name].(*types.Func)
	if !ok || d.Body == nil {
		return
	}
	sig := fn.Signature()
	fr := &frame{results: sig.Results()}
	if f.fromContract(fn) {
		for v := range sig.Params().Variables() {
			f.connect(f.fromHost, f.object(v), assigned)
		}
		if !hooks[fn.Name()] {
			fr.contract = fn
		}
	}
	f.body(fr, d.Type, d.Body)
}

// hooks are functions that midair calls; their results are for it alone.
var hooks = setOf("OnStart OnMigrate OnValidate")

// fromContract says whether the host may call a function.
func (f *flow) fromContract(fn *types.Func) bool {
	if f.Package != f.m.Package || !fn.Exported() || fn.Signature().Recv() != nil {
		return false
	}
	return hooks[fn.Name()] || !f.m.Bound || slices.Contains(f.m.Contracted, fn.Name())
}

// body looks at a function's statements.
func (f *flow) body(fr *frame, typ *ast.FuncType, body *ast.BlockStmt) {
	defer func(outer *frame) { f.frame = outer }(f.frame)
	f.frame = fr
	if fr.contract != nil && typ.Results != nil {
		for _, field := range typ.Results.List {
			for _, id := range field.Names {
				f.returned(f.object(f.Info.Defs[id]), f.typ(id), id, fr.contract.Name())
			}
		}
	}
	f.stmt(body)
}

// object returns the node of a variable.
func (f *flow) object(obj types.Object) node {
	if obj == nil {
		return 0
	}
	mask := f.mask(obj.Type())
	if mask == 0 {
		return 0
	}
	if v, ok := obj.(*types.Var); ok {
		obj = v.Origin()
	}
	n, ok := f.objects[obj]
	if !ok {
		n = f.node(mask)
		f.objects[obj] = n
	}
	return n
}

func (f *flow) tuple(t *types.Tuple) []node {
	if t.Len() == 0 {
		return nil
	}
	nodes := make([]node, t.Len())
	for i := range nodes {
		nodes[i] = f.object(t.At(i))
	}
	return nodes
}

// of makes a node for the value of an expression.
func (f *flow) of(t types.Type) node { return f.node(f.mask(t)) }

// via makes a node that holds what another node gives it.
func (f *flow) via(from node, kind flowKind, t types.Type) node {
	if from == 0 {
		return 0
	}
	n := f.of(t)
	f.connect(from, n, kind)
	if kind == taken {
		f.aliasElement(from, n)
	}
	return n
}

// aliasElement lets what is put into an element be inside its container, too.
func (f *flow) aliasElement(container, element node) {
	if f.masks[element]&inside != 0 {
		f.connect(element, container, aliased)
	}
}

func (f *flow) typ(e ast.Expr) types.Type {
	if id, ok := e.(*ast.Ident); ok {
		if obj := f.Info.ObjectOf(id); obj != nil {
			if _, isFunc := obj.(*types.Func); !isFunc {
				return obj.Type()
			}
		}
	}
	return f.Info.Types[e].Type
}
