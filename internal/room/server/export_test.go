package server

import sdk "greenroom.dev/greenroom/sdk/go/server"

// Handler is what the control plane would call.
func (s *Server) Handler() sdk.Handler { return s.rooms.handler() }

// LookAtCertificate does what is done every certificateLook.
func (s *Server) LookAtCertificate() { s.certificate.Tick() }
