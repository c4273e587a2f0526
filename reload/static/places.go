package static

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"midair/reload"
)

const (
	maxFrames  = 64   // functions told of one panic
	maxCallers = 4096 // stack frames looked at
)

// Prefix begins all names in generated files, aside from more letters X where a package has such names itself.
const Prefix = "zzMidair"

// places finds the user's files behind stacks. It is immutable.
type places []reload.Package

func newPlaces(c *reload.Checked) places {
	return append(places{c.Package}, c.Libraries...)
}

// stack returns the module's functions on the stack of a panic that was recovered by a function which still runs,
// innermost first.
func (p places) stack() (frames []reload.Frame) {
	for _, f := range callers() {
		if frame, ok := p.frame(f); ok && len(frames) < maxFrames {
			frames = append(frames, frame)
		}
	}
	return frames
}

// callers returns what was on the stack when it panicked. It may end in functions that other panics have passed, which the
// last one came from.
func callers() (all []runtime.Frame) {
	pcs := make([]uintptr, maxCallers)
	list := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	panicked := false
	for {
		f, more := list.Next()
		if f.Function == "runtime.gopanic" && !panicked {
			all, panicked = nil, true // what came before has recovered the panic
		}
		all = append(all, f)
		if !more {
			return all
		}
	}
}

// frame is the user's view of a function. It reports false for functions of other packages, and for generated ones.
func (p places) frame(f runtime.Frame) (reload.Frame, bool) {
	for _, pkg := range p {
		rest, ok := strings.CutPrefix(f.Function, symbolPath(pkg.ImportPath)+".")
		if !ok {
			continue
		}
		base := path.Base(filepath.ToSlash(f.File))
		for _, file := range pkg.Files {
			if path.Base(file.Path) == base {
				return reload.Frame{Function: path.Base(pkg.ImportPath) + "." + clean(rest), File: file.Path, Line: f.Line}, true
			}
		}
	}
	return reload.Frame{}, false
}

// symbolPath is an import path as it stands in the names of functions.
func symbolPath(importPath string) string {
	var b strings.Builder
	last := strings.LastIndex(importPath, "/")
	for i := range len(importPath) {
		c := importPath[i]
		if c <= ' ' || c == '%' || c == '"' || c >= 0x7f || c == '.' && i > last {
			fmt.Fprintf(&b, "%%%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// generatedName is the beginning of a function's name that repeats an initialiser.
var generatedName = regexp.MustCompile(`^` + Prefix + `X*(Clear|Start)\b`)

// clean gives generated functions the name of what they stand for.
func clean(name string) string { return generatedName.ReplaceAllString(name, "init") }
