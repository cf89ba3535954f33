package server_test

import (
	"log/slog"
	"net"
	"strings"
	"testing"

	"greenroom.dev/greenroom/internal/room/server"
	sdk "greenroom.dev/greenroom/sdk/go/server"
)

func TestNewRefuses(t *testing.T) {
	taken := listen(t)
	defer taken.Close()
	linked := func(link sdk.Config) server.Config {
		link.Server, link.Host = "plaza-abcdefgh", "127.0.0.1"
		return server.Config{Link: link, Logger: slog.New(slog.DiscardHandler)}
	}
	inUse := map[string]int{"mqtt": taken.Addr().(*net.TCPAddr).Port}
	for what, c := range map[string]struct {
		cfg  server.Config
		want string
	}{
		"no port":         {linked(sdk.Config{Link: "http://127.0.0.1:1"}), "GREENROOM_PORT_WS"},
		"a port in use":   {linked(sdk.Config{Link: "http://127.0.0.1:1", Ports: inUse}), "listen for mqtt"},
		"no link address": {linked(sdk.Config{Ports: map[string]int{"ws": 0}}), "Link"},
	} {
		if _, err := server.New(c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A server that Greenroom started listens where its environment says.
func TestNewListensOnItsPorts(t *testing.T) {
	s, err := server.New(server.Config{Link: sdk.Config{
		Server: "plaza-abcdefgh", Host: "127.0.0.1", Link: "http://127.0.0.1:1", Ports: map[string]int{"ws": 0, "mqtt": 0, "debug": 0},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ws", "mqtt"} {
		if a := s.Addr(name).(*net.TCPAddr); !a.IP.IsLoopback() || a.Port == 0 {
			t.Errorf("%s listens on %v", name, a)
		}
	}
	if s.Addr("debug") != nil {
		t.Error("an unknown port is listened on")
	}
	s.Close()
}
