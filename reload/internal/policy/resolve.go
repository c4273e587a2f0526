package policy

import (
	"go/types"
	"maps"
	"slices"
)

// takeFunc notes that a script function is used as a value.
func (f *flow) takeFunc(sig, origin *types.Signature) {
	f.funcs = append(f.funcs, funcValue{sig, f.tuple(origin.Params()), f.tuple(origin.Results())})
}

// hostCalls notes that the host, or another compiled package, may call what is in a value of the type, with arguments
// that come from every.
func (f *flow) hostCalls(t types.Type, every, results node) {
	if t == nil {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Signature:
		f.calls = append(f.calls, dynamicCall{sig: u, every: every, results: []node{results}})
		for p := range u.Params().Variables() {
			if yield, ok := p.Type().Underlying().(*types.Signature); ok { // an iterator: what it yields comes out
				f.funcs = append(f.funcs, funcValue{sig: yield, params: repeat(results, yield.Params().Len())})
			}
		}
	case *types.Interface:
		for m := range u.Methods() {
			if m.Signature().Params().Len()+m.Signature().Results().Len() > 0 {
				f.virtual = append(f.virtual, virtualCall{name: m.Name(), every: every, results: []node{results}})
			}
		}
	case *types.Slice:
		if isFunc(u.Elem()) || isInterface(u.Elem()) {
			f.hostCalls(u.Elem(), every, results)
		}
	}
}

func repeat(n node, times int) []node {
	nodes := make([]node, times)
	for i := range nodes {
		nodes[i] = n
	}
	return nodes
}

// hub is where all calls through variables of one type, or of methods of one name, meet all functions that they may call.
type hub struct {
	sig             *types.Signature
	generic         bool
	params, results []node
}

// resolve connects calls through variables and interfaces with what they may call.
func (f *flow) resolve() {
	hubs := map[string]*hub{}
	for _, fn := range f.funcs {
		h := f.hub(hubs, withoutNames(fn.sig), fn.sig)
		f.serve(h, fn.params, fn.results)
	}
	for _, call := range f.calls {
		f.link(f.hub(hubs, withoutNames(call.sig), call.sig), call.args, call.results, call.every)
	}
	f.joinGeneric(hubs)
	byName := map[string]*hub{}
	for _, call := range f.virtual {
		methods := f.methods[call.name]
		if len(methods) == 0 {
			continue
		}
		h := byName[call.name]
		if h == nil {
			h = &hub{}
			byName[call.name] = h
			for _, m := range methods {
				f.serveMethod(h, m.Signature())
			}
		}
		f.link(h, call.args, call.results, call.every)
	}
}

func (f *flow) hub(hubs map[string]*hub, key string, sig *types.Signature) *hub {
	h := hubs[key]
	if h == nil {
		h = &hub{sig: sig, generic: genericTuple(sig.Params(), 0) || genericTuple(sig.Results(), 0),
			params: f.fresh(sig.Params()), results: f.fresh(sig.Results())}
		hubs[key] = h
	}
	return h
}

// serveMethod lets a method be called from a hub; methods of one name may differ in everything else.
func (f *flow) serveMethod(h *hub, sig *types.Signature) {
	for len(h.params) < sig.Params().Len() {
		h.params = append(h.params, f.node(anything))
	}
	for len(h.results) < sig.Results().Len() {
		h.results = append(h.results, f.node(anything))
	}
	f.serve(h, f.tuple(sig.Params()), f.tuple(sig.Results()))
}

func (f *flow) serve(h *hub, params, results []node) {
	for i, p := range params {
		if i < len(h.params) {
			f.graph.assign(h.params[i], p)
		}
	}
	for i, r := range results {
		if i < len(h.results) {
			f.graph.assign(r, h.results[i])
		}
	}
}

// link connects a call with a hub.
func (f *flow) link(h *hub, args, results []node, every node) {
	for i, p := range h.params {
		if every != 0 {
			f.connect(every, p, mixedUnlessHost(every, f.fromHost))
		}
		if i < len(args) {
			f.graph.assign(args[i], p)
		}
	}
	for i, r := range h.results {
		switch {
		case every != 0 && len(results) == 1:
			f.connect(r, results[0], assigned)
		case i < len(results):
			f.graph.assign(r, results[i])
		}
	}
}

// joinGeneric connects hubs whose types are the same once type parameters are known.
func (f *flow) joinGeneric(hubs map[string]*hub) {
	for _, key := range slices.Sorted(maps.Keys(hubs)) {
		g := hubs[key]
		if !g.generic {
			continue
		}
		for _, other := range slices.Sorted(maps.Keys(hubs)) {
			if h := hubs[other]; h != g && sameSignature(g.sig, h.sig) {
				f.serve(g, h.params, h.results)
				f.serve(h, g.params, g.results)
			}
		}
	}
}

func mixedUnlessHost(n, fromHost node) flowKind {
	if n == fromHost {
		return assigned
	}
	return mixed
}

// sameSignature says whether a variable of one function type may hold a function of another. Type parameters stand for
// anything.
func sameSignature(a, b *types.Signature) bool {
	if a.Params().Len() != b.Params().Len() || a.Results().Len() != b.Results().Len() {
		return false
	}
	return sameTypes(a.Params(), b.Params()) && sameTypes(a.Results(), b.Results())
}

func sameTypes(a, b *types.Tuple) bool {
	for i := range a.Len() {
		x, y := a.At(i).Type(), b.At(i).Type()
		if !types.Identical(x, y) && !generic(x, 0) && !generic(y, 0) {
			return false
		}
	}
	return true
}

// generic says whether a type contains a type parameter. It looks only as deep as people write.
func generic(t types.Type, depth int) bool {
	if depth > 8 {
		return true
	}
	switch t := types.Unalias(t).(type) {
	case *types.TypeParam:
		return true
	case *types.Pointer:
		return generic(t.Elem(), depth+1)
	case *types.Slice:
		return generic(t.Elem(), depth+1)
	case *types.Array:
		return generic(t.Elem(), depth+1)
	case *types.Chan:
		return generic(t.Elem(), depth+1)
	case *types.Map:
		return generic(t.Key(), depth+1) || generic(t.Elem(), depth+1)
	case *types.Signature:
		return genericTuple(t.Params(), depth) || genericTuple(t.Results(), depth)
	case *types.Named:
		for arg := range t.TypeArgs().Types() {
			if generic(arg, depth+1) {
				return true
			}
		}
	case *types.Struct:
		for field := range t.Fields() {
			if generic(field.Type(), depth+1) {
				return true
			}
		}
	}
	return false
}

func genericTuple(t *types.Tuple, depth int) bool {
	for v := range t.Variables() {
		if generic(v.Type(), depth+1) {
			return true
		}
	}
	return false
}
