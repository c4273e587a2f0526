// Package guard is where native modules report panics of goroutines that their package initialisation starts, before
// anybody else listens. The code of modules imports it, so it has no imports and must never have tests in its package.
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

// Package is a type of this package, which tells its import path.
type Package struct{}
