package reload

import (
	"context"
	"go/types"
	"io/fs"
	"slices"
	"time"
)

// CheckConfig says how [Check] looks at modules.
type CheckConfig struct {
	Config // ImportPath, ModuleRoot, Symbols, Allow and Backends count

	// Mode is the mode that modules are to run in: the rules of its backend are applied, if Backends has one that has
	// rules. Default: that of the first backend.
	Mode Mode

	// Packages, if set, makes an importer for compiled packages that have no symbol table in this program, such as one
	// that reads a host's source. It is given one for those that have. A nil table in Symbols says that the host has one
	// which is not in this program: its types are asked of Packages, and if that has a method Accepts(importPath string)
	// []string, what the table would have under AcceptsKey.
	Packages func(tables types.Importer) types.Importer

	// Only are the modules that are looked at; nil means all.
	Only []string
}

// CheckReport is what Check found.
type CheckReport struct {
	Modules []CheckedModule `json:"modules"` // sorted by name
	Took    time.Duration   `json:"took_ns"`
}

// CheckedModule is one module of a CheckReport.
type CheckedModule struct {
	Module      string       `json:"module"`
	Libraries   []string     `json:"libraries"`
	Diagnostics []Diagnostic `json:"diagnostics"` // of the module and its libraries, sorted
}

// Check looks at the modules of a file system, whose root is the module directory, as a Runtime does before it loads
// anything: syntax, types, and the rules. It runs nothing of them. What is wrong with a module is no error of Check; that
// is about the configuration, or a root that cannot be read.
func Check(ctx context.Context, fsys fs.FS, cfg CheckConfig) (*CheckReport, error) {
	_, report, err := CheckForBuild(ctx, fsys, cfg)
	return report, err
}

// CheckForBuild is [Check] for what builds modules ahead: it also returns, sorted by name, the modules without errors as
// backends get them. It runs nothing of them.
func CheckForBuild(ctx context.Context, fsys fs.FS, cfg CheckConfig) ([]*Checked, *CheckReport, error) {
	start := time.Now()
	if cfg.Mode != "" && cfg.Mode != ModeAuto {
		cfg.Backends = slices.DeleteFunc(slices.Clone(cfg.Backends), func(b Backend) bool { return b.Mode() != cfg.Mode })
	}
	rt, err := newRuntime(cfg.Config, cfg.Packages)
	if err != nil {
		return nil, nil, err
	}
	defer rt.Close()
	rt.applying.Lock()
	defer rt.applying.Unlock()
	a := attempt{rt: rt, fsys: fsys}
	if err := a.read(); err != nil {
		return nil, nil, err
	}
	a.decide()
	if cfg.Only != nil {
		a.parts = slices.DeleteFunc(a.parts, func(p *part) bool { return !slices.Contains(cfg.Only, p.name) })
	}
	a.check()
	var checked []*Checked
	report := &CheckReport{Modules: []CheckedModule{}}
	for _, p := range a.parts {
		m := CheckedModule{Module: p.name, Libraries: []string{}, Diagnostics: p.all()}
		for _, lib := range p.want.Libraries {
			m.Libraries = append(m.Libraries, lib.Dir)
		}
		report.Modules = append(report.Modules, m)
		if p.given != nil && !hasErrors(m.Diagnostics) {
			checked = append(checked, p.given)
		}
	}
	report.Took = time.Since(start)
	return checked, report, ctx.Err()
}
