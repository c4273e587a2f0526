package fidelity

import (
	"go/ast"
	"go/token"
	"go/types"

	"midair/reload"
)

// selectRules are about select and switch.
var selectRules = []rule{
	{reload.Rule{
		ID:     "fidelity/select-shared",
		Reason: "goroutines that run the same select statement at once can swap what they receive",
		Hint:   "receive from one channel, or run this module natively",
		Example: `package m

func Start(jobs, stop chan int) {
	for n := 0; n < 2; n++ {
		go work(jobs, stop)
	}
}

func work(jobs, stop chan int) {
	for {
		select {
		case <-jobs:
		case <-stop:
			return
		}
	}
}
`,
		Instead: `package m

func Start(jobs chan int) {
	for n := 0; n < 2; n++ {
		go work(jobs)
	}
}

func work(jobs chan int) {
	for range jobs {
	}
}
`,
	}, selectShared},
	{reload.Rule{
		ID:     "fidelity/select-receive",
		Reason: "a case of select cannot receive into an existing variable",
		Hint:   "write case v := <-c: and assign in the body",
		Example: `package m

func Poll(c chan int) (n int) {
	select {
	case n = <-c:
	default:
	}
	return n
}
`,
		Instead: `package m

func Next(c chan int) (n int) {
	n = <-c
	return n
}
`,
	}, selectReceive},
	{reload.Rule{
		ID:     "fidelity/select-send",
		Reason: "a case of select can send only a variable of the channel's own type",
		Hint:   "put the value into a variable first",
		Example: `package m

type Event struct{ ID int }

func Emit(c chan *Event) {
	select {
	case c <- &Event{1}:
	default:
	}
}
`,
		Instead: `package m

type Event struct{ ID int }

func Emit(c chan *Event) { c <- &Event{1} }
`,
	}, selectSend},
	{reload.Rule{
		ID:     "fidelity/select-break",
		Reason: "a break or continue with a label does not leave a select rightly",
		Hint:   "return, or set a variable and test it in the loop",
		Example: `package m

func Drain(c chan int) (n int) {
loop:
	for {
		select {
		case <-c:
			n++
		default:
			break loop
		}
	}
	return n
}
`,
		Instead: `package m

func Drain(c chan int) (n int) {
	for range c {
		n++
	}
	return n
}
`,
	}, selectBreak},
	{reload.Rule{
		ID:     "fidelity/switch-list",
		Reason: "of several expressions in one case only constants are compared rightly",
		Hint:   "write a case for each, or join conditions with ||",
		Example: `package m

func Ours(team, red, blue int) bool {
	switch team {
	case red, blue:
		return true
	}
	return false
}
`,
		Instead: `package m

func Ours(team, red, blue int) bool {
	switch {
	case team == red || team == blue:
		return true
	}
	return false
}
`,
	}, switchList},
	{reload.Rule{
		ID:     "fidelity/switch-interface",
		Reason: "a switch over an interface value cannot compare it with values of other types",
		Hint:   "use a type switch, and switch over the value in its cases",
		Example: `package m

func IsSword(item any) bool {
	switch item {
	case "sword":
		return true
	}
	return false
}
`,
		Instead: `package m

func IsSword(item any) bool {
	name, ok := item.(string)
	return ok && name == "sword"
}
`,
	}, switchInterface},
	{reload.Rule{
		ID:     "fidelity/switch-default",
		Reason: "fallthrough goes wrong in a switch whose default is not the last case",
		Hint:   "put the default case last",
		Example: `package m

func Points(n int) (p int) {
	switch n {
	case 0:
		fallthrough
	default:
		p = 1
	case 1:
		p = 2
	}
	return p
}
`,
		Instead: `package m

func Points(n int) (p int) {
	switch n {
	case 1:
		p = 2
	case 0:
		fallthrough
	default:
		p = 1
	}
	return p
}
`,
	}, switchDefault},
}

// selectShared finds select statements. Which goroutines run a function nobody knows, since the host may call it from
// any of them.
func selectShared(p *pass) {
	only[*ast.SelectStmt](p, func(n ast.Node, _ []ast.Node) bool {
		if s, ok := n.(*ast.SelectStmt); ok && len(s.Body.List) > 0 {
			p.report(s, "goroutines that run this at once can swap what they receive")
		}
		return true
	})
}

