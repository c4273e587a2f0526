package fidelity

import (
	"go/ast"
	"go/types"
	"slices"

	"midair/reload"
)

// initRules are about the initialisation of packages.
var initRules = []rule{
	{reload.Rule{
		ID:     "fidelity/init-order",
		Reason: "package variables that functions read are not set before variables that call those functions",
		Hint:   "declare a variable after those it needs, in the same file, or set it in func init",
		Example: `package m

var Double = double()

var base = 10

func double() int { return base * 2 }
`,
		Instead: `package m

var base = 10

var Double = double()

func double() int { return base * 2 }
`,
	}, initOrder},
	{reload.Rule{
		ID:     "fidelity/init-pair",
		Reason: "two package variables cannot be set by one expression",
		Hint:   "set them in func init",
		Example: `package m

var prices = map[string]int{"sword": 10}

var Price, Known = prices["sword"]
`,
		Instead: `package m

var prices = map[string]int{"sword": 10}

var (
	Price int
	Known bool
)

func init() {
	price, known := prices["sword"]
	Price = price
	Known = known
}
`,
	}, initPair},
	{reload.Rule{
		ID:     "fidelity/blank-type",
		Reason: "the interpreter cannot declare a type named _",
		Hint:   "leave it out",
		Example: `package m

type _ int
`,
		Instead: `package m

type Unused int
`,
	}, blankType},
}

// initOrder finds package variables that are not initialised in the order in which they are written.
func initOrder(p *pass) {
	at := map[types.Object]ast.Node{}
	var written []types.Object
	files := slices.Clone(p.pkg.Files)
	for _, f := range files {
		for _, d := range f.Syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if v, ok := s.(*ast.ValueSpec); ok {
					for _, id := range v.Names {
						if o := p.info.Defs[id]; o != nil {
							at[o] = id
							written = append(written, o)
						}
					}
				}
			}
		}
	}
	last := -1
	for _, i := range p.info.InitOrder {
		for _, o := range i.Lhs {
			place := slices.Index(written, types.Object(o))
			if place < 0 {
				continue
			}
			if place < last {
				p.report(at[o], "the interpreter sets %s before what it needs", o.Name())
			}
			last = max(last, place)
		}
	}
}

// initPair finds package variables that are declared together with one expression for them all.
func initPair(p *pass) {
	for _, f := range p.pkg.Files {
		for _, d := range f.Syntax.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && len(v.Names) > 1 && len(v.Values) == 1 {
					p.report(v, "the interpreter cannot set several package variables by one expression")
				}
			}
		}
	}
}

func blankType(p *pass) {
	only[*ast.TypeSpec](p, func(n ast.Node, _ []ast.Node) bool {
		if t, ok := n.(*ast.TypeSpec); ok && t.Name.Name == "_" {
			p.report(t.Name, "the interpreter cannot declare a type named _")
		}
		return true
	})
}
