package convert

import (
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
)

// EndpointsProto makes the contract's endpoints.
func EndpointsProto(list []model.Endpoint) []*greenroomv1.Endpoint {
	return each(list, func(e model.Endpoint) *greenroomv1.Endpoint {
		return &greenroomv1.Endpoint{Name: e.Name, Url: e.URL}
	})
}

// EndpointsModel is the model's endpoints.
func EndpointsModel(list []*greenroomv1.Endpoint) []model.Endpoint {
	return each(list, func(p *greenroomv1.Endpoint) model.Endpoint {
		return model.Endpoint{Name: p.GetName(), URL: p.GetUrl()}
	})
}

// Redirect is where a session's players go, on the model's side.
type Redirect struct {
	Server    model.ServerID
	Endpoints []model.Endpoint
	Tickets   []PlayerTicket
}

// PlayerTicket is one player's ticket for the new server.
type PlayerTicket struct {
	Player    model.PlayerID
	Ticket    string
	ExpiresAt time.Time
}

// RedirectProto makes the contract's redirect; nil for nil.
func RedirectProto(r *Redirect) *greenroomv1.Redirect {
	if r == nil {
		return nil
	}
	return &greenroomv1.Redirect{
		Server:    string(r.Server),
		Endpoints: EndpointsProto(r.Endpoints),
		Tickets: each(r.Tickets, func(t PlayerTicket) *greenroomv1.PlayerTicket {
			return &greenroomv1.PlayerTicket{Player: string(t.Player), Ticket: t.Ticket, ExpiresAt: TimeProto(t.ExpiresAt)}
		}),
	}
}

// RedirectModel is the model's redirect; nil for nil.
func RedirectModel(p *greenroomv1.Redirect) *Redirect {
	if p == nil {
		return nil
	}
	return &Redirect{
		Server:    model.ServerID(p.GetServer()),
		Endpoints: EndpointsModel(p.GetEndpoints()),
		Tickets: each(p.GetTickets(), func(t *greenroomv1.PlayerTicket) PlayerTicket {
			return PlayerTicket{Player: model.PlayerID(t.GetPlayer()), Ticket: t.GetTicket(), ExpiresAt: TimeModel(t.GetExpiresAt())}
		}),
	}
}
