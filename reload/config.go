package reload

import (
	"cmp"
	"go/version"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// Config says what a [Runtime] loads and how. It is plain data: it holds no resource, and its zero value works (a
// runtime without a source, driven by [Runtime.Apply]). Only [New] can fail.
type Config struct {
	// Source is the module directory. [Dir] is read at Start and watched by Run; [FS] is read at Start only; the zero
	// value leaves everything to Apply.
	Source Source

	// ImportPath is the import path of the module directory: a module in its folder combat is imported as
	// ImportPath/combat. Default: the path of the host's main module and the base name of Dir ("midair/scripts"), which
	// is right for a folder at the root of that module and for copies of it that have the same name.
	ImportPath string

	// ModuleRoot is the directory of the go.mod that the modules belong to. Backends that build source need it.
	// Default: the nearest go.mod above Dir, else above the working directory.
	ModuleRoot string

	// Symbols are the packages that modules may import besides the curated part of the standard library (package
	// midair/interp/stdlib); a package named here replaces the curated one of the same path.
	Symbols Symbols

	// Allow changes what modules may use. Without it, that is every package with symbols, but for what is dangerous in
	// them: what ends the process, runs others, or goes round the type system. An entry is an import path ("os"), a
	// path pattern ("net/..."), a symbol ("os.Exit", "log.Logger.Fatal"), or "all"; a leading "-" takes it away. The most
	// specific entry counts.
	Allow []string

	// WholeProgram says that each module is a program of its own, which nothing of the host outlives: the rules about what
	// escapes into the host, and about the form of modules, are not applied. It is for tools that run programs.
	WholeProgram bool

	// Backends turn modules into code, the first one that serves a mode is used. Without any, no module can load.
	Backends []Backend

	// Mode is how modules run, Modes says it for single ones; [Runtime.SetMode] changes it. A mode must have a backend.
	// Default: auto where a native backend works or a static one is given, else interpreted.
	Mode  Mode
	Modes map[string]Mode

	// CommitOn says when a prepared batch goes live. Default: Ready.
	CommitOn CommitPolicy

	// Boot says whether Start fails when a module does. Default: BootStrict.
	Boot BootPolicy

	// PrepareTimeout bounds the loading of one version, package initialisation included. Default: 5 s.
	PrepareTimeout time.Duration

	// BuildTimeout bounds one native build: a second, but a minute for the first one on a machine. Default: 5 min.
	BuildTimeout time.Duration

	// Builds is how many native builds may run at once in the background. Default: 1.
	Builds int

	// History is how many versions of a module Versions tells of and Rollback can go back to. Default: 10.
	History int

	// MaxDraining is how many replaced versions of a module may still be held, before the next one is refused. Default: 32.
	MaxDraining int

	// Probation is what new versions have to stand, Probations says it for single modules.
	Probation  Probation
	Probations map[string]Probation

	// CarryWait is how long a commit waits for the visits of a module that has an OnStart. Default: 20 ms.
	CarryWait time.Duration

	// StartTimeout bounds OnStart, which guarded visits of the module wait for; StopTimeout bounds OnStop. Defaults: 100 ms
	// and 1 s.
	StartTimeout, StopTimeout time.Duration

	// LastGood is a folder where the source of what serves is kept. When a module's files are broken at Start, and Boot is
	// BootDegraded, its last good version serves, and the module is degraded. Default: none.
	LastGood string

	// Settle is how long the files must have been quiet before a change is taken up, MaxSettle the most that a stream
	// of writes can delay it. Defaults: 50 ms and 500 ms.
	Settle, MaxSettle time.Duration

	// Poll, if positive, replaces file system events by looking at the files this often: for network file systems and
	// some container mounts, which send no events.
	Poll time.Duration

	// Audit receives one line of JSON ([AuditLine]) for each change that goes live, is refused or is taken back, in one
	// Write. Default: none. OpenAudit opens a file for it.
	Audit io.Writer

	// Logger receives everything midair and the modules have to say. Default: nothing is logged.
	Logger *slog.Logger
}

// CommitPolicy says when a prepared batch goes live.
type CommitPolicy int

const (
	// Ready commits a batch as soon as it is prepared. Calls that run then end on the version they began with.
	Ready CommitPolicy = iota
	// SafePoint leaves it to the host, which calls Commit where a change may happen, such as between two ticks.
	SafePoint
)

// BootPolicy says what Start does when a module cannot be loaded.
type BootPolicy int

const (
	// BootStrict makes Start fail, and nothing goes live.
	BootStrict BootPolicy = iota
	// BootDegraded lets the other modules go live; the broken one recovers when its files are fixed.
	BootDegraded
)

// Symbols are reflected packages: by "import/path/name" (the last element is the package's name, so the key of
// math/rand/v2 is "math/rand/v2/rand"), then by exported name. A function is its value, a variable its addressable
// value, a type a nil pointer to it, an untyped constant a go/constant.Value. `midair symbols` generates them.
type Symbols = map[string]map[string]reflect.Value

// Source is a module directory. The zero value is none.
type Source struct {
	dir  string
	fsys fs.FS
}

// Dir is a directory of the operating system; links in it are followed.
func Dir(dir string) Source {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs // a host that changes its working directory keeps its modules
	}
	return Source{dir: dir, fsys: os.DirFS(dir)}
}

