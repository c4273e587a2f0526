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
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"midair/reload"
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
	opts := options{addr: r.listener.Addr().String(), scripts: r.dir, mode: reload.ModeInterpreted, out: newTerminal(&syncBuffer{}), stderr: &syncBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	again, err := open(ctx, opts)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- again.run(ctx) }()
	b.until(t, `document.getElementById("link").dataset.state === "open"`)
	cancel()
	require.NoError(t, <-done)
}

// A module is switched on the page, by mouse and by keyboard.
func TestPageSwitchesModes(t *testing.T) {
	b := newBrowser(t)
	r := startNative(t, reload.ModeInterpreted)
	b.do(t, chromedp.Navigate(r.url()))
	b.until(t, `document.querySelectorAll("#modules li").length === 5 &&
		document.querySelector("#all input:checked")?.value === "interpreted"`)
	row := func(module, condition string) string {
		return fmt.Sprintf(`((m) => %s)(document.querySelector('#modules [data-module=%s]'))`, condition, module)
	}
	b.do(t, chromedp.Click(`#modules [data-module=boids] .mode label:nth-of-type(2)`))
	b.until(t, row("boids", `m.dataset.mode === "native"`))
	b.look(t, "building", 1360, 860, "light")
	r.until(t, "boids", reload.ModeNative)
	b.until(t, row("boids", `m.dataset.backend === "native" && m.dataset.version === "2" &&
		m.querySelector(".building").hidden`))
	assert.Equal(t, "native", eval[string](t, b, row("boids", `m.querySelector("input:checked").value`)))
	assert.Empty(t, eval[string](t, b, `document.querySelector("#all input:checked")?.value ?? ""`), "not all are the same")
	b.until(t, `[...document.querySelectorAll(".toast")].some((e) => /boids v2 native, after/.test(e.textContent))`)
	b.look(t, "native-light", 1360, 860, "light")
	b.look(t, "native-dark", 1360, 860, "dark")

	b.do(t, chromedp.Focus(`#modules [data-module=boids] input:checked`), chromedp.KeyEvent(kb.ArrowLeft))
	b.until(t, row("boids", `m.dataset.backend === "interpreted" && m.dataset.version === "3"`))
	assert.Equal(t, "interpreted", eval[string](t, b, `document.activeElement.value`), "the focus stays")

	b.do(t, chromedp.Click(`#all label:nth-of-type(3)`))
	b.until(t, `[...document.querySelectorAll("#modules li")].every((m) => m.dataset.mode === "auto")`)
	for _, m := range []string{"balance", "boids", "hunter", "palette", "rules"} {
		r.until(t, m, reload.ModeNative)
	}
	b.until(t, `[...document.querySelectorAll("#modules li")].every((m) => m.dataset.backend === "native")`)
	b.look(t, "auto-phone", 390, 1700, "light")
	assert.Empty(t, b.complaints(), "the browser has nothing to complain of")
}

// What cannot run natively says why on the page.
func TestPageTellsWhyNotNative(t *testing.T) {
	b := newBrowser(t)
	r := startWith(t, options{mode: reload.ModeInterpreted, root: t.TempDir()}, nil) // a folder without go.mod
	b.do(t, chromedp.Navigate(r.url()))
	b.until(t, `document.querySelectorAll("#modules li").length === 5`)
	b.do(t, chromedp.Click(`#modules [data-module=boids] .mode label:nth-of-type(2)`))
	reasons := `document.querySelector('#modules [data-module=boids] .reasons')`
	b.until(t, `!`+reasons+`.hidden`)
	assert.Contains(t, eval[string](t, b, reasons+`.firstChild.textContent`), "cannot run native: ")
	b.until(t, `document.querySelector('#modules [data-module=boids] .mode input:checked').value === "interpreted"`)
	b.until(t, `document.querySelector("#entries .switch-failed b").textContent === "boids cannot run native"`)
	b.do(t, chromedp.Click(`#modules [data-module=boids] summary`))
	b.until(t, reasons+`.open`)
	b.look(t, "not-native-light", 1360, 860, "light")
	b.look(t, "not-native-dark", 1360, 860, "dark")
	assert.Empty(t, b.complaints(), "the browser has nothing to complain of")
}

// Where native mode is off, the page says why and does not offer it.
func TestPageWithoutNative(t *testing.T) {
	b := newBrowser(t)
	r := startWith(t, options{root: t.TempDir()}, nil)
	b.do(t, chromedp.Navigate(r.url()))
	b.until(t, `!document.getElementById("native-off").hidden`)
	assert.True(t, eval[bool](t, b, `[...document.querySelectorAll(".mode input[value=native]")].every((i) => i.disabled)`))
	b.look(t, "off", 1360, 860, "light")
}
