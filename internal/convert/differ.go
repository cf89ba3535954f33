package convert

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// Differences says what two specs of one kind do not share, a field at a time, with both values, for somebody whose change
// met somebody else's: "weights: yours old=900000,new=100000; there now old=500000,new=500000". "" for equal ones.
func Differences(yours, there proto.Message) string {
	var out []string
	a, b := yours.ProtoReflect(), there.ProtoReflect()
	fields := a.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if a.Get(f).Equal(b.Get(f)) && a.Has(f) == b.Has(f) {
			continue
		}
		name := string(f.Name())
		if f.IsList() && f.Message() != nil && f.Message().FullName() == (&greenroomv1.FleetWeight{}).ProtoReflect().Descriptor().FullName() {
			name = "weights"
		}
		out = append(out, fmt.Sprintf("%s: yours %s; there now %s", name, shown(a, f), shown(b, f)))
	}
	return strings.Join(out, ". ")
}

// shown prints a field on one line.
func shown(m protoreflect.Message, f protoreflect.FieldDescriptor) string {
	if !m.Has(f) {
		return "not set"
	}
	switch v := m.Get(f); {
	case f.IsMap():
		return "another map"
	case f.IsList():
		var items []string
		for i := range v.List().Len() {
			items = append(items, shownValue(v.List().Get(i), f))
		}
		return strings.Join(items, ",")
	default:
		return shownValue(v, f)
	}
}

func shownValue(v protoreflect.Value, f protoreflect.FieldDescriptor) string {
	switch {
	case f.Enum() != nil:
		if e := f.Enum().Values().ByNumber(v.Enum()); e != nil {
			return string(e.Name())
		}
		return v.String()
	case f.Message() == nil:
		return v.String()
	}
	switch m := v.Message().Interface().(type) {
	case *durationpb.Duration:
		return m.AsDuration().String()
	case *timestamppb.Timestamp:
		return m.AsTime().Format("2006-01-02 15:04:05 UTC")
	case *greenroomv1.FleetWeight:
		return fmt.Sprintf("%s=%d", m.GetFleet(), m.GetWeightPpm())
	}
	var parts []string
	fields := f.Message().Fields()
	for i := range fields.Len() {
		if inner := fields.Get(i); v.Message().Has(inner) {
			parts = append(parts, string(inner.Name())+"="+shown(v.Message(), inner))
		}
	}
	return "{" + strings.Join(parts, " ") + "}"
}
