package rules

import (
	"testing"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

func TestFlagsHaveNamesOfTheirOwn(t *testing.T) {
	got := flags([]*greenroomv1.Flag{{Name: "a"}, {Name: "b"}, {Name: "a", SharePpm: 5}}, "spec.")
	if len(got) != 1 || got[0].Path != "spec.flags[2].name" || got[0].Sentence != `must be another name: flags[0] is called "a" too` {
		t.Errorf("%+v", got)
	}
}
