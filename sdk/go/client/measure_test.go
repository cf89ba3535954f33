package client

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/echo"
)

// slow answers as echo does, after a while.
func slow(by time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(by):
		case <-r.Context().Done():
		}
		echo.Handler().ServeHTTP(w, r)
	})
}

func TestMeasureFindsTheShortestWayToEachRegion(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- echo.ServeUDP(ctx, conn) }()
	far := httptest.NewServer(slow(60 * time.Millisecond))
	defer far.Close()
	dead, err := net.ListenPacket("udp", "127.0.0.1:0") // hears, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	got := Measure(ctx, []*greenroomv1.Region{
		{Name: "near", Echo: []string{far.URL + "/echo", "udp://" + conn.LocalAddr().String()}},
		{Name: "far", Echo: []string{"udp://" + dead.LocalAddr().String(), far.URL + "/echo"}},
		{Name: "gone", Echo: []string{"udp://" + dead.LocalAddr().String()}},
		{Name: "odd", Echo: []string{"ftp://127.0.0.1/"}},
		{Name: "mute"},
	}, MeasureOptions{Probes: 3, Timeout: 200 * time.Millisecond})
	if near := got[0]; near.Err != nil || near.RTT >= 60*time.Millisecond || !strings.HasPrefix(near.Echo, "udp:") {
		t.Errorf("near: %+v", near)
	}
	if m := got[1]; m.Err != nil || m.RTT < 60*time.Millisecond || m.RTT > 200*time.Millisecond {
		t.Errorf("far: %+v", m)
	}
	for _, m := range got[2:] {
		if m.Err == nil {
			t.Errorf("%s: %+v", m.Region, m)
		}
	}
	if known := Latencies(got); len(known) != 2 || known["near"] != got[0].RTT {
		t.Errorf("latencies: %v", known)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
