package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/demo/web"
	"midair/reload"
	"midair/reload/native"
)

// cache is the folder of native builds that all tests share.
var cache = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "midair-demo-test") })

func TestMain(m *testing.M) {
	status := m.Run()
	if dir, err := cache(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// startNative runs the arena where native code works, in a mode.
func startNative(t *testing.T, mode reload.Mode) *running {
	t.Helper()
	if testing.Short() {
		t.Skip("builds plugins")
	}
	dir, err := cache()
	require.NoError(t, err)
	if err := native.New(native.Config{Dir: dir}).Available(findRoot("../scripts")); err != nil {
		t.Skip("native mode is off: ", err)
	}
	return startWith(t, options{mode: mode, cache: dir}, nil)
}

// until waits until a module runs in a mode. The first build on a machine takes a minute.
func (r *running) until(t *testing.T, module string, mode reload.Mode) reload.Module {
	t.Helper()
	var m reload.Module
	require.Eventually(t, func() bool {
		m, _ = r.rt.Module(module)
		require.Empty(t, m.NotNative)
		return m.Backend == mode
	}, 3*time.Minute, 5*time.Millisecond, "%s runs %s", module, mode)
	return m
}

func (r *running) post(t *testing.T, module, body string) (status int, answer string) {
	t.Helper()
	return postAs(t, r.url()+"/api/modules/"+module+"/mode", "application/json", body)
}

func postAs(t *testing.T, url, kind, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(b)
}

// modules is what GET /api/modules answers.
func (r *running) modules(t *testing.T) (all web.Modules) {
	t.Helper()
	_, body := r.get(t, "/api/modules")
	require.NoError(t, json.Unmarshal([]byte(body), &all))
	return all
}

func TestSwitchModes(t *testing.T) {
	r := startNative(t, reload.ModeInterpreted)
	for _, step := range []struct{ mode, serves reload.Mode }{
		{reload.ModeNative, reload.ModeNative}, {reload.ModeInterpreted, reload.ModeInterpreted},
		{reload.ModeAuto, reload.ModeNative}, {reload.ModeNative, reload.ModeNative},
	} {
		before, _ := r.rt.Module("boids")
		status, answer := r.post(t, "boids", `{"mode": "`+string(step.mode)+`"}`)
		require.Equal(t, http.StatusAccepted, status, answer)
		var accepted web.Accepted
		require.NoError(t, json.Unmarshal([]byte(answer), &accepted))
		assert.Equal(t, web.Accepted{Module: "boids", Mode: step.mode, Backend: before.Backend, Version: before.Version,
			Generation: accepted.Generation}, accepted)
		after := r.until(t, "boids", step.serves)
		assert.Equal(t, before.Hash, after.Hash)
		if before.Backend == step.serves {
			assert.Equal(t, before.Version, after.Version)
		} else {
			assert.Equal(t, before.Version+1, after.Version)
		}
		require.Eventually(t, func() bool { return len(r.modules(t).Switches) == 0 }, 10*time.Second, 5*time.Millisecond)
	}
	hunter, _ := r.rt.Module("hunter")
	assert.Equal(t, 1, hunter.Version, "the others stay")
	said := r.stdout.String()
	assert.Contains(t, said, "✓ boids    v2 native  after ")
	assert.Contains(t, said, "✓ boids    v3 interpreted  after ")
	assert.Contains(t, said, "✓ boids    v4 native  after ")
}

// A module in auto mode goes live interpreted when it is saved, and native soon after, with one line for each.
func TestAutoGoesNative(t *testing.T) {
	r := startNative(t, reload.ModeAuto)
	for _, m := range []string{"balance", "boids", "hunter", "palette", "rules"} {
		r.until(t, m, reload.ModeNative)
	}
	was, _ := r.rt.Module("hunter")
	r.edit(t, "hunter/hunter.go", "Hunger = 1.0", fmt.Sprintf("Hunger = 0.%d", time.Now().UnixNano())) // not built before
	require.Eventually(t, func() bool {
		m, _ := r.rt.Module("hunter")
		return m.Version > was.Version+1 && m.Backend == reload.ModeNative
	}, time.Minute, 5*time.Millisecond)
	require.Eventually(t, func() bool {
		return strings.Count(r.stdout.String(), "✓ hunter   v") == was.Version+1
	}, 10*time.Second, 5*time.Millisecond, "%s", r.stdout)
	assert.Regexp(t, `✓ hunter   v\d live +\d+ ms after save(.*\n)+.*✓ hunter   v\d native +after \d`, r.stdout.String())
	assert.Contains(t, r.stdout.String(), "auto ")
	assert.Contains(t, r.stdout.String(), "native builds: ready")
	assert.Empty(t, r.stderr.String())
}

func TestModeRequests(t *testing.T) {
	r := start(t, true, func(dir string) {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "far", "away"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "far", "away", "away.go"), []byte("package away\n"), 0o644))
	})
	for name, c := range map[string]struct {
		path, kind, body string
		status           int
		says             string
	}{
		"no mode":        {"boids", "application/json", `{}`, 400, "names no mode"},
		"null":           {"boids", "application/json", `{"mode": null}`, 400, "names no mode"},
		"empty":          {"boids", "application/json", `{"mode": ""}`, 400, "interpreted, native or auto"},
		"unknown":        {"boids", "application/json", `{"mode": "fast"}`, 400, `\"fast\" is no mode: it is interpreted`},
		"static":         {"boids", "application/json", `{"mode": "static"}`, 400, "is no mode"},
		"a number":       {"boids", "application/json", `{"mode": 1}`, 400, "not the JSON"},
		"another field":  {"boids", "application/json", `{"mode": "auto", "at": "once"}`, 400, "unknown field"},
		"a list":         {"boids", "application/json", `["native"]`, 400, "not the JSON"},
		"two":            {"boids", "application/json", `{"mode": "auto"} {}`, 400, "something follows"},
		"cut off":        {"boids", "application/json", `{"mode": "auto"`, 400, "not the JSON"},
		"nothing":        {"boids", "application/json", ``, 400, "not the JSON"},
		"too long":       {"boids", "application/json", `{"mode": "` + strings.Repeat("n", 5000) + `"}`, 400, "too large"},
		"text":           {"boids", "text/plain", `{"mode": "auto"}`, 415, "text/plain, not application/json"},
		"unknown module": {"nobody", "application/json", `{"mode": "auto"}`, 404, "there are balance, boids, far/away, hunter"},
		"half a name":    {"far", "application/json", `{"mode": "auto"}`, 404, `no module \"far\"`},
		"a charset":      {"boids", "application/json; charset=utf-8", `{"mode": "interpreted"}`, 202, `"module": "boids"`},
		"curl -d":        {"boids", "application/x-www-form-urlencoded", `{"mode": "interpreted"}`, 202, `"mode": "interpreted"`},
		"a form":         {"boids", "application/x-www-form-urlencoded", `mode=native`, 400, "not the JSON"},
		"slashes":        {"far/away", "application/json", `{"mode": "interpreted"}`, 202, `"module": "far/away"`},
		"escaped":        {"far%2Faway", "application/json", `{"mode": "interpreted"}`, 202, `"module": "far/away"`},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := postAs(t, r.url()+"/api/modules/"+c.path+"/mode", c.kind, c.body)
			assert.Equal(t, c.status, status, answer)
			assert.Contains(t, answer, c.says)
			assert.True(t, json.Valid([]byte(answer)), answer)
		})
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		resp, body := request(t, method, r.url()+"/api/modules/boids/mode")
		assert.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
		assert.Equal(t, "POST", resp.Header.Get("Allow"))
		assert.True(t, json.Valid([]byte(body)))
	}
	resp, _ := r.get(t, "/api/modules/boids/made")
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
	m, _ := r.rt.Module("boids")
	assert.Equal(t, 1, m.Version)
}

