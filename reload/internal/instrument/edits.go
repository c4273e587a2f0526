package instrument

import (
	"bytes"
	"cmp"
	"fmt"
	"go/scanner"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// edits are the changes of one file. Positions are those of the file's FileSet.
type edits struct {
	fset  *token.FileSet
	in    *File
	base  *token.File
	list  []edit
	after []appended
	names []edit   // replaced names, in the order of the file
	tail  []string // declarations that end the file
}

// edit replaces the bytes from lo to hi.
type edit struct {
	lo, hi int
	text   string
}

// appended is a function that stands after the file's last line: code before and after a piece of the file.
type appended struct {
	before, after string
	lo, hi        token.Pos
}

func newEdits(fset *token.FileSet, in *File) *edits {
	return &edits{fset: fset, in: in, base: fset.File(in.Syntax.FileStart)}
}

func (e *edits) offset(pos token.Pos) int { return e.base.Offset(pos) }

// insert puts text before a position.
func (e *edits) insert(at token.Pos, text string) { e.replace(at, at, text) }

// replace puts text in the place of what stands between two positions. Lines that this takes away come first in what
// replaces it, in a comment, so the text must be one that a new line may precede.
func (e *edits) replace(lo, hi token.Pos, text string) {
	from, to := e.offset(lo), e.offset(hi)
	if n := bytes.Count(e.in.Source[from:to], []byte("\n")); n > 0 {
		text = "/*" + strings.Repeat("\n", n) + "*/" + text
	}
	e.list = append(e.list, edit{from, to, text})
}

// reset is a directive that gives what follows it the given position, or nothing where columns do not count.
func (e *edits) reset(pos token.Pos) string {
	p := e.fset.Position(pos)
	if p.Column == 0 { // a directive of the user's says the line only
		return ""
	}
	return fmt.Sprintf("/*line :%d:%d*/", p.Line, p.Column)
}

// resetFile is reset for a place where another file name may hold.
func (e *edits) resetFile(pos token.Pos) string {
	p, raw := e.fset.Position(pos), e.fset.PositionFor(pos, false)
	name := e.in.Path
	if p.Filename != raw.Filename {
		name = p.Filename
	}
	if p.Column == 0 {
		return fmt.Sprintf("/*line %s:%d*/", name, p.Line)
	}
	return fmt.Sprintf("/*line %s:%d:%d*/", name, p.Line, p.Column)
}

// file returns the edited file.
func (e *edits) file() []byte {
	e.list = append(e.list, e.names...) // after what is put before the same place
	slices.SortStableFunc(e.list, func(a, b edit) int { return cmp.Compare(a.lo, b.lo) })
	src := e.in.Source
	var out bytes.Buffer
	start, column := 0, 1
	if bytes.HasPrefix(src, []byte("\ufeff")) { // a byte order mark may only be the first thing in a file
		start, column = 3, 4
	}
	fmt.Fprintf(&out, "//line %s:1:%d\n", e.in.Path, column)
	e.render(&out, start, len(src))
	if len(e.after)+len(e.tail) > 0 && !bytes.HasSuffix(src, []byte("\n")) {
		out.WriteByte('\n')
	}
	for _, a := range e.after {
		out.WriteString(e.resetFile(a.lo) + a.before + e.resetFile(a.lo))
		e.render(&out, e.offset(a.lo), e.offset(a.hi))
		out.WriteString(a.after + "\n")
	}
	for _, declaration := range e.tail {
		out.WriteString(declaration + "\n")
	}
	return out.Bytes()
}

// render writes a part of the source with its edits. Edits inside of what another one replaces have no effect.
func (e *edits) render(out *bytes.Buffer, lo, hi int) {
	i, _ := slices.BinarySearchFunc(e.list, lo, func(ed edit, lo int) int { return cmp.Compare(ed.lo, lo) })
	for ; i < len(e.list) && e.list[i].lo < hi; i++ {
		ed := e.list[i]
		if ed.lo < lo {
			continue
		}
		out.Write(e.in.Source[lo:ed.lo])
		out.WriteString(ed.text)
		e.restore(out, ed)
		lo = ed.hi
	}
	out.Write(e.in.Source[lo:hi])
}

// restore gives what follows an edit its position back.
func (e *edits) restore(out *bytes.Buffer, ed edit) {
	rest := e.in.Source[ed.hi:]
	ends := len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r'
	if !ends || strings.Contains(ed.text, "/*line ") {
		out.WriteString(e.reset(e.base.Pos(ed.hi)))
	}
}

// oneLine repeats a piece of the file on one line. The names in it keep their positions.
func (e *edits) oneLine(lo, hi token.Pos) string {
	src := e.in.Source[e.offset(lo):e.offset(hi)]
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("", -1, len(src))
	s.Init(file, src, nil, 0)
	var out []string
	skip := 0 // what was renamed ends here
	for {
		pos, tok, lit := s.Scan()
		switch {
		case tok == token.EOF:
			if n := len(out); n > 0 && out[n-1] == ";" {
				out = out[:n-1]
			}
			return strings.Join(out, " ")
		case tok == token.SEMICOLON:
			out = append(out, ";")
		case tok == token.STRING && strings.HasPrefix(lit, "`"):
			text, _ := strconv.Unquote(lit) // the scanner accepted it
			out = append(out, strconv.Quote(text))
		case e.offset(lo)+file.Offset(pos) < skip:
		case tok == token.IDENT:
			if n, ok := e.renamed(e.offset(lo) + file.Offset(pos)); ok {
				lit, skip = strings.ReplaceAll(n.text, "\n", ""), n.hi
			}
			out = append(out, e.reset(lo+token.Pos(file.Offset(pos)))+lit)
		case lit != "":
			out = append(out, lit)
		default:
			out = append(out, tok.String())
		}
	}
}
