package rules

import (
	"fmt"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// flags refuses two flags of one name.
func flags(list []*greenroomv1.Flag, at string) []Violation {
	var out []Violation
	seen := map[string]int{}
	for i, f := range list {
		if first, again := seen[f.GetName()]; again {
			out = append(out, Violation{
				fmt.Sprintf("%sflags[%d].name", at, i), fmt.Sprintf("must be another name: flags[%d] is called %q too", first, f.GetName()),
			})
			continue
		}
		seen[f.GetName()] = i
	}
	return out
}
