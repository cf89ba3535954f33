// Package manifest owns the YAML of `greenroom apply -f`: documents of the contract's own messages, told apart by a
// `kind`, with the field names of proto/ (snake_case). Errors name the field, the line and the fix.
//
//	kind: Fleet
//	name: rooms
//	spec:
//	  buffers: {ready: 1, open: 10}
//	  drain: {wait: 30s}
//	---
//	kind: Route
//	name: plaza
//	spec:
//	  fleets: [{fleet: rooms}]
//	---
//	kind: Event
//	name: gala
//	spec:
//	  route: plaza
//	  doors_at: 2026-12-05T20:00:00+09:00
//	  ends_at: 2026-12-05T23:00:00+09:00
//	  attendance: 20000
//	---
//	kind: Rollout
//	name: plaza-2
//	spec:
//	  route: plaza
//	  to: rooms-2
package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/rules"
)

// What a file may hold.
const (
	MaxBytes     = 4 << 20
	MaxDocuments = 1000
	maxDepth     = 32     // nested mappings and lists
	maxValues    = 200000 // in a file, with aliases expanded
	maxErrors    = 50     // told at once
)

// Object is one document: a *greenroomv1.Fleet, *greenroomv1.Route, *greenroomv1.Event or *greenroomv1.Rollout, and where its
// fields stand.
type Object struct {
	Kind    string // "Fleet", "Route", "Event" or "Rollout"
	Name    string
	Message proto.Message

	file string
	root *yaml.Node
}

// Fleets picks the fleets, in the file's order.
func Fleets(objects []Object) []*greenroomv1.Fleet { return pick[*greenroomv1.Fleet](objects) }

// Routes picks the routes, in the file's order.
func Routes(objects []Object) []*greenroomv1.Route { return pick[*greenroomv1.Route](objects) }

// Events picks the events, in the file's order.
func Events(objects []Object) []*greenroomv1.Event { return pick[*greenroomv1.Event](objects) }

// Rollouts picks the rollouts, in the file's order.
func Rollouts(objects []Object) []*greenroomv1.Rollout { return pick[*greenroomv1.Rollout](objects) }

func pick[M proto.Message](objects []Object) []M {
	var out []M
	for _, o := range objects {
		if m, ok := o.Message.(M); ok {
			out = append(out, m)
		}
	}
	return out
}

// kinds are the messages that a document can be.
func kinds() map[string]proto.Message {
	return map[string]proto.Message{
		"Fleet": &greenroomv1.Fleet{}, "Route": &greenroomv1.Route{}, "Event": &greenroomv1.Event{}, "Rollout": &greenroomv1.Rollout{},
	}
}

// Parse reads all documents of a file and checks them by the contract's rules. The error is Errors with everything that
// is wrong with the file (at most 50); then no object is answered. Empty documents are skipped.
func Parse(file string, data []byte, check *rules.Checker) ([]Object, error) {
	if len(data) > MaxBytes {
		return nil, Errors{{File: file, Message: fmt.Sprintf("file of %d bytes is too large: at most %d are read; split it", len(data), MaxBytes)}}
	}
	d := &decoder{file: file}
	objects := d.documents(data)
	for _, o := range objects {
		violations, err := check.Check(o.Message)
		if err != nil {
			return nil, err
		}
		for _, v := range violations {
			d.errors = append(d.errors, o.Error(v.Path, v.Sentence))
		}
	}
	if len(d.errors) > 0 {
		return nil, d.errors.sorted()
	}
	return objects, nil
}

// documents reads the documents up to the first error of syntax.
func (d *decoder) documents(data []byte) []Object {
	var out []Object
	names := map[string]*yaml.Node{}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		d.errors = append(d.errors, &Error{File: d.file, Message: err.Error()})
		return nil
	}
	for range MaxDocuments + 1 { // one more, to see the end
		var document yaml.Node
		if err := loader.Load(&document); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			d.errors = append(d.errors, syntaxError(d.file, err))
			return nil
		}
		if len(document.Content) == 0 || isNull(document.Content[0]) {
			continue
		}
		o, ok := d.object(document.Content[0])
		if !ok {
			continue
		}
		if first := names[o.Kind+"/"+o.Name]; first != nil {
			d.fail(o.root, "", "%s %s is in this file twice; the first is at line %d", o.Kind, o.Name, first.Line)
			continue
		}
		names[o.Kind+"/"+o.Name] = o.root
		out = append(out, o)
	}
	d.errors = append(d.errors, &Error{File: d.file, Message: fmt.Sprintf("too many documents: at most %d are read; split the file", MaxDocuments)})
	return nil
}

// object reads one document. It answers false when the document has errors.
func (d *decoder) object(root *yaml.Node) (Object, bool) {
	before := len(d.errors)
	root, ok := d.mapping(root, "")
	if !ok {
		return Object{}, false
	}
	kind := lookup(root, "kind")
	if kind == nil {
		d.fail(root, "", "document has no kind; start it with `kind: Fleet`, `kind: Route`, `kind: Event` or `kind: Rollout`")
		return Object{}, false
	}
	message := kinds()[kind.Value]
	if message == nil {
		d.fail(kind, "kind", "must be Fleet, Route, Event or Rollout, not %q%s", kind.Value, DidYouMean(kind.Value, []string{"Fleet", "Route", "Event", "Rollout"}))
		return Object{}, false
	}
	d.message(root, "", message.ProtoReflect(), 0, "kind")
	o := Object{Kind: kind.Value, Message: message, file: d.file, root: root}
	o.Name = message.(interface{ GetName() string }).GetName()
	return o, len(d.errors) == before
}
