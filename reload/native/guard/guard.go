// Package guard is what the code of native modules uses of midair: where panics of goroutines are reported that package
// initialisation starts, before anybody else listens, and where modules print. The code of modules imports it, so it has no
// imports and must never have tests in its package.
package guard

// Handler is called with what was passed to panic. Package native sets it before it opens anything.
var Handler func(value any)

// Report is called by guarded goroutines, after they have recovered a panic.
func Report(value any) {
	if Handler != nil {
		Handler(value)
		return
	}
	panic(value)
}

// Printer prints for the versions of modules. Package native sets it before it opens anything.
var Printer interface {
	// Print does what a function of package fmt or a builtin function does, for the version with a hash in its import paths.
	Print(version, function, format string, args []any) (int, error)

	// Logger returns a version's *slog.Logger.
	Logger(version string) any
}

// Print is called in the place of functions that print, and of those that read the standard input.
func Print(version, function, format string, args []any) (int, error) {
	return Printer.Print(version, function, format, args)
}

// Logger is called in the place of log/slog's default logger.
func Logger(version string) any { return Printer.Logger(version) }

// The predeclared types by names that no package can hide.
type (
	Int    = int
	String = string
	Error  = error
)

// Package is a type of this package, which tells its import path.
type Package struct{}
