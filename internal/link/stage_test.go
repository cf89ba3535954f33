package link

import (
	"fmt"
	"sync"
	"testing"
	"time"

	greenroomv1 "greenroom.dev/greenroom/gen/greenroom/v1"
	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/sdk/go/server"
)

func passing(serial uint64, bytes int) *greenroomv1.StageMessage {
	return &greenroomv1.StageMessage{Route: "plaza", Serial: serial, Name: "clap", Payload: make([]byte, bytes)}
}

func retained(serial uint64, bytes int) *greenroomv1.StageMessage {
	m := passing(serial, bytes)
	m.Retain = true
	return m
}

func serials(m *greenroomv1.LinkResponse) (all []uint64) {
	for _, s := range m.GetStage().GetMessages() {
		all = append(all, s.GetSerial())
	}
	return all
}

// What waits for a slow server is bounded: the oldest that late joiners are not shown go first.
func TestStagedForASlowServer(t *testing.T) {
	q := newStagedQueue()
	dropped := 0
	for i := range MaxStagedMessages + 10 {
		put := passing
		if i < 5 {
			put = retained
		}
		n, ok := q.put(put(uint64(i+1), 10))
		if !ok {
			t.Fatal("the queue is full")
		}
		dropped += n
	}
	if dropped != 10 || len(q.waiting) != MaxStagedMessages {
		t.Errorf("%d dropped, %d wait", dropped, len(q.waiting))
	}
	all := serials(q.take())
	if want := "[1 2 3 4 5 16 17]"; fmt.Sprint(all[:7]) != want {
		t.Errorf("the first are %v, want %s", all[:7], want)
	}
	for len(q.waiting) > 0 {
		all = append(all, serials(q.take())...)
	}
	if len(all) != MaxStagedMessages || q.bytes != 0 || all[len(all)-1] != MaxStagedMessages+10 {
		t.Errorf("%d were sent, up to %d, and %d bytes are left", len(all), all[len(all)-1], q.bytes)
	}
}

func TestStagedBytesAreBounded(t *testing.T) {
	q := newStagedQueue()
	const size = 16 << 10
	for i := range 2 * MaxStagedBytes / size {
		if _, ok := q.put(passing(uint64(i+1), size)); !ok || q.bytes > MaxStagedBytes {
			t.Fatal("message", i, ok, q.bytes)
		}
	}
	if n := len(serials(q.take())); n == 0 || n*size > stageSendBytes {
		t.Errorf("%d messages in one", n)
	}
	q = newStagedQueue()
	taken := 0
	for ok := true; ok; taken++ {
		_, ok = q.put(retained(uint64(taken+1), size))
	}
	if taken*size < MaxStagedBytes-2*size || q.bytes > MaxStagedBytes {
		t.Errorf("%d retained messages were taken, %d bytes", taken, q.bytes)
	}
}

// A server that leaves no room for what must not be dropped loses its stream, and is shown it in its next welcome.
func TestADeafServerIsWelcomedAgain(t *testing.T) {
	h := newHouse(t)
	h.stop()
	h.shown = func() []model.StageMessage {
		return []model.StageMessage{{Route: "plaza", Serial: 7, Name: "light", Payload: []byte("red"), Retain: true}}
	}
	h.open()
	h.add("rooms-1")
	var mu sync.Mutex
	var heard []string
	h.serve("rooms-1", h.overHTTP(), server.Handler{
		Stage: func(messages []*greenroomv1.StageMessage, all bool) {
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, fmt.Sprintf("%d %v", len(messages), all))
		},
	})
	said := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return heard
	}
	h.eventually("the welcome's stage", func() bool { return len(said()) == 1 && h.linked("rooms-1") })
	if got := said()[0]; got != "1 true" {
		t.Errorf("heard %s", got)
	}
	st, err := h.hub.stream("rooms-1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range MaxStagedMessages { // as if nothing went out
		st.staged.mu.Lock()
		st.staged.waiting = append(st.staged.waiting, retained(uint64(i+8), 1))
		st.staged.mu.Unlock()
	}
	h.hub.Stage(model.StageMessage{Route: "plaza", Serial: 5000, Name: "light", Retain: true}, nil)
	<-st.done
	if st.cause != errDeaf {
		t.Errorf("ended by %v", st.cause)
	}
	h.eventually("the next welcome", func() bool { return len(said()) >= 2 })
}

// Messages go to servers with rooms of the route, and to those whose fleet takes such sessions.
func TestWhoHearsTheStage(t *testing.T) {
	h := newHouse(t)
	for _, id := range []model.ServerID{"rooms-1", "rooms-2", "rooms-3"} {
		h.add(id)
	}
	heard := make(chan string, 64)
	transport := h.overHTTP()
	serve := func(id model.ServerID) *server.Server {
		return h.serve(id, transport, server.Handler{Stage: func(messages []*greenroomv1.StageMessage, all bool) {
			for _, m := range messages {
				heard <- string(id) + " " + m.GetName()
			}
		}})
	}
	one := serve("rooms-1")
	h.eventually("rooms-1 is ready", func() bool { return h.server("rooms-1").State == model.ServerReady })
	h.become("rooms-1", model.ServerOpen, nil)
	for _, key := range []model.SessionKey{"concert:1", "concert:2", "lobby"} {
		_, token := h.join("ann", key)
		if _, err := one.Claim(token); err != nil {
			t.Fatal(err)
		}
	}
	serve("rooms-2")
	h.eventually("both are linked, and three rooms known", func() bool {
		return h.linked("rooms-2") && h.hub.Stage(model.StageMessage{Route: "plaza", Name: "ping"}, nil).Rooms == 3
	})
	reach := h.hub.Stage(model.StageMessage{Route: "plaza", Space: "concert", Name: "clap"}, nil)
	if reach != (model.StageReach{Servers: 1, Rooms: 2}) {
		t.Errorf("reaches %+v", reach)
	}
	h.hub.Stage(model.StageMessage{Route: "voice", Name: "for nobody"}, []model.FleetName{"others"})
	h.hub.Stage(model.StageMessage{Route: "voice", Name: "fleet"}, []model.FleetName{"others", "rooms"})
	h.hub.Stage(model.StageMessage{Route: "voice", Name: "light", Payload: []byte("red"), Retain: true}, nil)
	want := map[string]bool{
		"rooms-1 clap": true, "rooms-1 fleet": true, "rooms-2 fleet": true, "rooms-1 light": true, "rooms-2 light": true,
	}
	patience := time.After(10 * time.Second)
	for len(want) > 0 {
		select {
		case said := <-heard:
			if !want[said] && said != "rooms-1 ping" {
				t.Fatalf("heard %s", said)
			}
			delete(want, said)
		case <-patience:
			t.Fatalf("not heard: %v", want)
		}
	}
}
