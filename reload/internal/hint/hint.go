// Package hint turns the messages of go/parser and go/types into a line of advice.
//
// The compiler's own words say what is wrong; a hint says what people usually do about it. Rules match the wording of
// the Go version that midair is built with; the test compiles a small source for each, so a wording that changes fails
// there. No hint is better than a vague one: [For] returns "" for what it does not know.
//
// Everything is safe for concurrent use.
package hint

import (
	"regexp"
	"strings"
	"sync"
)

// maxMessage is how much of a message is looked at, in bytes. Types without a name can be printed at any length.
const maxMessage = 2000

// For returns one short line of advice about a compile error, or "". line is the source line where it is, for advice
// about syntax; names returns the names that could have been meant, for advice about misspellings, and is called only
// when that matters. Both may be left out.
func For(message, line string, names func() []string) string {
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	if names == nil {
		names = func() []string { return nil }
	}
	for _, r := range rules() {
		m := r.pattern.FindStringSubmatchIndex(message)
		if m == nil {
			continue
		}
		if r.advise == nil {
			return string(r.pattern.ExpandString(nil, r.text, message, m))
		}
		e := mistake{message: message, line: line, names: names, groups: r.pattern.FindStringSubmatch(message)}
		if advice := r.advise(e); advice != "" {
			return advice
		}
	}
	return ""
}

// mistake is a message on its way through the rules.
type mistake struct {
	message string
	line    string
	names   func() []string
	groups  []string // of the rule's pattern
}

// rule is advice about one kind of mistake: a text in which $1 is the pattern's first group, or a function. A function
// that returns "" leaves the message to the rules behind it.
type rule struct {
	pattern *regexp.Regexp
	text    string
	advise  func(mistake) string
}

// rules are compiled when the first error is met.
var rules = sync.OnceValue(func() []rule {
	var out []rule
	for _, r := range thoughtful {
		out = append(out, rule{pattern: regexp.MustCompile(r.pattern), advise: r.advise})
	}
	for _, list := range [][][2]string{typeAdvice, syntaxAdvice} {
		for _, r := range list {
			out = append(out, rule{pattern: regexp.MustCompile(r[0]), text: r[1]})
		}
	}
	return out
})

// thoughtful are the rules that look closer, before those with a fixed text.
var thoughtful = []struct {
	pattern string
	advise  func(mistake) string
}{
	{`^undefined: (.+)$`, undefined},
	{`^(.+) undefined \(type (.+) has no field or method (\pL\w*)\)`, noField},
	{`^unknown field (\S+) in struct literal of type \S+$`, similar},
	{`^name (\S+) not exported by package`, similar},
	{`^(?s)cannot use (.+?) \(((?:variable|value|constant|untyped|map index|comma).*?)\) as (.+?) value in (.*)$`, cannotUse},
	{`^cannot use nil as (.+) value in`, nilValue},
	{`^cannot convert (.+) \((.+)\) to type (.+)$`, cannotConvert},
	{`^invalid operation: (.+) \(mismatched types (.+) and (.+)\)$`, mismatched},
	{`^(?s)(?:not enough|too many) (arguments|return values).*\n\thave \((.*)\)\n\twant \((.*)\)$`, wrongCount},
	{`^assignment mismatch: (\d+) variables? but (.+?)(?: returns? (\d+) values?)?$`, assignment},
	{`^expected .*found '?([^']+)'?$`, foreign},
}

// brief is an expression as it can be quoted in advice.
func brief(expr string) string {
	if len(expr) > 24 || strings.ContainsAny(expr, "\n") {
		return "…"
	}
	return expr
}
