package signature

import (
	"go/ast"
	"go/token"
	"path"
	"reflect"
	"strconv"
)

// reader turns one type expression into a compiled type. It stops at the first part that does not cross.
type reader struct {
	pkg   *Package
	file  *ast.File
	err   error
	depth int
}

const maxDepth = 100 // of nested type expressions and alias chains

var predeclared = map[string]reflect.Type{
	"any": reflect.TypeFor[any](), "error": reflect.TypeFor[error](),
	"bool": reflect.TypeFor[bool](), "string": reflect.TypeFor[string](),
	"int": reflect.TypeFor[int](), "int8": reflect.TypeFor[int8](), "int16": reflect.TypeFor[int16](),
	"int32": reflect.TypeFor[int32](), "int64": reflect.TypeFor[int64](), "rune": reflect.TypeFor[rune](),
	"uint": reflect.TypeFor[uint](), "uint8": reflect.TypeFor[uint8](), "uint16": reflect.TypeFor[uint16](),
	"uint32": reflect.TypeFor[uint32](), "uint64": reflect.TypeFor[uint64](), "byte": reflect.TypeFor[byte](),
	"uintptr": reflect.TypeFor[uintptr](), "float32": reflect.TypeFor[float32](),
	"float64": reflect.TypeFor[float64](), "complex64": reflect.TypeFor[complex64](),
	"complex128": reflect.TypeFor[complex128](),
}

func (r *reader) fail(name, why string) reflect.Type {
	if r.err == nil {
		r.err = &CrossError{name, why}
	}
	return nil
}

// read returns the type, or nil when it is unknown or r.err is set.
func (r *reader) read(e ast.Expr) reflect.Type {
	if r.depth++; r.depth > maxDepth || r.err != nil {
		return nil
	}
	defer func() { r.depth-- }()
	switch e := e.(type) {
	case *ast.ParenExpr:
		return r.read(e.X)
	case *ast.Ident:
		return r.ident(e)
	case *ast.SelectorExpr:
		return r.selector(e)
	case *ast.StarExpr:
		return r.wrap(e.X, reflect.PointerTo)
	case *ast.ArrayType:
		return r.array(e)
	case *ast.ChanType:
		return r.wrap(e.Value, func(t reflect.Type) reflect.Type { return reflect.ChanOf(chanDir(e.Dir), t) })
	case *ast.MapType:
		key, elem := r.read(e.Key), r.read(e.Value)
		if key == nil || elem == nil || !key.Comparable() {
			return nil
		}
		return reflect.MapOf(key, elem)
	case *ast.FuncType:
		return r.function(e)
	case *ast.StructType:
		return r.structure(e)
	case *ast.InterfaceType:
		if e.Methods.NumFields() == 0 {
			return predeclared["any"]
		}
	case *ast.IndexExpr, *ast.IndexListExpr: // an instantiated generic type: what it is made of must cross
		ast.Inspect(e, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && r.pkg.types[id.Name] != nil {
				r.ident(id)
			}
			_, sel := n.(*ast.SelectorExpr)
			return !sel
		})
	}
	return nil
}

func (r *reader) wrap(e ast.Expr, make func(reflect.Type) reflect.Type) reflect.Type {
	if t := r.read(e); t != nil {
		return make(t)
	}
	return nil
}

func chanDir(d ast.ChanDir) reflect.ChanDir {
	switch d {
	case ast.SEND:
		return reflect.SendDir
	case ast.RECV:
		return reflect.RecvDir
	}
	return reflect.BothDir
}

func (r *reader) array(e *ast.ArrayType) reflect.Type {
	elem := r.read(e.Elt)
	if elem == nil {
		return nil
	}
	if e.Len == nil {
		return reflect.SliceOf(elem)
	}
	lit, ok := e.Len.(*ast.BasicLit)
	if !ok || lit.Kind != token.INT {
		return nil
	}
	n, err := strconv.ParseInt(lit.Value, 0, 32)
	if err != nil {
		return nil
	}
	return reflect.ArrayOf(int(n), elem)
}

