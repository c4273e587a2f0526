// Package native builds modules as Go plugins and runs them as machine code.
//
// It is a [reload.Backend]. Plugins need cgo, a C compiler and the go command on the machine, and a host that was built
// from the module's own go.mod; [Backend.Supported] says what is missing. They cannot be unloaded.
//
// # The life of a native version
//
//  1. Derive. The flags and the environment of go build come from the host's own build information, so that the packages
//     which both have are compiled alike. What GOFLAGS or go env -w say does not count.
//  2. Hash. The sources of the module and its libraries, what they embed, go.mod, go.sum, flags, Go version and the host's
//     build make up a hash. Every package of the module gets an import path with the hash in it, so each version has its
//     own copy of its libraries' variables, and any number of versions can be loaded.
//  3. Reuse. If a plugin of that content is loaded and nobody uses it, its variables are initialised again and it serves
//     as the new version. If it is still in use, a twin with another import path is built. If its initialisation has
//     panicked, the content is refused until it changes. New plugins are counted: see Config.WarnAt and [CurrentUsage].
//  4. Stage. The edited sources are written to a folder of the cache and given to the go command by -overlay. Nothing is
//     written into the module's own folder, and positions stay the user's. What would print to the process's streams, or
//     log by its default logger, uses the version's own logger: fmt.Print, fmt.Printf, fmt.Println, print, println, and the
//     functions of log/slog.
//  5. Build. go build runs at low priority and ends with the context. The result appears in the cache by renaming, and
//     later versions of the same content find it there.
//  6. Gate. The fingerprints of all packages in the file are compared with those of the host and of every plugin opened
//     before. What does not fit is never opened, because a failed plugin.Open leaves a process that crashes later; the
//     diagnostic says what differs and what to do.
//  7. Open. Package initialisation runs. When it panics or does not end, the packages concerned are never touched again in
//     this process.
//  8. Serve. Panics are told with the module's functions and files; one in a goroutine of the module is logged, with its
//     stack.
//  9. Close. The plugin becomes free for step 3.
//
// Steps 6 and 7 are about the process, not about a Backend: all backends share what they know.
package native
