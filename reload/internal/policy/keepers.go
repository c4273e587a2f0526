package policy

import (
	"go/types"
	"strings"
)

// reviewed are the standard packages of which this package knows what keeps its arguments. In any other compiled package
// every function may.
var reviewed = setOf(`
	bufio bytes cmp container/heap container/list container/ring context crypto/hmac crypto/md5 crypto/rand crypto/sha1
	crypto/sha256 crypto/sha512 encoding encoding/base32 encoding/base64 encoding/binary encoding/csv encoding/hex
	encoding/json encoding/pem encoding/xml errors fmt hash hash/adler32 hash/crc32 hash/crc64 hash/fnv hash/maphash html
	html/template image image/color io io/fs iter log log/slog maps math math/big math/bits math/cmplx math/rand
	math/rand/v2 net/netip net/url os path path/filepath regexp slices sort strconv strings sync sync/atomic
	text/scanner text/tabwriter text/template time unicode unicode/utf16 unicode/utf8 unique weak`)

// retainers are functions of reviewed packages that keep what they are given, with what to do instead.
var retainers = map[string]string{
	"time.AfterFunc":      "wait in a goroutine with a select on a timer's channel and the module's context, or use the host's timers",
	"context.AfterFunc":   "wait for ctx.Done() in a goroutine that also ends with the module's context",
	"log.SetOutput":       "log to the host's logger",
	"log/slog.SetDefault": "log to the host's logger",
}

// storing are packages whose methods put their arguments into the receiver, except for those in calling.
var storing = setOf("container/list container/ring sync sync/atomic bufio text/tabwriter text/template html/template log weak")

// calling are methods that use their arguments only until they return.
var calling = setOf(`Do Go Range Execute ExecuteTemplate Load Delete LoadAndDelete CompareAndDelete Remove MoveAfter MoveBefore
	MoveToFront MoveToBack Print Printf Println Output Panic Panicf Panicln Fatal Fatalf Fatalln WriteTo ReadFrom`)

// storingFuncs are functions that put their arguments into one of them.
var storingFuncs = map[string]int{
	"maps.Copy": 0, "maps.Insert": 0, "slices.Insert": 0, "slices.Replace": 0, "slices.AppendSeq": 0, "errors.As": 1,
	"container/heap.Push": 0,
}

// fresh are functions whose results are new containers.
var fresh = setOf(`slices.Clone slices.Collect slices.Concat slices.Repeat slices.Sorted slices.SortedFunc
	slices.SortedStableFunc maps.Clone maps.Collect`)

// errorCarriers are functions whose error result holds errors among the arguments.
var errorCarriers = setOf("errors.Join errors.Unwrap fmt.Errorf context.Cause")

// forgetful are functions of other packages that keep nothing of their arguments.
var forgetful = setOf("reflect.DeepEqual runtime.KeepAlive")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

func isStandard(path string) bool {
	root, _, _ := strings.Cut(path, "/")
	return standardPackages[root]
}

// fullName is a function's import path and name, with the receiver's type for a method.
func fullName(fn *types.Func) string {
	if fn.Pkg() == nil {
		return fn.Name()
	}
	return fn.Pkg().Path() + "." + shortName(fn)
}

// shortName is a function's name, with the receiver's type for a method.
func shortName(fn *types.Func) string {
	if recv := fn.Signature().Recv(); recv != nil {
		if named := namedOf(recv.Type()); named != nil {
			return named.Obj().Name() + "." + fn.Name()
		}
	}
	return fn.Name()
}

// receives says whether a method of a reviewed package keeps its arguments in the receiver.
func receives(fn *types.Func) bool {
	return fn.Signature().Recv() != nil && storing[fn.Pkg().Path()] && !calling[fn.Name()]
}

// plain are types of reviewed packages that hold nothing of anybody's.
var plain = setOf(`time.Time time.Location time.Timer time.Ticker strings.Builder strings.Reader strings.Replacer
	bytes.Buffer bytes.Reader regexp.Regexp sync.Mutex sync.RWMutex sync.WaitGroup math/big.Int math/big.Float math/big.Rat
	math/rand/v2.PCG math/rand/v2.ChaCha8 net/url.URL net/netip.Addr hash/maphash.Hash hash/maphash.Seed
	sync/atomic.Bool sync/atomic.Int32 sync/atomic.Int64 sync/atomic.Uint32 sync/atomic.Uint64`)
