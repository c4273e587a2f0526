package reload

import (
	"strings"
	"unicode/utf8"
)

const (
	tabStop  = 4    // columns
	maxLine  = 8192 // bytes of a source line that are looked at, around the caret
	maxMarks = 8    // combining marks on one character; more are no writing system
	leftPart = 3    // 1/leftPart of a cut line is before the caret
)

// excerpt is one source line made ready for a terminal: the line, and the marks to be put under it.
type excerpt struct{ line, marks string }

// makeExcerpt shows a source line in so many columns, with marks from the byte column to the byte column end, both
// counted from 1. What does not fit is cut around the marks.
func makeExcerpt(text string, column, end, columns int) excerpt {
	first := min(max(column, 1)-1, len(text))
	last := min(max(end-1, first), len(text))
	text, first, last, more := around(text, first, last)
	l := layOut(text, first, last)
	l.cutLeft, l.cutRight = more[0], more[1]
	l.fit(columns)
	return l.excerpt(column > 0)
}

// around drops most of an enormous line. It returns where the marks are in what is left, and whether something was
// dropped on either side.
func around(text string, first, last int) (string, int, int, [2]bool) {
	if len(text) <= maxLine {
		return text, first, last, [2]bool{}
	}
	from := max(0, first-maxLine/2)
	to := min(len(text), from+maxLine)
	for from > 0 && from < first && !utf8.RuneStart(text[from]) {
		from++
	}
	return text[from:to], first - from, min(last, to) - from, [2]bool{from > 0, to < len(text)}
}

// laidOut is a line as glyphs, each at its column.
type laidOut struct {
	glyphs            []glyph
	first, last       int // glyphs that are marked: from first up to, not including, last
	cutLeft, cutRight bool
}

func layOut(text string, first, last int) laidOut {
	l := laidOut{first: -1, last: -1}
	column, marks := 0, 0
	for at := 0; at < len(text); {
		g := nextGlyph(text[at:])
		if text[at] == '\t' {
			n := tabStop - column%tabStop
			g = glyph{strings.Repeat(" ", n), n, 1}
		}
		if g.width > 0 {
			marks = 0
		} else if marks++; marks > maxMarks {
			g = glyph{"·", 1, g.size}
		}
		if l.first < 0 && at+g.size > first {
			l.first = len(l.glyphs)
		}
		if l.last < 0 && at >= last {
			l.last = len(l.glyphs)
		}
		l.glyphs = append(l.glyphs, g)
		at, column = at+g.size, column+g.width
	}
	if l.first < 0 {
		l.first = len(l.glyphs)
	}
	switch {
	case first == last:
		l.last = l.first // only the place is known
	case l.last < 0:
		l.last = len(l.glyphs)
	}
	return l
}

func widthOf(glyphs []glyph) (n int) {
	for _, g := range glyphs {
		n += g.width
	}
	return n
}

// fit cuts the line on both sides until it takes no more than so many columns: some of what is before the marks stays,
// then as much as there is room for.
func (l *laidOut) fit(columns int) {
	columns = max(columns, 8)
	room := columns - 2 // for the signs of a cut
	if n := widthOf(l.glyphs); n <= columns && !l.cutLeft && !l.cutRight {
		return
	}
	from, before := l.first, 0
	for limit := l.share(room); from > 0 && before+l.glyphs[from-1].width <= limit; from-- {
		before += l.glyphs[from-1].width
	}
	to := from
	for used := 0; to < len(l.glyphs) && used+l.glyphs[to].width <= room; to++ {
		used += l.glyphs[to].width
	}
	l.cutLeft = l.cutLeft || from > 0
	l.cutRight = l.cutRight || to < len(l.glyphs)
	l.glyphs = l.glyphs[from:to]
	l.first, l.last = l.first-from, min(l.last, to)-from
}

// share is how many columns are for what is before the marks.
func (l *laidOut) share(room int) int {
	after := widthOf(l.glyphs[l.first:])
	if before := widthOf(l.glyphs[:l.first]); before <= room/leftPart {
		return before
	}
	return max(room/leftPart, room-after-1)
}

func (l *laidOut) excerpt(marked bool) excerpt {
	var line, marks strings.Builder
	if l.cutLeft {
		line.WriteString("…")
		marks.WriteString(" ")
	}
	for _, g := range l.glyphs {
		line.WriteString(g.text)
	}
	if l.cutRight {
		line.WriteString("…")
	}
	if !marked {
		return excerpt{line: strings.TrimRight(line.String(), " ")}
	}
	l.first = min(l.first, len(l.glyphs))
	l.last = max(l.last, l.first)
	marks.WriteString(strings.Repeat(" ", widthOf(l.glyphs[:l.first])))
	marks.WriteString("^")
	if n := widthOf(l.glyphs[l.first:l.last]); n > 1 {
		marks.WriteString(strings.Repeat("~", n-1))
	}
	return excerpt{strings.TrimRight(line.String(), " "), marks.String()}
}