func (r *reader) function(e *ast.FuncType) reflect.Type {
	in, variadic, known := r.list(e.Params)
	out, _, knownOut := r.list(e.Results)
	if !known || !knownOut {
		return nil
	}
	return reflect.FuncOf(in, out, variadic)
}

// list reads all types of a parameter list, even after an unknown one, to find those that do not cross.
func (r *reader) list(fields *ast.FieldList) (types []reflect.Type, variadic, known bool) {
	known = true
	if fields == nil {
		return nil, false, true
	}
	for _, f := range fields.List {
		expr := f.Type
		if dots, ok := expr.(*ast.Ellipsis); ok {
			variadic, expr = true, &ast.ArrayType{Elt: dots.Elt}
		}
		t := r.read(expr)
		known = known && t != nil
		for range max(1, len(f.Names)) {
			types = append(types, t)
		}
	}
	return types, variadic, known
}

// structure reads a struct type of plain exported fields; reflect cannot make others faithfully.
func (r *reader) structure(e *ast.StructType) reflect.Type {
	var fields []reflect.StructField
	known := true
	for _, f := range e.Fields.List {
		t := r.read(f.Type)
		known = known && t != nil && len(f.Names) > 0
		for _, name := range f.Names {
			known = known && name.IsExported()
			sf := reflect.StructField{Name: name.Name, Type: t}
			if f.Tag != nil {
				tag, _ := strconv.Unquote(f.Tag.Value)
				sf.Tag = reflect.StructTag(tag)
			}
			fields = append(fields, sf)
		}
	}
	if !known {
		return nil
	}
	return reflect.StructOf(fields)
}

// ident reads a type named without a package.
func (r *reader) ident(id *ast.Ident) reflect.Type {
	if spec := r.pkg.types[id.Name]; spec != nil {
		return r.declared(r.pkg, id.Name, id.Name)
	}
	if t := r.dotImported(id.Name); t != nil || r.err != nil {
		return t
	}
	return predeclared[id.Name] // nil for an undefined name: the backend will say so
}

// declared reads a type that the module directory declares: an alias stands for what it names, the rest stays there.
func (r *reader) declared(p *Package, name, shown string) reflect.Type {
	spec := p.types[name]
	if !spec.Assign.IsValid() || spec.TypeParams.NumFields() > 0 {
		return r.fail(shown, "the module declares it, so only the module has it; "+
			"declare it in a package of the host, or use Go's own types")
	}
	inner := reader{pkg: p, file: p.files[name], depth: r.depth}
	t := inner.read(spec.Type)
	if r.err == nil {
		r.err = inner.err
	}
	return t
}

func (r *reader) dotImported(name string) reflect.Type {
	for _, spec := range r.file.Imports {
		if spec.Name != nil && spec.Name.Name == "." {
			p, _ := strconv.Unquote(spec.Path.Value)
			if t := r.member(p, name, name); t != nil || r.err != nil {
				return t
			}
		}
	}
	return nil
}

func (r *reader) selector(e *ast.SelectorExpr) reflect.Type {
	x, ok := e.X.(*ast.Ident)
	if !ok {
		return nil
	}
	for _, spec := range r.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil && r.localName(spec, p) == x.Name {
			return r.member(p, e.Sel.Name, x.Name+"."+e.Sel.Name)
		}
	}
	return nil
}

// localName is the name by which a file knows an imported package.
func (r *reader) localName(spec *ast.ImportSpec, p string) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	if name, _, ok := r.pkg.world.Types(p); ok {
		return name
	}
	if name, _, ok := r.pkg.world.Library(p); ok {
		return name
	}
	return path.Base(p)
}

// member reads a type of an imported package.
func (r *reader) member(importPath, name, shown string) reflect.Type {
	if _, symbols, ok := r.pkg.world.Types(importPath); ok {
		v, ok := symbols[name]
		if !ok || v.Kind() != reflect.Pointer || v.CanAddr() {
			return nil
		}
		return v.Type().Elem()
	}
	if _, lib, ok := r.pkg.world.Library(importPath); ok && lib.types[name] != nil {
		return r.declared(lib, name, shown)
	}
	return nil
}
