package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// driverSource stands in for the C compiler when the Go linker calls it. The compiler would start itself, an assembler and
// the linker three times to answer what it supports, and go a long way to the linker at last. This one knows the answers,
// asks the compiler once how it would call the linker, and keeps that for the same arguments: all but the build identity
// stay the same, as the linker works in folders with relative names. It lets the compiler do what it does not understand.
const driverSource = `#!/bin/sh
cc=CC
ld=LD
plan=$0.plan
flag= last= sign= id=
for a do
	case $a in
	@* | -fuse-ld=* | *'{id}'*) exec "$cc" "$@" ;;
	-Wl,--build-id=0x*) id=${a#-Wl,--build-id=} sign="$sign -Wl,--build-id={id}" ;;
	*) sign="$sign $a" ;;
	esac
	flag=$last last=$a
done
case $last in
*/trivial.c)
	case $flag in
PROBES	esac
	exec "$cc" "$@"
	;;
esac
known= line=
if [ -r "$plan" ]; then
	{ IFS= read -r known; IFS= read -r line; } <"$plan"
fi
if [ "$known" != "$sign" ]; then
	told=$("$cc" '-###' "$@" 2>&1) || exec "$cc" "$@"
	line= n=0
	while IFS= read -r l; do
		case $l in ' '*) line=$l n=$((n + 1)) ;; esac
	done <<END
$told
END
	case $n$line in
	*'` + "`" + `'*) exec "$cc" "$@" ;;
	1*/collect2*--build-id=$id* | 1*/ld*--build-id=$id*) ;;
	*) exec "$cc" "$@" ;;
	esac
	line=${line%%--build-id=$id*}--build-id=\$id${line#*--build-id=$id}
	case $line in # a file that the compiler would make for the linker
	*-fresolution=*) rest=${line#*-fresolution=} line=${line%%-fresolution=*}-fresolution=link.res\"${rest#*\"} ;;
	esac
	printf '%s\n%s\n' "$sign" "$line" >"$plan.$$" && mv "$plan.$$" "$plan"
fi
(
	eval "set -- $line" || exit 1
	shift
	exec "$ld" "$@"
) && exit 0
rm -f "$plan"
exec "$cc" "$@"
`

// probes are the flags that the Go linker asks about.
var probes = []string{"-Wl,--build-id=0x1234567890abcdef", "-Qunused-arguments", "-Wl,--compress-debug-sections=zlib"}

// newDriver writes a driver for a C compiler into a folder, unless there is one.
// The environment decides about it too.
func newDriver(ctx context.Context, dir, compiler string, env []string) (string, error) {
	if runtime.GOOS != "linux" {
		return "", errors.New("only the linkers of Linux are known")
	}
	if compiler == "" || strings.ContainsAny(compiler, " '\"\t\n") {
		return "", errors.New("the C compiler is more than a program")
	}
	if _, err := os.Stat("/bin/sh"); err != nil {
		return "", err
	}
	cc, err := exec.LookPath(compiler)
	if err != nil {
		return "", err
	}
	ld, err := linker(ctx, cc)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(driverSource + fmt.Sprintf("%q", append([]string{cc, ld}, env...))))
	file := filepath.Join(dir, driverPrefix+hex.EncodeToString(sum[:])[:16])
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	answers, err := askProbes(ctx, cc)
	if err != nil {
		return "", err
	}
	fill := strings.NewReplacer("=CC\n", "="+quote(cc)+"\n", "=LD\n", "="+quote(ld)+"\n", "PROBES", answers)
	return file, writeWhole(file, []byte(fill.Replace(driverSource)), 0o700)
}

// linker finds the linker behind a C compiler, or a faster one.
func linker(ctx context.Context, cc string) (string, error) {
	names := []string{"mold", "ld.lld"}
	if runtime.GOARCH == "amd64" {
		names = append(names, "ld.gold")
	}
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	cmd := exec.CommandContext(ctx, cc, "-print-prog-name=ld")
	separate(cmd)
	out, err := output(cmd)
	if err != nil {
		return "", err
	}
	return exec.LookPath(strings.TrimSpace(string(out)))
}

// askProbes lets the C compiler answer, as branches of the driver.
func askProbes(ctx context.Context, cc string) (string, error) {
	dir, err := os.MkdirTemp("", "midair-probe-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(dir, "trivial.c")
	if err := os.WriteFile(source, []byte("int main() { return 0; }"), 0o600); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, flag := range probes {
		cmd := exec.CommandContext(ctx, cc, "-o", filepath.Join(dir, "a.out"), flag, source)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		separate(cmd)
		out, err := cmd.CombinedOutput()
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		status := "0"
		if err != nil || strings.Contains(string(out), "unrecognized") || strings.Contains(string(out), "unknown") {
			status = "1"
		}
		b.WriteString("\t" + flag + ") exit " + status + " ;;\n")
	}
	return b.String(), nil
}

// quote makes one word of a shell of a text.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
