package fidelity

import (
	"go/ast"
	"go/constant"
	"go/types"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"midair/reload"
)

var compiledRules = []rule{
	{reload.Rule{
		ID:     "fidelity/method-hidden",
		Reason: "compiled code does not see methods of the module's types, such as String or Unwrap, inside other values",
		Hint:   "call the method yourself and pass on what it returns",
		Example: `package m

import "fmt"

type Kind int

func (k Kind) String() string { return "kind" }

func Show() string { return fmt.Sprint([]Kind{1}) }
`,
		Instead: `package m

import "fmt"

type Kind int

func (k Kind) String() string { return "kind" }

func Show() string { return fmt.Sprint([]string{Kind(1).String()}) }
`}, checkHiddenMethods},
	{reload.Rule{
		ID:     "fidelity/type-hidden",
		Reason: "compiled code sees the module's types without their names, and unexported fields with an X before theirs",
		Hint:   "pass on the fields themselves: numbers, strings, slices and maps of them, and host types",
		Example: `package m

import "fmt"

type Point struct{ x, y int }

func Show() string { return fmt.Sprintf("%+v", Point{1, 2}) }
`,
		Instead: `package m

import "fmt"

type Point struct{ x, y int }

func Show() string { return fmt.Sprintf("%v", Point{1, 2}) }
`}, checkHiddenTypes},
	{reload.Rule{
		ID:     "fidelity/encoding",
		Reason: "encoders see unexported and embedded fields, and miss methods and the contents of interfaces",
		Hint:   "encode structs that have exported named fields only, without interfaces of the module in them",
		Example: `package m

import "encoding/json"

type Save struct {
	Name   string
	secret int
}

func Encode(s Save) ([]byte, error) {
	s.secret++
	return json.Marshal(s)
}
`,
		Instead: `package m

import "encoding/json"

type Save struct{ Name string }

func Encode(s Save) ([]byte, error) { return json.Marshal(s) }
`}, checkEncoding},
}

// use says what a compiled function does with values of any type.
type use int

const (
	keeps     use = iota // holds them for the module to take back
	prints               // shows them as package fmt does
	logs                 // prints or encodes them
	encodes              // encodes or decodes them by reflection
	reflects             // may do anything
	unwraps              // looks into an error
	compares             // calls back, and compares at most
	contextOf            // context.WithValue
)

func useOf(f *types.Func) use {
	name := f.Name()
	if name == "Decode" && f.Pkg().Path() == reflect.TypeFor[reload.State]().PkgPath() {
		return keeps // it knows how the interpreter represents types
	}
	switch f.Pkg().Path() {
	case "fmt":
		if strings.Contains(name, "can") {
			return encodes
		}
		return prints
	case "log":
		return prints
	case "log/slog":
		return logs
	case "encoding/json", "encoding/binary", "encoding/xml", "encoding/gob", "text/template", "html/template":
		return encodes
	case "container/list", "container/heap", "container/ring", "sync", "sync/atomic":
		return keeps
	case "sort":
		return compares
	case "errors":
		return unwraps
	case "context":
		return contextOf
	}
	return reflects
}

// argumentOf is what a call of a compiled function passes as any.
type argumentOf struct {
	expr   ast.Expr
	t      types.Type
	spread bool
	index  int
}

// compiledCalls calls visit for every call of a compiled function that takes values of any type.
func (p *pass) compiledCalls(visit func(call *ast.CallExpr, f *types.Func, args []argumentOf)) {
	only[*ast.CallExpr](p, func(n ast.Node, _ []ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		f := callee(p.info, call)
		if f == nil || f.Pkg() == nil || p.isModuleObject(f) {
			return true
		}
		sig, ok := p.typeOf(call.Fun).(*types.Signature)
		if !ok {
			return true
		}
		var args []argumentOf
		for i, e := range call.Args {
			param, spread := parameter(sig, i), sig.Variadic() && call.Ellipsis.IsValid() && i == len(call.Args)-1
			if s, ok := param.(*types.Slice); ok && spread {
				param = s.Elem()
			}
			if iface, ok := param.Underlying().(*types.Interface); ok && iface.Empty() && isInterface(param) {
				args = append(args, argumentOf{e, p.typeOf(e), spread, i})
			}
		}
		if len(args) > 0 {
			visit(call, f, args)
		}
		return true
	})
}

// parameter is the type of the argument at an index, and of a variadic one without dots its element.
func parameter(sig *types.Signature, i int) types.Type {
	n := sig.Params().Len()
	if sig.Variadic() && i >= n-1 {
		t := sig.Params().At(n - 1).Type()
		if s, ok := t.(*types.Slice); ok {
			return s.Elem()
		}
		return t
	}
	if i >= n {
		return types.Typ[types.Invalid]
	}
	return sig.Params().At(i).Type()
}

