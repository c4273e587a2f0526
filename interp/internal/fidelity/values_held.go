package fidelity

import (
	"go/ast"
	"go/types"
)

// held are the types of the concrete values that the module and its libraries put into interfaces and may find there
// again, but for those that only host code puts there.
func (p *pass) held() []types.Type {
	if p.whole.known {
		return p.whole.held
	}
	var out []types.Type
	add := func(t types.Type) {
		for _, u := range out {
			if types.Identical(t, u) {
				return
			}
		}
		out = append(out, t)
	}
	for _, m := range p.whole.passes {
		m.interfaceConversions(func(c conversion) {
			if !m.consumed(c) && c.kind != compared {
				add(c.from)
			}
		})
		for _, inst := range m.info.Instances { // what a generic function puts there
			for i := range inst.TypeArgs.Len() {
				if t := inst.TypeArgs.At(i); !isInterface(t) {
					add(t)
				}
			}
		}
	}
	p.whole.held, p.whole.known = out, true
	return out
}

// consumed says whether a converted value goes to a compiled function that is done with it when it returns.
func (p *pass) consumed(c conversion) bool {
	if c.kind != argument {
		return false
	}
	f := callee(p.info, c.call)
	if f == nil || f.Pkg() == nil || p.isModuleObject(f) {
		return false
	}
	switch f.Pkg().Path() {
	case "fmt":
		return f.Name() != "Errorf"
	case "log/slog":
		return f.Name() != "With" && f.Name() != "WithGroup" && f.Name() != "Group" && f.Name() != "Any" &&
			f.Name() != "AnyValue"
	case "errors":
		return f.Name() == "Is" || f.Name() == "As" || f.Name() == "Unwrap"
	case "encoding/json":
		return f.Name() == "Marshal" || f.Name() == "MarshalIndent" || f.Name() == "Unmarshal" || f.Name() == "Encode" ||
			f.Name() == "Decode"
	case "sort", "strings", "log", "strconv":
		return f.Name() != "Reverse" && f.Name() != "NewReplacer"
	}
	return false
}

// callee returns the function or method that a call names, nil if it calls a value.
func callee(info *types.Info, call *ast.CallExpr) *types.Func {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		o, _ := info.Uses[f].(*types.Func)
		return o
	case *ast.SelectorExpr:
		o, _ := info.Uses[f.Sel].(*types.Func)
		return o
	case *ast.IndexExpr:
		return callee(info, &ast.CallExpr{Fun: f.X})
	case *ast.IndexListExpr:
		return callee(info, &ast.CallExpr{Fun: f.X})
	}
	return nil
}

// holds says whether a value of type t can be in an interface of type i.
func holds(i, t types.Type) bool {
	iface, ok := i.Underlying().(*types.Interface)
	return !ok || iface.Empty() || types.Implements(t, iface)
}
