package hint

import "regexp"

// otherSyntax has what other languages write, as it looks in a line that does not parse.
var otherSyntax = []struct {
	pattern *regexp.Regexp
	advice  string
}{
	{regexp.MustCompile(`^\s*while\b`), `Go's only loop is for: for condition { … }`},
	{regexp.MustCompile(`^\s*do\s*\{`), `Go's only loop is for: for { …; if done { break } }`},
	{regexp.MustCompile(`^\s*(foreach\b|for\s*\(?\s*(var |let |const )?\w+(, *\w+)? (in|of) )`),
		`write for _, x := range list { … }`},
	{regexp.MustCompile(`^\s*for\s*\(`), `leave out the brackets: for i := 0; i < n; i++ { … }`},
	{regexp.MustCompile(`^\s*(let|auto|val|final)\s+\w+`), `declare a variable with x := value, or var x T`},
	{regexp.MustCompile(`^\s*(int|float|double|string|bool|char|long|float64|int64)\s+\w+\s*(=|;|$)`),
		`the name comes first: var x int = 1, or x := 1`},
	{regexp.MustCompile(`^\s*(class|struct|interface|enum)\s+\w+`), `write type Name struct { … }`},
	{regexp.MustCompile(`^\s*(function|def|fn|fun|public|private|static|void)\b`),
		`write func name(parameters) results { … }`},
	{regexp.MustCompile(`^\s*(try|catch|throw)\b`),
		`Go has no exceptions: return an error, and check it with if err != nil`},
	{regexp.MustCompile(`\bif\s*\(?.*\bthen\b|^\s*(elif|elsif|elseif)\b`),
		`write if condition { … } else if other { … }`},
	{regexp.MustCompile(`\?.*:`), `Go has no ?: ; use if and else`},
	{regexp.MustCompile(`=>`), `write func(x T) T { return … }`},
}

// foreign looks at the line for the ways of other languages.
func foreign(m mistake) string {
	if m.line == "" || len(m.line) > maxMessage {
		return ""
	}
	for _, o := range otherSyntax {
		if o.pattern.MatchString(m.line) {
			return o.advice
		}
	}
	return ""
}
