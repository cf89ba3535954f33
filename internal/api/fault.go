package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/durationpb"

	"greenroom.dev/greenroom/internal/observe"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/registry"
	"greenroom.dev/greenroom/internal/rollout"
	"greenroom.dev/greenroom/internal/router"
	"greenroom.dev/greenroom/internal/signal"
	"greenroom.dev/greenroom/internal/stage"
	"greenroom.dev/greenroom/internal/store"
)

// domain is that of google.rpc.ErrorInfo.
const domain = "greenroom.dev"

// faults turns whatever a handler answers into a code, a sentence and details. What nobody foresaw is logged once under
// an incident id, and the reply has only the id. A panic is such an error too.
func (a *API) faults(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) (err error) {
		ctx = context.WithValue(ctx, callKey{}, &call{})
		defer func() {
			if r := recover(); r != nil {
				err = a.incident(ctx, spec, fmt.Errorf("panic: %v", r), slog.String(observe.KeyStack, string(debug.Stack())))
			}
			if err != nil && !isLink(spec.Procedure) {
				a.cfg.Metrics.Fault(connect.CodeOf(err).String())
			}
		}()
		err = next(ctx, spec, stream)
		if err == nil {
			return nil
		}
		if public := publicError(ctx, err); public != nil {
			return public
		}
		return a.incident(ctx, spec, err)
	}
}

func (a *API) incident(ctx context.Context, spec connect.Spec, err error, more ...slog.Attr) error {
	id := randomHex(4)
	attrs := append([]slog.Attr{
		slog.String(observe.KeyIncident, id), slog.String(observe.KeyProcedure, spec.Procedure),
		slog.String(observe.KeyActor, actorOf(ctx)), slog.Any(observe.KeyError, err),
	}, more...)
	a.log.LogAttrs(ctx, slog.LevelError, "unexpected error", attrs...)
	return withDetail(
		connect.Errorf(connect.CodeInternal, "something went wrong inside Greenroom (incident %s); its log has more under that id", id).WithCause(err),
		&errdetails.ErrorInfo{Reason: "INTERNAL", Domain: domain, Metadata: map[string]string{"incident": id}},
	)
}

// saying is an error's sentence, without the sentinels whose own words add nothing to it: what is in the way stands there.
func saying(err error) string {
	said := err.Error()
	for _, sentinel := range []error{store.ErrConflict, store.ErrInUse, registry.ErrConflict} {
		said = strings.TrimSuffix(said, ": "+sentinel.Error())
	}
	return said
}

// foreseen are the sentinels whose wrapped texts are sentences with names, fit for a caller's eyes.
var foreseen = []struct {
	sentinel error
	code     connect.Code
	reason   string
}{
	{store.ErrNotFound, connect.CodeNotFound, "NOT_FOUND"},
	{registry.ErrNotFound, connect.CodeNotFound, "NOT_FOUND"},
	{provider.ErrNotFound, connect.CodeNotFound, "NOT_FOUND"},
	{router.ErrNoRoute, connect.CodeNotFound, "NO_ROUTE"},
	{stage.ErrNoRoute, connect.CodeNotFound, "NO_ROUTE"},
	{stage.ErrFull, connect.CodeResourceExhausted, "STAGE_FULL"},
	{stage.ErrTooFast, connect.CodeResourceExhausted, "TOO_FAST"},
	{router.ErrHeld, connect.CodeUnavailable, "RECOVERING"},
	{signal.ErrNotFound, connect.CodeNotFound, "NOT_FOUND"},
	{signal.ErrFull, connect.CodeResourceExhausted, "TOO_MANY_SIGNALS"},
	{signal.ErrNotFinite, connect.CodeInvalidArgument, "NOT_FINITE"},
	{store.ErrConflict, connect.CodeAborted, "GENERATION_CONFLICT"},
	{store.ErrInUse, connect.CodeFailedPrecondition, "IN_USE"},
	{rollout.ErrCannot, connect.CodeFailedPrecondition, "NOT_NOW"},
	{rollout.ErrNoRollout, connect.CodeFailedPrecondition, "NO_ROLLOUT"},
	{registry.ErrSessionFull, connect.CodeResourceExhausted, "SESSION_FULL"},
	{registry.ErrFull, connect.CodeResourceExhausted, "FULL"},
	{registry.ErrTooLarge, connect.CodeInvalidArgument, "PARTY_TOO_LARGE"},
	{registry.ErrMoving, connect.CodeUnavailable, "MOVING"},
	{registry.ErrStale, connect.CodeAborted, "STALE_GENERATION"},
	{registry.ErrConflict, connect.CodeFailedPrecondition, "CONFLICT"},
}

// soon is when to ask again where nobody says better.
const soon = time.Second

// publicError answers the error as callers may see it; nil when nobody foresaw it.
func publicError(ctx context.Context, err error) error {
	var public *connect.Error
	if errors.As(err, &public) && !public.IsRemote() {
		return public
	}
	if ctx.Err() != nil { // the caller went away or its deadline passed; the transport says which
		return ctx.Err()
	}
	for _, f := range foreseen {
		if !errors.Is(err, f.sentinel) {
			continue
		}
		out := withDetail(connect.NewError(f.code, saying(err)).WithCause(err), &errdetails.ErrorInfo{Reason: f.reason, Domain: domain})
		if after := retryAfter(err); after > 0 {
			out = withDetail(out, &errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
		}
		return out
	}
	return nil
}

// retryAfter is when trying again makes sense; 0 for never.
func retryAfter(err error) time.Duration {
	var full *router.FullError
	switch {
	case errors.As(err, &full):
		return full.RetryAfter
	case errors.Is(err, stage.ErrTooFast), errors.Is(err, registry.ErrMoving), errors.Is(err, registry.ErrFull), errors.Is(err, router.ErrHeld):
		return soon
	default:
		return 0
	}
}
