package server

import (
	"reflect"
	"strings"
	"testing"
)

func TestFromEnv(t *testing.T) {
	cfg, err := fromEnv([]string{
		"PATH=/bin", "GREENROOM_SERVER=rooms-1", "GREENROOM_FLEET=rooms", "GREENROOM_LINK=http://127.0.0.1:7350",
		"GREENROOM_SERVER_TOKEN=a=b", "GREENROOM_HOST=2001:db8::1", "GREENROOM_PORT_WS=7401", "GREENROOM_PORT_MQTT_TLS=7402",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Server: "rooms-1", Fleet: "rooms", Link: "http://127.0.0.1:7350", Token: "a=b", Host: "2001:db8::1",
		Ports: map[string]int{"ws": 7401, "mqtt_tls": 7402},
	}
	if !reflect.DeepEqual(cfg, want) {
		t.Errorf("%+v, not %+v", cfg, want)
	}
	if got := cfg.Endpoint("ws", "wss", "/room").GetUrl(); got != "wss://[2001:db8::1]:7401/room" {
		t.Errorf("endpoint: %s", got)
	}
}

func TestFromEnvNamesWhatIsWrong(t *testing.T) {
	_, err := fromEnv([]string{"GREENROOM_SERVER=rooms-1", "GREENROOM_PORT_WS=70000"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"GREENROOM_LINK is not set", "GREENROOM_SERVER_TOKEN is not set", `GREENROOM_PORT_WS: "70000"`} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not say: %s", err, name)
		}
	}
	if strings.Contains(err.Error(), "GREENROOM_SERVER is") {
		t.Error(err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, cfg := range []Config{{Link: "http://127.0.0.1:7350"}, {Server: "s"}, {Server: "s", Link: "127.0.0.1:7350"}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
}
