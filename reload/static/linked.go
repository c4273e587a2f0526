package static

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"midair/reload"
)

// linked is a package that is linked into the process. The registry guards it.
type linked struct {
	Package
	users  []*module // those in use, in the order in which they began
	used   bool      // by any version so far, so it may not be as new
	broken string    // why it never serves again
}

// module is a linked module. The registry guards it.
type module struct {
	Module
	own    *linked
	inUse  bool
	served bool

	looked bool
	stale  error // why what was compiled is not what the generated files describe
}

// refusal says why a linked module cannot serve.
type refusal struct {
	rule, message, hint string
	blamed              *linked // the package, if it is about one
}

// find returns the module that a checked one would be served by, or why there is none. The registry is locked.
func find(c *reload.Checked, content string) (*module, *refusal) {
	m := registry.modules[c.Package.ImportPath]
	if m == nil {
		return nil, &refusal{rule: RuleMissing, message: fmt.Sprintf("module %s is not linked into this host", c.Module),
			hint: "run midair build -static, then build the host with -tags " + Tag}
	}
	if err := m.verify(); err != nil {
		return nil, &refusal{rule: RuleStale, hint: "run midair build -static, then build the host anew",
			message: "what is linked into this host cannot be told from other content: " + err.Error()}
	}
	if m.Content != content {
		return nil, &refusal{rule: RuleChanged, hint: "give the host another backend for edited modules, or build it anew",
			message: fmt.Sprintf("module %s differs from what is linked into this host", c.Module)}
	}
	return m, m.ready()
}

// verify compares what was compiled with what the generated files were made for, once.
func (m *module) verify() error {
	if m.looked {
		return m.stale
	}
	m.looked = true
	var all []file
	for _, path := range append([]string{m.ImportPath}, m.Libraries...) {
		p := registry.packages[path]
		if p == nil {
			m.stale = fmt.Errorf("its library %s has no generated file", path)
			return m.stale
		}
		files, err := p.files()
		if err != nil {
			m.stale = err
			return err
		}
		all = append(all, files...)
	}
	if digest(all) != m.Content {
		m.stale = errors.New("its source was changed after " + FileName + " was generated, or is another for this system")
	}
	return m.stale
}

// packages are the module's libraries, each after those it imports, and its own package.
func (m *module) packages() []*linked {
	var all []*linked
	for _, path := range m.Libraries {
		all = append(all, registry.packages[path])
	}
	return append(all, m.own)
}

// ready says why the module cannot begin to serve now.
func (m *module) ready() *refusal {
	if m.inUse {
		return &refusal{rule: RuleInUse, message: "an earlier version of the linked module is still in use",
			hint: "a linked module can serve once at a time; release what holds the earlier version", blamed: m.own}
	}
	for _, p := range m.packages() {
		if no := m.refuses(p); no != nil {
			return no
		}
	}
	return nil
}

// refuses says why the module cannot begin to serve because of one of its packages.
func (m *module) refuses(p *linked) *refusal {
	variable := registry.changing[p.ImportPath]
	switch {
	case p.broken != "":
		return &refusal{rule: RuleBroken, blamed: p, message: p.broken,
			hint: "correct it, or restart the host to try it once more"}
	case len(p.users) > 0 && variable != "":
		return &refusal{rule: RuleShared, blamed: p,
			message: fmt.Sprintf("variable %s of library %s is in use by the linked module %s", variable, p.Dir, names(p.users)),
			hint:    "linked modules cannot have a copy each; keep in the host what changes, or in the modules"}
	case p.used && p.Once != "" && (len(p.users) == 0 || m.served):
		return &refusal{rule: RuleOnce, blamed: p,
			message: fmt.Sprintf("linked package %s has served and cannot be made as new: %s", p.Dir, p.Once),
			hint:    "give the host another backend for later versions, or restart it"}
	}
	return nil
}

func names(modules []*module) string {
	var list []string
	for _, m := range modules {
		list = append(list, m.Dir)
	}
	return strings.Join(list, ", ")
}

// begin takes a module that is ready into use, and returns the packages that must be made as new before it serves.
func (m *module) begin() (again []*linked) {
	for _, p := range m.packages() {
		if len(p.users) == 0 && p.used {
			again = append(again, p)
		}
		p.users, p.used = append(p.users, m), true
	}
	m.inUse, m.served = true, true
	return again
}

// end gives a module back.
func (m *module) end() {
	for _, p := range m.packages() {
		p.users = slices.DeleteFunc(p.users, func(u *module) bool { return u == m })
	}
	m.inUse = false
}
