package reload

import (
	"context"
	"reflect"
	"sync/atomic"
	"unsafe"
)

// Table is a contract bound to a module: the way to its function table. All methods are safe for concurrent use.
//
// The funcs of an interpreted version cost about a microsecond a call, whatever they do: give a module many items in
// one call rather than one item in many.
type Table[T any] struct {
	current *atomic.Pointer[Generation]
	offset  uintptr // of the contract's slot in a generation
	index   int
	c       *contract
	rt      *Runtime
}

// Bind says that the host expects of a module what the struct type T says, and returns the table through which it
// reaches the module's live version. The fields of T, all exported, are
//
//   - funcs of any signature: the module's exported function of that name;
//   - values of other types: the module's exported variable or constant of that name, read when a version loads;
//   - maps with the tag `midair:"prefix=Handle"`: every exported function whose name begins with Handle, under the rest
//     of its name, so that the module can add one without a new host.
//
// The tag `midair:"Name"` asks for another name, `midair:"Name,optional"` or `midair:",optional"` allows it to be
// missing (the field is then nil or zero), `midair:"-"` leaves a field alone. Embedded structs count as their fields.
//
// Bind may be called before or after the module first loads, and again with the same or another type. It fails only for
// a bad contract or module name; a module that does not fulfil the contract is that module's error, seen in
// [Runtime.Module], events and the log, and its last version that does goes on.
func Bind[T any](rt *Runtime, module string) (*Table[T], error) {
	c, err := rt.bind(module, reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	return &Table[T]{current: &rt.current, offset: uintptr(c.index) * unsafe.Sizeof(slot{}), index: c.index, c: c, rt: rt}, nil
}

// Load returns the live function table: one atomic load and an index. The table stays valid and whole for as long as
// the caller keeps it, also after the module was replaced, but nothing waits for it: use [Table.Do] or [Table.Pin] for
// calls that must be counted, recovered and drained. Load never returns nil: with no live version, the table's funcs
// panic with the *Error that says why.
func (t *Table[T]) Load() *T {
	// slots[t.index].table without the bounds check: every generation published since Bind has that slot.
	return *(**T)(unsafe.Add(t.current.Load().base, t.offset))
}

// Version returns the live version, or nil if there is none.
func (t *Table[T]) Version() *Version {
	return t.current.Load().slots[t.index].version
}

// Do is the guarded visit: it pins the live version, calls visit with its function table, and returns what visit
// returns. However many calls visit makes, they run on one version. A panic in it, of the module or of the host, becomes
// an *Error with a *PanicError that names module, version and the function's file:line. With no live version, Do returns
// the *Error that says why, and visit does not run. The goroutine carries the profiler labels module, version,
// generation and mode during the visit, besides those of ctx.
func (t *Table[T]) Do(ctx context.Context, visit func(*T) error) (err error) {
	var v visitor
	if !v.enter(ctx, t.rt, t.current, t.index) {
		return t.rt.notEntered(t.c.module, &v, nil, nil)
	}
	v.begin(ctx)
	defer v.end(&err)
	return visit((*T)(v.slot.table))
}

// In returns the table as seen by a view: Load and Do then use the version of the view's generation. It allocates
// nothing.
func (t *Table[T]) In(view *View) TableIn[T] {
	if view.h.rt != t.rt {
		panic("reload: Table.In with a View of another Runtime")
	}
	return TableIn[T]{t, view.h}
}

// TableIn is a [Table] seen by a [View]. It is a small value to be made where it is used; once the view is closed, Do
// returns ErrClosed.
type TableIn[T any] struct {
	t *Table[T]
	h *viewHold
}

// Load is [Table.Load] in the view's generation.
func (t TableIn[T]) Load() *T {
	return (*T)(t.h.generation.Load().slotAt(t.t.c).table)
}

// Version is [Table.Version] in the view's generation.
func (t TableIn[T]) Version() *Version {
	return t.h.generation.Load().slotAt(t.t.c).version
}

// Do is [Table.Do] in the view's generation.
func (t TableIn[T]) Do(ctx context.Context, visit func(*T) error) (err error) {
	var v visitor
	g := t.h.generation.Load()
	if t.h.closed.Load() || !v.enterHeld(ctx, t.t.rt, g, g.slotAt(t.t.c), &t.h.closed) {
		return t.t.rt.notEntered(t.t.c.module, &v, &t.h.closed, &t.h.released)
	}
	v.begin(ctx)
	defer v.end(&err)
	return visit((*T)(v.slot.table))
}

// notEntered says why a visit did not begin. closed and released are those of the pin or view, if it is by one.
func (rt *Runtime) notEntered(module string, v *visitor, closed, released *atomic.Bool) error {
	switch {
	case v.late != nil:
		return &Error{Module: module, Stage: StageVisit, Err: v.late, Generation: rt.Generation().number}
	case closed == nil:
	case released.Load():
		return &Error{Module: module, Stage: StageVisit, Err: ErrReleased, Generation: rt.Generation().number}
	case closed.Load():
		return rt.closedError(module)
	}
	return rt.unavailable(module)
}

func (rt *Runtime) closedError(module string) *Error {
	return &Error{Module: module, Stage: StageVisit, Err: ErrClosed, Generation: rt.Generation().number}
}

// Pin takes hold of the live version for as long as a job lasts: a match, a migration, a request that spans many ticks.
// The version is retired only after Close.
func (t *Table[T]) Pin() *Pin[T] {
	for {
		g := t.current.Load()
		s := &g.slots[t.index]
		if s.version != nil {
			s.version.pins.Add(1)
			if t.current.Load() != g { // replaced meanwhile: its drain may not have seen this pin
				s.version.pins.Add(-1)
				t.rt.sweep()
				continue
			}
		}
		return newPin(t, g, s)
	}
}

// Func returns a func that stays the same while the code behind it changes: for muxes, timers and queues. Each call is a
// guarded visit of what is live then, and calls the func that pick takes from the table.
//
//	mux.Handle("/score", reload.Func(rules, func(r *Rules) http.HandlerFunc { return r.ServeScore }))
//
// A failure (no live version, a panic in the module, pick returning nil) is returned if the func's last result is an
// error; else the call panics with the *Error, since it has no right result to give. If the func's first parameter is a
// context, it is that of the visit. F must be a func type, or Func panics: that is a mistake in the host's source.
//
// It is a function because a Go method cannot have type parameters.
func Func[T, F any](t *Table[T], pick func(*T) F) F {
	typ := reflect.TypeFor[F]()
	if typ.Kind() != reflect.Func {
		panic("reload.Func: " + typ.String() + " is not a func type")
	}
	stable := reflect.MakeFunc(typ, func(args []reflect.Value) (results []reflect.Value) {
		err := t.Do(contextOf(args), func(table *T) error {
			fn := reflect.ValueOf(pick(table))
			if fn.IsNil() {
				return &Error{Module: t.c.module, Stage: StageVisit, Err: errNilFunc, Generation: t.rt.Generation().number}
			}
			if typ.IsVariadic() {
				results = fn.CallSlice(args)
			} else {
				results = fn.Call(args)
			}
			return nil
		})
		if err != nil {
			return failed(typ, err)
		}
		return results
	})
	return stable.Interface().(F)
}

func contextOf(args []reflect.Value) context.Context {
	if len(args) > 0 {
		if ctx, ok := args[0].Interface().(context.Context); ok && ctx != nil {
			return ctx
		}
	}
	return context.Background()
}

// failed makes the results of a call that failed, or panics if they cannot tell of it.
func failed(typ reflect.Type, err error) []reflect.Value {
	n := typ.NumOut()
	if n == 0 || typ.Out(n-1) != reflect.TypeFor[error]() {
		panic(err)
	}
	results := make([]reflect.Value, n)
	for i := range n - 1 {
		results[i] = reflect.Zero(typ.Out(i))
	}
	results[n-1] = reflect.New(typ.Out(n - 1)).Elem()
	results[n-1].Set(reflect.ValueOf(err))
	return results
}
