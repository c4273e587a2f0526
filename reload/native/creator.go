package native

import (
	"runtime"
	"strconv"
	"strings"

	"midair/reload"
)

// creator returns the go statement that has started the calling goroutine, if it is one of the module's. The runtime tells
// it in text alone.
func (i *instance) creator() []reload.Frame {
	buf := make([]byte, 64<<10)
	text := string(buf[:runtime.Stack(buf, false)])
	_, text, ok := strings.Cut(text, "\ncreated by ")
	if !ok {
		return nil
	}
	function, text, _ := strings.Cut(text, "\n\t")
	function, _, _ = strings.Cut(function, " in goroutine ")
	place, _, _ := strings.Cut(text, "\n")
	place, _, _ = strings.Cut(place, " +0x")
	colon := strings.LastIndexByte(place, ':')
	if colon < 0 {
		return nil
	}
	line, _ := strconv.Atoi(place[colon+1:])
	return i.stack([]runtime.Frame{{Function: function, File: place[:colon], Line: line}})
}
