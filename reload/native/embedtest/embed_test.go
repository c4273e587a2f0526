package embedtest_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// TestLayouts goes through a developer's session in hosts that come by midair in different ways.
func TestLayouts(t *testing.T) {
	for name, c := range map[string]struct {
		layout layout
		flags  []string
	}{
		"replaced":  {layout: replaced},
		"vendored":  {layout: vendored, flags: []string{"-mod=vendor", "-trimpath"}},
		"workspace": {layout: workspace},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, c.layout, c.flags...)
			p.session(t, p.dir, filepath.Join(p.dir, "scripts"))
			if name == "replaced" {
				t.Run("elsewhere", p.elsewhere)
				t.Run("linked", p.linked)
				t.Run("linked modules", p.linkedModules)
			}
		})
	}
}

// session is edit, native, toggle, rollback. The host runs in dir.
func (p *project) session(t *testing.T, dir, scripts string, args ...string) {
	rules := filepath.Join(scripts, "rules", "rules.go")
	s := p.start(t, dir, args...)
	first := s.until("worth", "rules", reload.ModeNative, "first: ADA 4")
	s.until("greet", "greet", reload.ModeNative, "welcome ADA")

	// A save is live interpreted, and native when the build is ready.
	edit(t, rules, `"first"`, `"second"`)
	a := s.until("worth", "rules", reload.ModeNative, "second: ADA 4")
	live := slices.DeleteFunc(a.Events, func(e event) bool { return e.Version <= first.Module.Version })
	require.Len(t, live, 2)
	assert.Equal(t, []reload.Mode{reload.ModeInterpreted, reload.ModeNative}, []reload.Mode{live[0].Mode, live[1].Mode})
	assert.Equal(t, live[0].Version+1, live[1].Version)
	assert.Equal(t, live[0].Hash, live[1].Hash)
	builds := a.Builds

	// To and fro under calls: none is lost, nothing is built or loaded.
	toggled := s.ask(request{Do: "toggle", Module: "rules", Times: 20})
	assert.Positive(t, toggled.Calls)
	assert.Equal(t, reload.ModeNative, toggled.Module.Backend)
	assert.Equal(t, a.Loaded, toggled.Loaded)
	s.ask(request{Do: "mode", Module: "rules", Mode: reload.ModeInterpreted})
	a = s.until("worth", "rules", reload.ModeInterpreted, "second: ADA 4")
	s.ask(request{Do: "mode", Module: "rules", Mode: reload.ModeAuto})
	s.until("worth", "rules", reload.ModeNative, "second: ADA 4")

	// The old content is there at once.
	edit(t, rules, `"second"`, `"first"`)
	a = s.until("worth", "rules", reload.ModeNative, "first: ADA 4")
	assert.Equal(t, reload.ModeNative, a.Events[len(a.Events)-1].Mode)
	assert.Equal(t, builds, a.Builds)

	// A library takes its modules along.
	edit(t, filepath.Join(scripts, "lib", "words", "words.go"), "strings.ToUpper(s)", `strings.ToUpper(s) + "!"`)
	s.until("worth", "rules", reload.ModeNative, "first: ADA! 4")
	s.until("greet", "greet", reload.ModeNative, "welcome ADA!")
	edit(t, filepath.Join(scripts, "lib", "words", "words.go"), ` + "!"`, "")
	s.until("worth", "rules", reload.ModeNative, "first: ADA 4")
	s.stop()
	assert.Contains(t, s.errors.String(), `msg="rules are loaded" module=rules version=1 mode=`)
}

// elsewhere runs the host in another folder.
func (p *project) elsewhere(t *testing.T) {
	scripts := filepath.Join(p.dir, "scripts")
	p.session(t, t.TempDir(), scripts, "-scripts", scripts)
}

// linked has the module directory at the end of a symbolic link.
func (p *project) linked(t *testing.T) {
	scripts, away := filepath.Join(p.dir, "scripts"), filepath.Join(t.TempDir(), "away")
	require.NoError(t, os.Rename(scripts, away))
	require.NoError(t, os.Symlink(away, scripts))
	defer func() {
		require.NoError(t, os.Remove(scripts))
		require.NoError(t, os.Rename(away, scripts))
	}()
	p.session(t, p.dir, scripts)
	p.session(t, t.TempDir(), away, "-scripts", away, "-root", p.dir, "-import-path", module+"/scripts")
}

// linkedModules has the folder of one module at the end of a symbolic link.
func (p *project) linkedModules(t *testing.T) {
	rules, away := filepath.Join(p.dir, "scripts", "rules"), filepath.Join(t.TempDir(), "away")
	require.NoError(t, os.Rename(rules, away))
	require.NoError(t, os.Symlink(away, rules))
	defer func() {
		require.NoError(t, os.Remove(rules))
		require.NoError(t, os.Rename(away, rules))
	}()
	p.session(t, p.dir, filepath.Join(p.dir, "scripts"))
}
