package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test's own binary be what stands beside Greenroom in the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"greenroom-flaky": flakyRoom, "greenroom-health": healthOf})
}

// TestScripts drives the command line as a person does. Beside testscript's own commands there are:
//
//	code N greenroom …           runs a command that must end with exit code N
//	eventually PATTERN greenroom …  runs a command until it prints the pattern
//	grab NAME FILE [PATTERN]     sets a variable to what the pattern's group matches, or to the file's one word
//	json FILE                    fails unless the file, or stdout, is JSON
//
// A control plane that a script runs in the background is interrupted at the script's end, and stops its servers.
func TestScripts(t *testing.T) {
	bin := binaryFolder(t)
	var scripts atomic.Uint32
	scripts.Store(rand.Uint32N(90))
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			first := 10_000 + 100*(int(scripts.Add(1))%90) // planes of scripts that run at once keep out of each other's way
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("GREENROOM_DATA_DIR", filepath.Join(env.WorkDir, "data"))
			env.Setenv("GREENROOM_LISTEN", "127.0.0.1:0")
			env.Setenv("GREENROOM_SERVER_PORTS", fmt.Sprintf("%d-%d", first, first+97))
			env.Setenv("ONE", strconv.Itoa(first+98)) // for servers that a script runs itself
			env.Setenv("TWO", strconv.Itoa(first+99))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": exitsWith, "eventually": eventually, "json": isJSON, "grab": grab,
		},
	})
}

// binaryFolder answers a folder in which greenroom is the binary under test, and not this test's own: that one has the race detector
// in `make test`, and is some ten times as slow to begin and to end, which scripts do hundreds of times.
func binaryFolder(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if path, err = filepath.Abs(path); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(path, filepath.Join(dir, "greenroom")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually PATTERN command…")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for deadline := time.Now().Add(time.Minute); ; pause() {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("waited a minute for %q: %v", args[0], err)
		}
	}
}

func grab(ts *testscript.TestScript, neg bool, args []string) {
	pattern := `(\S+)`
	if len(args) == 3 {
		pattern = args[2]
	} else if neg || len(args) != 2 {
		ts.Fatalf("usage: grab NAME FILE [PATTERN]")
	}
	found := regexp.MustCompile(pattern).FindStringSubmatch(ts.ReadFile(args[1]))
	if len(found) != 2 {
		ts.Fatalf("%s has nothing like %s", args[1], pattern)
	}
	ts.Setenv(args[0], found[1])
}

func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: json FILE")
	}
	if valid := json.Valid([]byte(ts.ReadFile(args[0]))); valid == neg {
		ts.Fatalf("%s is JSON: %v", args[0], valid)
	}
}

// TestEveryCommandHasHelp goes through the commands themselves, so that a new one cannot be forgotten.
func TestEveryCommandHasHelp(t *testing.T) {
	for _, args := range commandPaths(t) {
		out := &lockedBuffer{}
		if code := run(t.Context(), append(args, "--help"), out, os.Stderr); code != exitOK {
			t.Errorf("%v --help: exit code %d", args, code)
		}
		text := out.String()
		if !strings.Contains(text, "Usage: greenroom "+strings.Join(append(args, "<command>"), " ")) && !regexp.MustCompile(`(?m)^(Examples?:| {4}greenroom )`).MatchString(text) {
			t.Errorf("%v --help has no example:\n%s", args, text)
		}
		if !regexp.MustCompile(`(?s)^Usage: greenroom.*\n\n[A-Z].*[.]\n`).MatchString(text) {
			t.Errorf("%v --help says not in a sentence what it does:\n%s", args, text)
		}
	}
}

// commandPaths answers the words of every command that people see, groups too.
func commandPaths(t *testing.T) [][]string {
	t.Helper()
	parser, err := newParser(&commandLine{}, &lockedBuffer{}, &lockedBuffer{})
	if err != nil {
		t.Fatal(err)
	}
	var paths [][]string
	var walk func(node *kong.Node, path []string)
	walk = func(node *kong.Node, path []string) {
		paths = append(paths, path)
		for _, child := range node.Children {
			if child.Hidden { // what Greenroom itself runs
				continue
			}
			walk(child, append(slices.Clone(path), child.Name))
		}
	}
	walk(parser.Model.Node, nil)
	if len(paths) < 20 {
		t.Fatalf("only %d commands were found", len(paths))
	}
	return paths
}
