package manifest

import (
	"os"
	"regexp"
	"testing"

	"greenroom.dev/greenroom/internal/rules"
)

// TestGuidesApply reads the YAML of guides as `greenroom apply` does.
func TestGuidesApply(t *testing.T) {
	check, err := rules.New()
	if err != nil {
		t.Fatal(err)
	}
	for guide, least := range map[string]int{"guides/scaling.md": 3, "guides/static.md": 3, "guides/regions.md": 1} {
		text, err := os.ReadFile("../../docs/" + guide)
		if err != nil {
			t.Fatal(err)
		}
		examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1)
		if len(examples) < least {
			t.Fatalf("%s: found only %d examples", guide, len(examples))
		}
		for i, e := range examples {
			if objects, err := Parse(guide, e[1], check); err != nil || len(objects) == 0 {
				t.Errorf("%s, example %d: %d objects, %v\n%s", guide, i+1, len(objects), err, e[1])
			}
		}
	}
	text, err := os.ReadFile("../../deploy/static/migration.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if objects, err := Parse("migration.yaml", text, check); err != nil || len(objects) != 3 {
		t.Errorf("migration.yaml: %d objects, %v", len(objects), err)
	}
}
