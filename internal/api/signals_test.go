package api

import (
	"math"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/signal"
	"greenroom.dev/greenroom/internal/store"
)

func TestSignals(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	set := func(name string, value float64) *greenroomv1.SetSignalRequest {
		return &greenroomv1.SetSignalRequest{Signal: &greenroomv1.Signal{Name: name, Value: value}}
	}
	viewer := greenroomv1connect.NewSignalServiceClient(w.as(w.token(t, "screen", store.ScopeView)))
	_, err := viewer.SetSignal(ctx, set("queue", 1))
	wantCode(t, err, connect.CodePermissionDenied)

	client := greenroomv1connect.NewSignalServiceClient(w.as(w.token(t, "meter", store.ScopeOperate)))
	for name, value := range map[string]float64{"queue": 120.5, "asia/queue": 0} {
		r, err := client.SetSignal(ctx, set(name, value))
		if err != nil || r.GetSignal().GetValue() != value || !r.GetSignal().GetAt().AsTime().Equal(w.now()) {
			t.Fatal(r, err)
		}
	}
	list, err := viewer.ListSignals(ctx, &greenroomv1.ListSignalsRequest{})
	if err != nil || len(list.GetSignals()) != 2 || list.GetSignals()[0].GetName() != "asia/queue" || list.GetSignals()[1].GetValue() != 120.5 {
		t.Fatal(list, err)
	}

	for _, bad := range []*greenroomv1.SetSignalRequest{
		set("queue", math.NaN()), set("queue", math.Inf(1)), set("", 1), set("-queue", 1), set("a b", 1), set(strings.Repeat("a", 129), 1), {},
	} {
		_, err := client.SetSignal(ctx, bad)
		wantCode(t, err, connect.CodeInvalidArgument)
	}
	if _, err := client.DeleteSignal(ctx, &greenroomv1.DeleteSignalRequest{Name: "queue"}); err != nil {
		t.Fatal(err)
	}
	_, err = client.DeleteSignal(ctx, &greenroomv1.DeleteSignalRequest{Name: "queue"})
	wantCode(t, err, connect.CodeNotFound)

	for i := 0; ; i++ {
		name := "s" + strings.Repeat("x", i%100) + string(rune('a'+i/100))
		if _, err = client.SetSignal(ctx, set(name, 1)); err != nil || i > signal.Max {
			break
		}
	}
	wantCode(t, err, connect.CodeResourceExhausted)
}
