package static

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/provider"
	"greenroom.dev/greenroom/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fleetOf is a fleet's spec whose servers' TCP endpoints are at the addresses.
func fleetOf(p model.Probe, addresses ...string) model.FleetSpec {
	spec := model.FleetSpec{Static: &model.StaticSpec{Probe: p}}
	for i, a := range addresses {
		spec.Static.Servers = append(spec.Static.Servers, model.StaticServer{
			Name: fmt.Sprintf("rack-%d", i+1), Endpoints: []model.Endpoint{{Name: "game", URL: a}},
		})
	}
	return spec.WithDefaults()
}

var quick = model.Probe{Interval: 20 * time.Millisecond, Timeout: 200 * time.Millisecond, Threshold: 2, DeadAfter: 400 * time.Millisecond}

// house is a provider that runs, on its folder.
type house struct {
	*testing.T
	*Static
	dir  string
	stop func()
}

func run(t *testing.T, dir string, fleet func(model.FleetName) (model.Fleet, bool)) *house {
	t.Helper()
	s, err := New(Config{Dir: dir, Fleet: fleet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	h := &house{T: t, Static: s, dir: dir, stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}}
	t.Cleanup(h.stop)
	return h
}

func (h *house) start(spec model.FleetSpec, name string) provider.Instance {
	h.Helper()
	in, err := h.Start(h.Context(), provider.Start{ID: model.StaticServerID("old", name), Fleet: "old", Spec: spec, Revision: 7})
	if err != nil {
		h.Fatal(err)
	}
	return in
}

func (h *house) see(name string) provider.Instance {
	h.Helper()
	all, err := h.Observe(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	for _, in := range all {
		if in.Node == name {
			return in
		}
	}
	return provider.Instance{}
}

func (h *house) until(what string, ok func() bool) {
	h.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.Fatalf("waited in vain for: %s", what)
		}
	}
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestSuite(t *testing.T) {
	providertest.Run(t, func(t *testing.T) providertest.Subject {
		dir := t.TempDir()
		var addresses []string
		for range 4 {
			addresses = append(addresses, "tcp://"+listen(t, "127.0.0.1:0").Addr().String())
		}
		return providertest.Subject{
			Open: func(t *testing.T) (provider.Provider, func()) {
				h := run(t, dir, nil)
				return h.Static, h.stop
			},
			Lasting: func() model.FleetSpec { return fleetOf(quick, addresses...) },
			ID:      func(n int) model.ServerID { return model.StaticServerID("rooms", fmt.Sprintf("rack-%d", n)) },
		}
	})
}

// An address's life: nobody answers yet; it answers; it is cut off, doubted, and trusted again; it is dead; it comes back and
// may be taken into use anew.
func TestAnAddressIsCutOffAndComesBack(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	address := l.Addr().String()
	l.Close()
	spec := fleetOf(quick, "tcp://"+address)
	h := run(t, t.TempDir(), nil)
	in := h.start(spec, "rack-1")
	if !in.Running || in.Doubt == "" || in.Node != "rack-1" || in.Revision != 7 || in.Ref != "at "+address || len(in.Endpoints) != 1 {
		t.Errorf("at its start: %+v", in)
	}
	l = listen(t, address)
	h.until("its first answer", func() bool { return h.see("rack-1").Doubt == "" })
	l.Close()
	h.until("doubt", func() bool { return strings.Contains(h.see("rack-1").Doubt, "connection refused") })
	if !h.see("rack-1").Running {
		t.Error("doubt is not death")
	}
	l = listen(t, address)
	h.until("trust", func() bool { return h.see("rack-1").Doubt == "" })
	l.Close()
	h.until("death", func() bool { return !h.see("rack-1").Running })
	if in := h.see("rack-1"); in.Stopping || !strings.HasPrefix(in.Exit, "no good answer for ") {
		t.Errorf("dead: %+v", in)
	}
	listen(t, address)
	h.until("its record to go", func() bool { return h.see("rack-1").ID == "" })
	if in := h.start(spec, "rack-1"); !in.Running {
		t.Errorf("started again: %+v", in)
	}
}

// What was in doubt or had never answered before a restart is so after it.
func TestARestartBelievesNothingNew(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	gone := listen(t, "127.0.0.1:0")
	spec := fleetOf(quick, "tcp://"+l.Addr().String(), "tcp://"+gone.Addr().String(), "tcp://192.0.2.1:9")
	slow := spec
	slow.Static.Probe.DeadAfter = time.Hour
	dir := t.TempDir()
	h := run(t, dir, nil)
	for _, name := range []string{"rack-1", "rack-2", "rack-3"} {
		h.start(slow, name)
	}
	h.until("answers", func() bool { return h.see("rack-1").Doubt+h.see("rack-2").Doubt == "" })
	gone.Close()
	h.until("doubt", func() bool { return h.see("rack-2").Doubt != "" })
	h.stop()

	again, err := New(Config{Dir: dir}) // and does not run: nothing is looked at
	if err != nil {
		t.Fatal(err)
	}
	h = &house{T: t, Static: again}
	if one, two, three := h.see("rack-1"), h.see("rack-2"), h.see("rack-3"); one.Doubt != "" || two.Doubt == "" || three.Doubt == "" || !two.Running {
		t.Errorf("after the restart %q, %q, %q", one.Doubt, two.Doubt, three.Doubt)
	}
}

// What the list says now counts at once; an address that was taken off it is answered as it was, and looked at, until it
// is given back.
func TestTheListOfNowCounts(t *testing.T) {
	one, other := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	var now atomic.Pointer[model.FleetSpec]
	spec := fleetOf(quick, "tcp://"+one.Addr().String())
	now.Store(&spec)
	h := run(t, t.TempDir(), func(name model.FleetName) (model.Fleet, bool) {
		return model.Fleet{Name: name, Spec: *now.Load()}, true
	})
	h.start(spec, "rack-1")
	moved := fleetOf(quick, "tcp://"+other.Addr().String())
	moved.Static.Servers[0].Capacity = model.Capacity{Sessions: 9}
	now.Store(&moved)
	if in := h.see("rack-1"); in.Endpoints[0].URL != "tcp://"+other.Addr().String() || in.Capacity.Sessions != 9 {
		t.Errorf("after the change: %+v", in)
	}
	empty := fleetOf(quick)
	now.Store(&empty)
	if in := h.see("rack-1"); !in.Running || in.Endpoints[0].URL != "tcp://"+one.Addr().String() {
		t.Errorf("off the list: %+v", in)
	}
	_, err := h.Start(t.Context(), provider.Start{ID: "old.rack-1", Fleet: "old", Spec: empty})
	if err == nil {
		t.Error("an address that is not on the list was taken")
	}
	if _, err := h.Start(t.Context(), provider.Start{ID: "old.rack-1", Fleet: "old", Spec: spec, Leaving: []string{"rack-1"}}); err == nil {
		t.Error("an address on a machine that goes away was taken")
	}
}

func TestProbes(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			_, _ = io.WriteString(w, `{"sessions": 2, "players": 31, "draining": true, "leaving_at": "2026-05-01T20:00:00Z"}`)
		case "/plain":
			_, _ = io.WriteString(w, "ok")
		case "/elsewhere":
			http.Redirect(w, r, "/plain", http.StatusFound)
		default:
			http.Error(w, "no", http.StatusServiceUnavailable)
		}
	}))
	defer web.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		in := make([]byte, 64)
		for {
			n, from, err := udp.ReadFrom(in)
			if err != nil {
				return
			}
			if string(in[:n]) == "status" {
				_, _ = udp.WriteTo([]byte("fine"), from)
			}
		}
	}()
	defer func() { udp.Close(); <-answered }()
	game := []model.Endpoint{{Name: "game", URL: "udp://" + udp.LocalAddr().String()}}
	page := []model.Endpoint{{Name: "web", URL: web.URL}}
	for name, c := range map[string]struct {
		probe model.Probe
		at    []model.Endpoint
		want  string // part of the error; "": good
	}{
		"tcp":               {model.Probe{Kind: model.ProbeTCP}, page, ""},
		"default":           {model.Probe{}, append(game[:1:1], page...), ""},
		"udp":               {model.Probe{Kind: model.ProbeUDP, Payload: []byte("status")}, game, ""},
		"udp not answered":  {model.Probe{Kind: model.ProbeUDP}, game, "no answer in time"},
		"http":              {model.Probe{Kind: model.ProbeHTTP, Path: "/healthz"}, page, ""},
		"http without JSON": {model.Probe{Kind: model.ProbeHTTP, Path: "plain"}, page, ""},
		"http elsewhere":    {model.Probe{Kind: model.ProbeHTTP, Path: "/elsewhere"}, page, "HTTP 302"},
		"http bad":          {model.Probe{Kind: model.ProbeHTTP}, page, "HTTP 503"},
		"nothing to ask":    {model.Probe{Kind: model.ProbeTCP}, game, "no endpoint"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		a := look(ctx, c.probe, c.at)
		cancel()
		if c.want == "" && a.Err != nil || c.want != "" && (a.Err == nil || !strings.Contains(a.Err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, a.Err, c.want)
		}
		if (a.Says != nil) != (name == "http") {
			t.Errorf("%s: said %+v", name, a.Says)
		}
	}
}

