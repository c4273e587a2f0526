package instrument

import (
	"regexp"
	"strings"
)

func reserved(name string) bool {
	return strings.HasPrefix(name, "_hr_") || strings.HasPrefix(name, "X_hr_")
}

const initElement = `(_hr_(init|set)_[0-9]+|_hr_(inits|start|clear|reset|vars|zero)\b(\[\.\.\.\])?|X_hr_[0-9a-f]{8}\b)`

var (
	pathElement = regexp.MustCompile(`/_hr_[0-9A-Za-z_-]*(/main\b)?`)
	initName    = regexp.MustCompile(`\b` + initElement + `(\.` + initElement + `)*`) // one may be inlined into the other
	outName     = regexp.MustCompile(`\b_hr_(out_|logger\(\)\.)`)
	goName      = regexp.MustCompile(`\b_hr_(go_[0-9]+v?_[0-9]+(\[\.\.\.\])?(\.func[0-9]+)*|guard|go)\b`)
	goCall      = regexp.MustCompile(`\b_hr_go_[0-9]+v?_[0-9]+\(([^()]*)\)`) // in a compile error
	otherName   = regexp.MustCompile(`\b_hr_([0-9A-Za-z_]+)`)
	ownName     = regexp.MustCompile(`\b(_hr_(go_|guard|inits|start|clear|reset|vars|zero|out_|logger)|X_hr_)`)
	userName    = regexp.MustCompile(`\b_hr_(init|set)_[0-9]`)
)

// CleanName turns generated names and path elements in a function's name, or in any text, into what the user wrote.
func CleanName(name string) string {
	if !strings.Contains(name, "_hr_") {
		return name
	}
	name = pathElement.ReplaceAllString(name, "")
	name = initName.ReplaceAllString(name, "init")
	name = goCall.ReplaceAllString(name, "$1")
	name = goName.ReplaceAllString(name, "go")
	name = outName.ReplaceAllString(name, "")
	return otherName.ReplaceAllString(name, "$1")
}

// Generated says whether a function, by the name that the runtime gives it, is one that the user did not write. Stacks
// are better without it.
func Generated(function string) bool {
	name := pathElement.ReplaceAllString(function, "")
	return ownName.MatchString(name) && !userName.MatchString(name)
}
