package static

import (
	"errors"
	"fmt"

	"greenroom.dev/greenroom/internal/model"
)

// Check implements provider.Provider.
func (s *Static) Check(spec model.FleetSpec) error {
	static := spec.WithDefaults().Static
	if static == nil {
		return errors.New("provider.static: it is not set")
	}
	names, taken := map[string]int{}, map[string]string{}
	for i, x := range static.Servers {
		at := fmt.Sprintf("provider.static.servers[%d]", i)
		if other, twice := names[x.Name]; twice {
			return fmt.Errorf("%s.name: servers[%d] is called %q too", at, other, x.Name)
		}
		names[x.Name] = i
		for n, e := range x.Endpoints {
			field := fmt.Sprintf("%s.endpoints[%d].url", at, n)
			if _, _, err := split(e); err != nil {
				return fmt.Errorf("%s: %w", field, err)
			}
			if owner, twice := taken[e.URL]; twice {
				return fmt.Errorf("%s: %s is %s's already: each server needs an address of its own", field, e.URL, owner)
			}
			taken[e.URL] = x.Name
		}
		if err := fits(static.Probe, x); err != nil {
			return err
		}
	}
	return nil
}

// fits tells why the probe could never look at a server.
func fits(p model.Probe, x model.StaticServer) error {
	if p.Kind == model.ProbeDefault && len(tcpEndpoints(x.Endpoints)) == 0 && !x.Linked {
		return fmt.Errorf("provider.static.probe: it must be given: %s has UDP endpoints alone, and only you know what it answers to; "+
			"set probe.udp.payload, or probe.http.port or probe.tcp.port where it has such a port", x.Name)
	}
	if p.Kind == model.ProbeDefault {
		return nil
	}
	if _, err := address(p, x.Endpoints); err != nil {
		kind := map[model.ProbeKind]string{model.ProbeTCP: "tcp", model.ProbeUDP: "udp", model.ProbeHTTP: "http"}[p.Kind]
		return fmt.Errorf("provider.static.probe.%s: %s has %w; set its port", kind, x.Name, err)
	}
	return nil
}
