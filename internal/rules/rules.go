// Package rules checks the contract's messages: the rules written in proto/ (protovalidate), and those that need more
// than one field's view and so are written here. `greenroom apply` runs it before anything is sent and the API before
// anything is done, so both say the same sentences about the same fields.
package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// Violation is one broken rule.
type Violation struct {
	// Path of the field from the message that was checked, such as `spec.fleets[1].fleet` or `labels["team"]`; empty for
	// the message as a whole.
	Path string
	// Sentence goes on where the path ends: "must be at most 20000, not 30000".
	Sentence string
}

// String is the whole sentence.
func (v Violation) String() string {
	if v.Path == "" {
		return v.Sentence
	}
	return v.Path + " " + v.Sentence
}

// Checker checks messages. It is safe for concurrent use.
type Checker struct{ validator protovalidate.Validator }

// New makes a checker. Each kind of message is compiled when it is first seen (milliseconds), then kept.
func New() (*Checker, error) {
	validator, err := protovalidate.New()
	if err != nil {
		return nil, fmt.Errorf("prepare the contract's rules: %w", err)
	}
	return &Checker{validator: validator}, nil
}

// Check answers every rule that the message breaks; none for a good one. The error is the rules' own fault.
func (c *Checker) Check(message proto.Message) ([]Violation, error) {
	if join, ok := message.(*greenroomv1.JoinRequest); ok && goodJoin(join) {
		return nil, nil
	}
	var out []Violation
	var broken *protovalidate.ValidationError
	if err := c.validator.Validate(message); errors.As(err, &broken) {
		for _, v := range broken.Violations {
			out = append(out, violation(v))
		}
	} else if err != nil {
		return nil, fmt.Errorf("check %s: %w", message.ProtoReflect().Descriptor().FullName(), err)
	}
	switch m := message.(type) {
	case *greenroomv1.Fleet:
		out = append(out, fleet(m, "")...)
	case *greenroomv1.Route:
		out = append(out, route(m, "")...)
	case *greenroomv1.Event:
		out = append(out, event(m, "")...)
	case *greenroomv1.Rollout:
		out = append(out, rollout(m, "")...)
	case *greenroomv1.ApplyRolloutRequest:
		out = append(out, rollout(m.GetRollout(), "rollout.")...)
	case *greenroomv1.ApplyEventRequest:
		out = append(out, event(m.GetEvent(), "event.")...)
	case *greenroomv1.ApplyFleetRequest:
		out = append(out, fleet(m.GetFleet(), "fleet.")...)
	case *greenroomv1.ApplyRouteRequest:
		out = append(out, route(m.GetRoute(), "route.")...)
	case *greenroomv1.ApplyRequest:
		out = append(out, objects("fleet", m.GetFleets(), fleet)...)
		out = append(out, objects("route", m.GetRoutes(), route)...)
		out = append(out, objects("event", m.GetEvents(), event)...)
		out = append(out, objects("rollout", m.GetRollouts(), rollout)...)
	case *greenroomv1.PublishRequest:
		out = append(out, published(m)...)
	case *greenroomv1.DrainServerRequest:
		if m.GetPolicy().GetDeadline() != nil { // else it is the fleet's, whatever that is
			out = append(out, drain(m.GetPolicy(), "policy.")...)
		}
	}
	return out, nil
}

func violation(v *protovalidate.Violation) Violation {
	out := Violation{Path: protovalidate.FieldPathString(v.Proto.GetField()), Sentence: v.Proto.GetMessage()}
	if sentence, ok := patterns[v.RuleValue.String()]; ok && v.Proto.GetRuleId() == "string.pattern" {
		out.Sentence = sentence
	}
	switch id := v.Proto.GetRuleId(); {
	case id == "required":
		out.Sentence = "must be given"
		return out
	case len(v.Proto.GetField().GetElements()) == 0 || isMessageRule(v.Proto):
		return out
	}
	if value, ok := show(v.FieldDescriptor, v.FieldValue); ok {
		out.Sentence += ", not " + value
	}
	return out
}

// isMessageRule tells a rule about a whole message, whose sentence names its fields itself.
func isMessageRule(v *validate.Violation) bool {
	elements := v.GetRule().GetElements()
	return len(elements) > 0 && elements[0].GetFieldName() == "cel"
}

// patterns says in words what a regular expression of the contract asks for.
var patterns = map[string]string{
	`^[a-z]([-a-z0-9]*[a-z0-9])?$`:       `must be 1 to 63 lower-case letters, digits and "-", starting with a letter and not ending with "-"`,
	`^([a-z]([-a-z0-9]*[a-z0-9])?)?$`:    `must be up to 63 lower-case letters, digits and "-", starting with a letter and not ending with "-"`,
	`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`:   `must be 1 to 63 lower-case letters, digits, "-" and ".", starting and ending with a letter or a digit`,
	`^([0-9]{1,5}|[0-9]{1,2}%|100%)$`:    `must be a number of servers such as "3", or a share such as "10%"`,
	`^([A-Z]{3})?$`:                      `must be the three capital letters of a currency, such as "USD"`,
	`^[A-Za-z_][A-Za-z0-9_]*$`:           `must be letters, digits and "_", not starting with a digit`,
	`^[a-z][a-z0-9_]*$`:                  `must be lower-case letters, digits and "_", starting with a letter`,
	`^([A-Za-z0-9][-A-Za-z0-9._~:@]*)?$`: `must be letters, digits and "-._~:@", starting with a letter or a digit`,
	`^[A-Za-z0-9][-A-Za-z0-9._~:@]*$`:    `must be 1 to 128 letters, digits and "-._~:@", starting with a letter or a digit`,
}

// shown bounds how much of a bad value an answer repeats, in bytes.
const shown = 64

// show prints a single value; not lists, maps and messages other than durations.
func show(field protoreflect.FieldDescriptor, value protoreflect.Value) (string, bool) {
	if !value.IsValid() || field == nil {
		return "", false
	}
	switch v := value.Interface().(type) {
	case string:
		if len(v) > shown {
			v = strings.ToValidUTF8(v[:shown], "") + "…"
		}
		return strconv.Quote(v), true
	case protoreflect.Message:
		if d, ok := v.Interface().(*durationpb.Duration); ok {
			return d.AsDuration().String(), true
		}
	case bool, int32, int64, uint32, uint64, float64:
		return fmt.Sprint(v), true
	}
	return "", false
}
