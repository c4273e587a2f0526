// Package reload is hot reload inside a running Go process: a host embeds a [Runtime], and the modules under its module
// directory are replaced while it runs, without a restart, without a lost call, and without being able to break it.
//
// A module is an ordinary Go package that is loaded as source. A contract is a struct type of the host whose fields say
// what it expects of a module; [Bind] returns a [Table] through which the host calls whatever version is live:
//
//	rt, err := reload.New(reload.Config{
//		Source:   reload.Dir("scripts"),
//		Symbols:  gamesym.Symbols,
//		Backends: []reload.Backend{interp.New(interp.Config{})},
//	})
//	combat, err := reload.Bind[Combat](rt, "combat")
//	err = rt.Start(ctx)
//	go rt.Run(ctx)
//	err = combat.Do(ctx, func(c *Combat) error { return c.Update(world, dt) })
//
// # The life of a version
//
//  1. Something happens in the module directory ([Runtime.Run]), or the host calls [Runtime.Apply].
//  2. Snapshot: every Go file of the folders concerned is read once. The content hash of a module, its libraries
//     included, decides whether there is anything to do.
//  3. Parse: all syntax errors of all files are collected.
//  4. Check: the module is type-checked against the symbol tables, without a toolchain and as the compiler would; then
//     come what the contracts ask for, the rules of every mode ([Rules]) and those of the backend. All errors are
//     reported at once. The edit gets a class ([Edit]); one that changes only formatting and comments ends here. Nothing
//     has run yet.
//  5. Prepare: the backend loads the version beside the live one; package initialisation runs here.
//  6. Bind: the contracts' function tables are filled and every type is compared once more.
//  7. Self check: the module's OnValidate runs, if it has one.
//  8. Commit, at once or at the host's next safe point ([Runtime.Commit], as [Config.CommitOn] says). If the module has an
//     OnStart, the door of the version that serves closes: new guarded visits wait, those inside may end within
//     [Config.CarryWait]. Then OnStart runs, while nobody is inside. One store of a new [Generation] makes the whole batch
//     live, and the doors open. Modules without an OnStart have no door, and nobody waits for them.
//  9. Probation: for a while, panics, errors and latency decide whether the version stays ([Probation]).
//  10. Drain: visits, pins and views that hold the replaced version go on with it ([Runtime.WaitDrained]).
//  11. Retire: when the last of them has ended, the context that OnStart got ends, OnStop runs, if the module has one, and
//     the old version is released.
//
// What fails, and what happens then; what was live stays live in all cases but the last two:
//
//	2 to 5   the batch is refused; the modules show their diagnostics and are tried again when they change
//	6, 7     the same; the version that was loaded is released
//	8        visits do not end in time: doors open, and the next safe point tries again (ErrBusy)
//	8        OnStart fails, panics or takes too long: the batch is refused; what was started of it is stopped
//	9        a budget is exceeded: the version before serves again, the content is quarantined until it changes
//	11       OnStop fails, panics or takes too long: it is logged, and the version is released
//
// # Hooks
//
// A module may declare these functions; a contract that takes one of the names has it for itself.
//
//	func OnValidate() error                   // a smoke test, before the commit
//	func OnStart(ctx context.Context) error   // ctx ends when the version is retired; longer work goes to goroutines
//	func OnStop()                             // the version is not used any more
//
// # Batches
//
// What one settle window of the watcher (or one Apply) found changed is a batch: all its modules go live in one
// generation, or none does. A library takes every module that imports it along. If one module of a batch is refused, the
// others are held and tried again together with it, when any of them changes; modules that have nothing to do with them
// are not held up. Only the first load makes each module a batch of its own, so that one typo stops one module.
//
// # Modes
//
// A module is asked to run in a mode ([Config.Mode], [Config.Modes], [Runtime.SetMode]), and each of its versions runs by
// one backend. The same checked source goes to all of them:
//
//   - interpreted: live in milliseconds.
//   - native: built as a Go plugin, which takes about a second. A batch of the watcher that needs builds is put aside until
//     they are there; other batches go on meanwhile, and a newer edit takes the place of the build.
//   - auto: live interpreted at once, while [Runtime.Run] builds in the background, the newest content first. When the
//     build is there, a version of the same content takes the place of the interpreted one: number plus one, same hash.
//     What is built already goes native directly, and so does what may not be interpreted. If the build fails or does not
//     fit the host, the interpreted version stays and [Module.NotNative] says why.
//   - static: linked into the host. A version serves so in auto mode while its source is what was linked.
//
// A new version begins with its package variables initialised anew, also when only its mode is new.
//
// # Modules and libraries
//
// Every folder below the module directory with Go files in it is a package. One that the host binds is a module, and so
// is one that no other imports; the others are libraries, and each version of a module has its own copy of their
// variables. A package that has served as a library stays one until its folder is removed or the host binds it. When the
// folder of a module is removed, the module is; one that the host binds serves on and is degraded. Folders named
// testdata and vendor, names that begin with a dot or an underscore, _test.go files and files that build constraints
// leave out are not looked at. Links are followed.
//
// # Goroutines
//
// New and Bind start none. Start and Apply use goroutines that end before they return, unless a module's initialisation
// blocks for ever. Run starts a few, for watching and for native builds, and ends them all before it returns. Cleanups of unclosed pins and views run on the
// runtime's own goroutine. The host's visits run on the host's goroutines: a panic in one is recovered by
// [Table.Do]; one in a goroutine that a module started is logged if the module is native, and else ends the process as in any
// Go program.
//
// One writer, many readers: Apply, Start, Bind and Close exclude each other; reading the live generation never waits.
// Hooks run on goroutines of their own, which end with them.
// Lock order: Runtime.applying, Runtime.committing, Runtime.mu, builds.mu, hub.mu. Native builds hold none, but for those of Start and Apply,
// which hold Runtime.applying: their caller waits for the outcome.
package reload