// FS is a file system that does not change, such as an embed.FS; its root is the module directory.
func FS(fsys fs.FS) Source { return Source{fsys: fsys} }

// withDefaults fills in what the host left out.
func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.PrepareTimeout = cmp.Or(c.PrepareTimeout, 5*time.Second)
	c.History = cmp.Or(c.History, 10)
	c.MaxDraining = cmp.Or(c.MaxDraining, 32)
	c.CarryWait = cmp.Or(c.CarryWait, 20*time.Millisecond)
	c.StartTimeout = cmp.Or(c.StartTimeout, 100*time.Millisecond)
	c.StopTimeout = cmp.Or(c.StopTimeout, time.Second)
	c.BuildTimeout = cmp.Or(c.BuildTimeout, 5*time.Minute)
	c.Settle = cmp.Or(c.Settle, 50*time.Millisecond)
	c.MaxSettle = max(cmp.Or(c.MaxSettle, 500*time.Millisecond), c.Settle)
	if c.ImportPath == "" {
		c.ImportPath = defaultImportPath(c.Source.dir)
	}
	c.ImportPath = path.Clean(c.ImportPath)
	if c.ModuleRoot == "" {
		c.ModuleRoot = defaultModuleRoot(c.Source.dir)
	}
	return c
}

func defaultImportPath(dir string) string {
	base := "scripts"
	if dir != "" {
		if abs, err := filepath.Abs(dir); err == nil {
			base = filepath.Base(abs)
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path != "" {
		return path.Join(info.Main.Path, base)
	}
	return path.Join(modulePath(defaultModuleRoot(dir)), base) // a host built from files has no module path in it
}

// modulePath reads the module path from the go.mod of a directory, "" if there is none.
func modulePath(root string) string { return goModLine(root, "module") }

// goModLine reads what follows a word in the go.mod of a directory, "" if there is none.
func goModLine(root, word string) string {
	src, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if root == "" || err != nil {
		return ""
	}
	for line := range strings.Lines(string(src)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == word {
			return strings.Trim(f[1], "\"`")
		}
	}
	return ""
}

// goVersion is the version of the language that modules are written in: that of their go.mod, or this program's.
func (c Config) goVersion() string {
	if v := goModLine(c.ModuleRoot, "go"); v != "" {
		if lang := version.Lang("go" + v); lang != "" {
			return lang
		}
	}
	return version.Lang(runtime.Version())
}

func defaultModuleRoot(dir string) string {
	for _, start := range []string{dir, "."} {
		if start == "" {
			continue
		}
		abs, err := filepath.Abs(start)
		if err != nil {
			continue
		}
		for {
			if _, err := os.Stat(filepath.Join(abs, "go.mod")); err == nil {
				return abs
			}
			parent := filepath.Dir(abs)
			if parent == abs {
				break
			}
			abs = parent
		}
	}
	return ""
}