// A page of another origin may not switch anything.
func TestModeOfAnotherOrigin(t *testing.T) {
	r := start(t, true, nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url()+"/api/modules/boids/mode",
		strings.NewReader(`{"mode": "interpreted"}`))
	require.NoError(t, err)
	req.Header.Set("Origin", "http://elsewhere.test")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
}

// A switch that fails is told everywhere, and what serves goes on.
func TestSwitchFails(t *testing.T) {
	r := startWith(t, options{mode: reload.ModeInterpreted, root: t.TempDir()}, nil) // a folder without go.mod
	status, answer := r.post(t, "boids", `{"mode": "native"}`)
	require.Equal(t, http.StatusAccepted, status, answer)
	var failed web.Switch
	require.Eventually(t, func() bool {
		failed = r.modules(t).Switches["boids"]
		return failed.Failed
	}, 20*time.Second, 5*time.Millisecond)
	assert.Equal(t, reload.ModeNative, failed.Mode)
	require.NotEmpty(t, failed.Diagnostics)
	m, _ := r.rt.Module("boids")
	assert.Equal(t, reload.ModeInterpreted, m.Mode)
	assert.Equal(t, reload.ModeInterpreted, m.Backend)
	assert.Contains(t, r.stdout.String(), "✗ boids    not native")
	assert.Contains(t, r.stdout.String(), "v1 still runs")
	assert.Contains(t, r.stdout.String(), failed.Diagnostics[0].Message)
	entries := r.journal.Since(0)
	require.Len(t, entries, 1)
	assert.Equal(t, failed.Diagnostics, entries[0].Diagnostics)
	assert.Contains(t, r.modules(t).Switches, "boids", "it stays")
	r.edit(t, "boids/boids.go", "Cohesion = 0.8", "Cohesion = 0.7")
	require.Eventually(t, func() bool { return len(r.modules(t).Switches) == 0 }, 10*time.Second, 5*time.Millisecond)
}

// Where native mode is off, the banner and the API say why, and all runs interpreted.
func TestNativeIsOff(t *testing.T) {
	r := startWith(t, options{headless: true, root: t.TempDir()}, nil)
	all := r.modules(t)
	assert.NotEmpty(t, all.NativeOff)
	for _, m := range all.Modules {
		assert.Equal(t, reload.ModeInterpreted, m.Mode)
		assert.Equal(t, reload.ModeInterpreted, m.Backend)
	}
	assert.Contains(t, r.stdout.String(), "note  native mode is off: ")
}

func TestModeFlag(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 2, run([]string{"-mode", "fast"}, &stdout, &stderr))
	assert.Contains(t, stderr.String(), `"fast" is no mode: it is interpreted, native or auto`)
}
