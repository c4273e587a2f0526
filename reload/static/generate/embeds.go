package generate

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// findEmbeds notes the variables that //go:embed fills.
func (w *writer) findEmbeds() {
	for _, e := range w.Embeds {
		if v, ok := w.Types.Scope().Lookup(e.Var).(*types.Var); ok {
			_, slice := v.Type().Underlying().(*types.Slice)
			w.embeds[e.Var] = slice
		}
	}
}

// directives are the //go:embed comments of the package.
func (w *writer) directives() (all []string) {
	if len(w.Embeds) == 0 {
		return nil
	}
	for _, f := range w.Files {
		if !slices.ContainsFunc(f.Syntax.Imports, func(s *ast.ImportSpec) bool { return pathOf(s) == "embed" }) {
			continue
		}
		for _, group := range f.Syntax.Comments {
			for _, c := range group.List {
				text := strings.TrimSpace(c.Text)
				if strings.HasPrefix(text, "//go:embed ") && !slices.Contains(all, text) {
					all = append(all, text)
				}
			}
		}
	}
	return all
}

// writePristine keeps a copy of each embedding variable, to restore it from.
func (w *writer) writePristine(b *bytes.Buffer) {
	for _, name := range w.embedded() {
		fmt.Fprintf(b, "var %sEmbed_%s = %s\n\n", w.prefix, name, w.pristine(name, name))
	}
}

// embedded are the names of the embedding variables.
func (w *writer) embedded() []string { return slices.Sorted(maps.Keys(w.embeds)) }

func (w *writer) pristine(name, from string) string {
	if w.embeds[name] {
		return w.static("Clone") + "(" + from + ")"
	}
	return from
}
