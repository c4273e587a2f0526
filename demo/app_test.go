package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
)

// syncBuffer is a buffer that several goroutines may use.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// running is an arena on a copy of the modules.
type running struct {
	*app
	dir    string
	stdout *syncBuffer
	stderr *syncBuffer
	stop   func() error
}

// start runs the arena, interpreted, on a copy of the modules, which prepare may change before anything is loaded.
func start(t *testing.T, headless bool, prepare func(dir string)) *running {
	t.Helper()
	return startWith(t, options{headless: headless, mode: reload.ModeInterpreted}, prepare)
}

func startWith(t *testing.T, opts options, prepare func(dir string)) *running {
	t.Helper()
	r := &running{dir: filepath.Join(t.TempDir(), "scripts"), stdout: &syncBuffer{}, stderr: &syncBuffer{}}
	require.NoError(t, os.CopyFS(r.dir, os.DirFS("../scripts")))
	if prepare != nil {
		prepare(r.dir)
	}
	opts.addr, opts.scripts, opts.out, opts.stderr = "127.0.0.1:0", r.dir, newTerminal(r.stdout), r.stderr
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	r.app, err = open(ctx, opts)
	require.NoError(t, err)
	opts.out.banner(r.app)
	done := make(chan error, 1)
	go func() { done <- r.run(ctx) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { assert.NoError(t, r.stop()) })
	return r
}

// edit replaces text in a module's file.
func (r *running) edit(t *testing.T, path, old, now string) {
	t.Helper()
	path = filepath.Join(r.dir, path)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(b), old)
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(b), old, now, 1)), 0o644))
}

func (r *running) get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	return request(t, http.MethodGet, r.url()+path)
}

func request(t *testing.T, method, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(b)
}

