package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/rules"
)

func checker(t testing.TB) *rules.Checker {
	t.Helper()
	c, err := rules.New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func format(t testing.TB, objects []Object) string {
	t.Helper()
	var messages []proto.Message
	for _, o := range objects {
		messages = append(messages, o.Message)
	}
	var out bytes.Buffer
	if err := Format(&out, messages...); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestParse(t *testing.T) {
	check := checker(t)
	datadriven.Walk(t, "testdata/parse", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			objects, err := Parse("fleet.yaml", []byte(d.Input), check)
			if err != nil {
				return err.Error() + "\n"
			}
			return format(t, objects)
		})
	})
}

func TestAsManyDocumentsAsARequestHolds(t *testing.T) {
	for _, more := range []int{0, 1} {
		var b strings.Builder
		for i := range MaxDocuments + more {
			fmt.Fprintf(&b, "---\nkind: Fleet\nname: f%d\nspec: {}\n", i)
		}
		objects, err := Parse("many.yaml", []byte(b.String()), checker(t))
		if more == 0 && (err != nil || len(objects) != MaxDocuments) || more == 1 && (err == nil || !strings.Contains(err.Error(), "too many documents")) {
			t.Errorf("%d documents: %d objects, %v", MaxDocuments+more, len(objects), err)
		}
	}
}

func TestABillionLaughsIsCutShort(t *testing.T) {
	var b strings.Builder
	b.WriteString("kind: Fleet\nname: rooms\nlabels: {a: b}\nspec:\n  provider:\n    process:\n")
	b.WriteString("      command: &c0 [" + strings.Repeat("x, ", 100) + "x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "      unknown%d: &c%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*c%d, ", i-1), 10))
	}
	b.WriteString("      ports: *c9\n")
	_, err := Parse("bomb.yaml", []byte(b.String()), checker(t))
	if err == nil || len(err.Error()) > 10000 {
		t.Errorf("answered %.300v", err)
	}
}

func TestAliasesOfManyValuesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("kind: Fleet\nname: rooms\nlabels: &l\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "  k%d: v\n", i)
	}
	b.WriteString("spec: {}\n")
	for i := range 100 {
		fmt.Fprintf(&b, "---\nkind: Fleet\nname: f%d\nlabels: &l {%s}\nspec: {}\n", i, strings.TrimSuffix(strings.Repeat("a: b, ", 2000), ", "))
	}
	_, err := Parse("many.yaml", []byte(b.String()), checker(t))
	var all Errors
	if !errors.As(err, &all) || len(all) > maxErrors+1 {
		t.Errorf("%d errors", len(all))
	}
}

func TestLimitsOfAFile(t *testing.T) {
	_, err := Parse("big.yaml", make([]byte, MaxBytes+1), checker(t))
	if err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("error %v", err)
	}
	_, err = Parse("many.yaml", []byte(strings.Repeat("--- 1\n", MaxDocuments+1)), checker(t))
	if err == nil {
		t.Error("too many documents were read")
	}
}

func TestAServersErrorIsShownAtItsLine(t *testing.T) {
	const file = `kind: Route
name: plaza
labels: {"a.b": x}
spec:
  fleets:
    - fleet: old
      weight_ppm: 500000
    - weight_ppm: 500000
      fleet: gone
`
	objects, err := Parse("route.yaml", []byte(file), checker(t))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"spec.fleets[1].fleet":      "9:7",
		"spec.fleets[1]":            "8:7",
		"spec.fleets[1].unheard_of": "8:7",
		"spec.fleets[7].fleet":      "5:3",
		"spec.queue.max_wait":       "4:1",
		`labels["a.b"]`:             "3:10",
		"name":                      "2:1",
		"":                          "1:1",
		`labels["`:                  "3:1",
	} {
		_, line, column := objects[0].Where(path)
		if got := fmt.Sprintf("%d:%d", line, column); got != want {
			t.Errorf("%s is at %s, want %s", path, got, want)
		}
	}
	got := objects[0].Error("spec.fleets[1].fleet", "names no fleet: gone").Error()
	if want := "spec.fleets[1].fleet names no fleet: gone at route.yaml:9:7"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestPlacesOfARequest(t *testing.T) {
	const file = "kind: Route\nname: r\nspec: {fleets: [{fleet: b}]}\n---\nkind: Fleet\nname: a\nspec: {}\n---\nkind: Fleet\nname: b\nspec: {}\n" +
		"---\nkind: Event\nname: e\nspec: {route: r, doors_at: 2026-12-05T20:00Z, ends_at: 2026-12-05T21:00Z, attendance: 1}\n"
	objects, err := Parse("f", []byte(file), checker(t))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"fleets[0].name":                 "Fleet a name",
		"fleets[1].spec.max_servers":     "Fleet b spec.max_servers",
		"fleets[1]":                      "Fleet b ",
		`fleets[0].labels["x]y"]`:        `Fleet a labels["x]y"]`,
		"routes[0].spec.fleets[0].fleet": "Route r spec.fleets[0].fleet",
		"routes[1].name":                 "none",
		"events[0].spec.doors_at":        "Event e spec.doors_at",
		"fleets[-1].name":                "none",
		"fleets[":                        "none",
		"spec.fleets[0].fleet":           "none",
		"dry_run":                        "none",
		"":                               "none",
	} {
		got := "none"
		if o, field, ok := Place(objects, path); ok {
			got = o.Kind + " " + o.Name + " " + field
		}
		if got != want {
			t.Errorf("%q is %q, want %q", path, got, want)
		}
	}
}