// hider looks for what compiled code would miss in a value.
type hider struct {
	p       *pass
	held    []types.Type
	methods []string
	seen    map[types.Type]bool
}

func (p *pass) hider(held []types.Type, methods ...string) *hider {
	return &hider{p: p, held: held, methods: methods, seen: map[types.Type]bool{}}
}

var formatting = []string{"Error", "String", "Format", "GoString", "LogValue"}

var encoding = []string{"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "MarshalBinary",
	"UnmarshalBinary", "MarshalXML", "UnmarshalXML", "GobEncode", "GobDecode", "Error", "String", "LogValue"}

// lookedFor returns the method of a type, or of a pointer to it, that compiled code looks for.
func (h *hider) lookedFor(t types.Type) string {
	for _, set := range []*types.MethodSet{types.NewMethodSet(t), types.NewMethodSet(types.NewPointer(t))} {
		for i := range set.Len() {
			if name := set.At(i).Obj().Name(); slices.Contains(h.methods, name) {
				return name
			}
		}
	}
	return ""
}

// direct says whether a type has the method itself, as the interpreter needs it to pass it on.
func direct(t types.Type, name string) bool {
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		if m := set.At(i); m.Obj().Name() == name {
			return len(m.Index()) == 1
		}
	}
	return false
}

// top looks at a whole argument; wrapped says that the function finds methods of the argument itself.
func (h *hider) top(t types.Type, wrapped bool) string {
	if isInterface(t) {
		return h.contents(t, true)
	}
	if h.p.involvesModule(t) {
		if name := h.lookedFor(base(t)); name != "" && h.p.isModuleType(base(t)) {
			if wrapped && direct(t, name) {
				return ""
			}
			return h.p.name(t) + "." + name
		}
	}
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		return h.inside(ptr.Elem())
	}
	return h.inside(t)
}

// inside looks at what a value holds.
func (h *hider) inside(t types.Type) string {
	if h.seen[t] {
		return ""
	}
	h.seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return h.part(u.Elem())
	case *types.Slice:
		return h.part(u.Elem())
	case *types.Array:
		return h.part(u.Elem())
	case *types.Map:
		if s := h.part(u.Key()); s != "" {
			return s
		}
		return h.part(u.Elem())
	case *types.Struct:
		if named, ok := types.Unalias(t).(*types.Named); ok && !h.p.isModuleType(named) {
			return ""
		}
		for f := range u.Fields() {
			if !f.Exported() && h.methods[0] == formatting[0] && h.prints(f.Type(), map[types.Type]bool{}) {
				return "that the field " + f.Name() + " is unexported, and uses methods of what it holds"
			}
			if s := h.part(f.Type()); s != "" {
				return s
			}
		}
	}
	return ""
}

// prints says whether package fmt would use a method of something in a value, were it not in an unexported field.
func (h *hider) prints(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	in := func(t types.Type) bool { return h.prints(t, seen) }
	if i, ok := t.Underlying().(*types.Interface); ok && i.Empty() {
		return slices.ContainsFunc(h.held, in)
	}
	if h.lookedFor(t) != "" {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		return slices.ContainsFunc(h.held, func(held types.Type) bool { return holds(t, held) && in(held) })
	case *types.Slice:
		return in(u.Elem())
	case *types.Array:
		return in(u.Elem())
	case *types.Map:
		return in(u.Key()) || in(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if in(f.Type()) {
				return true
			}
		}
	}
	return false
}

func (h *hider) part(t types.Type) string {
	if isInterface(t) {
		return h.contents(t, false)
	}
	if h.p.isModuleType(base(t)) {
		if name := h.lookedFor(base(t)); name != "" {
			return h.p.name(base(t)) + "." + name
		}
	}
	return h.inside(t)
}

// contents looks at what an interface may hold. Compiled interfaces with methods are passed on with their methods.
func (h *hider) contents(i types.Type, top bool) string {
	if h.p.isCompiledInterface(i) || h.seen[i] {
		return ""
	}
	h.seen[i] = true
	for _, t := range h.held {
		if !h.p.involvesModule(t) || !holds(i, t) {
			continue
		}
		if name := h.lookedFor(base(t)); name != "" {
			return h.p.name(t) + "." + name
		}
		if !top && hasMethods(t) {
			return "the " + h.p.name(t) + " in the " + h.p.name(i)
		}
		if s := h.inside(base(t)); s != "" {
			return s
		}
	}
	return ""
}

