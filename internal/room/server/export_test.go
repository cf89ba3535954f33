package server

import sdk "greenroom.dev/greenroom/sdk/go/server"

// Handler is what the control plane would call.
func (s *Server) Handler() sdk.Handler { return s.rooms.handler() }
