package api

import (
	"context"
	"fmt"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/rules"
)

// validate checks every request by the contract's rules before a handler sees it.
func (a *API) validate(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		if isLink(spec.Procedure) {
			return next(ctx, spec, stream)
		}
		return next(ctx, spec, &checkedStream{ServerStream: stream, rules: a.cfg.Rules})
	}
}

type checkedStream struct {
	connect.ServerStream
	rules *rules.Checker
}

// Receive answers a message that keeps the rules.
func (s *checkedStream) Receive(msg any) error {
	if err := s.ServerStream.Receive(msg); err != nil {
		return err
	}
	message, ok := msg.(proto.Message)
	if !ok {
		return nil
	}
	violations, err := s.rules.Check(message)
	if err != nil {
		return err
	}
	if len(violations) == 0 {
		return nil
	}
	return badRequest(message, violations)
}

// maxViolations bounds what one answer complains of: 1000 objects could break many thousands of rules.
const maxViolations = 50

// badRequest is INVALID_ARGUMENT with google.rpc.BadRequest. Paths of an apply of one object start at the fleet, route, event or rollout,
// so that they are those of its YAML: `spec.fleets[1].fleet`.
func badRequest(request proto.Message, violations []rules.Violation) error {
	var cut string
	switch request.(type) {
	case *greenroomv1.ApplyFleetRequest:
		cut = "fleet"
	case *greenroomv1.ApplyRouteRequest:
		cut = "route"
	case *greenroomv1.ApplyEventRequest:
		cut = "event"
	case *greenroomv1.ApplyRolloutRequest:
		cut = "rollout"
	}
	if more := len(violations) - maxViolations; more > 0 {
		violations = append(violations[:maxViolations:maxViolations], rules.Violation{Sentence: fmt.Sprintf("%d more fields are wrong", more)})
	}
	detail := &errdetails.BadRequest{}
	sentences := make([]string, len(violations))
	for i, v := range violations {
		if cut != "" && (v.Path == cut || strings.HasPrefix(v.Path, cut+".")) {
			v.Path = strings.TrimPrefix(strings.TrimPrefix(v.Path, cut), ".")
		}
		sentences[i] = v.String()
		detail.FieldViolations = append(detail.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: v.Path, Description: v.Sentence})
	}
	return withDetail(connect.NewError(connect.CodeInvalidArgument, strings.Join(sentences, "; ")), detail)
}

// withDetail adds a detail; one that cannot be packed is left out, since the sentence says the same.
func withDetail(e *connect.Error, detail proto.Message) *connect.Error {
	packed, err := connectproto.NewErrorDetail(detail)
	if err != nil {
		return e
	}
	return e.WithDetail(packed)
}
