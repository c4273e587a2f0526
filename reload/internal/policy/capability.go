package policy

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const hintAllow = "do without it, or have the host allow it: Config.Allow, or -allow of midair check"

// imports looks at what the package imports.
func (c *checker) imports() {
	for _, f := range c.Files {
		for _, spec := range f.Syntax.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil || c.isOwnPath(path) {
				continue
			}
			allowed := c.allow.Package(path)
			switch {
			case path == "C" && !allowed:
				c.report(spec.Path, "capability/cgo", "modules cannot use cgo: "+dangerousPackage(path), hintAllow)
			case path == "unsafe" && !allowed:
				c.report(spec.Path, "capability/unsafe", "modules may not import unsafe: "+dangerousPackage(path), hintAllow)
			case !allowed:
				why := dangerousPackage(path)
				if why == "" {
					why = "the host does not allow it"
				}
				c.report(spec.Path, "capability/import", fmt.Sprintf("modules may not import %q: %s", path, why), hintAllow)
			}
			c.template(spec, path)
		}
	}
}

func (c *checker) isOwnPath(path string) bool {
	for p := range c.script {
		if p.Path() == path {
			return true
		}
	}
	return false
}

// template refuses templates beside packages whose values have refused methods: a template calls any method by its name.
func (c *checker) template(spec *ast.ImportSpec, path string) {
	if path != "text/template" && path != "html/template" {
		return
	}
	if name := c.templateReaches(path); name != "" {
		c.report(spec.Path, "capability/symbol", fmt.Sprintf("a template can call %s, which modules may not use", name),
			"do without one of the two packages, or have the host allow the method")
	}
}

// templateReaches returns a refused method that a value of the packages which the module imports may lead to.
func (c *checker) templateReaches(path string) string {
	seen := map[types.Type]bool{}
	for _, p := range c.pkgs {
		for _, imported := range p.Types.Imports() {
			for _, name := range slices.Sorted(maps.Keys(dangerousSymbols[imported.Path()])) {
				if imported.Path() != path && strings.Contains(name, ".") && !c.allow.Symbol(imported.Path(), name) {
					return imported.Path() + "." + name
				}
			}
			if c.script[imported] || isStandard(imported.Path()) {
				continue
			}
			for _, name := range imported.Scope().Names() {
				if denied := c.leadsTo(imported.Scope().Lookup(name).Type(), seen); denied != "" {
					return denied
				}
			}
		}
	}
	return ""
}

// leadsTo returns a refused method of a type, or of what its exported fields and elements lead to.
func (c *checker) leadsTo(t types.Type, seen map[types.Type]bool) string {
	t = types.Unalias(t)
	if seen[t] {
		return ""
	}
	seen[t] = true
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil {
		path := n.Obj().Pkg().Path()
		for _, name := range slices.Sorted(maps.Keys(dangerousSymbols[path])) {
			if strings.HasPrefix(name, n.Obj().Name()+".") && !strings.HasSuffix(path, "/template") && !c.allow.Symbol(path, name) {
				return path + "." + name
			}
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for f := range u.Fields() {
			if f.Exported() || f.Embedded() {
				if name := c.leadsTo(f.Type(), seen); name != "" {
					return name
				}
			}
		}
	case interface{ Elem() types.Type }:
		return c.leadsTo(u.Elem(), seen)
	}
	return ""
}

// directives looks for compiler directives, and for functions that only assembly can be behind.
func (c *checker) directives() {
	for _, f := range c.Files {
		for _, group := range f.Syntax.Comments {
			for _, comment := range group.List {
				text, ok := strings.CutPrefix(comment.Text, "//go:")
				if !ok {
					continue
				}
				verb, _, _ := strings.Cut(strings.Join(strings.Fields(text), " "), " ")
				if why := directives[verb]; why != "" && !c.allow.named("go", verb) && c.allow.all != allowed {
					rule := "capability/directive"
					if verb == "linkname" {
						rule = "capability/linkname"
					}
					c.report(comment, rule, fmt.Sprintf("modules may not use //go:%s: %s", verb, why), "remove it")
				}
			}
		}
		for _, d := range f.Syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body == nil {
				c.report(fn.Name, "capability/assembly", fn.Name.Name+" has no body: modules cannot have functions in assembly",
					"write it in Go, or have the host export it")
			}
		}
	}
}

