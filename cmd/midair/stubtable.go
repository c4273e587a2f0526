package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/types"
	"regexp"
	"strconv"
	"strings"

	"midair/reload"
)

// specials makes the lines of a table that are no symbols, as Go source.
func (g *generator) specials(p *listed, pkg *types.Package) (string, error) {
	marked, err := acceptsOf(p)
	if err != nil {
		return "", err
	}
	src, notes, err := makeStub(pkg, g.tree.listed, g.excluded[p.ImportPath])
	if err != nil {
		return "", fmt.Errorf("internal error: its stub is not Go: %w", err)
	}
	g.mu.Lock()
	g.notes = append(g.notes, notes...)
	g.mu.Unlock()
	var b strings.Builder
	if len(marked) > 0 {
		fmt.Fprintf(&b, "\t\t%q: reflect.ValueOf([]string{\n", reload.AcceptsKey)
		for _, name := range marked {
			fmt.Fprintf(&b, "\t\t\t%q,\n", name)
		}
		b.WriteString("\t\t}),\n")
	}
	if src != "" {
		fmt.Fprintf(&b, "\t\t%q: reflect.ValueOf(%s),\n", reload.StubKey, stubExpression(p.Name, src))
	}
	if b.Len() > 0 {
		return "\t\t// what reflection does not tell\n" + b.String() + "\n", nil
	}
	return "", nil
}

var runeConstant = regexp.MustCompile(`(?m)^const (\w+) = ('(?:[^'\\]|\\.[^']*)')$`)

// stubExpression writes a stub as a Go expression. The runes are what the constants say where the table is compiled:
// os.PathSeparator differs by platform.
func stubExpression(pkg, src string) string {
	var parts []string
	at := 0
	for _, m := range runeConstant.FindAllStringSubmatchIndex(src, -1) {
		parts = append(parts, literal(src[at:m[4]]), "strconv.QuoteRuneToASCII("+pkg+"."+src[m[2]:m[3]]+")")
		at = m[5]
	}
	return strings.Join(append(parts, literal(src[at:])), " + ")
}

func literal(s string) string {
	if strings.Contains(s, "`") {
		return strconv.Quote(s)
	}
	return "`" + s + "`"
}

var tableStart = regexp.MustCompile(`(?m)^\tSymbols\["[^"]*"\] = map\[string\]reflect\.Value\{`)

// addSpecials adds lines to a table, and strconv to its imports if they need that.
func addSpecials(p *listed, f *ast.File, src []byte, lines string) []byte {
	if lines == "" {
		return src
	}
	const call = "strconv.Quote"
	if strings.Contains(lines, call) {
		taken, have := p.Name == "strconv", false
		for _, spec := range f.Imports {
			have = have || spec.Path.Value == `"strconv"` && spec.Name == nil
			taken = taken || strings.HasSuffix(spec.Path.Value, `/strconv"`)
		}
		switch {
		case taken:
			lines = strings.ReplaceAll(lines, " + "+call, " + go"+call)
			src = bytes.Replace(src, []byte("import (\n"), []byte("import (\n\tgostrconv \"strconv\"\n"), 1)
		case !have:
			src = bytes.Replace(src, []byte("import (\n"), []byte("import (\n\t\"strconv\"\n"), 1)
		}
	}
	end := tableStart.FindIndex(src)[1]
	return []byte(string(src[:end]) + "\n" + lines + string(src[end:]))
}
