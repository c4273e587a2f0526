// Package interp runs midair modules with the yaegi interpreter: the backend that makes an edit live in milliseconds.
//
// A version of a module is one interpreter of its own, so versions share nothing and a version that is dropped is freed.
// Loading one goes like this:
//
//  1. The module's files and those of its libraries are laid out in a file system in memory.
//  2. A new interpreter gets the symbols of the packages that they import, and no others: small tables make a reload fast.
//  3. Libraries are imported in the order in which they depend on each other, then the module; package initialisation
//     runs here, under the context's deadline.
//  4. Every exported function, variable and constant is looked up once. Nothing is evaluated in the interpreter
//     afterwards; it is only called.
//
// What the module prints with fmt, log/slog, print and println goes to the host's logger, as does what the interpreter
// itself has to say. Every call into yaegi is guarded: it panics on some programs where it should return an error.
//
// # Goroutines
//
// Loading uses one goroutine that ends with it, unless package initialisation blocks for ever in compiled code: then the
// load is given up at its deadline and that goroutine is left behind, which the error says. A version starts none of its
// own. Calls into a version may be made from any number of goroutines at once, as far as the module's own code allows.
package interp
