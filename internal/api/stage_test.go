package api

import (
	"fmt"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/store"
)

func TestPublishOnAStage(t *testing.T) {
	w := newWorld(t)
	w.plaza(t, w.admin(t))
	ctx := t.Context()
	light := &greenroomv1.PublishRequest{Route: "plaza", Space: "concert", Name: "light", Payload: []byte("red"), Retain: true}

	_, err := greenroomv1connect.NewStageServiceClient(w.as(w.token(t, "game", store.ScopeJoin))).Publish(ctx, light)
	wantCode(t, err, connect.CodePermissionDenied)
	client := greenroomv1connect.NewStageServiceClient(w.as(w.token(t, "show", store.ScopeOperate)))
	first, err := client.Publish(ctx, light)
	if err != nil || first.GetSerial() == 0 || first.GetServers() != 2 || first.GetRooms() != 5 {
		t.Fatal(first, err)
	}
	if want := "[[rooms] hear light of plaza/concert]"; fmt.Sprint(w.engine.told) != want {
		t.Errorf("told %v", w.engine.told)
	}

	_, err = client.Publish(ctx, &greenroomv1.PublishRequest{Route: "moon", Name: "light"})
	wantCode(t, err, connect.CodeNotFound)
	_, err = client.Publish(ctx, &greenroomv1.PublishRequest{Route: "plaza", Name: "light", Payload: make([]byte, 16<<10+1)})
	wantCode(t, err, connect.CodeInvalidArgument)

	for i := range model.MaxStageBurst - 1 {
		if _, err := client.Publish(ctx, light); err != nil {
			t.Fatal(i, err)
		}
	}
	_, err = client.Publish(ctx, light)
	wantCode(t, err, connect.CodeResourceExhausted)
	if after := detail[*errdetails.RetryInfo](t, err).GetRetryDelay().AsDuration(); after != soon {
		t.Errorf("to be tried again after %s", after)
	}
}
