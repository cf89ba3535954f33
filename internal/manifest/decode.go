package manifest

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// decoder turns the nodes of one file into messages and gathers what is wrong with them.
type decoder struct {
	file   string
	values int // seen so far, with aliases expanded
	errors Errors
}

func (d *decoder) fail(at *yaml.Node, path, format string, args ...any) {
	d.errors = append(d.errors, &Error{File: d.file, Line: at.Line, Column: at.Column, Path: path, Message: fmt.Sprintf(format, args...)})
}

// outputOnly are the fields of Fleet, Route, Event and Rollout that only Greenroom writes.
var outputOnly = []protoreflect.Name{"created_at", "updated_at", "status"}

// message fills m from a mapping; keys in besides are the caller's.
func (d *decoder) message(n *yaml.Node, path string, m protoreflect.Message, depth int, besides ...string) {
	n, ok := d.mapping(n, path)
	if !ok || !d.enter(n, path, depth) {
		return
	}
	fields := m.Descriptor().Fields()
	d.pairs(n, path, func(key, value *yaml.Node) {
		at := join(path, key.Value)
		if slices.Contains(besides, key.Value) {
			return
		}
		field := fields.ByName(protoreflect.Name(key.Value))
		switch {
		case field == nil:
			d.fail(key, "", "unknown key %s%s", at, DidYouMean(key.Value, fieldNames(fields)))
		case path == "" && slices.Contains(outputOnly, field.Name()):
			d.fail(key, at, "is written by Greenroom only; take it out")
		case isNull(value): // as if it were not there
		default:
			if other := whichOneof(m, field); other != nil {
				d.fail(key, at, "cannot stand beside %s; keep one of them", other.Name())
				return
			}
			d.field(value, at, m, field, depth)
		}
	})
}

func (d *decoder) field(n *yaml.Node, path string, m protoreflect.Message, field protoreflect.FieldDescriptor, depth int) {
	switch {
	case field.IsMap():
		d.mapField(n, path, m.Mutable(field).Map(), field.MapValue(), depth+1)
	case field.IsList():
		d.listField(n, path, m.Mutable(field).List(), field, depth+1)
	default:
		if v, ok := d.value(n, path, field, m.NewField(field), depth+1); ok {
			m.Set(field, v)
		}
	}
}

func (d *decoder) mapField(n *yaml.Node, path string, into protoreflect.Map, value protoreflect.FieldDescriptor, depth int) {
	n, ok := d.mapping(n, path)
	if !ok || !d.enter(n, path, depth) {
		return
	}
	d.pairs(n, path, func(key, node *yaml.Node) {
		at := fmt.Sprintf("%s[%q]", path, key.Value)
		if v, ok := d.value(node, at, value, into.NewValue(), depth+1); ok {
			into.Set(protoreflect.ValueOfString(key.Value).MapKey(), v)
		}
	})
}

func (d *decoder) listField(n *yaml.Node, path string, into protoreflect.List, field protoreflect.FieldDescriptor, depth int) {
	n = resolve(n)
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "must be a list, not %s", describe(n))
		return
	}
	if !d.enter(n, path, depth) {
		return
	}
	for i, item := range n.Content {
		if v, ok := d.value(item, fmt.Sprintf("%s[%d]", path, i), field, into.NewElement(), depth+1); ok {
			into.Append(v)
		}
	}
}

// value reads one value; empty is a fresh one of its type, which a message is read into.
func (d *decoder) value(n *yaml.Node, path string, field protoreflect.FieldDescriptor, empty protoreflect.Value, depth int) (protoreflect.Value, bool) {
	n = resolve(n)
	if field.Message() == nil || field.Message().FullName() == durationName || field.Message().FullName() == timeName {
		return d.scalar(n, path, field)
	}
	d.message(n, path, empty.Message(), depth)
	return empty, true
}

// enter counts a mapping's or list's values and bounds both their number and their depth.
func (d *decoder) enter(n *yaml.Node, path string, depth int) bool {
	d.values += len(n.Content) + 1
	switch {
	case depth > maxDepth:
		d.fail(n, path, "is nested too deeply: at most %d levels are read", maxDepth)
	case d.values > maxValues:
		if d.values-len(n.Content)-1 <= maxValues { // said once
			d.fail(n, path, "makes the file too large: at most %d values are read, with aliases written out", maxValues)
		}
	default:
		return true
	}
	return false
}

// mapping resolves a node that has to be a mapping.
func (d *decoder) mapping(n *yaml.Node, path string) (*yaml.Node, bool) {
	n = resolve(n)
	if n.Kind == yaml.MappingNode {
		return n, true
	}
	if path == "" {
		d.fail(n, "", "document must be a mapping that starts with `kind:`, not %s", describe(n))
	} else {
		d.fail(n, path, "must be a mapping, not %s", describe(n))
	}
	return n, false
}

// pairs calls visit for each key and value, and refuses keys that are no plain text, given twice, or merges.
func (d *decoder) pairs(n *yaml.Node, path string, visit func(key, value *yaml.Node)) {
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := resolve(n.Content[i])
		switch {
		case key.Kind != yaml.ScalarNode:
			d.fail(n.Content[i], path, "has a key that is %s; keys are plain text", describe(key))
		case key.ShortTag() == "!!merge":
			d.fail(key, path, "uses a merge key (<<), which is not read; write the keys out")
		case seen[key.Value] > 0:
			d.fail(key, "", "duplicate key %s, first given at line %d", join(path, key.Value), seen[key.Value])
		default:
			seen[key.Value] = key.Line
			visit(key, n.Content[i+1])
		}
	}
}

// resolve follows an alias to what it stands for. An alias cannot name another alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	n = resolve(n)
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// lookup answers the value of a key of a mapping; nil if there is none.
func lookup(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return resolve(n.Content[i+1])
		}
	}
	return nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func whichOneof(m protoreflect.Message, field protoreflect.FieldDescriptor) protoreflect.FieldDescriptor {
	if oneof := field.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() {
		return m.WhichOneof(oneof)
	}
	return nil
}

func fieldNames(fields protoreflect.FieldDescriptors) []string {
	var out []string
	for i := range fields.Len() {
		out = append(out, string(fields.Get(i).Name()))
	}
	return out
}

// describe says what a node is, for "must be a list, not …".
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if isNull(n) {
			return "nothing"
		}
		return quote(n.Value)
	default:
		return "this"
	}
}

// quote repeats a value, the beginning of a long one.
func quote(s string) string {
	const shown = 64
	if len(s) > shown {
		s = strings.ToValidUTF8(s[:shown], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
