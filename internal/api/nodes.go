package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/nearest"
)

type nodes struct{ *API }

var _ greenroomv1connect.NodeServiceHandler = nodes{}

// machines is what there is: the servers on each node, by fleet, and the notices.
type machines struct {
	servers map[string][]model.Server
	leaving map[string]model.NodeLeave
}

func (s nodes) look(ctx context.Context) (machines, error) {
	all, err := s.cfg.Registry.ListServers(ctx, "")
	if err != nil {
		return machines{}, err
	}
	slices.SortStableFunc(all, func(a, b model.Server) int { return cmp.Compare(a.Fleet, b.Fleet) })
	m := machines{servers: map[string][]model.Server{}}
	for _, x := range all {
		if x.Node != "" && !x.State.Terminal() {
			m.servers[x.Node] = append(m.servers[x.Node], x)
		}
	}
	m.leaving, err = s.cfg.Keeper.Leaving(ctx)
	return m, err
}

// names are those of the nodes, in order.
func (m machines) names() []string {
	known := maps.Collect(maps.All(m.leaving))
	for name := range m.servers {
		known[name] = model.NodeLeave{}
	}
	return slices.Sorted(maps.Keys(known))
}

func (m machines) node(name string) *greenroomv1.Node {
	if l, leaves := m.leaving[name]; leaves {
		return convert.NodeProto(name, m.servers[name], &l)
	}
	return convert.NodeProto(name, m.servers[name], nil)
}

// ListNodes implements NodeService.
func (s nodes) ListNodes(ctx context.Context, _ *greenroomv1.ListNodesRequest) (*greenroomv1.ListNodesResponse, error) {
	m, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	out := &greenroomv1.ListNodesResponse{}
	for _, name := range m.names() {
		out.Nodes = append(out.Nodes, m.node(name))
	}
	return out, nil
}

// DrainNode implements NodeService.
func (s nodes) DrainNode(ctx context.Context, r *greenroomv1.DrainNodeRequest) (*greenroomv1.DrainNodeResponse, error) {
	m, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	if known := m.names(); !slices.Contains(known, r.GetName()) {
		return nil, noNode(r.GetName(), known)
	}
	out := &greenroomv1.DrainNodeResponse{}
	asked, err := s.asked(ctx, r.GetName())
	if err != nil {
		return nil, err
	}
	if asked != nil {
		out.Replaced = convert.NodeLeaveProto(*asked)
	}
	l := model.NodeLeave{Node: r.GetName(), NoticedAt: s.cfg.Now(), Reason: cmp.Or(r.GetReason(), "asked for by "+actorOf(ctx))}
	until := "the fleets' own deadlines"
	if r.GetDeadline() != nil {
		l.DeadlineAt = l.NoticedAt.Add(r.GetDeadline().AsDuration())
		until = l.DeadlineAt.Format(time.RFC3339)
	}
	if !r.GetDryRun() {
		if err := s.cfg.Store.PutNodeLeave(ctx, l); err != nil {
			return nil, err
		}
		s.audit(ctx, actorOf(ctx), "drain node", l.Node, fmt.Sprintf("until %s: %s", until, l.Reason))
		if m.leaving, err = s.cfg.Keeper.Leaving(ctx); err != nil {
			return nil, err
		}
	} else if has, leaves := m.leaving[l.Node]; !leaves || !has.ByProvider {
		m.leaving = map[string]model.NodeLeave{l.Node: l}
	}
	out.Node = m.node(l.Node)
	return out, nil
}

// UndrainNode implements NodeService.
func (s nodes) UndrainNode(ctx context.Context, r *greenroomv1.UndrainNodeRequest) (*greenroomv1.UndrainNodeResponse, error) {
	asked, err := s.asked(ctx, r.GetName())
	if err != nil {
		return nil, err
	}
	m, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	switch known := m.names(); {
	case asked != nil:
	case m.leaving[r.GetName()].ByProvider:
		return nil, connect.Errorf(connect.CodeFailedPrecondition, "node %s leaves by its provider's notice, which only the provider takes back", r.GetName())
	case slices.Contains(known, r.GetName()):
		return nil, connect.Errorf(connect.CodeNotFound, "node %s was not asked to leave", r.GetName())
	default: // it may be a machine that is empty since it was drained, whose notice was taken back already
		return nil, connect.Errorf(connect.CodeNotFound, "node %q was not asked to leave, and no server is on it%s", r.GetName(), nearest.DidYouMean(r.GetName(), known))
	}
	if err := s.cfg.Store.DropNodeLeave(ctx, r.GetName()); err != nil {
		return nil, err
	}
	s.audit(ctx, actorOf(ctx), "undrain node", r.GetName(), "")
	if m, err = s.look(ctx); err != nil {
		return nil, err
	}
	return &greenroomv1.UndrainNodeResponse{Node: m.node(r.GetName())}, nil
}

// asked is an operator's notice for a node; nil: there is none.
func (s nodes) asked(ctx context.Context, node string) (*model.NodeLeave, error) {
	all, err := s.cfg.Store.ListNodeLeaves(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		if l.Node == node {
			return &l, nil
		}
	}
	return nil, nil
}

func noNode(name string, known []string) error {
	if len(known) == 0 {
		return connect.Errorf(connect.CodeNotFound, "there is no node %q: no server says which machine it is on", name)
	}
	return connect.Errorf(connect.CodeNotFound, "there is no node %q%s: servers are on %s", name, nearest.DidYouMean(name, known), strings.Join(known, ", "))
}