func checkHiddenMethods(p *pass) {
	var held []types.Type
	p.compiledCalls(func(call *ast.CallExpr, f *types.Func, args []argumentOf) {
		u := useOf(f)
		if u != prints && u != logs {
			return
		}
		if held == nil {
			held = p.held()
		}
		for _, a := range args {
			t := a.t
			if s, ok := t.Underlying().(*types.Slice); ok && a.spread {
				t = s.Elem()
			}
			if s := p.hider(held, formatting...).top(t, u == prints); s != "" {
				p.report(a.expr, "%s does not see %s", f.Name(), s)
			}
		}
	})
	p.interfaceConversions(func(c conversion) {
		if c.kind == compared || !p.isCompiledInterface(c.to) || !p.involvesModule(c.from) {
			return
		}
		if s := p.hiddenBehind(c); s != "" {
			p.report(c.node, "compiled code does not see %s.%s behind %s", p.name(c.from), s, p.name(c.to))
		}
	})
}

// optional are methods that the standard library looks for in values of interfaces that do not have them.
var optional = []string{"Unwrap", "Is", "As", "Timeout", "Temporary", "Format", "GoString", "LogValue", "MarshalJSON",
	"MarshalText", "WriteString", "WriteByte", "ReadFrom", "WriteTo", "ReadByte", "UnreadByte", "ReadRune", "Flush", "Close",
	"Seek", "ReadAt", "WriteAt", "Error", "Deadline", "Value"}

// hiddenBehind returns a method that a compiled interface hides or that the interpreter cannot put behind it.
func (p *pass) hiddenBehind(c conversion) string {
	iface := c.to.Underlying().(*types.Interface)
	wanted := map[string]bool{}
	for m := range iface.Methods() {
		wanted[m.Name()] = true
	}
	set := types.NewMethodSet(c.from)
	for i := range set.Len() {
		m := set.At(i)
		name := m.Obj().Name()
		if wanted[name] && len(m.Index()) > 1 && !p.isModuleObject(m.Obj()) {
			return name
		}
		if !wanted[name] && slices.Contains(optional, name) {
			return name
		}
	}
	if c.call != nil {
		f := callee(p.info, c.call)
		sig, ok := p.typeOf(c.call.Fun).(*types.Signature)
		if ok && sig.Variadic() && f != nil && !p.isModuleObject(f) {
			last := sig.Params().At(sig.Params().Len() - 1).Type()
			if s, ok := last.(*types.Slice); ok && types.Identical(s.Elem(), c.to) && iface.NumMethods() > 0 {
				return iface.Method(0).Name() // the interpreter passes the bare value
			}
		}
	}
	return ""
}

var verbs = regexp.MustCompile(`%[-+# 0-9.*\[\]]*[a-zA-Z]`)

// showsTypes says what a format shows of types: the names of types, and those of fields.
func showsTypes(format string) (names, fields bool) {
	for _, v := range verbs.FindAllString(format, -1) {
		switch {
		case strings.HasSuffix(v, "T"), strings.HasSuffix(v, "v") && strings.Contains(v, "#"):
			names = true
		case strings.HasSuffix(v, "v") && strings.Contains(v, "+"):
			fields = true
		}
	}
	return names, fields
}

// mismatches says whether a format may not fit its arguments: then package fmt prints the names of their types.
func (p *pass) mismatches(format string, args []argumentOf) bool {
	found := verbs.FindAllString(strings.ReplaceAll(format, "%%", ""), -1)
	if len(args) == 1 && args[0].spread {
		return false
	}
	if len(found) != len(args) || strings.ContainsAny(strings.Join(found, ""), "*[") {
		return true
	}
	for i, v := range found {
		verb := v[len(v)-1]
		if !p.isModuleType(args[i].t) || verb == 'v' || verb == 'T' {
			continue
		}
		fits := "d"
		if b, ok := args[i].t.Underlying().(*types.Basic); ok {
			switch {
			case b.Info()&types.IsInteger != 0:
				fits = "dboOxXcqU"
			case b.Info()&types.IsNumeric != 0:
				fits = "eEfFgGbxX"
			case b.Info()&types.IsString != 0:
				fits = "sqxX"
			case b.Info()&types.IsBoolean != 0:
				fits = "t"
			}
		}
		if b, ok := args[i].t.Underlying().(*types.Slice); ok && types.Identical(b.Elem(), types.Typ[types.Byte]) {
			fits = "sdqxX"
		}
		if strings.IndexByte(fits, verb) < 0 && p.hider(nil, formatting...).lookedFor(base(args[i].t)) == "" {
			return true
		}
	}
	return false
}

// formatOf returns the format of a call, or all the module's strings together if it is not a constant.
func (p *pass) formatOf(call *ast.CallExpr, f *types.Func) string {
	if !strings.HasSuffix(f.Name(), "f") {
		return ""
	}
	for _, a := range call.Args {
		if b, ok := p.typeOf(a).Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
			if v := p.info.Types[a].Value; v != nil {
				return constant.StringVal(v)
			}
			break
		}
	}
	var all strings.Builder
	for _, m := range p.whole.passes {
		for _, tv := range m.info.Types {
			if tv.Value != nil && tv.Value.Kind() == constant.String {
				all.WriteString(constant.StringVal(tv.Value) + " ")
			}
		}
	}
	return all.String()
}

