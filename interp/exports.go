package interp

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"

	yaegi "github.com/traefik/yaegi/interp"

	"midair/interp/internal/generic"
	"midair/interp/stdlib"
	"midair/reload"
)

// exports collects what one interpreter gets: the imported packages whole, and of the others the wrappers with which
// yaegi passes the module's own types as their interfaces.
//
// The key "fmt//fmt" stands for "fmt/fmt": yaegi cleans the path, but does not compile its generic sources, which it
// does for every interpreter that gets a table with the plain key, at several times the cost of all the rest.
func exports(c *reload.Checked, logger *slog.Logger, out io.Writer) yaegi.Exports {
	return exportsWith(c, func(importPath string) map[string]reflect.Value { return printing(importPath, logger, out) })
}

// programExports are those of a module that is a program: everything is as it is compiled.
func programExports(c *reload.Checked) yaegi.Exports {
	return exportsWith(c, func(string) map[string]reflect.Value { return nil })
}

// exportsWith collects the tables, with some functions replaced.
func exportsWith(c *reload.Checked, replacements func(importPath string) map[string]reflect.Value) yaegi.Exports {
	paths := imported(c)
	ex := yaegi.Exports{}
	for key, symbols := range c.Symbols {
		importPath, name := keyOf(key)
		if _, ok := generic.Source(importPath); ok {
			continue
		}
		if !paths[importPath] {
			if w := wrappers(symbols); len(w) > 0 {
				ex[importPath+"//"+name] = w
			}
			continue
		}
		symbols = withoutSpecials(symbols)
		if replaced := replacements(importPath); replaced != nil {
			symbols = maps.Clone(symbols)
			for name, v := range replaced {
				if _, ok := symbols[name]; ok {
					symbols[name] = v
				}
			}
		}
		ex[importPath+"//"+name] = symbols
	}
	addEmbedded(ex, c)
	ex["."] = map[string]reflect.Value{"MapTypes": reflect.ValueOf(mapTypes(ex))}
	return ex
}

// wrappers returns the interface wrappers of a table.
func wrappers(symbols map[string]reflect.Value) map[string]reflect.Value {
	var w map[string]reflect.Value
	for name, v := range symbols {
		if name[0] == '_' && !special(name) {
			if w == nil {
				w = map[string]reflect.Value{}
			}
			w[name] = v
		}
	}
	return w
}

// special says whether a key of a table is not a symbol: yaegi would take what is there for a wrapper.
func special(name string) bool { return name == reload.StubKey || name == reload.AcceptsKey }

// withoutSpecials returns a table without the keys that are not symbols.
func withoutSpecials(symbols map[string]reflect.Value) map[string]reflect.Value {
	_, stub := symbols[reload.StubKey]
	if _, accepts := symbols[reload.AcceptsKey]; !stub && !accepts {
		return symbols
	}
	symbols = maps.Clone(symbols)
	delete(symbols, reload.StubKey)
	delete(symbols, reload.AcceptsKey)
	return symbols
}

// mapTypes tells yaegi which compiled functions look for methods such as String in what they are given. The functions
// that were replaced stand in for the originals.
func mapTypes(ex yaegi.Exports) map[reflect.Value][]reflect.Type {
	types := stdlib.MapTypes()
	for _, key := range []string{"fmt/fmt", "log/slog/slog"} {
		importPath, name := keyOf(key)
		for symbol, original := range stdlib.Symbols[key] {
			if replaced, ok := ex[importPath+"//"+name][symbol]; ok && types[original] != nil {
				types[replaced] = types[original]
			}
		}
	}
	return types
}

// printing returns replacements for the functions of a package that would reach the process's own output or logger.
func printing(importPath string, logger *slog.Logger, out io.Writer) map[string]reflect.Value {
	switch importPath {
	case "fmt":
		return map[string]reflect.Value{
			"Print":   reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprint(out, a...) }),
			"Printf":  reflect.ValueOf(func(f string, a ...any) (int, error) { return fmt.Fprintf(out, f, a...) }),
			"Println": reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fprintln(out, a...) }),
			"Scan":    reflect.ValueOf(func(...any) (int, error) { return 0, errNoInput }),
			"Scanf":   reflect.ValueOf(func(string, ...any) (int, error) { return 0, errNoInput }),
			"Scanln":  reflect.ValueOf(func(...any) (int, error) { return 0, errNoInput }),
		}
	case "log/slog":
		return map[string]reflect.Value{
			"Default":      reflect.ValueOf(func() *slog.Logger { return logger }),
			"With":         reflect.ValueOf(logger.With),
			"Debug":        reflect.ValueOf(logger.Debug),
			"DebugContext": reflect.ValueOf(logger.DebugContext),
			"Info":         reflect.ValueOf(logger.Info),
			"InfoContext":  reflect.ValueOf(logger.InfoContext),
			"Warn":         reflect.ValueOf(logger.Warn),
			"WarnContext":  reflect.ValueOf(logger.WarnContext),
			"Error":        reflect.ValueOf(logger.Error),
			"ErrorContext": reflect.ValueOf(logger.ErrorContext),
			"Log":          reflect.ValueOf(logger.Log),
			"LogAttrs":     reflect.ValueOf(logger.LogAttrs),
			"SetDefault":   reflect.ValueOf(func(*slog.Logger) {}),
		}
	}
	return nil
}
