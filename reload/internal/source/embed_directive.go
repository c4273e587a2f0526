package source

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// directive is a variable with what the //go:embed comments above it ask for.
type directive struct {
	name         string // the variable's
	path         string // the Go file's
	line, column int    // the variable's
	patterns     []pattern
}

type pattern struct {
	text         string
	line, column int
}

// mayEmbed says whether it is worth looking for directives in a source.
func mayEmbed(src []byte) bool { return bytes.Contains(src, []byte("//go:embed")) }

// directives finds the //go:embed comments of a file as the compiler does: each belongs to the next declaration,
// whatever comments and empty lines are between them, and that must be one variable.
func (b *builder) directives(fset *token.FileSet, f *File) []directive {
	if !mayEmbed(f.Source) {
		return nil
	}
	var all []directive
	places := places(f.Syntax)
	at := map[*ast.ValueSpec]int{} // index in all
	for _, c := range embedComments(f.Syntax) {
		start := fset.PositionFor(c.Pos(), false)
		report := func(rule, message, hint string) {
			b.problem(f.Path, start.Line, start.Column+len("//"), rule, message, hint)
		}
		patterns, err := patternsOf(c.Text, start)
		if err != nil {
			report("embed/directive", err.Error(), `quote a pattern by "…" or `+"`…`")
		}
		if len(patterns) == 0 {
			report("embed/directive", "usage: //go:embed pattern...", "name files of the package's folder")
			continue
		}
		if err != nil {
			continue
		}
		if !blankBefore(f.Source, start.Offset) {
			report("embed/directive", "misplaced compiler directive", "put it on a line of its own above the variable")
			continue
		}
		next := following(places, c.Pos())
		message, hint := next.refuse(f.Syntax)
		if message != "" {
			rule := "embed/variable"
			if next.spec == nil {
				rule = "embed/directive"
			}
			report(rule, message, hint)
			continue
		}
		i, known := at[next.spec]
		if !known {
			i, at[next.spec] = len(all), len(all)
			pos := fset.PositionFor(next.spec.Pos(), false)
			all = append(all, directive{name: next.spec.Names[0].Name, path: f.Path, line: pos.Line, column: pos.Column})
		}
		all[i].patterns = append(all[i].patterns, patterns...)
	}
	return all
}

// embedComments returns the directives of a file, in order.
func embedComments(f *ast.File) (found []*ast.Comment) {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if c.Text == "//go:embed" || strings.HasPrefix(c.Text, "//go:embed ") {
				found = append(found, c)
			}
		}
	}
	return found
}

func blankBefore(src []byte, offset int) bool {
	line := src[:offset]
	return len(bytes.TrimSpace(line[bytes.LastIndexByte(line, '\n')+1:])) == 0
}

// place is where a directive that came before it takes effect, or turns out to be misplaced.
type place struct {
	pos    token.Pos
	spec   *ast.ValueSpec // of a variable; nil where no directive may be
	inside bool           // a function
}

// places returns where directives end up: at the first name of each declaration, at the bracket that opens a group and
// at the end of what is declared.
func places(f *ast.File) (all []place) {
	for _, d := range f.Decls {
		_, inside := d.(*ast.FuncDecl)
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				all = append(all, place{pos: n.Name.Pos()})
			case *ast.FuncLit:
				inside = true // what is declared in it is never at package level, nor is what follows within d
			case *ast.GenDecl:
				if n.Lparen.IsValid() {
					all = append(all, place{pos: n.Lparen})
				}
				for _, s := range n.Specs {
					p := place{pos: s.Pos(), inside: inside}
					if n.Tok == token.VAR {
						p.spec, _ = s.(*ast.ValueSpec)
					}
					all = append(all, p)
				}
			}
			return true
		})
		all = append(all, place{pos: d.End()})
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(a.pos, b.pos) })
	return all
}

// following returns the first place behind a position, a misplaced one if there is none.
func following(all []place, pos token.Pos) place {
	i, _ := slices.BinarySearchFunc(all, pos, func(p place, pos token.Pos) int {
		if p.pos <= pos {
			return -1
		}
		return 1
	})
	if i == len(all) {
		return place{}
	}
	return all[i]
}

// refuse says in the compiler's words why a directive may not be there, "" if it may.
func (p place) refuse(f *ast.File) (message, hint string) {
	switch {
	case p.spec == nil:
		return "misplaced go:embed directive", "put it directly above a variable of type string, []byte or embed.FS"
	case !importsEmbed(f):
		return `go:embed requires import "embed" (or import _ "embed", if package is not used)`, `add import _ "embed"`
	case len(p.spec.Names) > 1:
		return "go:embed cannot apply to multiple vars", "declare each variable by itself"
	case len(p.spec.Values) > 0:
		return "go:embed cannot apply to var with initializer", "remove the value: the file is the value"
	case p.spec.Type == nil:
		return "go:embed cannot apply to var without type", "give it the type string, []byte or embed.FS"
	case p.inside:
		return "go:embed cannot apply to var inside func", "move the variable out of the function"
	}
	return "", ""
}

func importsEmbed(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(spec *ast.ImportSpec) bool {
		p, err := strconv.Unquote(spec.Path.Value)
		return err == nil && p == "embed"
	})
}

// patternsOf splits a directive into its patterns, which may be quoted as Go strings are.
func patternsOf(comment string, start token.Position) (all []pattern, err error) {
	rest := comment[len("//go:embed"):]
	for {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if rest == "" {
			return all, nil
		}
		column := start.Column + len(comment) - len(rest)
		text, after, err := firstPattern(rest)
		if err != nil {
			return all, err
		}
		all = append(all, pattern{text, start.Line, column})
		rest = after
	}
}

func firstPattern(s string) (text, rest string, err error) {
	if s[0] != '"' && s[0] != '`' {
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], nil
	}
	quoted, err := strconv.QuotedPrefix(s)
	if err == nil {
		text, err = strconv.Unquote(quoted)
	}
	if err != nil {
		return "", "", fmt.Errorf("invalid quoted string in //go:embed: %s", s)
	}
	rest = s[len(quoted):]
	if next, _ := utf8.DecodeRuneInString(rest); rest != "" && !unicode.IsSpace(next) {
		return "", "", fmt.Errorf("invalid quoted string in //go:embed: %s", rest)
	}
	return text, rest, nil
}
