package generate

import (
	"fmt"
	"slices"
	"strings"

	"midair/reload"
)

// Notes tell where linked modules differ from others: what serves once in a process, and what cannot be static together.
func Notes(modules []*reload.Checked) (notes []string) {
	sharing := map[string][]string{} // modules by the import path of a library
	variable := map[string]string{}
	for _, c := range modules {
		for _, v := range changing(c) {
			variable[v[:strings.LastIndex(v, ".")]] = v
		}
		for i := range c.Libraries {
			lib := &c.Libraries[i]
			sharing[lib.ImportPath] = append(sharing[lib.ImportPath], c.Module)
			notes = append(notes, onceNote(c, lib)...)
		}
		notes = append(notes, onceNote(c, &c.Package)...)
	}
	for lib, users := range sharing {
		if v := variable[lib]; v != "" && len(users) > 1 {
			slices.Sort(users)
			notes = append(notes, fmt.Sprintf("of the modules %s one is static at a time: they share %s, which changes",
				strings.Join(users, ", "), v))
		}
	}
	slices.Sort(notes)
	return slices.Compact(notes)
}

func onceNote(c *reload.Checked, p *reload.Package) []string {
	w := writer{Package: p, checked: c}
	if why := w.once(); why != "" {
		return []string{fmt.Sprintf("package %s serves once in a process: %s", p.Dir, why)}
	}
	return nil
}
