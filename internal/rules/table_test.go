package rules

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// TestTheTableOfRoomSettings holds docs/ROOM-SETTINGS.md against the contract's fields and bounds and the model's defaults.
func TestTheTableOfRoomSettings(t *testing.T) {
	text, err := os.ReadFile("../../docs/ROOM-SETTINGS.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		if name, ok := strings.CutPrefix(cells[0], "| `"); ok && len(cells) == 5 {
			told[strings.TrimSuffix(name, "`")] = "default " + cells[2] + ", most " + cells[3]
		}
	}
	defaults := model.RoomSettings{Interest: model.Interest{Radius: 1}}.WithDefaults()
	defaults.Interest.Radius = 0
	rows := settings(t, "", (&greenroomv1.RoomSettings{}).ProtoReflect().Descriptor(), reflect.ValueOf(defaults))
	if len(rows) < 20 {
		t.Fatalf("found only the settings %v", rows)
	}
	for name, want := range rows {
		if told[name] != want {
			t.Errorf("%s: the table says %q, the code %q", name, told[name], want)
		}
		delete(told, name)
	}
	for name := range told {
		t.Errorf("%s is in the table, and no setting", name)
	}
}

// settings answers each field of a message with its default and its bound.
func settings(t *testing.T, at string, message protoreflect.MessageDescriptor, defaults reflect.Value) map[string]string {
	out := map[string]string{}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		name := strings.ReplaceAll(string(field.Name()), "_", "")
		value := defaults.FieldByNameFunc(func(s string) bool { return strings.EqualFold(s, name) })
		if !value.IsValid() {
			t.Fatalf("%s is none of the model's", field.FullName())
		}
		if value.Kind() == reflect.Struct {
			for k, v := range settings(t, at+string(field.Name())+".", field.Message(), value) {
				out[k] = v
			}
			continue
		}
		out[at+string(field.Name())] = fmt.Sprintf("default %s, most %s", said(value.Interface()), said(most(t, field)))
	}
	return out
}

// most is a field's upper bound in the contract.
func most(t *testing.T, field protoreflect.FieldDescriptor) any {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	switch {
	case rules.GetUint32().HasLte():
		return int(rules.GetUint32().GetLte())
	case rules.GetDouble().HasLte():
		return rules.GetDouble().GetLte()
	case rules.GetDuration().HasLte():
		return rules.GetDuration().GetLte().AsDuration()
	default:
		t.Fatalf("%s has no bound", field.FullName())
		return nil
	}
}

func said(v any) string {
	switch v := v.(type) {
	case time.Duration:
		s := v.String() // 1h0m0s is 1h
		if strings.HasSuffix(s, "m0s") {
			s = strings.TrimSuffix(s, "0s")
		}
		if strings.HasSuffix(s, "h0m") {
			s = strings.TrimSuffix(s, "0m")
		}
		return s
	case float64:
		return decimal(v)
	default:
		return fmt.Sprint(v)
	}
}
