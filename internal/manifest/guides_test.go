package manifest

import (
	"os"
	"regexp"
	"testing"

	"greenroom.dev/greenroom/internal/rules"
)

// TestGuidesApply reads the YAML of the guide to scaling as `greenroom apply` does.
func TestGuidesApply(t *testing.T) {
	check, err := rules.New()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/guides/scaling.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
	if len(examples) < 3 {
		t.Fatalf("found only %d examples", len(examples))
	}
	for i, e := range examples {
		if objects, err := Parse("scaling.md", e[1], check); err != nil || len(objects) == 0 {
			t.Errorf("example %d: %d objects, %v\n%s", i+1, len(objects), err, e[1])
		}
	}
}
