package all

import (
	"errors"
	"io"
	"log"
	"os"
	"strconv"
)

// What the generator refers to instead of the functions of os and log that would end or reach into other processes.

func osExit(code int) { panic("os.Exit(" + strconv.Itoa(code) + ") called by a module") }

func osFindProcess(int) (*os.Process, error) {
	return nil, errors.New("os.FindProcess is not for modules")
}

func logFatal(v ...any)                 { log.Panic(v...) }
func logFatalf(format string, v ...any) { log.Panicf(format, v...) }
func logFatalln(v ...any)               { log.Panicln(v...) }

// A logger stays a log.Logger, Fatal methods and all: one of another type could not be given to compiled code.
type logLogger = log.Logger

func logNew(out io.Writer, prefix string, flag int) *log.Logger { return log.New(out, prefix, flag) }
