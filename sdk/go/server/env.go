package server

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

const portPrefix = "GREENROOM_PORT_"

// FromEnv reads what Greenroom gives a server it starts. The error names every variable that is missing or wrong.
func FromEnv() (Config, error) {
	return fromEnv(os.Environ())
}

func fromEnv(environ []string) (Config, error) {
	cfg := Config{Ports: map[string]int{}}
	required := map[string]*string{
		"GREENROOM_SERVER": &cfg.Server, "GREENROOM_LINK": &cfg.Link, "GREENROOM_SERVER_TOKEN": &cfg.Token,
	}
	var errs []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case required[name] != nil:
			*required[name] = value
		case name == "GREENROOM_LINK_FILE":
			cfg.LinkFile = value
		case name == "GREENROOM_FLEET":
			cfg.Fleet = value
		case name == "GREENROOM_HOST":
			cfg.Host = value
		case strings.HasPrefix(name, portPrefix):
			port, err := strconv.ParseUint(value, 10, 16)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %q is not a port", name, value))
			}
			cfg.Ports[strings.ToLower(strings.TrimPrefix(name, portPrefix))] = int(port)
		}
	}
	for _, name := range []string{"GREENROOM_SERVER", "GREENROOM_LINK", "GREENROOM_SERVER_TOKEN"} {
		if *required[name] == "" {
			errs = append(errs, fmt.Errorf("%s is not set: Greenroom sets it for the servers it starts", name))
		}
	}
	return cfg, errors.Join(errs...)
}

// Endpoint gives the way into this server by its port called name, such as Endpoint("ws", "ws", "/room") for
// ws://<host>:<port>/room. The port must be one of Ports.
func (c Config) Endpoint(name, scheme, path string) *greenroomv1.Endpoint {
	host := c.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return &greenroomv1.Endpoint{Name: name, Url: fmt.Sprintf("%s://%s:%d%s", scheme, host, c.Ports[name], path)}
}
