package link

import (
	"math"
	"testing"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/sdk/go/server"
)

func TestAServersLoadComesWithItsHeartbeats(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	h.serve("rooms-1", h.overHTTP(), server.Handler{})
	h.eventually("a load of rooms-1", func() bool { return h.server("rooms-1").Load != nil })
	if l := h.server("rooms-1").Load; l.CPULimit <= 0 || l.MemoryBytes <= 0 || l.At.IsZero() {
		t.Errorf("%+v", l)
	}
}

// A server that says nonsense of its load is heard as to all else.
func TestANonsensicalLoadChangesNothing(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	h.serve("rooms-1", h.overHTTP(), server.Handler{})
	h.eventually("rooms-1 is linked", func() bool { return h.linked("rooms-1") })
	st, err := h.hub.stream("rooms-1")
	if err != nil {
		t.Fatal(err)
	}
	good := &greenroomv1.Report{Load: &greenroomv1.ServerLoad{CpuCores: 77, CpuLimitCores: 80}}
	bad := &greenroomv1.Report{Load: &greenroomv1.ServerLoad{CpuCores: math.NaN(), CpuLimitCores: 80}}
	before := h.server(model.ServerID("rooms-1")).ReportedAt
	for _, r := range []*greenroomv1.Report{good, bad} {
		if err := h.hub.report(t.Context(), st, r); err != nil {
			t.Fatal(err)
		}
	}
	if s := h.server("rooms-1"); s.Load == nil || s.Load.CPU != 77 || !s.ReportedAt.After(before) {
		t.Errorf("%+v", s.Load)
	}
}
