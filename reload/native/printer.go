package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"sync"

	"midair/reload/native/guard"
	"midair/reload/native/internal/stage"
)

func init() { guard.Printer = printers{} }

// outputs are the versions that libraries print for, by the hash in import paths. It outlives a version: a goroutine of it
// may still print. Each is an *instance.
var outputs sync.Map

// printers prints for all versions.
type printers struct{}

var (
	errNoInput = errors.New("a module has no standard input")
	errNoHost  = errors.New("nobody has loaded this module")
)

// Print implements guard.Printer.
func (printers) Print(version, function, format string, args []any) (int, error) {
	i, ok := outputs.Load(version)
	if !ok {
		return 0, errNoHost
	}
	return i.(*instance).out.print(function, format, args)
}

// Logger implements guard.Printer.
func (printers) Logger(version string) any {
	if i, ok := outputs.Load(version); ok {
		return i.(*instance).logger
	}
	return slog.New(slog.DiscardHandler)
}

// printer sends what a module prints to the host's logger, a line at a time. What it logs is what the interpreter does.
type printer struct {
	logger *slog.Logger

	mu      sync.Mutex
	partial []byte // a line that has not ended yet
}

const maxPartial = 8 << 10 // a longer line is sent in pieces

// print does what a function of package fmt or a builtin function does.
func (p *printer) print(function, format string, args []any) (int, error) {
	switch function {
	case "Print":
		return fmt.Fprint(p, args...)
	case "Println":
		return fmt.Fprintln(p, args...)
	case "Printf":
		return fmt.Fprintf(p, format, args...)
	case "print":
		return io.WriteString(p, strings.Join(plain(args), ""))
	case "println":
		return io.WriteString(p, strings.Join(plain(args), " ")+"\n")
	}
	return 0, errNoInput
}

// plain writes values as the builtin functions do: methods do not count.
func plain(args []any) (texts []string) {
	for _, a := range args {
		v := reflect.ValueOf(a)
		if v.IsValid() && v.CanInterface() {
			switch v.Kind() {
			case reflect.String:
				a = v.String()
			case reflect.Bool:
				a = v.Bool()
			case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
				a = v.Int()
			case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
				a = v.Uint()
			case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
				a = withoutMethods(v)
			}
		}
		texts = append(texts, fmt.Sprint(a))
	}
	return texts
}

// withoutMethods returns a number as one of the predeclared type of its size, which says how many digits it has.
func withoutMethods(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Float32:
		return float32(v.Float())
	case reflect.Complex64:
		return complex64(v.Complex())
	case reflect.Complex128:
		return v.Complex()
	}
	return v.Float()
}

// Write implements io.Writer.
func (p *printer) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.partial = append(p.partial, b...)
	var lines []string
	for {
		line, rest, ok := bytes.Cut(p.partial, []byte("\n"))
		if !ok {
			break
		}
		lines, p.partial = append(lines, string(line)), rest
	}
	if len(p.partial) > maxPartial {
		lines, p.partial = append(lines, string(p.partial)), nil
	}
	p.mu.Unlock()
	for _, line := range lines {
		p.log(line)
	}
	return len(b), nil
}

// flush sends a line that has not ended.
func (p *printer) flush() {
	p.mu.Lock()
	rest := string(p.partial)
	p.partial = nil
	p.mu.Unlock()
	if rest != "" {
		p.log(rest)
	}
}

// log sends a line. Names of types may have an import path in it.
func (p *printer) log(line string) {
	p.logger.Log(context.Background(), slog.LevelInfo, stage.Clean(line), "source", "script")
}