// TestTheGuidesManifests reads every YAML of the guides.
func TestTheGuidesManifests(t *testing.T) {
	guides, err := filepath.Glob("../../docs/guides/*.md")
	if err != nil || len(guides) == 0 {
		t.Fatal(guides, err)
	}
	found := 0
	for _, guide := range guides {
		text, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
			manifest, _, _ := strings.Cut(block, "```")
			if !strings.HasPrefix(manifest, "kind:") {
				continue
			}
			found++
			if _, err := Parse(guide, []byte(manifest), checker(t)); err != nil {
				t.Error(err)
			}
		}
	}
	if found == 0 {
		t.Error("no manifest was found")
	}
}

func TestPickingByKind(t *testing.T) {
	objects, err := Parse("f", []byte("kind: Fleet\nname: a\nspec: {}\n---\nkind: Route\nname: b\nspec: {fleets: [{fleet: a}]}\n"), checker(t))
	if err != nil || len(Fleets(objects)) != 1 || len(Routes(objects)) != 1 || Routes(objects)[0].GetName() != "b" {
		t.Errorf("%+v, %v", objects, err)
	}
}

func TestOtherMessagesAreWrittenWhole(t *testing.T) {
	var out bytes.Buffer
	err := Format(&out, &greenroomv1.Server{
		Name: "rooms-abcdefgh", State: greenroomv1.ServerState_SERVER_STATE_OPEN, Generation: 1 << 60, Sessions: 3,
		Endpoints: []*greenroomv1.Endpoint{{Name: "ws", Url: "ws://127.0.0.1:7401/room"}},
	})
	want := "name: rooms-abcdefgh\nstate: OPEN\ngeneration: 1152921504606846976\nendpoints:\n- name: ws\n  url: ws://127.0.0.1:7401/room\nsessions: 3\n"
	if err != nil || out.String() != want {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestWhatIsWrittenIsReadAgain writes fleets of every shape, with texts that YAML would take for something else.
func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	check := checker(t)
	awkward := []string{"", "yes", "null", "~", "1", "0x1f", "1e3", " a ", "a: b", "# no", "- x", "é\n\tb", "2026-01-01", "<<", "&a", "\"", "'"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		pickOne := func() string { return awkward[random.IntN(len(awkward))] }
		fleet := &greenroomv1.Fleet{
			Name: "rooms", Generation: 7,
			Labels: map[string]string{pickOne() + "k": pickOne(), pickOne() + "l": pickOne()},
			Spec: &greenroomv1.FleetSpec{
				MinServers: random.Uint32N(5),
				Provider: &greenroomv1.Provider{Kind: &greenroomv1.Provider_Process{Process: &greenroomv1.ProcessProvider{
					Command: []string{"x" + pickOne(), pickOne(), pickOne()}, Env: map[string]string{"A": pickOne()}, WorkingDir: pickOne(),
				}}},
			},
		}
		var out bytes.Buffer
		if err := Format(&out, fleet); err != nil {
			t.Fatal(err)
		}
		objects, err := Parse("f", out.Bytes(), check)
		if err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		want := proto.CloneOf(fleet)
		want.Generation = 0
		if !proto.Equal(objects[0].Message, want) {
			t.Fatalf("came back as %v of %v by\n%s", objects[0].Message, want, out.String())
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("kind: Fleet\nname: rooms\nspec:\n  buffers: {ready: 1, open: 10}\n  drain: {wait: 30s}\n---\nkind: Route\nname: plaza\nspec:\n  fleets: [{fleet: rooms}]\n")
	f.Add("kind: Event\nname: e\nspec: {route: r, doors_at: 2026-12-05T20:00Z, ends_at: 2026-12-05T21:00:00+01:00, attendance: 1, ramp: 1m}\n")
	f.Add("kind: Fleet\nname: a\nlabels: &x {a: \"1\"}\nspec: {provider: {process: {env: *x, ports: [{name: a, protocol: UDP}]}}}\n")
	f.Add("kind: Fleet\nspec: &a {provider: *a}\n")
	f.Add("? [a]\n: {<<: 1}\n")
	f.Add("%YAML 1.2\n--- !!binary |\n  aGk=\n...\n")
	check := checker(f)
	f.Fuzz(func(t *testing.T, data string) {
		objects, err := Parse("f.yaml", []byte(data), check)
		if err != nil {
			var all Errors
			if !errors.As(err, &all) || len(all) == 0 || len(objects) > 0 {
				t.Fatalf("error %T %v with %d objects", err, err, len(objects))
			}
			return
		}
		text := format(t, objects)
		again, err := Parse("again.yaml", []byte(text), check)
		if err != nil || len(again) != len(objects) {
			t.Fatalf("written as\n%s\nand not read again: %v", text, err)
		}
		if format(t, again) != text {
			t.Fatalf("written another way the second time:\n%s\n%s", text, format(t, again))
		}
	})
}
