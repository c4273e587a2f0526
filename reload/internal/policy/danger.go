package policy

import "strings"

// dangerousPackages are refused unless the host names them.
var dangerousPackages = map[string]string{
	"C":                                "C code can do anything to the process",
	"unsafe":                           "it writes to any memory of the process",
	"os/exec":                          "it runs other programs",
	"plugin":                           "it loads machine code into the process",
	"syscall":                          "it calls the operating system past everything",
	"runtime/cgo":                      "it belongs to C code",
	"golang.org/x/sys":                 "it calls the operating system past everything",
	"golang.org/x/tools/go/ssa/interp": "it runs other programs",
}

// dangerousPackage returns why a package is dangerous, "" if it is not. Packages below a dangerous one are, too.
func dangerousPackage(path string) string {
	for p := path; p != ""; {
		if reason := dangerousPackages[p]; reason != "" {
			return reason
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			break
		}
		p = p[:i]
	}
	return ""
}

const (
	endsProcess   = "it ends the whole process"
	wholeProcess  = "it changes the whole process"
	readsFiles    = "it reads files"
	otherPrograms = "it starts or signals other processes"
	signals       = "it changes what a signal does to the host"
	reflectMethod = "it calls a method by its name, a refused one too"
	rawMemory     = "it reaches memory past the type system"
)

// dangerousSymbols are refused unless the host names them, by import path and name; "Type.Method" is a method.
var dangerousSymbols = map[string]map[string]string{
	"os": {
		"Exit": endsProcess, "StartProcess": otherPrograms, "FindProcess": otherPrograms, "Process.Kill": otherPrograms,
		"Process.Signal": otherPrograms, "Chdir": wholeProcess, "File.Chdir": wholeProcess, "Setenv": wholeProcess,
		"Unsetenv": wholeProcess, "Clearenv": wholeProcess, "NewFile": "it takes over the host's open files",
	},
	"log": {
		"Fatal": endsProcess, "Fatalf": endsProcess, "Fatalln": endsProcess,
		"Logger.Fatal": endsProcess, "Logger.Fatalf": endsProcess, "Logger.Fatalln": endsProcess,
		"SetOutput": wholeProcess, "SetFlags": wholeProcess, "SetPrefix": wholeProcess, "Default": wholeProcess,
	},
	"log/slog": {"SetDefault": wholeProcess, "SetLogLoggerLevel": wholeProcess},
	"runtime": {
		"Goexit": "it ends the host's goroutine", "GOMAXPROCS": wholeProcess, "Breakpoint": endsProcess,
		"LockOSThread": wholeProcess, "UnlockOSThread": wholeProcess, "SetBlockProfileRate": wholeProcess,
		"SetMutexProfileFraction": wholeProcess, "SetCPUProfileRate": wholeProcess, "SetDefaultGOMAXPROCS": wholeProcess,
	},
	"runtime/debug": {
		"SetGCPercent": wholeProcess, "SetMaxStack": wholeProcess, "SetMaxThreads": wholeProcess,
		"SetMemoryLimit": wholeProcess, "SetPanicOnFault": wholeProcess, "SetTraceback": wholeProcess,
		"SetCrashOutput": wholeProcess, "FreeOSMemory": wholeProcess, "WriteHeapDump": wholeProcess,
	},
	"runtime/pprof": {"StartCPUProfile": wholeProcess, "StopCPUProfile": wholeProcess},
	"runtime/trace": {"Start": wholeProcess, "Stop": wholeProcess},
	"os/signal":     {"Notify": signals, "NotifyContext": signals, "Ignore": signals, "Reset": signals},
	"math/rand":     {"Seed": wholeProcess},
	"testing":       {"Main": endsProcess, "MainStart": endsProcess},
	"reflect": {
		"NewAt": rawMemory, "Value.UnsafePointer": rawMemory, "Value.UnsafeAddr": rawMemory, "Value.SetPointer": rawMemory,
		"SliceAt": rawMemory, "Value.Method": reflectMethod, "Value.MethodByName": reflectMethod,
		"Value.Methods": reflectMethod, "Type.Method": reflectMethod, "Type.MethodByName": reflectMethod,
		"Type.Methods": reflectMethod,
	},
	"text/template": {
		"ParseFiles": readsFiles, "ParseGlob": readsFiles, "ParseFS": readsFiles,
		"Template.ParseFiles": readsFiles, "Template.ParseGlob": readsFiles, "Template.ParseFS": readsFiles,
	},
	"html/template": {
		"ParseFiles": readsFiles, "ParseGlob": readsFiles, "ParseFS": readsFiles,
		"Template.ParseFiles": readsFiles, "Template.ParseGlob": readsFiles, "Template.ParseFS": readsFiles,
	},
}

// directives are compiler directives that a module must not use, with the reason.
var directives = map[string]string{
	"linkname":           "it reaches what other packages keep to themselves",
	"nosplit":            "it takes away the guard against stack overflow",
	"noescape":           "it tells the compiler what may be wrong, and memory is corrupted",
	"nocheckptr":         "it takes away the check of pointers",
	"norace":             "it hides races from the race detector",
	"systemstack":        "it belongs to the runtime",
	"nowritebarrier":     "it belongs to the runtime",
	"nowritebarrierrec":  "it belongs to the runtime",
	"yeswritebarrierrec": "it belongs to the runtime",
	"notinheap":          "it belongs to the runtime",
	"uintptrescapes":     "it is for system calls",
	"uintptrkeepalive":   "it is for system calls",
	"wasmimport":         "it calls code outside the process",
	"wasmexport":         "it exports code to outside the process",
	"debug":              wholeProcess,
}
