package autoscaler

import (
	"context"
	"errors"
	"log/slog"
	"math"

	"connectrpc.com/connect/v2"

	"greenroom.dev/greenroom/gen/keda/externalscaler"
	"greenroom.dev/greenroom/gen/keda/externalscaler/externalscalerconnect"
	"greenroom.dev/greenroom/internal/observe"
)

// keda is KEDA's external scaler. Its operator sends a trigger's metadata with each call and nothing else, so that the
// token comes there, too.
type keda struct{ *Autoscaler }

var _ externalscalerconnect.ExternalScalerHandler = keda{}

// IsActive tells whether the number is above the trigger's activation.
func (k keda) IsActive(ctx context.Context, r *externalscaler.ScaledObjectRef) (*externalscaler.IsActiveResponse, error) {
	t, err := k.trigger(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := k.measure(&t)
	if err != nil {
		return nil, err
	}
	return &externalscaler.IsActiveResponse{Result: v > t.activation}, nil
}

// StreamIsActive tells the same at once and whenever it changes. While the number is not known it says nothing: what it
// said last holds.
func (k keda) StreamIsActive(ctx context.Context, r *externalscaler.ScaledObjectRef, stream externalscalerconnect.ExternalScalerStreamIsActiveServerStream) error {
	t, err := k.trigger(ctx, r)
	if err != nil {
		return err
	}
	changes := k.cfg.Census.Watch(ctx)
	checked := k.cfg.Now()
	said, was := false, false
	for {
		v, err := k.measure(&t)
		if err != nil && connect.CodeOf(err) != connect.CodeUnavailable {
			return err
		}
		if active := v > t.activation; err == nil && (!said || active != was) {
			if err := stream.Send(&externalscaler.IsActiveResponse{Result: active}); err != nil {
				return err
			}
			said, was = true, active
		}
		if _, open := <-changes; !open {
			return ctx.Err()
		}
		if now := k.cfg.Now(); now.Sub(checked) >= tokenEvery {
			if err := k.admit(ctx, &t); err != nil {
				return err
			}
			checked = now
		}
	}
}

// GetMetricSpec tells what is measured, and how much of it one replica is to have.
func (k keda) GetMetricSpec(ctx context.Context, r *externalscaler.ScaledObjectRef) (*externalscaler.GetMetricSpecResponse, error) {
	t, err := k.trigger(ctx, r)
	if err != nil {
		return nil, err
	}
	if _, err := k.subject(&t); err != nil && connect.CodeOf(err) == connect.CodeNotFound {
		return nil, err
	}
	return &externalscaler.GetMetricSpecResponse{MetricSpecs: []*externalscaler.MetricSpec{{
		MetricName: t.metricName(), TargetSize: int64(max(1, math.Ceil(t.target))), TargetSizeFloat: t.target,
	}}}, nil
}

// GetMetrics measures.
func (k keda) GetMetrics(ctx context.Context, r *externalscaler.GetMetricsRequest) (*externalscaler.GetMetricsResponse, error) {
	t, err := k.trigger(ctx, r.GetScaledObjectRef())
	if err != nil {
		return nil, err
	}
	if name := r.GetMetricName(); name != "" && name != t.metricName() {
		return nil, connect.Errorf(connect.CodeNotFound, "metricName %q is not this trigger's: that is %s", name, t.metricName())
	}
	v, err := k.measure(&t)
	if err != nil {
		return nil, err
	}
	return &externalscaler.GetMetricsResponse{MetricValues: []*externalscaler.MetricValue{{
		MetricName: t.metricName(), MetricValue: int64(math.Ceil(v)), MetricValueFloat: v,
	}}}, nil
}

// trigger reads a call's metadata and looks at its token.
func (k keda) trigger(ctx context.Context, r *externalscaler.ScaledObjectRef) (trigger, error) {
	t, err := parseTrigger(r.GetScalerMetadata())
	if err != nil {
		return trigger{}, err
	}
	return t, k.admit(ctx, &t)
}

// admit looks at a trigger's token.
func (k keda) admit(ctx context.Context, t *trigger) error {
	err := k.authorize(ctx, t.token)
	switch {
	case err == nil, ctx.Err() != nil:
		return err
	case errors.Is(err, errNoToken):
		return connect.NewError(connect.CodeUnauthenticated, "scalerMetadata.tokenFromEnv is missing or its variable is empty: name a variable of "+
			"the scaled container that holds an API token (`greenroom token create keda --scope view`), or give one as scalerMetadata.token")
	case errors.Is(err, errBadToken):
		return connect.NewError(connect.CodeUnauthenticated, "scalerMetadata.token: "+err.Error())
	}
	k.logged("a token could not be looked up", err)
	return connect.NewError(connect.CodeInternal, "the token could not be looked up; Greenroom's log says why")
}

// measure answers the trigger's number.
func (k keda) measure(t *trigger) (float64, error) {
	s, err := k.subject(t)
	if err != nil {
		return 0, err
	}
	if err := s.missing(&t.number); err != nil {
		return 0, connect.NewError(connect.CodeUnavailable, err.Error())
	}
	v, _ := s.value(&t.number)
	return v, nil
}

// subject finds the trigger's fleet or route.
func (k keda) subject(t *trigger) (s subject, err error) {
	if t.kind == "fleet" {
		s, err = k.fleet(t.name)
	} else {
		s, err = k.route(t.name)
	}
	switch {
	case errors.Is(err, errUnknown):
		return s, connect.NewError(connect.CodeNotFound, "scalerMetadata."+t.kind+": "+err.Error())
	case err != nil:
		return s, connect.NewError(connect.CodeUnavailable, err.Error())
	}
	return s, nil
}

// logged is for what a handler cannot tell its caller.
func (a *Autoscaler) logged(what string, err error) {
	a.cfg.Logger.LogAttrs(context.Background(), slog.LevelError, what, slog.Any(observe.KeyError, err))
}