// symbols looks at every use of something compiled.
func (c *checker) symbols() {
	for _, f := range c.Files {
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				c.use(n)
			case *ast.SelectorExpr:
				c.promotion(n)
			case *ast.CallExpr:
				c.builtin(n)
			case *ast.InterfaceType:
				c.interfaceMethods(n)
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, x := range n.Lhs {
						c.assigned(x, "assign to")
					}
				}
			case *ast.IncDecStmt:
				c.assigned(n.X, "change")
			case *ast.RangeStmt:
				if n.Tok == token.ASSIGN {
					c.assigned(n.Key, "assign to")
					c.assigned(n.Value, "assign to")
				}
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					c.assigned(n.X, "take the address of")
				}
			}
			return true
		})
	}
}

func (c *checker) use(id *ast.Ident) {
	o := c.Info.Uses[id]
	if o == nil || o.Pkg() == nil || c.script[o.Pkg()] {
		return
	}
	name := symbolName(o)
	if name == "" || c.allow.Symbol(o.Pkg().Path(), name) {
		return
	}
	if !c.allow.Package(o.Pkg().Path()) && slices.Contains(c.Types.Imports(), o.Pkg()) {
		return // the import has been reported
	}
	why := cmp.Or(dangerousSymbols[o.Pkg().Path()][name], "the host does not allow it")
	c.report(id, "capability/symbol", fmt.Sprintf("modules may not use %s.%s: %s", o.Pkg().Path(), name, why), hintAllow)
}

// promotion looks at a method that a compiled type has of an interface, or from a type within it. Types that were made by
// reflection show such a method as their own.
func (c *checker) promotion(x *ast.SelectorExpr) {
	s := c.Info.Selections[x]
	if s == nil || s.Kind() == types.FieldVal || c.script[s.Obj().Pkg()] {
		return
	}
	if path, name := c.deniedWithin(s.Recv(), s.Obj().Name(), 0); name != "" {
		c.report(x.Sel, "capability/symbol", fmt.Sprintf("modules may not use %s.%s: %s", path, name,
			cmp.Or(dangerousSymbols[path][name], "the host does not allow it")), hintAllow)
	}
}

// deniedWithin returns the refused method of a name that a type has, itself or from what is embedded in it. A host that
// has made a method of that name harmless allows it by its own name.
func (c *checker) deniedWithin(t types.Type, method string, depth int) (path, name string) {
	if n := namedOf(t); n != nil && n.Obj().Pkg() != nil && !c.script[n.Obj().Pkg()] {
		path, name = n.Obj().Pkg().Path(), n.Obj().Name()+"."+method
		switch {
		case !c.allow.Symbol(path, name):
			return path, name
		case c.allow.named(path, name):
			return "", ""
		}
	}
	s, ok := deref(t).Underlying().(*types.Struct)
	if !ok || depth > maxEmbedding {
		return "", ""
	}
	for f := range s.Fields() {
		if f.Embedded() {
			if path, name := c.deniedWithin(f.Type(), method, depth+1); name != "" {
				return path, name
			}
		}
	}
	return "", ""
}

// maxEmbedding is how deep embedded types are followed.
const maxEmbedding = 8

// builtin refuses functions of the language that change what a compiled variable leads to.
func (c *checker) builtin(call *ast.CallExpr) {
	id, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok || len(call.Args) == 0 {
		return
	}
	if b, ok := c.Info.Uses[id].(*types.Builtin); ok && (b.Name() == "copy" || b.Name() == "clear" || b.Name() == "delete") {
		c.assigned(call.Args[0], "change")
	}
}

// symbolName is how allowances name an object: "Exit", "Logger.Fatal"; "" for what they do not name.
func symbolName(o types.Object) string {
	switch o := o.(type) {
	case *types.PkgName:
		return ""
	case *types.Func:
		if recv := o.Signature().Recv(); recv != nil {
			if n := namedOf(recv.Type()); n != nil {
				return n.Obj().Name() + "." + o.Name()
			}
			return ""
		}
	case *types.Var:
		if o.IsField() {
			return ""
		}
	}
	if o.Parent() != o.Pkg().Scope() {
		return ""
	}
	return o.Name()
}

