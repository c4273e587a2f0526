package instrument

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// embed is a variable that //go:embed fills. A pristine copy of it serves to restore it.
type embed struct {
	name  string
	bytes bool // has contents that can be changed in place
}

// findEmbeds finds a file's embedding variables: each is the first declared after a directive.
func (p *editor) findEmbeds(f *ast.File) {
	if !imports(f, "embed") {
		return
	}
	var directives []token.Pos
	for _, group := range f.Comments {
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, "//go:embed ") || strings.HasPrefix(c.Text, "//go:embed\t") {
				directives = append(directives, c.Pos())
			}
		}
	}
	eachVariableSpec(f, func(spec *ast.ValueSpec) {
		found := false
		for len(directives) > 0 && directives[0] < spec.Pos() {
			found, directives = true, directives[1:]
		}
		v, ok := p.Types.Scope().Lookup(spec.Names[0].Name).(*types.Var)
		if !found || !ok || len(spec.Values) > 0 {
			return
		}
		_, slice := v.Type().Underlying().(*types.Slice)
		p.embeds = append(p.embeds, embed{v.Name(), slice})
	})
}

func imports(f *ast.File, path string) bool {
	for _, spec := range f.Imports {
		if importPath(spec) == path {
			return true
		}
	}
	return false
}
