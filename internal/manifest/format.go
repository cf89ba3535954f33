package manifest

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"greenroom.dev/greenroom/internal/model"
)

// Format writes messages as YAML documents, as `-o yaml` prints them. Fleets, routes, events and rollouts come out as manifests: with
// their kind, without what only Greenroom writes and without the generation, so that Parse reads them again and applying
// them changes nothing. Any other message is written with all its fields.
func Format(w io.Writer, messages ...proto.Message) error { return dump(w, document, messages) }

// FormatWhole writes messages as YAML documents with all their fields, also what only Greenroom writes: for those who want to know
// how a thing stands, not to apply it.
func FormatWhole(w io.Writer, messages ...proto.Message) error {
	return dump(w, func(m proto.Message) *yaml.Node { return messageNode(m.ProtoReflect()) }, messages)
}

func dump(w io.Writer, document func(proto.Message) *yaml.Node, messages []proto.Message) error {
	if len(messages) == 0 {
		return nil
	}
	dumper, err := yaml.NewDumper(w, yaml.WithIndent(2), yaml.WithQuotePreference(yaml.QuoteDouble))
	if err != nil {
		return err
	}
	for _, m := range messages {
		if err := dumper.Dump(document(m)); err != nil {
			return fmt.Errorf("write %s as YAML: %w", m.ProtoReflect().Descriptor().Name(), err)
		}
	}
	return dumper.Close()
}

func document(m proto.Message) *yaml.Node {
	kind := string(m.ProtoReflect().Descriptor().Name())
	if kinds()[kind] == nil {
		return messageNode(m.ProtoReflect())
	}
	node := messageNode(m.ProtoReflect(), append([]protoreflect.Name{"generation"}, outputOnly...)...)
	node.Content = append([]*yaml.Node{text("kind"), text(kind)}, node.Content...)
	return node
}

func messageNode(m protoreflect.Message, without ...protoreflect.Name) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if m.Has(field) && !slices.Contains(without, field.Name()) {
			node.Content = append(node.Content, text(string(field.Name())), fieldNode(m.Get(field), field))
		}
	}
	return flowIfEmpty(node)
}

func fieldNode(v protoreflect.Value, field protoreflect.FieldDescriptor) *yaml.Node {
	switch {
	case field.IsMap():
		return mapNode(v.Map(), field.MapValue())
	case field.IsList():
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.List().Len() {
			node.Content = append(node.Content, valueNode(v.List().Get(i), field))
		}
		return node
	default:
		return valueNode(v, field)
	}
}

func mapNode(m protoreflect.Map, value protoreflect.FieldDescriptor) *yaml.Node {
	type pair struct {
		key  string
		node *yaml.Node
	}
	var pairs []pair
	m.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		pairs = append(pairs, pair{k.String(), valueNode(v, value)})
		return true
	})
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.key, b.key) })
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs {
		node.Content = append(node.Content, text(p.key), p.node)
	}
	return flowIfEmpty(node)
}

func valueNode(v protoreflect.Value, field protoreflect.FieldDescriptor) *yaml.Node {
	switch field.Kind() {
	case protoreflect.StringKind:
		return text(v.String())
	case protoreflect.BoolKind:
		return plain("!!bool", strconv.FormatBool(v.Bool()))
	case protoreflect.EnumKind:
		if known := field.Enum().Values().ByNumber(v.Enum()); known != nil {
			return text(enumName(known))
		}
		return plain("!!int", strconv.Itoa(int(v.Enum())))
	case protoreflect.DoubleKind:
		return number(v.Float())
	case protoreflect.MessageKind:
		switch m := v.Message().Interface().(type) {
		case *durationpb.Duration:
			return text(model.Duration(m.AsDuration()))
		case *timestamppb.Timestamp:
			return text(m.AsTime().Format(time.RFC3339Nano))
		}
		return messageNode(v.Message())
	default:
		return plain("!!int", fmt.Sprint(v.Interface()))
	}
}

// number prints 25 as a whole number and 0.01 as what it is, neither with an exponent.
func number(f float64) *yaml.Node {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if strings.ContainsRune(text, '.') {
		return plain("!!float", text)
	}
	return plain("!!int", text)
}

// text is a string, quoted where it would be read as something else.
func text(s string) *yaml.Node {
	var n yaml.Node
	n.SetString(s)
	return &n
}

func plain(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// flowIfEmpty makes an empty mapping {} instead of nothing, which would be read as null.
func flowIfEmpty(n *yaml.Node) *yaml.Node {
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}