func namedOf(t types.Type) *types.Named {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, _ := types.Unalias(t).(*types.Named)
	return n
}

// refusedSignatures are methods that a module could call through an interface of its own, by name, with their signature.
var refusedSignatures = map[string]string{
	"Fatal": "func(...any)", "Fatalf": "func(string, ...any)", "Fatalln": "func(...any)",
	"MethodByName": "func(string) reflect.Value", "UnsafePointer": "func() unsafe.Pointer", "UnsafeAddr": "func() uintptr",
	"ParseGlob":  "func(string) (*text/template.Template, error)",
	"ParseFiles": "func(...string) (*text/template.Template, error)",
	"Kill":       "func() error", "Signal": "func(os.Signal) error",
}

// interfaceMethods refuses interfaces through which a refused method could be called.
func (c *checker) interfaceMethods(i *ast.InterfaceType) {
	if c.allow.all == allowed {
		return
	}
	for _, f := range i.Methods.List {
		for _, id := range f.Names {
			m, ok := c.Info.Defs[id].(*types.Func)
			want := refusedSignatures[id.Name]
			listed := ok && want != "" && withoutNames(m.Signature()) == want && c.reaches(id.Name)
			if !listed && !c.allow.deniesMethod(id.Name) {
				continue
			}
			c.report(id, "capability/symbol", fmt.Sprintf(
				"an interface with a method %s could be used to call one that modules may not use", id.Name), "give it another name")
		}
	}
}

// reaches says whether the module imports, or the host's own types may hand out, something with a refused method of the
// name. Loggers are everywhere; for the rest the module must import the package.
func (c *checker) reaches(method string) bool {
	if strings.HasPrefix(method, "Fatal") {
		return !c.allow.named("log", "Logger."+method)
	}
	for _, p := range c.pkgs {
		for _, imported := range p.Types.Imports() {
			for name := range dangerousSymbols[imported.Path()] {
				if strings.HasSuffix(name, "."+method) && !c.allow.Symbol(imported.Path(), name) {
					return true
				}
			}
		}
	}
	return false
}

func withoutNames(s *types.Signature) string {
	strip := func(t *types.Tuple) *types.Tuple {
		var vars []*types.Var
		for v := range t.Variables() {
			vars = append(vars, types.NewParam(token.NoPos, nil, "", v.Type()))
		}
		return types.NewTuple(vars...)
	}
	return types.TypeString(types.NewSignatureType(nil, nil, nil, strip(s.Params()), strip(s.Results()), s.Variadic()), nil)
}

// assigned refuses changes of a compiled package's variables, directly or through what is in them.
func (c *checker) assigned(x ast.Expr, how string) {
	if x == nil {
		return
	}
	v := c.compiledVariable(x)
	if v == nil || c.allow.named(v.Pkg().Path(), v.Name()) || c.allow.all == allowed {
		return
	}
	c.report(x, "capability/assign", fmt.Sprintf("modules may not %s %s.%s: it belongs to all of the process", how,
		v.Pkg().Name(), v.Name()), "use a variable of the module, or a function that the host exports")
}

// compiledVariable returns the package variable of compiled code that an expression is, or is a part of.
func (c *checker) compiledVariable(x ast.Expr) *types.Var {
	for {
		var id *ast.Ident
		switch e := ast.Unparen(x).(type) {
		case *ast.Ident:
			id = e
		case *ast.SelectorExpr:
			if c.Info.Selections[e] != nil {
				x = e.X
				continue
			}
			id = e.Sel
		case *ast.IndexExpr:
			x = e.X
			continue
		case *ast.StarExpr:
			x = e.X
			continue
		case *ast.SliceExpr:
			x = e.X
			continue
		}
		if id == nil {
			return nil
		}
		v, ok := c.Info.Uses[id].(*types.Var)
		if !ok || v.Pkg() == nil || c.script[v.Pkg()] || v.Parent() != v.Pkg().Scope() {
			return nil
		}
		return v
	}
}
