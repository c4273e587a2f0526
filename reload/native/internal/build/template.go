package build

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Package is a package of a job whose files are staged.
type Package struct {
	ImportPath string
	Folder     string            // where the go command sees it
	Files      map[string]string // slash path relative to the folder, to the file that holds it
}

// sources returns the names of the Go files, in the order in which the go command compiles them.
func (p Package) sources() (names []string) {
	for name := range p.Files {
		if path.Ext(name) == ".go" && !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// trim is the compiler's -trimpath: files are told by where the go command sees them.
func (p Package) trim(work string, trimpath bool) string {
	to, rewrite := p.Folder, ""
	if trimpath {
		to = p.ImportPath
		rewrite = p.Folder + "=>" + to + ";"
	}
	for _, name := range p.sources() {
		rewrite += p.Files[name] + "=>" + filepath.Join(to, name) + ";"
	}
	return rewrite + work + "=>"
}

// template is a command of the go command's, with names in braces where it depends on the package.
type template struct {
	Env  []string
	Args []string // the program first
}

// fill puts in what the names stand for.
func (t template) fill(values map[string]string) []string {
	args := slices.Clone(t.Args)
	for i, a := range args {
		if v, ok := values[a]; ok {
			args[i] = v
			continue
		}
		if flag, name, ok := strings.Cut(a, "="); ok {
			if v, ok := values[name]; ok {
				args[i] = flag + "=" + v
			}
		}
	}
	return args
}

func (t template) equal(u template) bool {
	return slices.Equal(t.Args, u.Args) && slices.Equal(t.Env, u.Env)
}

// The names in templates.
const (
	markOut     = "{out}"
	markTrim    = "{trim}"
	markPath    = "{path}"
	markID      = "{id}"
	markImports = "{imports}"
	markLinker  = "{linker}"
)

// compileFlags are those of the compiler whose value depends on the package.
var compileFlags = map[string]string{"-o": markOut, "-trimpath": markTrim, "-p": markPath, "-buildid": markID,
	"-importcfg": markImports}

// compileTemplate makes a template of the command that compiled a package. It errs if the command is another one than the
// template gives for the package: then something is unusual.
func compileTemplate(c command, p Package, work string, trimpath bool) (template, error) {
	t := template{Env: c.env}
	pack := slices.Index(c.args, "-pack")
	if pack < 0 {
		return t, fmt.Errorf("no -pack in %q", c.args)
	}
	for i := 0; i <= pack; i++ {
		switch a := c.args[i]; {
		case compileFlags[a] != "" && i < pack:
			t.Args = append(t.Args, a, compileFlags[a])
			i++
		case a == "-embedcfg":
			i++
		case strings.Contains(a, work):
			return t, fmt.Errorf("%q is in the work folder", a)
		default:
			t.Args = append(t.Args, a)
		}
	}
	out := value(c.args, "-o")
	want := t.compile(p, map[string]string{
		markOut: out, markTrim: p.trim(filepath.Dir(out), trimpath), markPath: p.ImportPath,
		markID: value(c.args, "-buildid"), markImports: value(c.args, "-importcfg"),
	}, value(c.args, "-embedcfg"))
	if !slices.Equal(want, c.args) {
		return t, fmt.Errorf("%q, and not %q", c.args, want)
	}
	return t, nil
}

// plus adds flags.
func (t template) plus(flags []string) template {
	t.Args = slices.Insert(slices.Clone(t.Args), 1, flags...)
	return t
}

// compile is the command for a package.
func (t template) compile(p Package, values map[string]string, embeds string) []string {
	args := t.fill(values)
	if embeds != "" {
		args = slices.Insert(args, len(args)-1, "-embedcfg", embeds) // before -pack
	}
	for _, name := range p.sources() {
		args = append(args, p.Files[name])
	}
	return args
}

// linkTemplate makes a template of the command that linked a plugin, and tells the driver that it calls.
func linkTemplate(c command, target, work string) (t template, driver string, err error) {
	t.Env = c.env
	last := len(c.args) - 1
	for i := 0; i < last; i++ {
		a := c.args[i]
		flag, v, _ := strings.Cut(a, "=")
		switch {
		case a == "-o", a == "-importcfg":
			t.Args = append(t.Args, a, map[string]string{"-o": markOut, "-importcfg": markImports}[a])
			i++
		case a == "-pluginpath" && c.args[i+1] == target:
			t.Args = append(t.Args, a, markPath)
			i++
		case flag == "-buildid":
			t.Args = append(t.Args, flag+"="+markID)
		case flag == "-extld":
			t.Args, driver = append(t.Args, flag+"="+markLinker), v
		case strings.Contains(a, work), strings.Contains(a, target):
			return t, "", fmt.Errorf("%q is not understood", a)
		default:
			t.Args = append(t.Args, a)
		}
	}
	for _, need := range []string{markOut, markImports, markPath, "-extld=" + markLinker, "-buildid=" + markID} {
		if !slices.Contains(t.Args, need) {
			return t, "", fmt.Errorf("no %s in %q", need, c.args)
		}
	}
	return t, driver, nil
}

// sortedKeys makes what is written of maps the same each time.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
