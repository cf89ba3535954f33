package rules

import (
	"fmt"
	"net/url"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

// static refuses what cannot count in a fleet of servers that run already: a number that is written down and changes nothing
// would be believed.
func static(s *greenroomv1.FleetSpec, at string) []Violation {
	if s.GetProvider().GetStatic() == nil {
		return nil
	}
	var out []Violation
	const why = "must be left out: every server of a static fleet's list is used, and no other"
	for _, f := range []struct {
		name string
		said bool
	}{
		{"buffers", s.GetBuffers().GetReady() > 0 || s.GetBuffers().GetOpen() > 0},
		{"min_servers", s.GetMinServers() > 0},
		{"max_servers", s.GetMaxServers() > 0},
		{"scaling", len(s.GetScaling().GetPolicies()) > 0},
	} {
		if f.said {
			out = append(out, Violation{at + f.name, why})
		}
	}
	return out
}

// region checks what a client would ask.
func region(r *greenroomv1.Region, at string) []Violation {
	var out []Violation
	for i, echo := range r.GetEcho() {
		u, err := url.Parse(echo)
		path := fmt.Sprintf("%secho[%d]", at, i)
		switch {
		case err != nil || u.Hostname() == "":
			out = append(out, Violation{path, fmt.Sprintf("must be a URL such as udp://203.0.113.9:7351 or https://tokyo.example.com/echo, not %q", echo)})
		case u.Scheme != "udp" && u.Scheme != "http" && u.Scheme != "https":
			out = append(out, Violation{path, fmt.Sprintf("must begin with udp://, http:// or https://, not %s://", u.Scheme)})
		case u.Scheme == "udp" && u.Port() == "":
			out = append(out, Violation{path, fmt.Sprintf("must have a port: udp://%s:7351", u.Host)})
		}
	}
	return out
}
