package manifest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	durationName protoreflect.FullName = "google.protobuf.Duration"
	timeName     protoreflect.FullName = "google.protobuf.Timestamp"
)

// A Time's layouts: RFC 3339, whose seconds may be left out.
const (
	timeLayout      = "2006-01-02T15:04:05.999999999Z07:00"
	shortTimeLayout = "2006-01-02T15:04Z07:00"
	// timeWanted says what ParseTime takes.
	timeWanted = "a time with its zone such as 2026-12-05T20:00:00+09:00 or 2026-12-05T11:00Z"
)

// ParseTime reads a time as manifests and flags give it: with its zone, never without. The error says what is taken.
func ParseTime(s string) (time.Time, error) {
	for _, layout := range []string{timeLayout, shortTimeLayout} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("must be %s, not %s", timeWanted, quote(s))
}

// scalar reads a single value of the field's type. Nothing is guessed: 8080 is no text and "8080" no number.
func (d *decoder) scalar(n *yaml.Node, path string, field protoreflect.FieldDescriptor) (protoreflect.Value, bool) {
	none := protoreflect.Value{}
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "must be %s, not %s", wanted(field), describe(n))
		return none, false
	}
	var v protoreflect.Value
	var ok bool
	switch field.Kind() {
	case protoreflect.StringKind:
		if n.ShortTag() != "!!str" {
			d.fail(n, path, "must be text, not %s; write %q, in quotes", n.Value, n.Value)
			return none, false
		}
		v, ok = protoreflect.ValueOfString(n.Value), true
	case protoreflect.BoolKind:
		v, ok = protoreflect.ValueOfBool(n.Value == "true"), n.ShortTag() == "!!bool" && (n.Value == "true" || n.Value == "false")
	case protoreflect.Uint32Kind:
		u, fits := unsigned(n, math.MaxUint32)
		v, ok = protoreflect.ValueOfUint32(uint32(u)), fits
	case protoreflect.Uint64Kind:
		u, fits := unsigned(n, math.MaxUint64)
		v, ok = protoreflect.ValueOfUint64(u), fits
	case protoreflect.DoubleKind:
		f, finite := float(n)
		v, ok = protoreflect.ValueOfFloat64(f), finite
	case protoreflect.EnumKind:
		number, known := enumNumber(field.Enum(), n.Value)
		v, ok = protoreflect.ValueOfEnum(number), known
	case protoreflect.MessageKind: // a duration or a time
		v, ok = timing(n, field)
	}
	if !ok {
		d.fail(n, path, "must be %s, not %s", wanted(field), describe(n))
	}
	return v, ok
}

func timing(n *yaml.Node, field protoreflect.FieldDescriptor) (protoreflect.Value, bool) {
	if field.Message().FullName() == timeName { // with seconds, YAML has a type of its own for it
		t, err := ParseTime(n.Value)
		return protoreflect.ValueOfMessage(timestamppb.New(t).ProtoReflect()), err == nil
	}
	duration, err := time.ParseDuration(n.Value)
	return protoreflect.ValueOfMessage(durationpb.New(duration).ProtoReflect()), err == nil && n.ShortTag() == "!!str"
}

// wanted says what a field takes.
func wanted(field protoreflect.FieldDescriptor) string {
	switch field.Kind() {
	case protoreflect.StringKind:
		return "text"
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.Uint32Kind:
		return "a whole number from 0 to 4294967295"
	case protoreflect.Uint64Kind:
		return "a whole number from 0 up"
	case protoreflect.DoubleKind:
		return "a number such as 25 or 0.01"
	case protoreflect.EnumKind:
		return strings.Join(enumNames(field.Enum()), " or ")
	case protoreflect.MessageKind:
		if field.Message().FullName() == timeName {
			return timeWanted
		}
		fallthrough
	default:
		return `a duration such as 30s, 5m or 1h30m`
	}
}

func unsigned(n *yaml.Node, largest uint64) (uint64, bool) {
	if n.ShortTag() != "!!int" {
		return 0, false
	}
	u, err := strconv.ParseUint(n.Value, 10, 64)
	return u, err == nil && u <= largest
}

// float reads a number with or without a fraction; infinity and .nan are none.
func float(n *yaml.Node) (float64, bool) {
	if tag := n.ShortTag(); tag != "!!float" && tag != "!!int" {
		return 0, false
	}
	f, err := strconv.ParseFloat(n.Value, 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

// enumNames are the names people write: TCP for PROTOCOL_TCP. The zero value has none: leave the key out.
func enumNames(enum protoreflect.EnumDescriptor) []string {
	var out []string
	for i := range enum.Values().Len() {
		if v := enum.Values().Get(i); v.Number() != 0 {
			out = append(out, enumName(v))
		}
	}
	return out
}

// enumName cuts the prefix that all values of an enum have in common with its zero value, "PROTOCOL_UNSPECIFIED".
func enumName(v protoreflect.EnumValueDescriptor) string {
	zero := string(v.Parent().(protoreflect.EnumDescriptor).Values().ByNumber(0).Name())
	return strings.TrimPrefix(string(v.Name()), strings.TrimSuffix(zero, "UNSPECIFIED"))
}

func enumNumber(enum protoreflect.EnumDescriptor, name string) (protoreflect.EnumNumber, bool) {
	for i := range enum.Values().Len() {
		if v := enum.Values().Get(i); v.Number() != 0 && enumName(v) == name {
			return v.Number(), true
		}
	}
	return 0, false
}
