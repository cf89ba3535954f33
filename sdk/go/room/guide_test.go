package room_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// The guide's game is built, and its test passes.
func TestGuide(t *testing.T) {
	const root = "../../.."
	text, err := os.ReadFile(root + "/docs/guides/room-logic.md")
	if err != nil {
		t.Fatal(err)
	}
	args, dir := []string{"test"}, t.TempDir()
	for _, block := range regexp.MustCompile("(?s)\n```go ([a-z_]+\\.go)\n(.*?)```\n").FindAllSubmatch(text, -1) {
		file := filepath.Join(dir, string(block[1]))
		if err := os.WriteFile(file, block[2], 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	if len(args) != 3 {
		t.Fatalf("the guide has %d files", len(args)-1)
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