// comms visits the communications of every select.
func (p *pass) comms(visit func(comm ast.Stmt, clause *ast.CommClause)) {
	only[*ast.CommClause](p, func(n ast.Node, _ []ast.Node) bool {
		if c, ok := n.(*ast.CommClause); ok && c.Comm != nil {
			visit(c.Comm, c)
		}
		return true
	})
}

func selectReceive(p *pass) {
	p.comms(func(comm ast.Stmt, _ *ast.CommClause) {
		if a, ok := comm.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN {
			p.report(a, "the interpreter cannot receive into an existing variable here")
		}
	})
}

func selectSend(p *pass) {
	p.comms(func(comm ast.Stmt, _ *ast.CommClause) {
		s, ok := comm.(*ast.SendStmt)
		if !ok {
			return
		}
		c, ok := p.typeOf(s.Chan).Underlying().(*types.Chan)
		_, plain := ast.Unparen(s.Value).(*ast.Ident)
		if !ok || !plain || p.isConstant(s.Value) || !types.Identical(p.typeOf(s.Value), c.Elem()) {
			p.report(s.Value, "the interpreter can send only a variable of the channel's own type here")
		}
	})
}

// selectBreak finds labelled branches that leave a select.
func selectBreak(p *pass) {
	only[*ast.BranchStmt](p, func(n ast.Node, around []ast.Node) bool {
		b, ok := n.(*ast.BranchStmt)
		if !ok || b.Label == nil || b.Tok != token.BREAK && b.Tok != token.CONTINUE {
			return true
		}
		for i := len(around) - 1; i >= 0; i-- {
			if l, ok := around[i].(*ast.LabeledStmt); ok && l.Label.Name == b.Label.Name {
				break
			}
			if _, ok := around[i].(*ast.SelectStmt); ok {
				p.report(b, "the interpreter does not leave the select here")
				break
			}
		}
		return true
	})
}

// switches visits every expression switch.
func (p *pass) switches(visit func(s *ast.SwitchStmt, clauses []*ast.CaseClause)) {
	only[*ast.SwitchStmt](p, func(n ast.Node, _ []ast.Node) bool {
		if s, ok := n.(*ast.SwitchStmt); ok {
			clauses := make([]*ast.CaseClause, len(s.Body.List))
			for i, c := range s.Body.List {
				clauses[i] = c.(*ast.CaseClause)
			}
			visit(s, clauses)
		}
		return true
	})
}

func switchList(p *pass) {
	p.switches(func(_ *ast.SwitchStmt, clauses []*ast.CaseClause) {
		for _, c := range clauses {
			if len(c.List) < 2 {
				continue
			}
			for _, e := range c.List {
				if !p.isConstant(e) {
					p.report(e, "the interpreter may miss this case")
				}
			}
		}
	})
}

func switchInterface(p *pass) {
	p.switches(func(s *ast.SwitchStmt, clauses []*ast.CaseClause) {
		if s.Tag == nil {
			return
		}
		tag := types.IsInterface(p.typeOf(s.Tag))
		for _, c := range clauses {
			for _, e := range c.List {
				if tag != types.IsInterface(p.typeOf(e)) && !p.info.Types[e].IsNil() || tag && p.info.Types[e].Value != nil {
					p.report(e, "the interpreter cannot compare this with the value of the switch")
				}
			}
		}
	})
}

func switchDefault(p *pass) {
	p.switches(func(s *ast.SwitchStmt, clauses []*ast.CaseClause) {
		middle, falls := false, false
		for i, c := range clauses {
			middle = middle || c.List == nil && i+1 < len(clauses)
			if len(c.Body) > 0 {
				b, ok := c.Body[len(c.Body)-1].(*ast.BranchStmt)
				falls = falls || ok && b.Tok == token.FALLTHROUGH
			}
		}
		if middle && falls {
			p.report(s, "the interpreter goes wrong in this switch")
		}
	})
}