func TestAPIModules(t *testing.T) {
	r := start(t, false, func(dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "rules", "rules.go"), []byte("package rules\n\nfunc {\n"), 0o644))
	})
	resp, body := r.get(t, "/api/modules")
	assert.Equal(t, 200, resp.StatusCode)
	assert.Equal(t, "application/json; charset=utf-8", resp.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	var got struct {
		Generation int              `json:"generation"`
		Modules    []map[string]any `json:"modules"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &got))
	assert.Equal(t, 1, got.Generation)
	var names []string
	for _, m := range got.Modules {
		names = append(names, m["name"].(string))
		for _, key := range []string{"version", "hash", "mode", "backend", "state", "diagnostics", "stages"} {
			assert.Contains(t, m, key)
		}
		assert.IsType(t, []any{}, m["diagnostics"])
		assert.IsType(t, map[string]any{}, m["stages"])
	}
	assert.Equal(t, []string{"balance", "boids", "hunter", "palette", "rules"}, names)
	assert.Equal(t, "live", got.Modules[1]["state"])
	assert.InDelta(t, 1, got.Modules[1]["version"], 0)
	broken := got.Modules[4]
	assert.Equal(t, "failed", broken["state"])
	assert.InDelta(t, 0, broken["version"], 0)
	diagnostic := broken["diagnostics"].([]any)[0].(map[string]any)
	assert.Equal(t, "rules/rules.go", diagnostic["file"])
	assert.InDelta(t, 3, diagnostic["line"], 0)
	for _, key := range []string{"column", "rule", "message", "hint"} {
		assert.Contains(t, diagnostic, key)
	}
}

func TestAPIWorld(t *testing.T) {
	r := start(t, true, nil)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		resp, body := r.get(t, "/api/world")
		assert.Equal(c, "application/json; charset=utf-8", resp.Header.Get("Content-Type"))
		var got struct {
			Tick, Generation, Entities, Errors int
			Rooms                              []struct {
				Name           string
				Boids, Hunters int
				Speed, Spread  float64
				Visits         map[string]struct{ Asked, Ran, Failed int }
			}
		}
		require.NoError(c, json.Unmarshal([]byte(body), &got))
		assert.Greater(c, got.Tick, 10)
		assert.Equal(c, 1, got.Generation)
		assert.Zero(c, got.Errors)
		require.Len(c, got.Rooms, 2)
		for _, room := range got.Rooms {
			assert.GreaterOrEqual(c, room.Boids+room.Hunters, 300)
			assert.Positive(c, room.Speed)
			assert.Positive(c, room.Spread)
			assert.Positive(c, room.Visits["boids"].Ran)
		}
	}, 10*time.Second, 20*time.Millisecond)
}

func TestRoutes(t *testing.T) {
	page, headless := start(t, false, nil), start(t, true, nil)
	for path, contentType := range map[string]string{"/": "text/html; charset=utf-8", "/app.css": "text/css; charset=utf-8",
		"/app.js": "text/javascript; charset=utf-8"} {
		resp, body := page.get(t, path)
		assert.Equal(t, 200, resp.StatusCode, path)
		assert.Equal(t, contentType, resp.Header.Get("Content-Type"), path)
		assert.NotEmpty(t, body)
		for _, elsewhere := range []string{"https://", "src=\"http", "url(http"} {
			assert.NotContains(t, body, elsewhere, "the page loads nothing from elsewhere")
		}
		resp, _ = headless.get(t, path)
		assert.Equal(t, 404, resp.StatusCode, path)
	}
	for _, path := range []string{"/api/modules", "/api/world"} {
		resp, _ := request(t, http.MethodPost, page.url()+path)
		assert.Equal(t, 405, resp.StatusCode)
		resp, _ = headless.get(t, path)
		assert.Equal(t, 200, resp.StatusCode)
	}
	resp, _ := page.get(t, "/nothing")
	assert.Equal(t, 404, resp.StatusCode)
	resp, _ = page.get(t, "/stream?room=Attic")
	assert.Equal(t, 404, resp.StatusCode)
}

func TestStream(t *testing.T) {
	r := start(t, false, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	url := "ws" + strings.TrimPrefix(r.url(), "http") + "/stream?room=Mesa"
	conn, _, err := websocket.Dial(ctx, url, nil)
	require.NoError(t, err)
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	frames, statuses, last := 0, 0, uint32(0)
	for frames < 20 || statuses < 2 {
		kind, message, err := conn.Read(ctx)
		require.NoError(t, err)
		if kind == websocket.MessageText {
			var s struct {
				Room struct{ Name string }
			}
			require.NoError(t, json.Unmarshal(message, &s))
			assert.Equal(t, "Mesa", s.Room.Name)
			statuses++
			continue
		}
		require.GreaterOrEqual(t, len(message), 12)
		n, tick := binary.LittleEndian.Uint16(message[2:]), binary.LittleEndian.Uint32(message[4:])
		assert.Len(t, message, 12+6*int(n))
		assert.GreaterOrEqual(t, int(n), 300)
		assert.Greater(t, tick, last)
		last = tick
		frames++
	}
	_, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"http://elsewhere.test"}}})
	require.Error(t, err, "a page of another origin may not watch")
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
}

// A browser that reads nothing must not keep a room from ticking, nor the arena from closing.
func TestSlowBrowser(t *testing.T) {
	r := start(t, false, nil)
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(r.url(), "http")+"/stream", nil)
	require.NoError(t, err)
	defer conn.CloseNow()
	from := r.arena.Rooms()[0].Status().Tick
	require.Eventually(t, func() bool { return r.arena.Rooms()[0].Status().Tick > from+90 }, time.Minute, 10*time.Millisecond)
	begun := time.Now()
	require.NoError(t, r.stop())
	assert.Less(t, time.Since(begun), 8*time.Second)
}

func TestTerminal(t *testing.T) {
	r := start(t, true, nil)
	assert.Contains(t, r.stdout.String(), r.url())
	assert.Contains(t, r.stdout.String(), filepath.Join("boids", "boids.go"))
	said := func(what ...string) {
		t.Helper()
		require.Eventually(t, func() bool {
			out := r.stdout.String()
			for _, w := range what {
				if !strings.Contains(out, w) {
					return false
				}
			}
			return true
		}, 10*time.Second, 5*time.Millisecond, "%v", what)
	}
	r.edit(t, "boids/boids.go", "Cohesion = 0.8", "Cohesion = 0.7")
	said("✓ boids", "v2 live", "ms after save")
	r.edit(t, "boids/boids.go", "package boids", "package boids // flocks")
	said("no-op", "only formatting and comments changed", "version 2 goes on")
	said("generation 2  body")
	r.edit(t, "boids/boids.go", "b.AX = x", "b.AX = = x")
	said("✗ boids", filepath.Join("boids", "boids.go")+":", "v2 still runs")
	r.edit(t, "boids/boids.go", "b.AX = = x", "b.AX = x")
	said("fixed")
	r.edit(t, "boids/boids.go", "b.AX = x", "b.AX = x\n\t_ = b.Mates[9999]")
	said("v3 panics", "index out of range")
	assert.Empty(t, r.stderr.String(), "what the terminal tells is not logged again")
	assert.NotContains(t, r.stdout.String(), "\x1b", "no colours outside a terminal")
}

func TestPrintsOfModulesAreVisible(t *testing.T) {
	r := start(t, true, nil)
	r.edit(t, "balance/balance.go", `import "midair/demo/game"`,
		"import (\n\t\"fmt\"\n\n\t\"midair/demo/game\"\n)\n\nfunc init() { fmt.Println(\"weighed\", len(Teams)) }")
	require.Eventually(t, func() bool { return strings.Contains(r.stdout.String(), "│ weighed 3") }, 10*time.Second,
		5*time.Millisecond)
}

func TestPortTaken(t *testing.T) {
	r := start(t, true, nil)
	var stdout, stderr bytes.Buffer
	code := run([]string{"-addr", r.listener.Addr().String(), "-scripts", r.dir}, &stdout, &stderr)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr.String(), "is taken")
	assert.Contains(t, stderr.String(), "-addr")
}

func TestFindScripts(t *testing.T) {
	dir, err := findScripts("")
	require.NoError(t, err)
	_, err = fs.Stat(os.DirFS(dir), "boids/boids.go")
	require.NoError(t, err, "found above the working directory")
	_, err = findScripts(filepath.Join(t.TempDir(), "none"))
	require.Error(t, err)
}