func TestCheckNamesTheField(t *testing.T) {
	const tcp, udp = "tcp://203.0.113.7:7777", "udp://203.0.113.7:7777"
	twice := fleetOf(quick, tcp, "tcp://203.0.113.8:7777")
	twice.Static.Servers[1].Name = "rack-1"
	linked := fleetOf(quick, udp)
	linked.Static.Servers[0].Linked = true
	web, game := quick, quick
	web.Kind, game.Kind = model.ProbeHTTP, model.ProbeUDP
	withPort := web
	withPort.Port = 8080
	for want, spec := range map[string]model.FleetSpec{
		"":  fleetOf(quick, tcp, "wss://example.com/game"),
		" ": linked, "  ": fleetOf(withPort, udp), "   ": fleetOf(game, udp),
		`provider.static.servers[1].name: servers[0] is called "rack-1" too`:                                 twice,
		"provider.static.servers[1].endpoints[0].url: tcp://203.0.113.7:7777 is rack-1's already":            fleetOf(quick, tcp, tcp),
		`provider.static.servers[0].endpoints[0].url: "203.0.113.7:7777" is no URL`:                          fleetOf(quick, "203.0.113.7:7777"),
		`provider.static.servers[0].endpoints[0].url: "tcp://203.0.113.7" has no port from 1 to 65535`:       fleetOf(quick, "tcp://203.0.113.7"),
		`provider.static.servers[0].endpoints[0].url: "game" has no scheme or no host`:                       fleetOf(quick, "game"),
		"provider.static.probe: it must be given: rack-1 has UDP endpoints alone":                            fleetOf(quick, udp),
		"provider.static.probe.http: rack-1 has no endpoint that this kind of probe could ask; set its port": fleetOf(web, udp),
		"provider.static.probe.udp: rack-1 has no endpoint that this kind of probe could ask; set its port":  fleetOf(game, tcp),
	} {
		err := (&Static{}).Check(spec)
		if want = strings.TrimSpace(want); want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
