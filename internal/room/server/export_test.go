package server

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	sdk "greenroom.dev/greenroom/sdk/go/server"
)

// Handler is what the control plane would call.
func (s *Server) Handler() sdk.Handler { return s.rooms.handler() }

// Settings are what the control plane told last.
func (s *Server) Settings() model.RoomSettings { return s.plane.Settings() }

// LookAtCertificate does what is done every certificateLook.
func (s *Server) LookAtCertificate() { s.certificate.Tick() }

// HalfOpen tells how many connections are.
func (s *Server) HalfOpen() int { return s.entrance.waiting() }

// SetRoom changes the settings while a server has them.
func (s *Standalone) SetRoom(settings model.RoomSettings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Room = settings
}

// Endpoints are the server's, as the control plane is told them.
func (s *Server) Endpoints(host string) []*greenroomv1.Endpoint {
	return s.endpoints(sdk.Config{Host: host})
}

// Conns tells how many connections came by an endpoint.
func (s *Server) Conns(endpoint string) int { return s.doors[endpoint].Conns() }

// Writes tells how many writes there were to all connections.
func (s *Server) Writes() uint64 { return s.entrance.traffic.SentPackets.Load() }
