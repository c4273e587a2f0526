package build

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const transcriptText = `WORK=/tmp/go-build1
mkdir -p $WORK/b002/
cat >/tmp/go-build1/b002/importcfg << 'EOF' # internal
# import config
packagefile fmt=/cache/aa-d
EOF
cat >/tmp/go-build1/b002/embedcfg << 'EOF' # internal
{"Patterns": {"*.txt": ["a.txt"]}, "Files": {"a.txt": "/stage/2.txt"}}EOF
cd /home/a user/mod
/go/tool/compile -o $WORK/b002/_pkg_.a -trimpath "/stage/0.go=>/home/a user/mod/m/_hr_1/m.go;$WORK/b002=>" -p ex/m/_hr_1 -lang=go1.26 -complete -buildid x/x -goversion go1.26.8 -c=2 -nolocalimports -importcfg $WORK/b002/importcfg -embedcfg $WORK/b002/embedcfg -pack /stage/0.go
go tool buildid -w $WORK/b002/_pkg_.a # internal
cat >/tmp/go-build1/b001/importcfg.link << 'EOF' # internal
packagefile ex/m/_hr_1=/tmp/go-build1/b002/_pkg_.a
modinfo "0w\xafpath\tex/m/_hr_1/main\nbuild\t-ldflags=\"-s -w\"\n\xf9"
EOF
cd $WORK/b001/exe/
GOROOT='/go' /go/tool/link -o a.out.so -importcfg $WORK/b001/importcfg.link -pluginpath ex/m/_hr_1/main -buildmode=plugin -buildid=x/y/z -s -w -extld=gcc $WORK/b001/_pkg_.a
rm -rf $WORK/b001/
`

func stagedPackage() Package {
	return Package{ImportPath: "ex/m/_hr_1", Folder: "/home/a user/mod/m/_hr_1",
		Files: map[string]string{"m.go": "/stage/0.go", "a.txt": "/stage/2.txt", "sub/x.go": "/stage/3.go"}}
}

func TestTranscript(t *testing.T) {
	log := readTranscript(transcriptText)
	assert.Equal(t, "/tmp/go-build1", log.work)
	require.Len(t, log.commands, 2)
	assert.Equal(t, "# import config\npackagefile fmt=/cache/aa-d\n", log.files["/tmp/go-build1/b002/importcfg"])
	assert.JSONEq(t, `{"Patterns": {"*.txt": ["a.txt"]}, "Files": {"a.txt": "/stage/2.txt"}}`,
		log.files["/tmp/go-build1/b002/embedcfg"])
	c, ok := log.compile("ex/m/_hr_1")
	require.True(t, ok)
	assert.Equal(t, "/home/a user/mod", c.dir)
	assert.Equal(t, "/stage/0.go=>/home/a user/mod/m/_hr_1/m.go;/tmp/go-build1/b002=>", value(c.args, "-trimpath"))
	link, ok := log.link()
	require.True(t, ok)
	assert.Equal(t, []string{"GOROOT=/go"}, link.env)
	assert.Equal(t, "/tmp/go-build1/b001/exe/", link.dir)
	info, err := modinfo(log.files["/tmp/go-build1/b001/importcfg.link"], "ex/m/_hr_1/main")
	require.NoError(t, err)
	assert.Equal(t, "0w\xafpath\t{path}\nbuild\t-ldflags=\"-s -w\"\n\xf9", info)
}

func TestSplit(t *testing.T) {
	words, err := split(`a "b c" ./d "\n"`)
	require.NoError(t, err)
	assert.Equal(t, []word{{"a", false}, {"b c", true}, {"./d", false}, {"\n", true}}, words)
	for _, bad := range []string{`"a`, `"a"b`} {
		_, err := split(bad)
		assert.Error(t, err, bad)
	}
}

func TestTemplates(t *testing.T) {
	log := readTranscript(transcriptText)
	c, _ := log.compile("ex/m/_hr_1")
	one, err := compileTemplate(c, stagedPackage(), log.work, false)
	require.NoError(t, err)
	assert.Equal(t, []string{"/go/tool/compile", "-o", "O", "-trimpath", "T", "-p", "P", "-lang=go1.26", "-complete",
		"-buildid", "I", "-goversion", "go1.26.8", "-c=2", "-nolocalimports", "-importcfg", "C", "-pack", "/stage/0.go"},
		one.compile(stagedPackage(), map[string]string{markOut: "O", markTrim: "T", markPath: "P", markID: "I", markImports: "C"}, ""))
	link, _ := log.link()
	two, driver, err := linkTemplate(link, "ex/m/_hr_1/main", log.work)
	require.NoError(t, err)
	assert.Equal(t, "gcc", driver)
	assert.Equal(t, []string{"/go/tool/link", "-o", "O", "-importcfg", "C", "-pluginpath", "P", "-buildmode=plugin",
		"-buildid=I", "-s", "-w", "-extld=L"},
		two.fill(map[string]string{markOut: "O", markPath: "P", markID: "I", markImports: "C", markLinker: "L"}))
}

// What is not exactly as expected is not repeated.
func TestUnusualCommands(t *testing.T) {
	log := readTranscript(transcriptText)
	for name, change := range map[string]func(c *command, p *Package){
		"another file":   func(_ *command, p *Package) { p.Files["n.go"] = "/stage/4.go" },
		"another folder": func(_ *command, p *Package) { p.Folder = "/elsewhere" },
		"assembly": func(c *command, _ *Package) {
			c.args = append(c.args[:7:7], append([]string{"-symabis", log.work + "/s"}, c.args[7:]...)...)
		},
		"no archive":      func(c *command, _ *Package) { c.args = c.args[:5] },
		"trimmed folders": func(c *command, _ *Package) { c.args[4] = "x=>y" },
	} {
		c, _ := log.compile("ex/m/_hr_1")
		c.args = append([]string(nil), c.args...)
		p := stagedPackage()
		change(&c, &p)
		_, err := compileTemplate(c, p, log.work, false)
		assert.Error(t, err, name)
	}
	c, _ := log.link()
	c.args = append([]string{c.args[0], "-fipso", log.work + "/fips.o"}, c.args[1:]...)
	_, _, err := linkTemplate(c, "ex/m/_hr_1/main", log.work)
	assert.Error(t, err)
	c.args = c.args[:1]
	_, _, err = linkTemplate(c, "ex/m/_hr_1/main", log.work)
	assert.Error(t, err)
}
