// Package static serves modules that are linked into the host: for release builds, for debuggers, and for systems without
// plugins.
//
// The command midair build -static writes one file zz_midair.go into the directory of each module and library, and one
// into that of the host's main package. They have the build constraint midair_static, so they count only in
//
//	go build -tags midair_static
//
// and neither the interpreter nor native builds ever see them. The host's Config.Backends has [New] in any case; without
// the tag nothing is linked in, and the other backends do all the work.
//
// # When a linked version serves
//
// A module is served statically while its source is what was linked in: the content of its Go files, of its libraries' and
// of all that they embed. The generated files embed the sources that were compiled, so a host that was built from sources
// newer than its generated files does not take the one for the other; it says static/stale instead. A later edit
// brings an interpreted or native version, as with any other module, and going back to the linked content brings the
// static one back, if that can be made as new.
//
// # Made as new
//
// There is only one copy of a linked package. It is initialised when the process starts; when the module serves again, its
// package variables are initialised once more by generated code: variables without initialiser become zero, and all
// others get the values of their initialisers, in the order in which the language has them. That has limits:
//
//   - Only one version of a module can be static at a time. While an earlier one is still held, the next is not static.
//   - init functions cannot run again. A package that has one serves once in a process.
//   - There is one copy of a library, whereas interpreted and native modules have one each. As long as code may change a
//     variable of the library, only one of the linked modules that use it is static at a time. Variables that keep what
//     their initialisers gave them, such as errors and tables, are no obstacle.
//   - A package whose initialisation has panicked, or has not ended in time, never serves again.
//
// # Other differences
//
// go statements of linked modules are not guarded: a panic in a goroutine of the module ends the process. A goroutine that
// outlives its version shares variables with the next one, and so does a caller that keeps what Table.Load returned: visits
// and pins are waited for. What the module prints goes where the host's own output goes.
// Package initialisation runs when the process starts, and a panic there ends the process, whether the module is wanted or
// not.
//
// Files that a build constraint includes in some systems only are linked as the generator's own system has them, so run
// it with GOOS and GOARCH set to those of the build, or static/stale is what comes of it.
package static
