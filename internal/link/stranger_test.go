package link

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/gen/greenroom/v1/greenroomv1connect"
	"greenroom.dev/greenroom/internal/model"
)

// switched is a transport whose far end can be exchanged, as a restart does.
type switched struct{ now chan connect.Transport }

func (s *switched) to(t connect.Transport) {
	if s.now == nil {
		s.now = make(chan connect.Transport, 1)
	} else {
		<-s.now
	}
	s.now <- t
}

func (s *switched) NewClientStream(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
	t := <-s.now
	s.now <- t
	return t.NewClientStream(ctx, spec)
}

// raw opens a stream without the SDK.
func (h *house) raw(token string) greenroomv1connect.LinkServiceLinkClientStream {
	ctx, info := connect.NewClientContext(h.t.Context())
	info.RequestHeader().Set("Authorization", "Bearer "+token)
	st, err := greenroomv1connect.NewLinkServiceClient(connect.NewClient(connectinprocess.New(h.rpc))).Link(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { st.Close() })
	return st
}

func hello(id string, sessions ...*greenroomv1.SessionReport) *greenroomv1.LinkRequest {
	return &greenroomv1.LinkRequest{Message: &greenroomv1.LinkRequest_Hello{
		Hello: &greenroomv1.Hello{Server: id, Sessions: sessions},
	}}
}

func TestStrangersAreRefused(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	good := h.keys.ServerToken("rooms-1")
	bad := &greenroomv1.SessionReport{Session: &greenroomv1.SessionRef{Route: "plaza", Key: "a/b", Generation: 1}}
	for name, c := range map[string]struct {
		token string
		first *greenroomv1.LinkRequest
		code  connect.Code
	}{
		"no token":               {"", hello("rooms-1"), connect.CodeUnauthenticated},
		"another server's token": {h.keys.ServerToken("rooms-2"), hello("rooms-1"), connect.CodeUnauthenticated},
		"unknown server":         {h.keys.ServerToken("rooms-2"), hello("rooms-2"), connect.CodeNotFound},
		"no hello":               {good, &greenroomv1.LinkRequest{}, connect.CodeInvalidArgument},
		"a session's name":       {good, hello("rooms-1", bad), connect.CodeInvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			st := h.raw(c.token)
			if err := st.Send(c.first); err != nil {
				t.Fatal(err)
			}
			if _, err := st.Receive(); connect.CodeOf(err) != c.code {
				t.Errorf("answer: %v", err)
			}
		})
	}
	if s := h.server("rooms-1"); s.State != model.ServerStarting || s.Linked {
		t.Errorf("a stranger changed the server: %+v", s)
	}
}

func TestNewerStreamReplacesTheOlder(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	open := func() greenroomv1connect.LinkServiceLinkClientStream {
		st := h.raw(h.keys.ServerToken("rooms-1"))
		if err := st.Send(hello("rooms-1")); err != nil {
			t.Fatal(err)
		}
		if m, err := st.Receive(); err != nil || m.GetWelcome() == nil {
			t.Fatal(m, err)
		}
		return st
	}
	first, second := open(), open()
	if _, err := first.Receive(); connect.CodeOf(err) != connect.CodeAborted {
		t.Errorf("the older stream's end: %v", err)
	}
	h.become("rooms-1", model.ServerOpen, nil)
	for {
		m, err := second.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if m.GetWant().GetState() == greenroomv1.ServerState_SERVER_STATE_OPEN {
			break
		}
	}
	if !h.server("rooms-1").Linked {
		t.Error("the older stream's end unlinked the newer one")
	}
}

func TestServerThatDoesNotReadHurtsItselfAlone(t *testing.T) {
	h := newHouse(t)
	h.add("rooms-1")
	st := h.raw(h.keys.ServerToken("rooms-1"))
	if err := st.Send(hello("rooms-1")); err != nil {
		t.Fatal(err)
	}
	h.eventually("rooms-1 is linked", func() bool { _, err := h.hub.stream("rooms-1"); return err == nil })
	ref := model.SessionRef{Route: "plaza", Key: "room-1"}
	taken := 0
	for ; taken < 3*queueLength; taken++ {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := h.hub.Close(ctx, "rooms-1", ref, 1, "test", nil)
		cancel()
		if err != nil {
			break
		}
	}
	if taken < queueLength || taken == 3*queueLength {
		t.Errorf("the queue of a server that does not read took %d messages", taken)
	}
	h.hub.Tick(t.Context()) // does not wait for it
}
