package policy

// A Rule documents one thing that is refused or warned of.
type Rule struct {
	ID, Reason, Hint string
	Example, Instead string // modules: one Go file, or several as -- name -- sections; "" where source alone does not tell
	Warning          bool
}

// warnings are the rules of this package whose findings do not refuse a module.
var warnings = map[string]bool{}

func init() {
	for _, r := range All() {
		warnings[r.ID] = r.Warning
	}
}

// All returns every rule that holds in all modes, those that other packages report included.
func All() []Rule {
	var all []Rule
	for _, list := range [][]Rule{capabilityRules, contractRules, embedRules, escapeRules, formRules, importRules, keepRules, limitRules, otherRules} {
		all = append(all, list...)
	}
	return all
}

var capabilityRules = []Rule{
	{ID: "capability/import", Reason: "modules get the packages that the host gives them",
		Hint:    "use another package, or have the host allow it: Config.Symbols has its table, Config.Allow its name",
		Example: "package m\n\nimport \"os/exec\"\n\nfunc F() error { return exec.Command(\"ls\").Run() }\n",
		Instead: "package m\n\nimport \"strings\"\n\nfunc F() string { return strings.ToUpper(\"ls\") }\n"},
	{ID: "capability/symbol", Reason: "some symbols of a package end the process, change all of it, or go round the other rules",
		Hint:    "do without it, or have the host name it in Config.Allow",
		Example: "package m\n\nimport \"text/template\"\n\nfunc F(t *template.Template) error {\n\t_, err := t.ParseGlob(\"/etc/*\")\n\treturn err\n}\n",
		Instead: "package m\n\nimport \"text/template\"\n\nfunc F(t *template.Template) error {\n\t_, err := t.Parse(\"{{.}}\")\n\treturn err\n}\n"},
	{ID: "capability/unsafe", Reason: "unsafe writes to any memory of the process",
		Hint:    "use the types as they are; math.Float64bits and its like convert numbers",
		Example: "package m\n\nimport \"unsafe\"\n\nfunc F(n int) uintptr { return unsafe.Sizeof(n) }\n",
		Instead: "package m\n\nimport \"math/bits\"\n\nfunc F(int) uintptr { return bits.UintSize / 8 }\n"},
	{ID: "capability/cgo", Reason: "C code can do anything to the process",
		Hint:    "write it in Go, or have the host export a function",
		Example: "package m\n\n// int twice(int n) { return 2 * n; }\nimport \"C\"\n\nfunc F(n int) int { return int(C.twice(C.int(n))) }\n",
		Instead: "package m\n\nfunc F(n int) int { return 2 * n }\n"},
	{ID: "capability/linkname", Reason: "linkname reaches what other packages keep to themselves",
		Hint:    "use what the package exports",
		Example: "package m\n\nimport \"time\"\n\n//go:linkname now time.now\n\nfunc F() time.Time { return time.Now() }\n",
		Instead: "package m\n\nimport \"time\"\n\nfunc F() time.Time { return time.Now() }\n"},
	{ID: "capability/directive", Reason: "compiler directives take away guards that the process relies on",
		Hint:    "remove the directive",
		Example: "package m\n\n//go:nosplit\nfunc F(n int) int { return n + 1 }\n",
		Instead: "package m\n\nfunc F(n int) int { return n + 1 }\n"},
	{ID: "capability/assembly", Reason: "a function without a body is written in assembly, which no rule can look into",
		Hint:    "write it in Go, or have the host export it",
		Example: "package m\n\nfunc Add(a, b int) int\n\nfunc F() int { return Add(1, 2) }\n",
		Instead: "package m\n\nfunc Add(a, b int) int { return a + b }\n\nfunc F() int { return Add(1, 2) }\n"},
	{ID: "capability/assign", Reason: "variables of compiled packages belong to all of the process",
		Hint:    "use a variable of the module, or a function that the host exports",
		Example: "package m\n\nimport \"io\"\n\nfunc F() { io.EOF = nil }\n",
		Instead: "package m\n\nimport \"io\"\n\nvar end = io.EOF\n\nfunc F() { end = nil }\n"},
}

