package server

import (
	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/convert"
	"greenroom.dev/greenroom/internal/decide/flag"
)

// Flag answers what a feature flag of the server's fleet is for a key: a session's, a player's, whatever the flag is about.
// The same key gets the same answer on every server of the fleet, and keeps it when the flag's share is raised. off: the key is
// not among the flag's share, or there is no such flag, or nothing was heard of the fleet's flags yet. It costs no call: the
// flags come over the link, and change while the server runs.
func (s *Server) Flag(name, key string) (value string, on bool) {
	list := s.flags.Load()
	if list == nil {
		return "", false
	}
	return flag.Find(*list, name, key)
}

func (s *Server) takeFlags(flags []*greenroomv1.Flag) {
	list := convert.FlagsModel(flags)
	s.flags.Store(&list)
}
