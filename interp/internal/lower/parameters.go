package lower

import "go/ast"

// parameters gives parameters without a name the blank one. Without, the interpreter puts what a caller passes where the
// function keeps other values.
func (e *editor) parameters(n ast.Node) {
	var typ *ast.FuncType
	var receiver *ast.FieldList
	switch n := n.(type) {
	case *ast.FuncDecl:
		typ, receiver = n.Type, n.Recv
	case *ast.FuncLit:
		typ = n.Type
	}
	for _, list := range []*ast.FieldList{receiver, typ.Params} {
		if list == nil {
			continue
		}
		for _, f := range list.List {
			if len(f.Names) == 0 {
				e.replace(f.Type.Pos(), f.Type.Pos(), "_ ")
			}
		}
	}
}
