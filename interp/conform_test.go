package interp_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain runs one program instead of the tests if the environment asks for it: see conform_child_test.go.
func TestMain(m *testing.M) {
	if path := os.Getenv(childProgram); path != "" {
		os.Exit(interpret(path))
	}
	os.Exit(m.Run())
}

// Programs of the Go installation's own tests run rightly or are refused. It takes minutes, so by default it is a sample.
func TestConformGoroot(t *testing.T) {
	programs := gorootPrograms(t)
	name := "goroot"
	if os.Getenv("MIDAIR_CONFORM") != "1" || testing.Short() || raceEnabled {
		name = "sample"
		programs = everyNth(programs, 17)
	}
	conform(t, name, programs)
}

// So do the programs of a folder that is named by the environment: NAME.go, its output in NAME.out, and in exit.tsv the
// status of those that do not end with 0.
func TestConformProbes(t *testing.T) {
	dir := os.Getenv("MIDAIR_PROBES")
	if dir == "" {
		t.Skip("MIDAIR_PROBES names no folder of programs")
	}
	conform(t, "probes", probePrograms(t, dir))
}

// conform runs a suite, prints how it went, and fails if more programs ended wrong than the committed figure allows.
func conform(t *testing.T, suite string, programs []program) {
	outcomes := runAll(t, programs)
	count := map[verdict]int{}
	for i, o := range outcomes {
		count[o.verdict]++
		if o.verdict == wrong {
			t.Logf("wrong: %s: %s", programs[i].name, o.detail)
		}
	}
	saveOutcomes(t, suite, programs, outcomes)
	fmt.Printf("%s: %d programs, %d right, %d refused, %d wrong\n", suite, len(programs), count[right], count[refused],
		count[wrong])
	assert.LessOrEqual(t, count[wrong], allowedWrong(t, suite), "more programs of suite %s end wrong than testdata/conform.txt allows", suite)
}

// runAll runs the programs, one for each processor at a time. Those that took too long get a second chance alone.
func runAll(t *testing.T, programs []program) []outcome {
	exports := exportList(t, programs)
	outcomes := make([]outcome, len(programs))
	var wait sync.WaitGroup
	next := make(chan int)
	for range runtime.NumCPU() {
		wait.Go(func() {
			for i := range next {
				outcomes[i] = programs[i].run(exports)
			}
		})
	}
	for i := range programs {
		next <- i
	}
	close(next)
	wait.Wait()
	for i := range programs {
		if outcomes[i].timedOut {
			outcomes[i] = programs[i].run(exports)
		}
	}
	return outcomes
}

// saveOutcomes writes a line for every program to a file if the environment names a folder for them.
func saveOutcomes(t *testing.T, suite string, programs []program, outcomes []outcome) {
	dir := os.Getenv("MIDAIR_CONFORM_OUT")
	if dir == "" {
		return
	}
	var b strings.Builder
	for i, o := range outcomes {
		fmt.Fprintf(&b, "%s\t%s\t%s\n", programs[i].name, o.verdict, o.detail)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, suite+".tsv"), []byte(b.String()), 0o644))
}

// allowedWrong reads how many programs of a suite may end wrong. That figure may only fall.
func allowedWrong(t *testing.T, suite string) int {
	f, err := os.Open(filepath.Join("testdata", "conform.txt"))
	require.NoError(t, err)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 2 && fields[0] == suite {
			n, err := strconv.Atoi(fields[1])
			require.NoError(t, err)
			return n
		}
	}
	t.Fatalf("testdata/conform.txt has no figure for suite %s", suite)
	return 0
}

func everyNth(programs []program, n int) (some []program) {
	for chunk := range slices.Chunk(programs, n) {
		some = append(some, chunk[0])
	}
	return some
}
