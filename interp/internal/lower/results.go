package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Form says what becomes of a function's results.
type Form int

const (
	Unnamed Form = iota // nothing has to be done
	Local               // named results become local variables
	Zeroed              // something else can see them, such as a deferred function: they stay, and are set to zero first
	Refused             // neither is possible
)

// Results says what becomes of the results of a function declaration or literal.
func Results(info *types.Info, fn ast.Node) Form {
	typ, body := parts(fn)
	if body == nil || typ.Results == nil || len(typ.Results.List) == 0 || len(typ.Results.List[0].Names) == 0 {
		return Unnamed
	}
	if defers(body) || seen(info, typ, body) {
		for _, f := range typ.Results.List {
			if zero(info.TypeOf(f.Type)) == "" || blank(f) {
				return Refused
			}
		}
		return Zeroed
	}
	names := parameters(fn)
	for _, f := range typ.Results.List {
		if shadowed(f.Type, names) {
			return Refused
		}
	}
	return Local
}

func parts(fn ast.Node) (*ast.FuncType, *ast.BlockStmt) {
	switch fn := fn.(type) {
	case *ast.FuncDecl:
		return fn.Type, fn.Body
	case *ast.FuncLit:
		return fn.Type, fn.Body
	}
	return nil, nil
}

// defers says whether a function's own statements defer something.
func defers(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			found = true
		}
		return !found
	})
	return found
}

// seen says whether a named result can be seen from elsewhere than the function's own statements: by a literal in it, or
// through a pointer. A return then sets what is seen.
func seen(info *types.Info, typ *ast.FuncType, body *ast.BlockStmt) (found bool) {
	results := map[types.Object]bool{}
	for _, f := range typ.Results.List {
		for _, id := range f.Names {
			results[info.Defs[id]] = true
		}
	}
	isResult := func(e ast.Expr) bool {
		for {
			switch x := ast.Unparen(e).(type) {
			case *ast.Ident:
				return results[info.Uses[x]]
			case *ast.SelectorExpr:
				e = x.X
			case *ast.IndexExpr:
				e = x.X
			default:
				return false
			}
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			ast.Inspect(n.Body, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				found = found || ok && results[info.Uses[id]]
				return !found
			})
		case *ast.UnaryExpr:
			found = found || n.Op == token.AND && isResult(n.X)
		case *ast.SliceExpr:
			_, array := info.TypeOf(n.X).Underlying().(*types.Array)
			found = found || array && isResult(n.X)
		case *ast.SelectorExpr:
			if s := info.Selections[n]; s != nil && s.Kind() == types.MethodVal && isResult(n.X) {
				_, byPointer := s.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
				_, pointer := s.Recv().Underlying().(*types.Pointer)
				found = found || byPointer && !pointer
			}
		}
		return !found
	})
	return found
}

func blank(f *ast.Field) bool {
	for _, id := range f.Names {
		if id.Name == "_" {
			return true
		}
	}
	return false
}

// zero is the zero value of a type, "" if it has no short form.
func zero(t types.Type) string {
	if t == nil {
		return ""
	}
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return ""
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsBoolean != 0:
			return "false"
		case u.Info()&types.IsString != 0:
			return `""`
		case u.Info()&types.IsNumeric != 0:
			return "0"
		}
	case *types.Pointer, *types.Slice, *types.Map, *types.Chan, *types.Signature, *types.Interface:
		return "nil"
	}
	return ""
}

// parameters are the names of a function's receiver, parameters and results.
func parameters(fn ast.Node) map[string]bool {
	names := map[string]bool{}
	add := func(l *ast.FieldList) {
		if l == nil {
			return
		}
		for _, f := range l.List {
			for _, id := range f.Names {
				names[id.Name] = true
			}
		}
	}
	if d, ok := fn.(*ast.FuncDecl); ok {
		add(d.Recv)
	}
	typ, _ := parts(fn)
	add(typ.Params)
	add(typ.Results)
	return names
}

// shadowed says whether a type would mean something else within the function, or does not stand on one line.
func shadowed(e ast.Expr, names map[string]bool) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			found = found || names[n.Name]
		case *ast.StructType, *ast.InterfaceType:
			found = found || !emptyType(n)
		}
		return !found
	})
	return found
}

func emptyType(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.StructType:
		return n.Fields.NumFields() == 0
	case *ast.InterfaceType:
		return n.Methods.NumFields() == 0
	}
	return true
}

func (e *editor) results(fn ast.Node) {
	typ, body := parts(fn)
	switch Results(e.pkg.Info, fn) {
	case Local:
		e.local(typ, body)
	case Zeroed:
		var b strings.Builder
		for _, f := range typ.Results.List {
			for _, id := range f.Names {
				fmt.Fprintf(&b, " %s = %s;", id.Name, zero(e.pkg.Info.TypeOf(f.Type)))
			}
		}
		e.replace(body.Lbrace+1, body.Lbrace+1, b.String())
	}
}

// local makes named results local variables.
func (e *editor) local(typ *ast.FuncType, body *ast.BlockStmt) {
	var types, names []string
	var declare strings.Builder
	for _, f := range typ.Results.List {
		text := e.text(f.Type)
		for _, id := range f.Names {
			name := id.Name
			if name == "_" {
				name = fmt.Sprintf("midairResult%d", len(names))
			}
			types, names = append(types, text), append(names, name)
			fmt.Fprintf(&declare, " var %s %s;", name, text)
		}
	}
	from, to := typ.Results.Opening, typ.Results.Closing+1
	lines := strings.Count(string(e.file.Source[e.offset(from):e.offset(to)]), "\n")
	e.replace(from, to, "("+strings.Repeat("\n", lines)+strings.Join(types, ", ")+")")
	e.replace(body.Lbrace+1, body.Lbrace+1, declare.String())
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			if len(n.Results) == 0 {
				end := n.Return + token.Pos(len("return"))
				e.replace(end, end, " "+strings.Join(names, ", "))
			}
		}
		return true
	})
}
