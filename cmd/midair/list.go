package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// listed is a package as the go command describes it.
type listed struct {
	ImportPath string
	Name       string
	Dir        string
	Standard   bool // of the Go installation
	DepOnly    bool // not asked for, but imported by one that is
	GoFiles    []string
	CgoFiles   []string
	ImportMap  map[string]string // what the sources say to what is meant, where they differ
	Error      *struct{ Err string }
}

// exclusions are the symbols to leave out, by import path.
type exclusions map[string][]string

var symbolPath = regexp.MustCompile(`^(.+)\.(\pL[\pL\d_]*)$`)

// add adds a symbol written as import/path.Name.
func (x exclusions) add(symbol string) error {
	m := symbolPath.FindStringSubmatch(symbol)
	if m == nil {
		return fmt.Errorf("%q names no symbol; write import/path.Name", symbol)
	}
	x[m[1]] = append(x[m[1]], m[2])
	return nil
}

// readList reads packages and symbols to leave out from a file.
func readList(name string, excluded exclusions) (packages []string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		line = strings.TrimSpace(line)
		symbol, out := strings.CutPrefix(line, "-")
		switch {
		case line == "":
		case !out:
			packages = append(packages, line)
		default:
			if err := excluded.add(symbol); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", name, n, err)
			}
		}
	}
	return packages, lines.Err()
}

// listPackages resolves package patterns with the go command. It returns the packages meant, sorted, and these with all
// that they import by import path.
func listPackages(patterns []string) (packages []*listed, all map[string]*listed, err error) {
	args := append([]string{"list", "-e", "-deps",
		"-json=ImportPath,Name,Dir,Standard,DepOnly,GoFiles,CgoFiles,ImportMap,Error", "--"}, patterns...)
	var stderr bytes.Buffer
	cmd := exec.Command("go", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("go list: %s", orElse(strings.TrimSpace(stderr.String()), err.Error()))
	}
	all = map[string]*listed{}
	var errs []error
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := &listed{}
		if err := d.Decode(p); err == io.EOF {
			break
		} else if err != nil {
			return nil, nil, fmt.Errorf("go list: %w", err)
		}
		all[p.ImportPath] = p
		if p.Error != nil {
			errs = append(errs, fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err))
		} else if p.Name == "main" && !p.DepOnly {
			errs = append(errs, fmt.Errorf("%s is a command: nothing can import it", p.ImportPath))
		}
		if !p.DepOnly && p.Error == nil && len(p.GoFiles)+len(p.CgoFiles) == 0 {
			errs = append(errs, fmt.Errorf("%s has no Go files but tests", p.ImportPath))
		}
		if !p.DepOnly {
			packages = append(packages, p)
		}
	}
	if len(packages) == 0 && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("no packages match %s", strings.Join(patterns, " ")))
	}
	slices.SortFunc(packages, func(a, b *listed) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	return packages, all, errors.Join(errs...)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
