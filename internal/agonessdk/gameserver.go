package agonessdk

import (
	"context"
	"maps"
	"net/url"
	"strconv"

	agones "greenroom.dev/greenroom/gen/agones/dev/sdk"
	"greenroom.dev/greenroom/internal/model"
)

const (
	metadataPrefix = "agones.dev/sdk-" // of labels and annotations set by a server
	fleetLabel     = "agones.dev/fleet"
	namespace      = "default"

	// Bounds of what a server may say of itself.
	maxKey, maxValue, maxPairs = 128, 4096, 64

	// Agones' defaults.
	healthPeriodSeconds, healthThreshold, healthDelaySeconds = 5, 3, 5
)

// gameServer tells a server in Agones' words.
func (s *SDK) gameServer(ctx context.Context, c *child) (*agones.GameServer, error) {
	server, err := s.cfg.Registry.GetServer(ctx, c.id)
	if err != nil {
		return nil, err
	}
	labels := maps.Clone(server.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[fleetLabel] = string(server.Fleet)
	status := &agones.GameServer_Status{State: stateName(server, c.recall().Reserved)}
	for _, e := range server.Endpoints {
		at, err := url.Parse(e.URL)
		if err != nil {
			continue
		}
		if status.Address == "" {
			status.Address = at.Hostname()
		}
		if port, err := strconv.ParseInt(at.Port(), 10, 32); err == nil {
			status.Ports = append(status.Ports, &agones.GameServer_Status_Port{Name: e.Name, Port: int32(port)})
		}
	}
	return &agones.GameServer{
		ObjectMeta: &agones.GameServer_ObjectMeta{
			Name: string(server.ID), Namespace: namespace, Uid: string(server.ID),
			ResourceVersion: strconv.FormatUint(server.Revision, 10), Generation: int64(server.Generation),
			CreationTimestamp: server.CreatedAt.Unix(), Labels: labels, Annotations: server.Annotations,
		},
		Spec: &agones.GameServer_Spec{Health: &agones.GameServer_Spec_Health{
			PeriodSeconds: healthPeriodSeconds, FailureThreshold: healthThreshold, InitialDelaySeconds: healthDelaySeconds,
		}},
		Status: status,
	}, nil
}

func stateName(s model.Server, reserved bool) string {
	switch s.State {
	case model.ServerReady:
		return "Ready"
	case model.ServerCordoned:
		if reserved {
			return "Reserved"
		}
		return "Allocated"
	case model.ServerOpen, model.ServerDraining:
		return "Allocated"
	case model.ServerEmpty, model.ServerStopped:
		return "Shutdown"
	case model.ServerUnhealthy:
		return "Unhealthy"
	default:
		return "Scheduled"
	}
}
