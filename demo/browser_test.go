package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// browser is a headless browser with one tab, and everything that it complained of.
type browser struct {
	ctx context.Context
	mu  sync.Mutex
	bad []string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no chromium or chrome found: the page is not tested")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1360, 860))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Skipf("the browser %s does not start: %v", path, err)
	}
	b := &browser{ctx: ctx}
	console := chromedp.Console(ctx)
	go func() {
		for m, err := range console {
			if err != nil {
				return
			}
			b.listen(m)
		}
	}()
	return b
}

func (b *browser) listen(m chromedp.ConsoleMessage) {
	switch m.Type {
	case chromedp.ConsoleWarning, chromedp.ConsoleError, chromedp.ConsoleException:
		b.mu.Lock()
		defer b.mu.Unlock()
		b.bad = append(b.bad, m.String()+" "+m.URL)
	}
}

func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.bad...)
}

// step bounds the time of one action.
func (b *browser) step() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, 25*time.Second)
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := b.step()
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, actions...))
}

// eval returns the value of an expression of the page.
func eval[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	ctx, cancel := b.step()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	require.NoError(t, err, expression)
	return v
}

// until waits for an expression of the page to become true.
func (b *browser) until(t *testing.T, expression string) {
	t.Helper()
	ctx, cancel := b.step()
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](expression,
		chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(20*time.Second)))
	require.NoError(t, err, expression)
}

// look writes a picture to the folder named by MIDAIR_SCREENSHOTS, if there is one, for people to look at.
func (b *browser) look(t *testing.T, name string, width, height int64, scheme string) {
	t.Helper()
	dir := os.Getenv("MIDAIR_SCREENSHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := b.step()
	defer cancel()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	require.NoError(t, err)
	b.do(t, chromedp.EmulateViewport(width, height), chromedp.Sleep(700*time.Millisecond))
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

// picture is what the canvas shows.
const picture = `document.getElementById("world").toDataURL()`

func TestPage(t *testing.T) {
	b := newBrowser(t)
	r := start(t, false, nil)
	b.do(t, chromedp.Navigate(r.url()))
	b.until(t, `document.getElementById("link").dataset.state === "open" && document.querySelectorAll("#modules li").length === 5`)

	b.until(t, `document.getElementById("tick").textContent !== "–"`)
	b.until(t, fmt.Sprintf("%s !== %q", picture, eval[string](t, b, picture))) // the canvas moves
	b.look(t, "light", 1360, 860, "light")

	r.edit(t, "boids/boids.go", "Cohesion = 0.8", "Cohesion = -0.8")
	b.until(t, `[...document.querySelectorAll(".toast")].some((e) => /boids v2 live, \d+ ms after save/.test(e.textContent))`)
	b.until(t, `document.querySelector('#modules [data-module=boids]').dataset.version === "2"`)
	b.look(t, "dark", 1360, 860, "dark")

	r.edit(t, "boids/boids.go", "b.AX = x", "b.AX = x +")
	b.until(t, `!document.getElementById("fault").hidden`)
	card := eval[string](t, b, `document.getElementById("fault").textContent`)
	assert.Regexp(t, `boids/boids\.go:\d+:\d+`, card)
	assert.Contains(t, card, "ersion 2 of boids still runs")
	b.look(t, "fault-dark", 1360, 860, "dark")
	b.look(t, "fault-light", 1360, 860, "light")
	b.look(t, "fault-phone", 390, 1500, "light")
	r.edit(t, "boids/boids.go", "b.AX = x +", "b.AX = x")
	b.until(t, `document.getElementById("fault").hidden`)

	r.edit(t, "hunter/hunter.go", "h.AX = x", "h.AX = x / float64(len(w.Teams[99].Name))")
	b.until(t, `!document.getElementById("fault").hidden && /hunter v2 panics/.test(document.getElementById("fault").textContent)`)
	b.look(t, "panic", 1360, 860, "light")
	r.edit(t, "hunter/hunter.go", "h.AX = x / float64(len(w.Teams[99].Name))", "h.AX = x")
	b.until(t, `document.getElementById("fault").hidden`)
	b.look(t, "phone-dark", 390, 1500, "dark")

	b.until(t, `document.querySelector("#rooms button:nth-child(2)").click() === undefined`)
	b.until(t, `document.querySelector("#rooms [aria-selected=true]").textContent === "Mesa" && location.hash === "#Mesa"`)
	b.do(t, chromedp.EmulateViewport(390, 844))
	assert.False(t, eval[bool](t, b, `document.documentElement.scrollWidth > innerWidth`), "the page fits a phone")
	assert.Empty(t, b.complaints(), "the browser has nothing to complain of")
}

// The page finds the arena again when it was closed and started anew on the same address.
func TestPageReconnects(t *testing.T) {
	b := newBrowser(t)
	r := start(t, false, nil)
	b.do(t, chromedp.Navigate(r.url()))
	b.until(t, `document.getElementById("link").dataset.state === "open"`)
	require.NoError(t, r.stop())
	b.until(t, `document.getElementById("link").dataset.state !== "open"`)
	opts := options{addr: r.listener.Addr().String(), scripts: r.dir, out: newTerminal(&syncBuffer{}), stderr: &syncBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	again, err := open(ctx, opts)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- again.run(ctx) }()
	b.until(t, `document.getElementById("link").dataset.state === "open"`)
	cancel()
	require.NoError(t, <-done)
}
