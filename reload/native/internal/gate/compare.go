package gate

import (
	"cmp"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
)

// Loaded is what the process consists of.
type Loaded struct {
	Host    map[string]string // fingerprints of the executable, by import path
	Plugins map[string]string // of packages that only opened plugins have
	Info    *debug.BuildInfo  // of the executable
}

// A Misfit says why a plugin must not be opened.
type Misfit struct {
	Packages []string     // that are not the same in the host, sorted
	Foreign  []string     // that are not the same in a plugin opened before, sorted
	Settings []Difference // between the builds, as far as they explain it
	Own      string       // the path of the host's main module
}

// Difference is one setting, or one module's version, in both builds. An empty value means that there is none.
type Difference struct {
	Key          string
	Host, Plugin string
	Module       bool // the key is a module's path
}

// Compare returns nil if the plugin fits. warnings are differences that no fingerprint tells, but that may matter.
func Compare(l Loaded, plugin map[string]string, info *debug.BuildInfo) (m *Misfit, warnings []Difference) {
	m = &Misfit{Packages: differing(l.Host, plugin), Foreign: differing(l.Plugins, plugin)}
	differences := Differences(l.Info, info)
	for _, d := range differences {
		if silent[d.Key] {
			warnings = append(warnings, d)
		}
	}
	if len(m.Packages)+len(m.Foreign) == 0 {
		return nil, warnings
	}
	m.Settings = differences
	if l.Info != nil {
		m.Own = l.Info.Main.Path
	}
	return m, warnings
}

// silent are settings that change code without changing what a package exports.
var silent = map[string]bool{"GOAMD64": true, "GOARM64": true, "GOARM": true, "GO386": true, "GOMIPS": true, "GOMIPS64": true,
	"GOPPC64": true, "GORISCV64": true}

func differing(have, plugin map[string]string) (paths []string) {
	for path, print := range plugin {
		if had, ok := have[path]; ok && had != print {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// Differences compares how two files were built, as far as it can matter to a plugin.
func Differences(host, plugin *debug.BuildInfo) []Difference {
	if host == nil || plugin == nil {
		return nil
	}
	var list []Difference
	if host.GoVersion != plugin.GoVersion {
		list = append(list, Difference{Key: "Go", Host: host.GoVersion, Plugin: plugin.GoVersion})
	}
	h, p := settings(host), settings(plugin)
	keys := maps.Clone(h)
	maps.Copy(keys, p)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if h[key] != p[key] {
			list = append(list, Difference{Key: key, Host: h[key], Plugin: p[key]})
		}
	}
	hm, pm := modules(host), modules(plugin)
	for _, path := range slices.Sorted(maps.Keys(pm)) {
		if had, ok := hm[path]; ok && had != pm[path] {
			list = append(list, Difference{Key: path, Host: had, Plugin: pm[path], Module: true})
		}
	}
	return list
}

// settings are those that a host and its plugin should share.
func settings(info *debug.BuildInfo) map[string]string {
	m := map[string]string{}
	for _, s := range info.Settings {
		own := s.Key == "-buildmode" || s.Key == "-ldflags" || s.Key == "DefaultGODEBUG"
		if !own && !strings.HasPrefix(s.Key, "vcs") && s.Value != "" {
			m[s.Key] = s.Value
		}
	}
	return m
}

func modules(info *debug.BuildInfo) map[string]string {
	m := map[string]string{}
	for _, d := range info.Deps {
		version := d.Version
		if d.Replace != nil {
			version = strings.TrimSpace("replaced by " + d.Replace.Path + " " + d.Replace.Version)
		}
		m[d.Path] = cmp.Or(version, "none")
	}
	return m
}

// Message says in one sentence what does not fit.
func (m *Misfit) Message() string {
	if len(m.Packages) > 0 {
		return "the native build does not fit the running host: " + differ(m.Packages) + " from the host's"
	}
	return "the native build does not fit what is loaded: " + differ(m.Foreign) + " from what another module brought"
}

// differ names the packages, the user's own first.
func differ(paths []string) string {
	if len(paths) == 1 {
		return "package " + paths[0] + " differs"
	}
	const most = 3
	named := strings.Join(paths[:min(most, len(paths))], ", ")
	if len(paths) > most {
		named += fmt.Sprintf(" and %d more", len(paths)-most)
	}
	return fmt.Sprintf("%d packages differ (%s)", len(paths), named)
}

// Advice says what to do: the doctor's text.
func (m *Misfit) Advice() string {
	var flags, versions []string
	for _, d := range m.Settings {
		text := fmt.Sprintf("%s is %s in the host and %s in the plugin", d.Key, value(d.Host), value(d.Plugin))
		if d.Module {
			versions = append(versions, text)
		} else {
			flags = append(flags, text)
		}
	}
	switch {
	case len(m.Packages) == 0:
		return "restart the host: a package that it does not have has changed since a module first loaded it"
	case len(flags) > 0:
		return strings.Join(flags, "; ") + ": build the host and its modules with the same settings"
	case len(versions) > 0:
		return strings.Join(versions, "; ") + ": go.mod has changed since the host was built; build and start the host anew"
	case m.ownOnly():
		return "its source has changed since the host was built: build and start the host anew"
	}
	return "Go version and settings are the same, so what the packages are built from is not: the go command must be that " +
		"of the host, and the host be built from this folder; build and start the host anew"
}

// ownOnly says whether all that differs belongs to the host's main module.
func (m *Misfit) ownOnly() bool {
	return m.Own != "" && !slices.ContainsFunc(m.Packages, func(path string) bool {
		return path != m.Own && !strings.HasPrefix(path, m.Own+"/")
	})
}

func value(s string) string {
	if s == "" {
		return "not set"
	}
	return fmt.Sprintf("%q", s)
}
