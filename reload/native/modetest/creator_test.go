package modetest_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"midair/reload"
)

// log is a buffer that a test reads while others write.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestANilFuncIsNamedByItsGoStatement has a goroutine panic before anything of the module runs on it.
func TestANilFuncIsNamedByItsGoStatement(t *testing.T) {
	var l log
	rt := start(t, func(c *reload.Config) {
		c.Mode = reload.ModeNative
		c.Logger = slog.New(slog.NewTextHandler(&l, nil))
	})
	table, err := reload.Bind[struct{ Start func() }](rt, "nilfunc")
	require.NoError(t, err)
	src := "package nilfunc\n\nvar f func()\n\nfunc Start() {\n\tgo f()\n}\n"
	_, err = rt.Apply(t.Context(), fstest.MapFS{"nilfunc/nilfunc.go": {Data: []byte(src)}}, reload.Change{})
	require.NoError(t, err)
	require.NoError(t, table.Do(context.Background(), func(c *struct{ Start func() }) error { c.Start(); return nil }))
	require.Eventually(t, func() bool { return bytes.Contains([]byte(l.String()), []byte("nilfunc.Start nilfunc/nilfunc.go:6")) },
		10*time.Second, time.Millisecond, "%s", &l)
}