var contractRules = []Rule{
	{ID: "contract/missing", Reason: "the host's contract asks for it", Hint: "add it, with the signature that is shown",
		Example: "package m\n\nfunc Updaet(n int) int { return n }\n", Instead: "package m\n\nfunc Update(n int) int { return n }\n"},
	{ID: "contract/unexported", Reason: "the host sees exported names only", Hint: "begin the name with a capital letter",
		Example: "package m\n\nfunc update(n int) int { return n }\n", Instead: "package m\n\nfunc Update(n int) int { return n }\n"},
	{ID: "contract/signature", Reason: "the host calls it with the types of its contract", Hint: "give it the type that is shown",
		Example: "package m\n\nfunc Update(n string) int { return len(n) }\n", Instead: "package m\n\nfunc Update(n int) int { return n }\n"},
	{ID: "contract/kind", Reason: "the contract asks for a func, or for a value", Hint: "declare what the contract asks for",
		Example: "package m\n\ntype Update int\n", Instead: "package m\n\nfunc Update(n int) int { return n }\n"},
	{ID: "contract/generic", Reason: "the host cannot choose type arguments", Hint: "add a plain function that calls the generic one",
		Example: "package m\n\nfunc Update[T any](n T) T { return n }\n", Instead: "package m\n\nfunc Update(n int) int { return n }\n"},
	{ID: "contract/cross", Reason: "types that a module declares exist in the module only", Hint: "declare the type in a package of the host, or use Go's own",
		Example: "package m\n\ntype Points int\n\nfunc Update(n Points) Points { return n }\n", Instead: "package m\n\ntype Points int\n\nfunc Update(n int) int { return int(Points(n)) }\n"},
	{ID: "contract/type", Reason: "what the backend loaded does not have the type that the source says", Hint: "report it: the check should have found it"},
	{ID: "contract/bad", Reason: "the struct type that the host binds is no contract", Hint: "see reload.Bind"},
}

