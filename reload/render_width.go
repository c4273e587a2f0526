package reload

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wide are the characters that take two columns in a terminal: East Asian scripts and pictures. Gaps that no narrow
// character is in are closed.
var wide = []struct{ first, last rune }{
	{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a}, {0x23e9, 0x23ec}, {0x23f0, 0x23f0}, {0x23f3, 0x23f3},
	{0x25fd, 0x25fe}, {0x2614, 0x2615}, {0x2630, 0x2637}, {0x2648, 0x2653}, {0x267f, 0x267f}, {0x268a, 0x268f},
	{0x2693, 0x2693}, {0x26a1, 0x26a1}, {0x26aa, 0x26ab}, {0x26bd, 0x26be}, {0x26c4, 0x26c5}, {0x26ce, 0x26ce},
	{0x26d4, 0x26d4}, {0x26ea, 0x26ea}, {0x26f2, 0x26f3}, {0x26f5, 0x26f5}, {0x26fa, 0x26fa}, {0x26fd, 0x26fd},
	{0x2705, 0x2705}, {0x270a, 0x270b}, {0x2728, 0x2728}, {0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755},
	{0x2757, 0x2757}, {0x2795, 0x2797}, {0x27b0, 0x27b0}, {0x27bf, 0x27bf}, {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50},
	{0x2b55, 0x2b55}, {0x2e80, 0x303e}, {0x3041, 0x3247}, {0x3250, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3},
	{0xf900, 0xfaff}, {0xfe10, 0xfe19}, {0xfe30, 0xfe6f}, {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x16fe0, 0x18dff},
	{0x1aff0, 0x1b2ff}, {0x1d300, 0x1d376}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e},
	{0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393},
	{0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e},
	{0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567},
	{0x1f57a, 0x1f57a}, {0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5},
	{0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6df}, {0x1f6eb, 0x1f6ef}, {0x1f6f4, 0x1f6ff},
	{0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff},
	{0x20000, 0x3fffd},
}

// runeWidth returns how many columns a printable character takes: 0 for what joins the one before, 2 for a wide one.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me), r == zeroWidthJoiner, r >= 0x1160 && r <= 0x11ff:
		return 0
	}
	_, ok := slices.BinarySearchFunc(wide, r, func(span struct{ first, last rune }, r rune) int {
		switch {
		case span.last < r:
			return -1
		case span.first > r:
			return 1
		}
		return 0
	})
	if ok {
		return 2
	}
	return 1
}

const zeroWidthJoiner = 0x200d // between the parts of a composed picture

// glyph is one character as it is shown.
type glyph struct {
	text  string
	width int // columns
	size  int // bytes of the source that it stands for
}

// nextGlyph takes the first character of a string that is not empty. What would steer a terminal (control characters,
// marks that change the direction of writing) or is no character at all becomes something that can be read.
func nextGlyph(s string) glyph {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && size == 1:
		return spelled(fmt.Sprintf(`\x%02x`, s[0]), size)
	case r < ' ':
		return glyph{string('␀' + r), 1, size}
	case r == 0x7f:
		return glyph{"␡", 1, size}
	case r == zeroWidthJoiner, unicode.IsPrint(r):
		return glyph{s[:size], runeWidth(r), size}
	}
	return spelled(fmt.Sprintf("<U+%04X>", r), size)
}

func spelled(text string, size int) glyph { return glyph{text, len(text), size} }

// visible makes one line of text harmless to a terminal.
func visible(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for s != "" {
		g := nextGlyph(s)
		if s[0] == '\t' {
			g.text = " "
		}
		b.WriteString(g.text)
		s = s[g.size:]
	}
	return b.String()
}
