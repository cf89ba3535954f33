package api

import (
	"context"

	"google.golang.org/protobuf/proto"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
)

type fleets struct{ *API }

var _ greenroomv1connect.FleetServiceHandler = fleets{}

// ApplyFleet implements FleetService.
func (s fleets) ApplyFleet(ctx context.Context, r *greenroomv1.ApplyFleetRequest) (*greenroomv1.ApplyFleetResponse, error) {
	applied, err := s.apply(ctx, r, &greenroomv1.ApplyRequest{Fleets: []*greenroomv1.Fleet{r.GetFleet()}, DryRun: r.GetDryRun()})
	if err != nil {
		return nil, err
	}
	one := applied.Fleets[0]
	return &greenroomv1.ApplyFleetResponse{Fleet: s.fleet(one.Fleet), Outcome: string(one.Outcome)}, nil
}

// GetFleet implements FleetService.
func (s fleets) GetFleet(ctx context.Context, r *greenroomv1.GetFleetRequest) (*greenroomv1.GetFleetResponse, error) {
	fleet, err := s.cfg.Store.GetFleet(ctx, model.FleetName(r.GetName()))
	if err != nil {
		return nil, err
	}
	return &greenroomv1.GetFleetResponse{Fleet: s.fleet(fleet)}, nil
}

// ListFleets implements FleetService.
func (s fleets) ListFleets(ctx context.Context, _ *greenroomv1.ListFleetsRequest) (*greenroomv1.ListFleetsResponse, error) {
	all, err := s.cfg.Store.ListFleets(ctx)
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ListFleetsResponse{}
	for _, f := range all {
		out.Fleets = append(out.Fleets, s.fleet(f))
	}
	return out, nil
}

// WatchFleets implements FleetService.
func (s fleets) WatchFleets(ctx context.Context, _ *greenroomv1.WatchFleetsRequest, stream greenroomv1connect.FleetServiceWatchFleetsServerStream) error {
	signals := []<-chan struct{}{s.cfg.Specs.Watch(ctx), s.cfg.Census.Watch(ctx)}
	return watch(
		ctx, signals,
		func() ([]object[string, *greenroomv1.Fleet], error) {
			all, err := s.cfg.Store.ListFleets(ctx)
			out := make([]object[string, *greenroomv1.Fleet], len(all))
			for i, f := range all {
				out[i] = wholeObject(f.Name, s.fleet(f))
			}
			return out, err
		},
		func(name string) *greenroomv1.Fleet { return &greenroomv1.Fleet{Name: name} },
		func(change greenroomv1.ChangeType, f *greenroomv1.Fleet) error {
			return stream.Send(&greenroomv1.WatchFleetsResponse{Type: change, Fleet: f})
		},
	)
}

// wholeObject is for things that are few: their version is the whole message.
func wholeObject[N ~string, M proto.Message](name N, message M) object[string, M] {
	version, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil { // not UTF-8: it will not be sent either
		version = nil
	}
	return object[string, M]{name: string(name), version: string(version), message: func() M { return message }}
}

// DeleteFleet implements FleetService.
func (s fleets) DeleteFleet(ctx context.Context, r *greenroomv1.DeleteFleetRequest) (*greenroomv1.DeleteFleetResponse, error) {
	name := model.FleetName(r.GetName())
	err := s.cfg.Store.DeleteFleet(ctx, name, model.Generation(r.GetGeneration()), r.GetDryRun(), s.cfg.Now())
	if err != nil {
		return nil, err
	}
	if r.GetDryRun() {
		return &greenroomv1.DeleteFleetResponse{}, nil
	}
	s.audit(ctx, actorOf(ctx), "delete fleet", r.GetName(), "its servers are drained, then it goes")
	return &greenroomv1.DeleteFleetResponse{}, s.cfg.Specs.Refresh(ctx)
}

// fleet makes the contract's fleet with its status.
func (a *API) fleet(f model.Fleet) *greenroomv1.Fleet {
	out := convert.FleetProto(f)
	c := a.cfg.Census.Count().Fleets[f.Name]
	out.Status = &greenroomv1.FleetStatus{
		Sessions:         uint32(c.Sessions),
		SeatsReserved:    uint32(c.SeatsReserved),
		SeatsClaimed:     uint32(c.SeatsClaimed),
		FreeSessionSlots: uint32(c.FreeSessionSlots),
		Summary:          a.summary(f),
		ServersWanted:    uint32(max(0, c.Wanted)),
		Upgrade:          a.upgrade(f),
	}
	for state, n := range c.Servers {
		if n > 0 {
			if out.Status.Servers == nil {
				out.Status.Servers = map[string]uint32{}
			}
			out.Status.Servers[model.ServerState(state).String()] = uint32(n)
		}
	}
	return out
}
