package rules

import (
	"slices"
	"testing"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
)

func TestPlaces(t *testing.T) {
	checker, err := New()
	if err != nil {
		t.Fatal(err)
	}
	fleet := func(spec *greenroomv1.FleetSpec) []string {
		if spec.GetProvider() == nil {
			spec.Provider = &greenroomv1.Provider{Kind: &greenroomv1.Provider_Static{Static: &greenroomv1.StaticProvider{Servers: []*greenroomv1.StaticServer{
				{Name: "rack-7", Endpoints: []*greenroomv1.Endpoint{{Name: "game", Url: "tcp://203.0.113.7:7777"}}},
			}}}}
		}
		got, err := checker.Check(&greenroomv1.Fleet{Name: "old", Spec: spec})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, v := range got {
			out = append(out, v.String())
		}
		return out
	}
	const left = " must be left out: every server of a static fleet's list is used, and no other"
	for name, c := range map[string]struct {
		spec *greenroomv1.FleetSpec
		want []string
	}{
		"good": {&greenroomv1.FleetSpec{Region: &greenroomv1.Region{Name: "tokyo", Echo: []string{"udp://203.0.113.9:7351", "https://tokyo.example.com/echo"}}}, nil},
		"numbers that count for nothing": {
			&greenroomv1.FleetSpec{MinServers: 1, MaxServers: 4, Buffers: &greenroomv1.Buffers{Open: 3}},
			[]string{"spec.buffers" + left, "spec.min_servers" + left, "spec.max_servers" + left},
		},
		"echoes": {
			&greenroomv1.FleetSpec{Region: &greenroomv1.Region{Name: "tokyo", Echo: []string{"203.0.113.9:7351", "ftp://x", "udp://tokyo.example.com"}}},
			[]string{
				`spec.region.echo[0] must be a URL such as udp://203.0.113.9:7351 or https://tokyo.example.com/echo, not "203.0.113.9:7351"`,
				"spec.region.echo[1] must begin with udp://, http:// or https://, not ftp://",
				"spec.region.echo[2] must have a port: udp://tokyo.example.com:7351",
			},
		},
	} {
		if got := fleet(c.spec); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
