package policy

import (
	"fmt"
	"go/ast"
	"go/types"
)

// sink is a place where what a node holds reaches the host.
type sink struct {
	n       node
	when    node // only if this container is the host's; 0 for always
	pkg     *Package
	at      ast.Node
	what    string
	hint    string // in front of the usual one
	asError string // the function that returns it as an error, "" if it does not
	global  bool   // reports a change of what a variable of the standard library leads to
}

const escapeHint = "store plain data and let the host call the module by name, or have the host mark what takes it //midair:accepts"

// sink notes a place to look at when the graph is solved.
func (f *flow) sink(s sink) {
	if s.n != 0 || s.global && s.when != 0 {
		s.pkg = f.Package
		f.sinks = append(f.sinks, s)
	}
}

// returned notes that the host gets a result of a function.
func (f *flow) returned(n node, t types.Type, at ast.Node, function string) {
	if f.acceptedType(t) {
		f.accept(n, t)
		return
	}
	s := sink{n: n, at: at, what: "is returned to the host by " + function}
	if isError(t) {
		s.asError = function
	}
	f.sink(s)
}

// accept notes that the host may call what it has got.
func (f *flow) accept(n node, t types.Type) {
	if n != 0 {
		f.hostCalls(t, f.fromHost, 0)
	}
}

// drain reports what the sinks hold.
func (f *flow) drain() {
	for _, s := range f.sinks {
		f.enter(s.pkg)
		if s.global {
			if f.bits[s.when]&global != 0 {
				f.report(s.at, "capability/assign", "modules may not change what a variable of the standard library leads to: "+
					"it belongs to all of the process", "make a value of the module's own")
			}
			continue
		}
		if s.when != 0 && f.bits[s.when]&hostMemory == 0 {
			continue
		}
		f.drainOne(s, f.bits[s.n].both())
	}
}

func (f *flow) drainOne(s sink, b bits) {
	hint := s.hint + escapeHint
	switch {
	case b&heldFunc != 0:
		f.report(s.at, "escape/func", f.subject(s.at, "function")+" "+s.what+": after a reload it would still run the old code", hint)
	case b&heldMethod != 0:
		f.report(s.at, "escape/method", f.subject(s.at, "method")+" "+s.what+": after a reload it would still run the old code", hint)
	case b&(heldValue|heldError) == 0:
	case s.asError != "":
		f.report(s.at, "escape/error", fmt.Sprintf(
			"%s returns an error of this module's own type: the host can print it, but not tell its type", s.asError),
			"return one made by errors.New or fmt.Errorf, or of a type of the host")
	default:
		f.report(s.at, "escape/value", f.subject(s.at, "value")+" "+s.what+": it differs by mode, and after a reload it is of an old type", hint)
	}
}

// subject names what flows, as far as the place says.
func (f *flow) subject(at ast.Node, kind string) string {
	x, ok := at.(ast.Expr)
	if !ok {
		return "a " + kind + " of this module"
	}
	x = ast.Unparen(x)
	if _, ok := x.(*ast.FuncLit); ok {
		return "a closure of this module"
	}
	if t := f.typ(x); t != nil && kind == "value" && f.mentionsScript(t) {
		return "a value of this module's type " + typeName(t)
	}
	return "a " + kind + " of this module"
}