func checkHiddenTypes(p *pass) {
	var held []types.Type
	p.compiledCalls(func(call *ast.CallExpr, f *types.Func, args []argumentOf) {
		if held == nil {
			held = p.held()
		}
		u := useOf(f)
		names, fields := u == reflects, u == logs
		if u == prints {
			format := p.formatOf(call, f)
			names, fields = showsTypes(format)
			names = names || strings.HasSuffix(f.Name(), "f") && p.mismatches(format, args)
		}
		for _, a := range args {
			t := a.t
			if s, ok := t.Underlying().(*types.Slice); ok && a.spread {
				t = s.Elem()
			}
			switch {
			case u == unwraps || u == contextOf && a.index == 1:
				if p.involvesModule(t) {
					p.report(a.expr, "%s does not know the type %s", f.Name(), p.name(t))
				}
			case names && p.mayBeModule(t, held, u != reflects):
				p.report(a.expr, "%s does not know the names of the module's types", f.Name())
			case fields && p.mayHide(t, held):
				p.report(a.expr, "%s shows unexported fields with an X before their names", f.Name())
			}
		}
	})
}

// mayBeModule says whether a value is of a module's type, or an interface that may hold one.
func (p *pass) mayBeModule(t types.Type, held []types.Type, contents bool) bool {
	if !isInterface(t) {
		return p.involvesModule(t)
	}
	return contents && slices.ContainsFunc(held, func(u types.Type) bool { return p.involvesModule(u) && holds(t, u) })
}

// mayHide says whether a value has unexported fields of a module's struct.
func (p *pass) mayHide(t types.Type, held []types.Type) bool {
	if isInterface(t) {
		return slices.ContainsFunc(held, func(u types.Type) bool {
			return holds(t, u) && p.unexported(u, map[types.Type]bool{}) != ""
		})
	}
	return p.unexported(t, map[types.Type]bool{}) != ""
}

// unexported returns an unexported field of a module's struct in a value, "" if there is none.
func (p *pass) unexported(t types.Type, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	if named, ok := types.Unalias(t).(*types.Named); ok && !p.isModuleType(named) {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return p.unexported(u.Elem(), seen)
	case *types.Slice:
		return p.unexported(u.Elem(), seen)
	case *types.Array:
		return p.unexported(u.Elem(), seen)
	case *types.Map:
		return p.unexported(u.Key(), seen) + p.unexported(u.Elem(), seen)
	case *types.Struct:
		for f := range u.Fields() {
			if !f.Exported() {
				return f.Name()
			}
			if s := p.unexported(f.Type(), seen); s != "" {
				return s
			}
		}
	}
	return ""
}

func checkEncoding(p *pass) {
	var held []types.Type
	p.compiledCalls(func(call *ast.CallExpr, f *types.Func, args []argumentOf) {
		u := useOf(f)
		if u != encodes {
			return
		}
		if held == nil {
			held = p.held()
		}
		wrapped := f.FullName() == "encoding/json.Marshal" || f.FullName() == "encoding/json.MarshalIndent"
		methods := encoding
		if f.Pkg().Path() == "encoding/json" {
			methods = methods[:4]
		}
		for _, a := range args {
			if s := p.hider(held, methods...).top(a.t, wrapped); s != "" {
				p.report(a.expr, "%s does not see %s", f.Name(), s)
			} else if s := p.encoded(a.t, held, map[types.Type]bool{}); s != "" {
				p.report(a.expr, "%s would take %s otherwise", f.Name(), s)
			}
		}
	})
}

// encoded returns a part of a value that an encoder would see otherwise, "" if there is none.
func (p *pass) encoded(t types.Type, held []types.Type, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	in := func(t types.Type) string { return p.encoded(t, held, seen) }
	if named, ok := types.Unalias(t).(*types.Named); ok && !p.isModuleType(named) && !isInterface(t) {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return in(u.Elem())
	case *types.Slice:
		return in(u.Elem())
	case *types.Array:
		return in(u.Elem())
	case *types.Map:
		return in(u.Key()) + in(u.Elem())
	case *types.Interface:
		for _, h := range held {
			if !p.involvesModule(h) || !holds(t, h) {
				continue
			}
			if hasMethods(h) {
				return "the " + p.name(h) + " in an interface"
			}
			if s := in(h); s != "" {
				return s
			}
		}
	case *types.Struct:
		for f := range u.Fields() {
			if !f.Exported() || f.Embedded() {
				return "the field " + f.Name()
			}
			if s := in(f.Type()); s != "" {
				return s
			}
		}
	}
	return ""
}
