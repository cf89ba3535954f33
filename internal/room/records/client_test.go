package records

import (
	"errors"
	"testing"
	"time"

	"greenroom.dev/greenroom/internal/model"
	"greenroom.dev/greenroom/internal/room"
	"greenroom.dev/greenroom/internal/room/wire"
)

// gate lets everybody whose ticket is their name into one room.
type gate struct{ room *room.Room }

func (g gate) Admit(ticket, _ string) (room.Admission, *room.Refusal) {
	if ticket == "" {
		return room.Admission{}, &room.Refusal{Code: wire.CloseBadTicket, Reason: "no ticket"}
	}
	return room.Admission{Room: g.room, Player: ticket, Seat: 1}, nil
}

// newClient is one whose answers are kept.
func newClient(answers *[]wire.Record) *Client {
	return &Client{
		Gate:     gate{room.New(room.Config{Settings: model.RoomSettings{MaxMessagesPerSecond: 10}})},
		Admitted: func(model.RoomSettings) {},
		Answer:   func(r wire.Record) { *answers = append(*answers, r) },
	}
}

func TestWhatAClientMayNotSay(t *testing.T) {
	now := time.Now()
	hello := wire.Hello{Ticket: "ann"}.Append(nil)
	for what, c := range map[string]struct {
		said []byte
		code wire.CloseCode
	}{
		"not Hello first":     {wire.Ping{Nonce: 1}.Append(nil), wire.CloseProtocol},
		"no ticket":           {wire.Hello{}.Append(nil), wire.CloseBadTicket},
		"Hello twice":         {append(hello, hello...), wire.CloseProtocol},
		"half a record":       {hello[:4], wire.CloseProtocol},
		"a signal to nobody":  {wire.SendSignal{Seq: 1, Name: "x"}.Append(hello[:len(hello):len(hello)]), wire.CloseProtocol},
		"a malformed event":   {append(hello[:len(hello):len(hello)], 3, 1, 0x80), wire.CloseProtocol},
		"a malformed Ping":    {append(hello[:len(hello):len(hello)], 6, 0), wire.CloseProtocol},
		"a malformed signal":  {append(hello[:len(hello):len(hello)], 4, 2, 1, 0xff), wire.CloseProtocol},
		"a malformed state":   {append(hello[:len(hello):len(hello)], 2, 0), wire.CloseProtocol},
		"a position too long": {append(hello[:len(hello):len(hello)], 7, 1, 1), wire.CloseProtocol},
	} {
		var answers []wire.Record
		var bye *Farewell
		if err := newClient(&answers).Take(now, c.said); !errors.As(err, &bye) || bye.Code != c.code || bye.Reason == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestPingsAreAnsweredWithinTheLimit(t *testing.T) {
	now := time.Now()
	var answers []wire.Record
	c := newClient(&answers)
	said := wire.Hello{Ticket: "ann"}.Append(nil)
	for n := range uint64(30) {
		said = wire.Ping{Nonce: n}.Append(said)
	}
	said = append(said, 0x7e, 2, 1, 2) // a type that nobody knows
	if err := c.Take(now, said); err != nil || len(answers) != 20 || answers[19] != (wire.Pong{Nonce: 19}) {
		t.Errorf("%v after %v", err, answers)
	}
	if err := c.Take(now, wire.Leave{}.Append(nil)); !errors.Is(err, ErrLeft) {
		t.Error(err)
	}
}

// Whatever a client says is taken or ends in a Farewell.
func FuzzTake(f *testing.F) {
	hello := wire.Hello{Ticket: "ann"}.Append(nil)
	f.Add(hello)
	f.Add(wire.SetState{Seq: 1, Flags: wire.Retain, Key: "k", Value: []byte("v")}.Append(hello))
	f.Add(wire.SendSignal{Seq: 2, To: []uint64{1, 2}, Name: "n"}.Append(wire.SendEvent{Seq: 1, Name: "e"}.Append(hello)))
	f.Add(wire.Leave{}.Append(hello))
	f.Fuzz(func(t *testing.T, said []byte) {
		var answers []wire.Record
		var bye *Farewell
		if err := newClient(&answers).Take(time.Now(), said); err != nil && !errors.Is(err, ErrLeft) && !errors.As(err, &bye) {
			t.Error(err)
		}
	})
}
