package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestBuildStatic runs midair build -static as people do.
func TestBuildStatic(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/build_static", UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != ""})
}
