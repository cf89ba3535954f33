// Package house holds the rules that docs/ARCHITECTURE.md writes down for people: its layer table is read from there, so
// the page cannot go stale.
package house

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	module       = "greenroom.dev/greenroom/"
	root         = "../.."
	architecture = root + "/docs/ARCHITECTURE.md"
)

// goPackage is what `go list -json` says of a package, as far as it is needed here.
type goPackage struct {
	ImportPath string
	Dir        string
	Doc        string
	GoFiles    []string
	Imports    []string
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,GoFiles,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("decode go list: %v", err)
		}
		if len(p.GoFiles) > 0 { // a folder of tests alone is in no layer
			all = append(all, p)
		}
	}
}

// table is the layer table and the list of forbidden arrows of docs/ARCHITECTURE.md.
type table struct {
	layers    map[string]int      // pattern → layer
	sameLayer map[[2]string]bool  // allowed arrows inside a layer
	never     map[string][]string // pattern → patterns it must not import
}

var (
	quoted = regexp.MustCompile("`([^`]+)`")
	arrow  = regexp.MustCompile("`([^`]+)` → `([^`]+)`")
)

func readTable(t *testing.T) table {
	t.Helper()
	f, err := os.Open(architecture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tab := table{layers: map[string]int{}, sameLayer: map[[2]string]bool{}, never: map[string][]string{}}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		cells := strings.Split(lines.Text(), "|")
		if from, to, ok := strings.Cut(lines.Text(), " never import "); ok && strings.HasPrefix(from, "- ") {
			for _, f := range quoted.FindAllStringSubmatch(from, -1) {
				for _, t := range quoted.FindAllStringSubmatch(to, -1) {
					tab.never[f[1]] = append(tab.never[f[1]], t[1])
				}
			}
		}
		if len(cells) != 6 {
			continue
		}
		layer, err := strconv.Atoi(strings.TrimSpace(cells[1]))
		if err != nil {
			continue
		}
		for _, name := range quoted.FindAllStringSubmatch(cells[2], -1) {
			tab.layers[name[1]] = layer
		}
		for _, a := range arrow.FindAllStringSubmatch(cells[4], -1) {
			tab.sameLayer[[2]string{a[1], a[2]}] = true
		}
	}
	if len(tab.layers) < 10 || len(tab.never) == 0 {
		t.Fatalf("%s: the layer table or the list of forbidden arrows was not found", architecture)
	}
	return tab
}

// covers tells whether a table's name ("internal/decide/..." or "internal/api") stands for the package.
func covers(pattern, pkg string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == prefix || strings.HasPrefix(pkg, prefix+"/")
	}
	return pkg == pattern
}

// layer answers the layer of the longest pattern that covers pkg, and that pattern.
func (tab table) layer(pkg string) (layer int, pattern string, ok bool) {
	for p, l := range tab.layers {
		if covers(p, pkg) && len(p) > len(pattern) {
			layer, pattern, ok = l, p, true
		}
	}
	return layer, pattern, ok
}

func TestArrowsPointDown(t *testing.T) {
	tab := readTable(t)
	for _, p := range listPackages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		fromLayer, fromPattern, ok := tab.layer(from)
		if !ok {
			t.Errorf("%s stands in no layer: add it to the table of docs/ARCHITECTURE.md", from)
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module)
			if !ours {
				continue
			}
			toLayer, toPattern, _ := tab.layer(to)
			switch {
			case toLayer > fromLayer:
				t.Errorf("%s (layer %d) imports %s (layer %d): arrows point down", from, fromLayer, to, toLayer)
			case toLayer == fromLayer && !tab.sameLayer[[2]string{fromPattern, toPattern}]:
				t.Errorf("%s imports %s of its own layer %d: the table does not allow it", from, to, toLayer)
			}
			for f, forbidden := range tab.never {
				for _, n := range forbidden {
					if covers(f, from) && covers(n, to) {
						t.Errorf("%s imports %s: %s never import %s", from, to, f, n)
					}
				}
			}
		}
	}
}

func TestEveryLayerIsInhabited(t *testing.T) {
	tab := readTable(t)
	packages := listPackages(t)
	for pattern := range tab.layers {
		found := false
		for _, p := range packages {
			found = found || covers(pattern, strings.TrimPrefix(p.ImportPath, module))
		}
		if !found {
			t.Errorf("docs/ARCHITECTURE.md names %s, which is no package", pattern)
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	for _, p := range listPackages(t) {
		if strings.HasPrefix(p.ImportPath, module+"gen/") {
			continue
		}
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// TestNoHiddenStart: several Greenrooms must run side by side in one process, so nothing starts by being imported.
func TestNoHiddenStart(t *testing.T) {
	hidden := regexp.MustCompile(`(?m)^func init\(\)|^(import )?\s*_ "[^"]*"`)
	allowed := map[string]string{
		"internal/store/sqlite": "database/sql drivers register themselves by being imported",
		"internal/decide/when":  "time/tzdata is data: nothing starts by it",
	}
	for _, p := range listPackages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, module)
		if strings.HasPrefix(pkg, "gen/") || allowed[pkg] != "" {
			continue
		}
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(path.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if at := hidden.FindIndex(text); at != nil && !bytes.Contains(text[at[0]:at[1]], []byte(`_ "embed"`)) {
				t.Errorf("%s/%s: %s", pkg, name, bytes.TrimSpace(text[at[0]:at[1]]))
			}
		}
	}
}

// TestArchitectureNamesRealFiles: whoever moves a file mends the page that leads newcomers to it.
func TestArchitectureNamesRealFiles(t *testing.T) {
	text, err := os.ReadFile(architecture)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range quoted.FindAllStringSubmatch(string(text), -1) {
		top, _, nested := strings.Cut(name[1], "/")
		if !nested || top == "" || strings.ContainsAny(name[1], " *") || strings.HasSuffix(name[1], "/...") {
			continue
		}
		if _, err := os.Stat(path.Join(root, top)); err != nil {
			continue // relative to the folder named before it
		}
		seen++
		if _, err := os.Stat(path.Join(root, name[1])); err != nil {
			t.Errorf("docs/ARCHITECTURE.md names %s: %v", name[1], err)
		}
	}
	if seen < 30 {
		t.Errorf("only %d files were looked for: has the page lost its flows?", seen)
	}
}
