package buildtest_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// alone is the n-th edit of a module without a library.
func alone(n int) map[string]string {
	files := with(version(n), "m/m.go", "\t\""+module+"/scripts/lib\"\n", "", "lib.Double(e.Hit(1))", "2*e.Hit(1)")
	delete(files, "lib/lib.go")
	return files
}

// plain is the same for go build alone.
func plain(n int) map[string]string {
	return map[string]string{"main.go": strings.Replace(alone(n)["m/m.go"], "package m\n", "package main\n", 1)}
}

// TestMeasure compares an edit's way to native code with go build and plugin.Open, in turns.
func TestMeasure(t *testing.T) {
	if os.Getenv("MIDAIR_NATIVE") == "" {
		t.Skip("takes a minute: set MIDAIR_NATIVE=1")
	}
	const rounds = 15
	p := newProgram(t).start()
	for n := range 2 {
		p.apply(alone(n))
		require.Empty(t, p.do(request{Do: "plain", Files: plain(n)}).Error)
	}
	took, gaps := map[string][]time.Duration{}, map[string][]time.Duration{}
	for n := range rounds {
		for what, files := range map[string]func(int) map[string]string{"apply": alone, "plain": plain} {
			a := p.do(request{Do: what, Files: files(100 + n)})
			require.Empty(t, a.Error)
			took[what] = append(took[what], a.Took)
			a = p.do(request{Do: what, Files: files(200 + n), Loop: true})
			require.Empty(t, a.Error)
			gaps[what] = append(gaps[what], a.Gap)
		}
	}
	report := func(what string, all map[string][]time.Duration) {
		a, b := median(all["apply"]), median(all["plain"])
		t.Logf("%s: %v against %v, %.2f times", what, a, b, float64(a)/float64(b))
	}
	report("edit to live, against go build and plugin.Open", took)
	report("gap of a loop meanwhile, one of a hundred is longer", gaps)
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}
