package sqlite

import (
	"encoding/json"
	"fmt"
	"maps"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

// encode gives the two JSON columns of a fleet, a route, an event or a rollout. The contract's message is what is kept, since its rules of
// change are strict: docs/decisions/0002-specs-are-kept-as-contract-json.md.
func encode(labels map[string]string, spec proto.Message) (labelColumn, specColumn string, err error) {
	if labels == nil {
		labels = map[string]string{}
	}
	l, err := json.Marshal(labels)
	if err != nil {
		return "", "", err
	}
	s, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(spec)
	if err != nil {
		return "", "", err
	}
	return string(l), string(s), nil
}

// decode reads the two columns back. A field that this version does not know is an error: dropping it would lose it for
// good with the next apply.
func decode(labelColumn, specColumn string, labels *map[string]string, spec proto.Message) error {
	if err := json.Unmarshal([]byte(labelColumn), labels); err != nil {
		return fmt.Errorf("labels: %w", err)
	}
	if len(*labels) == 0 {
		*labels = nil
	}
	if err := protojson.Unmarshal([]byte(specColumn), spec); err != nil {
		return fmt.Errorf("spec: %w", err)
	}
	return nil
}

func sameFleet(a, b model.Fleet) bool {
	return maps.Equal(a.Labels, b.Labels) && proto.Equal(convert.FleetSpecProto(a.Spec), convert.FleetSpecProto(b.Spec))
}

func sameRoute(a, b model.Route) bool {
	return maps.Equal(a.Labels, b.Labels) && proto.Equal(convert.RouteProto(a).GetSpec(), convert.RouteProto(b).GetSpec())
}

func sameEvent(a, b model.Event) bool {
	return maps.Equal(a.Labels, b.Labels) && proto.Equal(convert.EventProto(a).GetSpec(), convert.EventProto(b).GetSpec())
}

func sameRollout(a, b model.Rollout) bool {
	return maps.Equal(a.Labels, b.Labels) && proto.Equal(convert.RolloutSpecProto(a.Spec), convert.RolloutSpecProto(b.Spec))
}

// checkWrite is checkGeneration for one who brings a spec: who meets somebody else's change is shown both values.
func checkWrite(kind, name string, want, have model.Generation, exists bool, yours, there proto.Message) error {
	err := checkGeneration(kind, name, want, have, exists)
	if err == nil || !exists {
		return err
	}
	both := convert.Differences(yours, there)
	if both == "" {
		return err
	}
	return fmt.Errorf("somebody else changed %s %s: %s (generation %d, you had %d); to put yours in its place, say generation %d: %w", kind, name, both, have, want, have, store.ErrConflict)
}

// checkGeneration holds a write to the generation its writer has seen; 0 is "whatever is there".
func checkGeneration(kind, name string, want, have model.Generation, exists bool) error {
	switch {
	case want == 0 || exists && want == have:
		return nil
	case !exists:
		return fmt.Errorf("%s %s does not exist, generation %d was expected: %w", kind, name, want, store.ErrConflict)
	default:
		return fmt.Errorf("%s %s is at generation %d, %d was expected: %w", kind, name, have, want, store.ErrConflict)
	}
}
