package main

import (
	"os"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/manifest"
	"greenroom.dev/greenroom/internal/rules"
)

// TestTheConsolesCommands reads every command that the console shows, as it was written by the console's own tests, with the
// grammar of the commands, and each file that one of them carries as `greenroom apply` does.
func TestTheConsolesCommands(t *testing.T) {
	text, err := os.ReadFile("../../console/testdata/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	check, err := rules.New()
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	if len(shown) < 30 {
		t.Fatalf("found only %d commands", len(shown))
	}
	for _, one := range shown {
		line, rest, _ := strings.Cut(strings.TrimSpace(one), "\n")
		command, carries := strings.CutSuffix(line, " <<'YAML'")
		words := shellWords(command)
		if words[0] != "greenroom" {
			t.Errorf("%s: is not a command of greenroom's", line)
			continue
		}
		parser, err := newParser(&commandLine{}, &lockedBuffer{}, &lockedBuffer{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(words[1:]); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if !carries {
			continue
		}
		yaml, whole := strings.CutSuffix(rest, "YAML")
		if objects, err := manifest.Parse("-", []byte(yaml), check); err != nil || len(objects) != 1 || !whole {
			t.Errorf("%s: %d objects, %v\n%s", line, len(objects), err, yaml)
		}
	}
}

// shellWords takes a line apart as a shell does, as far as the console quotes: '…' as it is, and \' between.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quoted, escaped, begun := false, false, false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\'':
			quoted, begun = !quoted, true
		case r == '\\' && !quoted:
			escaped, begun = true, true
		case r == ' ' && !quoted:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}
