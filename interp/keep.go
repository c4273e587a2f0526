package interp

import (
	"fmt"
	"reflect"
	"strings"

	"midair/reload"
)

// accessor is the function that is added to a package with kept variables: it returns the address of the one with a number.
const accessor = "midairKept"

// accessorOf returns the source of a package's accessor, "" if it keeps nothing. It is one line, after the file's last.
func accessorOf(pkg reload.Package) string {
	if len(pkg.Kept) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nfunc %s(midairN int) interface{} {", accessor)
	for i, name := range pkg.Kept {
		if name != "_" {
			fmt.Fprintf(&b, " if midairN == %d { return &%s };", i, name)
		}
	}
	b.WriteString(" return nil }\n")
	return b.String()
}

// kept finds the variables that the source marks as kept, exported or not.
func (l *loader) kept() (map[string]reflect.Value, error) {
	found := map[string]reflect.Value{}
	for i, pkg := range packages(l.checked) {
		if len(pkg.Kept) == 0 {
			continue
		}
		name := fmt.Sprint(alias, "kept", i)
		err := guard(func() error {
			if _, err := l.interp.Eval(fmt.Sprintf("import %s %q", name, pkg.ImportPath)); err != nil {
				return err
			}
			v, err := l.interp.Eval(name + "." + accessor)
			if err != nil {
				return err
			}
			for i, variable := range pkg.Kept {
				if p := reflect.ValueOf(unwrap(v.Call([]reflect.Value{reflect.ValueOf(i)})[0].Interface())); p.Kind() == reflect.Pointer {
					found[pkg.ImportPath+"."+variable] = p.Elem()
				}
			}
			return nil
		})
		if err != nil {
			return nil, internal(l.checked, "the interpreter does not find the kept variables of %s: %v", pkg.ImportPath, err)
		}
	}
	return found, nil
}
