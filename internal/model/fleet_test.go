package model

import (
	"slices"
	"testing"
)

func TestDefaultPorts(t *testing.T) {
	given := []Port{{Name: "mqtt", Number: 1883}}
	for _, c := range []struct {
		what    string
		process *ProcessSpec
		want    []Port
	}{
		{"no provider", nil, []Port{{Name: "ws"}, {Name: "mqtt"}, {Name: "udp", UDP: true}}},
		{"the built-in room server", &ProcessSpec{}, []Port{{Name: "ws"}, {Name: "mqtt"}, {Name: "udp", UDP: true}}},
		{"another program", &ProcessSpec{Command: []string{"./game"}}, []Port{{Name: "game"}}},
		{"given ports", &ProcessSpec{Ports: given}, given},
	} {
		if got := (FleetSpec{Process: c.process}).WithDefaults().Process.Ports; !slices.Equal(got, c.want) {
			t.Errorf("%s has the ports %+v, want %+v", c.what, got, c.want)
		}
	}
}