var embedRules = []Rule{
	{ID: "embed/directive", Reason: "a go:embed directive stands where the compiler does not take it", Hint: "put it directly above a package variable, and import embed",
		Example: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed\nvar text string\n-- m/a.txt --\nhello\n",
		Instead: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed a.txt\nvar text string\n-- m/a.txt --\nhello\n"},
	{ID: "embed/variable", Reason: "an embedded variable stands alone and has no value of its own", Hint: "declare one variable, without an initialiser",
		Example: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed a.txt\nvar text string = \"x\"\n-- m/a.txt --\nhello\n",
		Instead: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed a.txt\nvar text string\n-- m/a.txt --\nhello\n"},
	{ID: "embed/pattern", Reason: "patterns name files below the package's folder, with slashes", Hint: "see package embed",
		Example: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed ../a.txt\nvar text string\n-- a.txt --\nhello\n",
		Instead: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed a.txt\nvar text string\n-- m/a.txt --\nhello\n"},
	{ID: "embed/file", Reason: "regular files of the package's own folder can be embedded", Hint: "put a file there, and give it a plain name",
		Example: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed data\nvar text string\n-- m/data/.hidden --\nhello\n",
		Instead: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed a.txt\nvar text string\n-- m/a.txt --\nhello\n"},
	{ID: "embed/type", Reason: "files are embedded in a string, a []byte or an embed.FS", Hint: "use one of these types",
		Example: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed a.txt\nvar text int\n-- m/a.txt --\nhello\n",
		Instead: "-- m/m.go --\npackage m\n\nimport _ \"embed\"\n\n//go:embed a.txt\nvar text []byte\n-- m/a.txt --\nhello\n"},
	{ID: "embed/size", Reason: "embedded files take memory in every version", Hint: "read large data in the host"},
}

var escapeRules = []Rule{
	{ID: "escape/func", Reason: "a function of a module that the host keeps runs the old code after a reload",
		Hint:    "store plain data and let the host call the module by name, or have the host mark what takes it //midair:accepts",
		Example: "package m\n\nimport \"host/arena\"\n\nfunc Update(e *arena.Entity) {\n\te.OnHit = func(n int) { e.HP -= n }\n}\n",
		Instead: "package m\n\nimport \"host/arena\"\n\nfunc Update(e *arena.Entity) { e.HP-- }\n\nfunc Hit(e *arena.Entity, n int) { e.HP -= n }\n"},
	{ID: "escape/method", Reason: "a method value that the host keeps runs the old code after a reload, on a value of an old type",
		Hint:    "store plain data and let the host call the module by name, or have the host mark what takes it //midair:accepts",
		Example: "package m\n\nimport \"host/arena\"\n\ntype armour struct{ left int }\n\nfunc (a *armour) hit(n int) { a.left -= n }\n\nfunc Update(e *arena.Entity) {\n\ta := &armour{3}\n\te.OnHit = a.hit\n}\n",
		Instead: "package m\n\nimport \"host/arena\"\n\ntype armour struct{ left int }\n\nfunc (a *armour) hit(n int) { a.left -= n }\n\nfunc Update(e *arena.Entity) {\n\ta := &armour{3}\n\ta.hit(e.HP)\n}\n"},
	{ID: "escape/value", Reason: "a value of a module's own type in the host differs by mode, and is of an old type after a reload",
		Hint:    "store plain data or a type of the host, or have the host mark what takes it //midair:accepts",
		Example: "package m\n\nimport \"host/arena\"\n\ntype wound struct{ depth int }\n\nfunc Update(e *arena.Entity) { e.Data = wound{3} }\n",
		Instead: "package m\n\nimport \"host/arena\"\n\ntype wound struct{ depth int }\n\nfunc Update(e *arena.Entity) {\n\tw := wound{3}\n\te.HP -= w.depth\n}\n"},
	{ID: "escape/error", Warning: true, Reason: "the host can print an error of a module's own type, but not tell its type",
		Hint:    "return one made by errors.New or fmt.Errorf, or of a type of the host",
		Example: "package m\n\ntype lost struct{}\n\nfunc (lost) Error() string { return \"lost\" }\n\nfunc Update() error { return lost{} }\n",
		Instead: "package m\n\nimport \"errors\"\n\nvar errLost = errors.New(\"lost\")\n\nfunc Update() error { return errLost }\n"},
}

var formRules = []Rule{
	{ID: "module/main", Reason: "the host calls a module; nothing runs its main", Hint: "name the package after its folder, and export functions",
		Example: "package main\n\nfunc main() {}\n", Instead: "package m\n\nfunc Update() {}\n"},
	{ID: "module/missing", Reason: "the host binds a module whose folder is not there", Hint: "put its folder back, or take the binding out of the host"},
	{ID: "module/init-order", Warning: true, Reason: "a variable is initialised before one that stands in front of it",
		Hint:    "declare variables in the order in which they need each other",
		Example: "package m\n\nvar total = count + 1\n\nvar count = len(\"abc\")\n", Instead: "package m\n\nvar count = len(\"abc\")\n\nvar total = count + 1\n"},
	{ID: "module/goroutine", Warning: true, Reason: "a goroutine that nothing ends runs the old code on after a reload",
		Hint:    "end it when a context is done or a channel is closed",
		Example: "package m\n\nimport \"time\"\n\nfunc Update() {\n\tgo func() {\n\t\tfor {\n\t\t\ttime.Sleep(time.Second)\n\t\t}\n\t}()\n}\n",
		Instead: "package m\n\nimport (\n\t\"context\"\n\t\"time\"\n)\n\nfunc Update(ctx context.Context) {\n\tgo func() {\n\t\tfor ctx.Err() == nil {\n\t\t\ttime.Sleep(time.Second)\n\t\t}\n\t}()\n}\n"},
	{ID: "module/shared-variable", Warning: true, Reason: "each module has its own copy of its libraries' variables",
		Hint:    "keep what modules share in the host",
		Example: "-- a/a.go --\npackage a\n\nimport \"x/scripts/lib\"\n\nfunc Update() int { return lib.Next() }\n-- b/b.go --\npackage b\n\nimport \"x/scripts/lib\"\n\nfunc Update() int { return lib.Next() }\n-- lib/lib.go --\npackage lib\n\nvar count int\n\nfunc Next() int {\n\tcount++\n\treturn count\n}\n",
		Instead: "-- a/a.go --\npackage a\n\nimport \"x/scripts/lib\"\n\nfunc Update(n int) int { return lib.Next(n) }\n-- b/b.go --\npackage b\n\nimport \"x/scripts/lib\"\n\nfunc Update(n int) int { return lib.Next(n) }\n-- lib/lib.go --\npackage lib\n\nfunc Next(n int) int { return n + 1 }\n"},
	{ID: "directive", Reason: "the compiler refuses this directive here", Hint: "put it directly above a function, or remove it",
		Example: "package m\n\n//go:noinline\nvar n int\n", Instead: "package m\n\nvar n int\n"},
}

var importRules = []Rule{
	{ID: "import/module", Reason: "modules meet through what the host passes on: each has its own versions", Hint: "move shared code to a library",
		Example: "-- m/m.go --\npackage m\n\nfunc Update(n int) int { return n }\n-- n/n.go --\npackage n\n\nimport \"x/scripts/m\"\n\nfunc F() int { return m.Update(1) }\n",
		Instead: "-- m/m.go --\npackage m\n\nimport \"x/scripts/lib\"\n\nfunc Update(n int) int { return lib.Twice(n) }\n-- n/n.go --\npackage n\n\nimport \"x/scripts/lib\"\n\nfunc F() int { return lib.Twice(1) }\n-- lib/lib.go --\npackage lib\n\nfunc Twice(n int) int { return 2 * n }\n"},
	{ID: "import/missing", Reason: "there is no such package in the module directory", Hint: "create the folder, or correct the import",
		Example: "package m\n\nimport \"x/scripts/nothing\"\n\nvar X = nothing.X\n", Instead: "package m\n\nvar X = 1\n"},
	{ID: "import/cycle", Reason: "packages cannot import each other", Hint: "move what both need to a library of its own",
		Example: "-- a/a.go --\npackage a\n\nimport \"x/scripts/b\"\n\nvar X = b.X\n-- b/b.go --\npackage b\n\nimport \"x/scripts/a\"\n\nvar X = a.X\n",
		Instead: "-- a/a.go --\npackage a\n\nimport \"x/scripts/b\"\n\nvar X = b.X\n-- b/b.go --\npackage b\n\nvar X = 1\n"},
	{ID: "source/empty", Reason: "a folder of the module directory has no Go file that takes part in the build", Hint: "add a Go file, or remove the folder",
		Example: "-- m/m.go --\n//go:build never\n\npackage m\n", Instead: "-- m/m.go --\npackage m\n"},
	{ID: "source/packages", Reason: "a folder holds one package", Hint: "move one of the packages to a folder of its own",
		Example: "-- m/a.go --\npackage m\n-- m/b.go --\npackage n\n", Instead: "-- m/a.go --\npackage m\n-- m/b.go --\npackage m\n"},
	{ID: "source/size", Reason: "a Go file may have 4 MiB", Hint: "keep data in files and embed them"},
	{ID: "source/unreadable", Reason: "a file or folder cannot be read", Hint: "check its permissions"},
	{ID: "source/utf8", Reason: "Go source is UTF-8", Hint: "save the file as UTF-8",
		Example: "package m\n\nvar X = \"\xff\"\n", Instead: "package m\n\nvar X = \"\\xff\"\n"},
}

var limitRules = []Rule{
	{ID: "limit/nesting", Reason: "2,000 levels of nesting are enough for people", Hint: "split it into parts with names"},
	{ID: "limit/source", Reason: "a package may have 16 MiB of Go source", Hint: "keep data in files and embed them, or split the package"},
	{ID: "limit/constant", Reason: "constant strings that double with every line take the host's memory", Hint: "build it at run time, or embed a file"},
	{ID: "limit/type-parts", Reason: "types that double with every line take the host's time", Hint: "put a pointer, a slice or an interface in between"},
	{ID: "limit/time", Reason: "the type check of a package may take 10 s", Hint: "look for types or constants that grow with every line"},
	{ID: "limit/channel", Reason: "the compiler takes channel elements of at most 64 kB", Hint: "send a pointer or a slice",
		Example: "package m\n\nvar C chan [70000]byte\n", Instead: "package m\n\nvar C chan []byte\n"},
	{ID: "limit/frame", Reason: "the compiler takes functions with at most 1 GB on the stack", Hint: "make a slice instead of a large array",
		Example: "package m\n\nfunc F(x [2000000000]byte) int { return len(x) }\n", Instead: "package m\n\nfunc F(x []byte) int { return len(x) }\n"},
	{ID: "limit/type", Reason: "no type can be larger than the address space", Hint: "make a slice of the size that is needed",
		Example: "package m\n\nvar X *[1 << 50]byte\n", Instead: "package m\n\nvar X []byte\n"},
	{ID: "limit/recursive", Reason: "the compiler cannot write out an interface without a name that refers to itself", Hint: "declare the inner interface with a name",
		Example: "package m\n\ntype I interface{ M() interface{ I } }\n", Instead: "package m\n\ntype I interface{ M() I }\n"},
}

var otherRules = []Rule{
	{ID: "syntax", Reason: "the file is not Go", Hint: "see the message",
		Example: "package m\n\nfunc F( {\n", Instead: "package m\n\nfunc F() {}\n"},
	{ID: "type", Reason: "the compiler would refuse it", Hint: "see the message",
		Example: "package m\n\nvar X int = \"one\"\n", Instead: "package m\n\nvar X int = 1\n"},
	{ID: "internal", Reason: "midair met a fault of its own", Hint: "change what was edited last, and report it"},
	{ID: "batch/held", Reason: "what one save changed goes live together, and another module of it has errors", Hint: "fix the other module"},
	{ID: "prepare", Reason: "the backend could not load the version", Hint: "see the message"},
	{ID: "prepare/panic", Reason: "the package panicked while it was initialised", Hint: "look at init functions and package variables"},
	{ID: "prepare/timeout", Reason: "package initialisation did not end in time", Hint: "look for a loop or a wait in init functions and package variables"},
	{ID: "panic", Reason: "a visit panicked; the host goes on", Hint: "see the message and the stack"},
	{ID: "interp", Reason: "the interpreter refuses it", Hint: "write it in simpler Go"},
	{ID: "interp/unsupported", Reason: "the interpreter gave up without saying where", Hint: "write what was edited last in simpler Go, and report it"},
	{ID: "interp/internal", Reason: "the interpreter met a fault of its own", Hint: "change what was edited last, and report it"},
}

// standardPackages are the first elements of the import paths of the standard library.
var standardPackages = map[string]bool{}

func init() {
	for _, root := range []string{"archive", "bufio", "bytes", "cmp", "compress", "container", "context", "crypto", "database",
		"debug", "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "io", "iter", "log",
		"maps", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "slices", "sort", "strconv",
		"strings", "structs", "sync", "syscall", "testing", "text", "time", "unicode", "unique", "unsafe", "weak"} {
		standardPackages[root] = true
	}
}
