package watch

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/assert"
)

func TestDropping(t *testing.T) {
	for _, name := range []string{
		"ai.go~", "~", ".ai.go.swp", ".ai.go.swx", ".ai.go.swo", "4913", "#ai.go#", ".#ai.go", "x.tmp", "ai.go.bak",
		".goutputstream-8X1", "ai.go___jb_tmp___", "ai.go___jb_old___", ".nfs000001", ".DS_Store",
	} {
		assert.True(t, dropping(name), name)
	}
	for _, name := range []string{
		"ai.go", "balance.csv", "go.mod", "_notes.txt", "ai.swp.go", "4913.go", "#", "#x", "tmp", "tmp.go", ".env", ".hidden.go", "..data",
		"bak", "sedC9XaCr", "ai.go.1601", ".swp", "README", "",
	} {
		assert.False(t, dropping(name), name)
	}
}

func TestVerdicts(t *testing.T) {
	wrap := func(err error) error { return fmt.Errorf("add: %w", os.NewSyscallError("inotify_add_watch", err)) }
	assert.True(t, lossy(fsnotify.ErrEventOverflow))
	assert.True(t, lossy(wrap(syscall.EINVAL)))
	assert.False(t, lossy(wrap(syscall.EBADF)))
	assert.True(t, harmless(wrap(syscall.ENOENT)))
	assert.True(t, harmless(wrap(syscall.EACCES)))
	assert.False(t, harmless(wrap(syscall.ENOSPC)))
	assert.False(t, harmless(errors.New("other")))

	n := pollingNotice(wrap(syscall.ENOSPC), time.Second)
	assert.Equal(t, Polling, n.Kind)
	assert.Contains(t, n.Text, "max_user_watches")
	assert.ErrorIs(t, n.Err, syscall.ENOSPC)
	assert.Contains(t, pollingNotice(wrap(syscall.EMFILE), time.Second).Text, "max_user_instances")
	assert.Contains(t, pollingNotice(errors.New("no such thing"), time.Second).Text, "every 1s: no such thing")
	assert.Contains(t, overflowNotice().Text, "max_queued_events")
}
