package build

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// transcript is what `go build -x` says of itself: the commands that it ran and the files that it wrote for them.
type transcript struct {
	work     string // the go command's temporary folder
	commands []command
	files    map[string]string
}

// command is one of a transcript.
type command struct {
	dir  string
	env  []string
	args []string // the program first
}

// tool is the name of the command's program.
func (c command) tool() string { return filepath.Base(c.args[0]) }

// heredoc begins a written file.
var heredoc = regexp.MustCompile(`^cat >(.+) << 'EOF'(?: # internal)?$`)

// readTranscript understands the lines that are about compiler and linker. Others may be anything, messages too.
func readTranscript(text string) transcript {
	t := transcript{files: map[string]string{}}
	dir := ""
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if work, ok := strings.CutPrefix(line, "WORK="); ok && t.work == "" {
			t.work = work
			continue
		}
		if m := heredoc.FindStringSubmatch(line); m != nil {
			end := i + 1
			for end < len(lines) && !strings.HasSuffix(lines[end], "EOF") {
				end++
			}
			if end < len(lines) { // a file without a last line end has the mark right behind it
				last := strings.TrimSuffix(lines[end], "EOF")
				t.files[t.expand(m[1])] = strings.Join(append(lines[i+1:end:end], last), "\n")
				i = end
			}
			continue
		}
		if to, ok := strings.CutPrefix(line, "cd "); ok {
			dir = t.expand(to)
			continue
		}
		if c, ok := t.command(line, dir); ok {
			t.commands = append(t.commands, c)
		}
	}
	return t
}

// expand undoes an abbreviation.
func (t transcript) expand(s string) string {
	if t.work == "" {
		return s
	}
	return strings.ReplaceAll(s, "$WORK", t.work)
}

// assignment is a variable before a command.
var assignment = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)='([^']*)' `)

// command reads a line that runs the compiler or the linker.
func (t transcript) command(line, dir string) (command, bool) {
	c := command{dir: dir}
	for {
		m := assignment.FindStringSubmatch(line)
		if m == nil {
			break
		}
		c.env = append(c.env, m[1]+"="+m[2])
		line = line[len(m[0]):]
	}
	words, err := split(line)
	if err != nil || len(words) == 0 {
		return c, false
	}
	for i, w := range words {
		if !w.quoted && strings.HasPrefix(w.text, ".") {
			w.text = dir + w.text[1:] // the go command abbreviates the folder that it is in, at the beginning of words
		}
		words[i].text = t.expand(w.text)
		c.args = append(c.args, words[i].text)
	}
	tool := c.tool()
	return c, (tool == "compile" || tool == "link") && filepath.IsAbs(c.args[0])
}

// word is an argument as the go command shows it.
type word struct {
	text   string
	quoted bool
}

// split undoes how the go command shows arguments.
func split(line string) (words []word, err error) {
	for line != "" {
		if line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, err
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, err
			}
			words = append(words, word{text, true})
			line = line[len(quoted):]
			if line != "" && line[0] != ' ' {
				return nil, fmt.Errorf("no space after %s", quoted)
			}
			line = strings.TrimPrefix(line, " ")
			continue
		}
		text, rest, _ := strings.Cut(line, " ")
		words = append(words, word{text, false})
		line = rest
	}
	return words, nil
}

// compile finds the command that compiled a package.
func (t transcript) compile(importPath string) (command, bool) {
	for _, c := range t.commands {
		if c.tool() == "compile" && value(c.args, "-p") == importPath {
			return c, true
		}
	}
	return command{}, false
}

// link finds the last command that linked.
func (t transcript) link() (command, bool) {
	for i := len(t.commands) - 1; i >= 0; i-- {
		if t.commands[i].tool() == "link" {
			return t.commands[i], true
		}
	}
	return command{}, false
}

// value returns the argument after a flag.
func value(args []string, flag string) string {
	for i, a := range args[:max(len(args)-1, 0)] {
		if a == flag {
			return args[i+1]
		}
	}
	return ""
}
