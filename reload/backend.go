package reload

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"
	"log/slog"
	"reflect"
)

// Mode says how a module's code runs, or is asked to run.
type Mode string

const (
	ModeInterpreted Mode = "interpreted" // by package midair/interp
	ModeNative      Mode = "native"      // as a Go plugin
	ModeAuto        Mode = "auto"        // interpreted at once, native when the build is ready
	ModeStatic      Mode = "static"      // linked into the host; a version serves so, it cannot be asked for
)

// A Backend turns a checked module into symbols. Its methods may be called from several goroutines at once.
type Backend interface {
	// Mode says how the backend's versions run.
	Mode() Mode

	// Prepare loads one version beside whatever is live and runs its package initialisation. It must return when ctx
	// ends, and must not panic whatever the module contains. An error that is a *Error with diagnostics says where the
	// module is at fault.
	Prepare(ctx context.Context, c *Checked, env Env) (Instance, error)
}

// A Checker is a Backend that cannot run every correct module. Check is part of the check stage: what it returns is known
// before anything is loaded, with all else that is wrong. It is called for modules without type errors, and must not
// panic.
type Checker interface {
	Check(c *Checked) []Diagnostic
}

// A Builder is a Backend whose versions are made ahead, apart from the host: compiled, or linked in. The methods may be
// called from several goroutines at once.
type Builder interface {
	Backend

	// Available returns nil, or in one sentence why this process cannot load modules in this way. It must be quick when
	// it was asked before.
	Available(moduleRoot string) error

	// Built says whether Prepare of the module would find everything made, so that it is quick.
	Built(c *Checked) bool

	// Build makes what Prepare needs, unless it is there, at low priority. Nothing of the module runs. An error that is a
	// *Error with diagnostics says where the module is at fault. It ends early when ctx does.
	Build(ctx context.Context, c *Checked) error
}

// A Warmer is a Builder whose first build in a process, or on a machine, is slow. Warm does that part ahead; it may take a
// minute, and ends early when ctx does.
type Warmer interface {
	Warm(ctx context.Context, moduleRoot string) error
}

// Env is what a version gets from its host.
type Env struct {
	Version int
	Logger  *slog.Logger // for what the module prints; names module, version and mode
}

// An Instance is one loaded version. Lookup and Panic may be called from any goroutine.
type Instance interface {
	// Lookup returns an exported symbol of the module's package. A function is a value of its func type, a variable is
	// addressable, an untyped constant is a go/constant.Value.
	Lookup(name string) (reflect.Value, bool)

	// Panic explains what recover returned: the value that the module passed to panic, and the module's functions on
	// the panicking stack, innermost first. It is called by the deferred function that recovered.
	Panic(recovered any) (value any, stack []Frame)

	// Close is called once, when the last visit and pin of the version have ended.
	Close() error
}

// A Keeper is an Instance that gives access to the variables which the source marks //midair:keep. Variable returns the
// variable itself, addressable, from the package with an import path.
type Keeper interface {
	Variable(importPath, name string) (reflect.Value, bool)
}

// Checked is a module that passed the check, as a backend gets it. It is immutable.
type Checked struct {
	Module     string
	Hash       string
	Package    Package
	Libraries  []Package // each after those it imports
	ImportPath string    // of the module directory
	ModuleRoot string
	Symbols    Symbols // every package that modules may import
	GoVersion  string  // of the language, such as "go1.26"
}

// Package is one package of a checked module.
type Package struct {
	Dir        string // relative to the module directory, with slashes
	ImportPath string
	Name       string
	FileSet    *token.FileSet // of this package's syntax
	Files      []File
	Embeds     []Embed  // the variables that //go:embed fills
	Kept       []string // the variables marked //midair:keep, sorted
	Types      *types.Package
	Info       *types.Info // all of its maps are filled
}

// File is one Go file that takes part in the build.
type File struct {
	Path   string // relative to the module directory, with slashes
	Source []byte
	Syntax *ast.File
}
