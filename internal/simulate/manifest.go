package simulate

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/manifest"
	"greenroom.dev/greenroom/internal/rules"
	"greenroom.dev/greenroom/internal/trace"
)

// Add takes the fleets, routes and events of a manifest in.
func (in *Input) Add(objects []manifest.Object) {
	for _, f := range manifest.Fleets(objects) {
		in.Fleets = append(in.Fleets, convert.FleetModel(f))
	}
	for _, r := range manifest.Routes(objects) {
		in.Routes = append(in.Routes, convert.RouteModel(r))
	}
	for _, e := range manifest.Events(objects) {
		in.Events = append(in.Events, convert.EventModel(e))
	}
}

// Adopt takes a generated demand in, with what is announced of it. Where there is one route and the demand is of one, it is
// played on that, whatever its name.
func (in *Input) Adopt(g trace.Generated) {
	in.Trace = g.Trace
	if len(in.Routes) == 1 && len(g.Events) == 0 && oneRoute(g.Trace.Rows) {
		in.Trace.Rows = slices.Clone(g.Trace.Rows)
		for i := range in.Trace.Rows {
			in.Trace.Rows[i].Route = in.Routes[0].Name
		}
	}
	in.Events = append(in.Events, g.Events...)
}

func oneRoute(rows []trace.Row) bool {
	return !slices.ContainsFunc(rows, func(r trace.Row) bool { return r.Route != rows[0].Route })
}

// wrapped is what is put before a policy file to make a fleet of it, and how many lines that is.
const (
	wrapped      = "kind: Fleet\nname: policy\nspec:\n"
	wrappedLines = 3
)

// ReadPolicy reads a policy file: the `scaling`, `buffers` and `scale_in_after` of a fleet's spec, which stand in place of
// every fleet's own. Errors are manifest.Errors with the file's lines.
func ReadPolicy(file string, data []byte, check *rules.Checker) (Policy, error) {
	var text bytes.Buffer
	text.WriteString(wrapped)
	for line := range strings.Lines(string(data)) {
		if strings.TrimSpace(line) != "---" {
			text.WriteString("  " + line)
		}
	}
	objects, err := manifest.Parse(file, text.Bytes(), check)
	if all := manifest.Errors(nil); errors.As(err, &all) {
		for _, e := range all {
			e.Line, e.Column = max(0, e.Line-wrappedLines), max(0, e.Column-2)
			e.Path = strings.TrimPrefix(e.Path, "spec.")
		}
		return Policy{}, all
	}
	if err != nil {
		return Policy{}, err
	}
	fleets := manifest.Fleets(objects)
	if len(fleets) != 1 || fleets[0].GetSpec() == nil {
		return Policy{}, fmt.Errorf("%s says nothing: a policy file has a `scaling:` as a fleet's spec does", file)
	}
	said := fleets[0].GetSpec()
	only := &greenroomv1.FleetSpec{Scaling: said.GetScaling(), Buffers: said.GetBuffers(), ScaleInAfter: said.GetScaleInAfter()}
	if !proto.Equal(said, only) {
		return Policy{}, fmt.Errorf("%s says more than a policy does: only `scaling`, `buffers` and `scale_in_after` can be tried out so", file)
	}
	spec := convert.FleetSpecModel(only)
	return Policy{Name: file, Spec: &spec}, nil
}

// Locate puts the line of a trace file to an error that is about one of its routes; other errors stay as they are.
func Locate(file []byte, err error) error {
	unknown := (*UnknownRouteError)(nil)
	if !errors.As(err, &unknown) {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(file))
	lines.Buffer(nil, len(file)+1)
	for n := 1; lines.Scan(); n++ {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		for field := range strings.SplitSeq(lines.Text(), ",") {
			if strings.Trim(field, "\" \t") == string(unknown.Route) {
				return &trace.Error{Line: n, Column: "route", Message: unknown.sentence()}
			}
		}
	}
	return err
}
