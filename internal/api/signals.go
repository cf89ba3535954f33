package api

import (
	"context"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/decide/scale"
	"greenroom.dev/greenroom/internal/signal"
)

// Signals keeps the numbers from outside; *signal.Signals is the real one.
type Signals interface {
	Set(name string, value float64) (scale.Signal, error)
	List() []signal.Named
	Delete(name string) error
}

type signals struct{ *API }

var _ greenroomv1connect.SignalServiceHandler = signals{}

// SetSignal implements SignalService. It is not audited: programs set signals every few seconds.
func (s signals) SetSignal(_ context.Context, r *greenroomv1.SetSignalRequest) (*greenroomv1.SetSignalResponse, error) {
	name := r.GetSignal().GetName()
	v, err := s.cfg.Signals.Set(name, r.GetSignal().GetValue())
	if err != nil {
		return nil, err
	}
	return &greenroomv1.SetSignalResponse{Signal: signalProto(signal.Named{Name: name, Signal: v})}, nil
}

// ListSignals implements SignalService.
func (s signals) ListSignals(context.Context, *greenroomv1.ListSignalsRequest) (*greenroomv1.ListSignalsResponse, error) {
	out := &greenroomv1.ListSignalsResponse{}
	for _, v := range s.cfg.Signals.List() {
		out.Signals = append(out.Signals, signalProto(v))
	}
	return out, nil
}

// DeleteSignal implements SignalService.
func (s signals) DeleteSignal(ctx context.Context, r *greenroomv1.DeleteSignalRequest) (*greenroomv1.DeleteSignalResponse, error) {
	if err := s.cfg.Signals.Delete(r.GetName()); err != nil {
		return nil, err
	}
	s.audit(ctx, actorOf(ctx), "delete signal", r.GetName(), "")
	return &greenroomv1.DeleteSignalResponse{}, nil
}

func signalProto(v signal.Named) *greenroomv1.Signal {
	return &greenroomv1.Signal{Name: v.Name, Value: v.Value, At: convert.TimeProto(v.At)}
}
